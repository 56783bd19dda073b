// One record's fields, read by column with errors that name file, line, column, value and what
// would be right. The first failure sticks: a reader takes all its fields, then asks ok() once.
// A getter that failed returns 0 or an empty text. Integers only: decimals become microseconds
// exactly or are refused.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::sim {

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t minute_us = 60 * second_us;
inline constexpr std::int64_t millisecond_us = 1'000;

// An optional minus sign and digits, nothing else.
std::optional<std::int64_t> parse_integer(std::string_view text);

// "12", "12.5": digits with an optional fraction, in units of `unit_us` microseconds. Nothing if
// the value is signed, has an exponent, is finer than a microsecond or does not fit 64 bits.
std::optional<std::int64_t> parse_decimal_us(std::string_view text, std::int64_t unit_us);

// "YYYY-MM-DD HH:MM:SS", years 1970 to 9999, as microseconds since 1970-01-01 00:00:00 of the same
// clock.
std::optional<std::int64_t> parse_civil_us(std::string_view text);

// Printable text of a field for an error: control characters escaped, cut after 64 bytes.
std::string quoted_value(std::string_view value);

class Fields {
public:
    Fields(std::string file, std::vector<std::string> columns);

    // Begins a record; one value a column, valid as long as the record is read.
    void start(std::int64_t line, std::span<const std::string_view> values);

    std::string_view text(std::size_t column) const { return values_[column]; }
    bool empty(std::size_t column) const { return values_[column].empty(); }

    std::int64_t integer(std::size_t column, std::int64_t min, std::int64_t max);
    std::int64_t decimal_us(std::size_t column, std::int64_t unit_us, std::int64_t max_us);
    std::int64_t civil_us(std::size_t column);
    // A name of 1 to `bytes_max` bytes without control characters.
    std::string_view name(std::size_t column, std::size_t bytes_max);

    // Refuses the value of a column: "expected " and `expected`.
    void fail(std::size_t column, std::string_view expected);
    bool ok() const { return !error_; }
    Error take_error();  // only where !ok() (asserted)

    const std::string& file() const { return file_; }
    std::int64_t line() const { return line_; }

private:
    std::string file_;
    std::vector<std::string> columns_;
    std::vector<std::string_view> values_;
    std::int64_t line_ = 0;
    std::optional<Error> error_;
};

}  // namespace suan::sim
