// Limits of settlement, each with its unit; a test stands at each of them.
#pragma once

#include <cstdint>

namespace suan::settle::limits {

inline constexpr std::uint32_t batch_transfers_max = 8'192;
inline constexpr std::uint32_t books_max = 100'000;
inline constexpr std::uint32_t keys_per_book_max = 100'000;
inline constexpr std::uint32_t keys_per_account_max = 16;
// A signed transfer says until when it is meant; no further ahead than this.
inline constexpr std::int64_t signature_life_us_max = 24LL * 3'600 * 1'000'000;
// Numbers of a key that may come out of order. An older one is refused, a seen one too.
inline constexpr std::uint64_t serial_window = 1'024;
// Amounts of single transfers. The bit above is where a negative number would show.
inline constexpr std::uint64_t amount_max = INT64_MAX;
inline constexpr std::uint32_t contracts_per_book_max = 10'000;

}  // namespace suan::settle::limits
