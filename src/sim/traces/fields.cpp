#include "sim/traces/fields.hpp"

#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace suan::sim {
namespace {

constexpr std::size_t fraction_digits_max = 9;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// All of `text` as digits, at least one.
std::optional<std::int64_t> parse_digits(std::string_view text) {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    return parse_integer(text);
}

// Days from 1970-01-01 in the Gregorian calendar: years from March, so that the leap day ends the
// year (Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil).
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = year / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

std::int64_t days_of_month(std::int64_t year, std::int64_t month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, value);
    if (failure != std::errc{} || stop != end) return std::nullopt;
    return value;
}

std::optional<std::int64_t> parse_decimal_us(std::string_view text, std::int64_t unit_us) {
    const std::size_t point = text.find('.');
    const auto whole = parse_digits(text.substr(0, point));
    std::int64_t us = 0;
    if (!whole || __builtin_mul_overflow(*whole, unit_us, &us)) return std::nullopt;
    if (point == std::string_view::npos) return us;
    std::string_view digits = text.substr(point + 1);
    if (!parse_digits(digits.substr(0, 1))) return std::nullopt;
    while (digits.ends_with('0')) {
        digits.remove_suffix(1);
    }
    if (digits.empty()) return us;
    if (digits.size() > fraction_digits_max) return std::nullopt;
    const auto fraction = parse_digits(digits);
    if (!fraction) return std::nullopt;
    std::int64_t divisor = 1;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        divisor *= 10;
    }
    const std::int64_t scaled = *fraction * unit_us;  // < 1e9 x 6e7
    if (scaled % divisor != 0) return std::nullopt;
    if (__builtin_add_overflow(us, scaled / divisor, &us)) return std::nullopt;
    return us;
}

std::optional<std::int64_t> parse_civil_us(std::string_view text) {
    constexpr std::string_view shape = "0000-00-00 00:00:00";
    if (text.size() != shape.size()) return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return std::nullopt;
    }
    const auto number = [&](std::size_t at, std::size_t digits) {
        std::int64_t value = 0;
        for (std::size_t i = at; i < at + digits; ++i) {
            value = value * 10 + (text[i] - '0');
        }
        return value;
    };
    const std::int64_t year = number(0, 4), month = number(5, 2), day = number(8, 2);
    const std::int64_t hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1) return std::nullopt;
    if (day > days_of_month(year, month)) return std::nullopt;
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const std::int64_t days = days_from_civil(year, month, day);
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * second_us;
}

std::string quoted_value(std::string_view value) {
    constexpr std::size_t shown_max = 64;
    std::string shown = "'";
    for (const char c : value.substr(0, shown_max)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            shown += fmt::format("\\x{:02x}", byte);
        } else {
            shown += c;
        }
    }
    while (!is_utf8(shown)) {
        shown.pop_back();  // the cut fell inside a character
    }
    return shown + (value.size() > shown_max ? "...'" : "'");
}

Fields::Fields(std::string file, std::vector<std::string> columns)
    : file_(std::move(file)), columns_(std::move(columns)), values_(columns_.size()) {}

void Fields::start(std::int64_t line, std::span<const std::string_view> values) {
    SUAN_ASSERT(values.size() == columns_.size());
    std::copy(values.begin(), values.end(), values_.begin());
    line_ = line;
    error_.reset();
}

void Fields::fail(std::size_t column, std::string_view expected) {
    if (error_) return;
    error_ = Error{ErrorCode::invalid,
                   fmt::format("{}:{}: column {}: {} is refused; expected {}", file_, line_,
                               columns_[column], quoted_value(values_[column]), expected)};
}

Error Fields::take_error() {
    SUAN_ASSERT(error_.has_value());
    return std::move(*error_);
}

std::int64_t Fields::integer(std::size_t column, std::int64_t min, std::int64_t max) {
    const auto value = parse_integer(values_[column]);
    if (value && *value >= min && *value <= max) return *value;
    fail(column, fmt::format("an integer from {} to {}", min, max));
    return 0;
}

std::int64_t Fields::decimal_us(std::size_t column, std::int64_t unit_us, std::int64_t max_us) {
    const auto value = parse_decimal_us(values_[column], unit_us);
    if (value && *value <= max_us) return *value;
    const char* unit = unit_us == second_us   ? "seconds"
                       : unit_us == minute_us ? "minutes"
                                              : "milliseconds";
    fail(column, fmt::format("{} from 0 to {}, no finer than a microsecond, such as 12 or 12.5",
                             unit, max_us / unit_us));
    return 0;
}

std::int64_t Fields::civil_us(std::size_t column) {
    if (const auto value = parse_civil_us(values_[column])) return *value;
    fail(column, "a time such as 2017-10-09 07:01:55, years 1970 to 9999");
    return 0;
}

std::string_view Fields::name(std::size_t column, std::size_t bytes_max) {
    const std::string_view value = values_[column];
    const bool clean = std::none_of(value.begin(), value.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (clean && !value.empty() && value.size() <= bytes_max) return value;
    fail(column, fmt::format("1 to {} bytes without control characters", bytes_max));
    return {};
}

}  // namespace suan::sim
