// The small texts of a centre file: spans, money, devices, times, and the nearest known name.
// Integers only: a value finer than its unit is refused, never rounded.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace suan::sim {

// "250ms", "30s", "5m", "12h", "7d": a whole number and a unit, in milliseconds. "0" is 0.
std::optional<std::int64_t> parse_span_ms(std::string_view text);

// "12", "12.5", "-3": a decimal with at most `digits` digits after the point, in units of
// 10^-digits. Nothing when it does not fit 64 bits.
std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned digits);

// "2027-01-01" or "2027-01-01 08:00:00", UTC, in microseconds since 1970.
std::optional<std::int64_t> parse_utc_us(std::string_view text);

// The known name with the smallest edit distance (Levenshtein), the first of equals. Empty when
// there is none.
std::string_view nearest_name(std::string_view text, std::span<const std::string_view> known);

// "a, b or c".
std::string one_of(std::span<const std::string_view> known);

}  // namespace suan::sim
