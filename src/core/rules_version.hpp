// What is said of an entry that this program must not judge: another version of decide() made it.
#pragma once

#include "base/result.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <string_view>

namespace suan::core {

// `invalid` when the entry was not decided under core::rules_version: names both versions, and ends
// with `instead`, what the reader may do.
Result<void> check_rules_version(std::uint64_t seq, const Entry& entry, std::string_view instead);

}  // namespace suan::core
