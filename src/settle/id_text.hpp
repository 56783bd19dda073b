// Ids of accounts and transfers as text: 1 to 32 hexadecimal digits, '#' before them allowed as
// contracts write it; written in lower case without leading zeros.
#pragma once

#include "ledger/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace suan::settle {

// High and low half. Nothing for any other text, and for zero, which is no id.
std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_id_halves(std::string_view text);
std::string id_halves_text(std::uint64_t high, std::uint64_t low);

template <typename Id>
std::optional<Id> parse_id(std::string_view text) {
    const auto halves = parse_id_halves(text);
    if (!halves) return std::nullopt;
    return Id{halves->first, halves->second};
}
template <typename Tag>
std::string id_text(ledger::Id128<Tag> id) {
    return id_halves_text(id.high, id.low);
}

}  // namespace suan::settle
