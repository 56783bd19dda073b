// Limits of contracts; a test stands at each of them.
#pragma once

#include <cstddef>

namespace suan::ledger::limits {

inline constexpr std::size_t contract_bytes_max = 16'384;  // its text
inline constexpr std::size_t clauses_max = 32;
inline constexpr std::size_t operations_max = 512;  // of all expressions of a contract, together
inline constexpr std::size_t expression_depth_max = 8;  // brackets within brackets
inline constexpr std::size_t list_items_max = 1'024;

}  // namespace suan::ledger::limits
