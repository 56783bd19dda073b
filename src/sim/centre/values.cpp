#include "sim/centre/values.hpp"

#include "sim/traces/fields.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

namespace suan::sim {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
        }
    }
    return row.back();
}

bool append_digit(std::int64_t& value, char digit) {
    return digit >= '0' && digit <= '9' && !__builtin_mul_overflow(value, 10, &value) &&
           !__builtin_add_overflow(value, digit - '0', &value);
}

}  // namespace

std::optional<std::int64_t> parse_span_ms(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units{
        {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
    if (text == "0") return 0;
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return std::nullopt;
    const std::optional<std::int64_t> number = parse_integer(text.substr(0, digits));
    if (!number) return std::nullopt;
    for (const auto& [unit, ms] : units) {
        std::int64_t out = 0;
        if (text.substr(digits) == unit && !__builtin_mul_overflow(*number, ms, &out)) return out;
    }
    return std::nullopt;
}

std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned digits) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view part =
        point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
    if (whole.empty() || part.size() > digits) return std::nullopt;
    if (point != std::string_view::npos && part.empty()) return std::nullopt;
    std::int64_t value = 0;
    for (const char c : whole) {
        if (!append_digit(value, c)) return std::nullopt;
    }
    for (unsigned i = 0; i < digits; ++i) {
        if (!append_digit(value, i < part.size() ? part[i] : '0')) return std::nullopt;
    }
    return negative ? -value : value;
}

std::optional<std::int64_t> parse_utc_us(std::string_view text) {
    if (text.size() == 10) return parse_civil_us(std::string(text) + " 00:00:00");
    return parse_civil_us(text);
}

std::string_view nearest_name(std::string_view text, std::span<const std::string_view> known) {
    // Long garbage is not worth a table of its square.
    text = text.substr(0, 64);
    std::string_view best;
    std::size_t best_distance = SIZE_MAX;
    for (const std::string_view name : known) {
        const std::size_t distance = edit_distance(text, name);
        if (distance < best_distance) {
            best_distance = distance;
            best = name;
        }
    }
    return best;
}

std::string one_of(std::span<const std::string_view> known) {
    std::string out;
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (i > 0) out += i + 1 == known.size() ? " or " : ", ";
        out += known[i];
    }
    return out;
}

}  // namespace suan::sim
