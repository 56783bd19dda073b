// Comma separated values with a header line (RFC 4180): fields may be quoted, "" inside quotes is a
// quote, a quoted field may hold commas and line ends. Columns are found by name, in any order.
// Empty lines are passed over. Each record must have as many fields as the header.
#pragma once

#include "base/result.hpp"
#include "sim/traces/fields.hpp"
#include "sim/traces/input.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::sim {

enum class Need : std::uint8_t { required, optional };
enum class Others : std::uint8_t { ignore, refuse };

struct Column {
    std::string_view name;
    Need need = Need::required;
};

class CsvReader {
public:
    // Reads the header. Fields are then asked for by their place in `columns`. An absent optional
    // column reads as empty. invalid: no header, a missing, double or (Others::refuse) unknown
    // column.
    static Result<CsvReader> open(Input input, std::span<const Column> columns, Others others);

    // True with the next record in fields(); false at the end.
    Result<bool> next();

    Fields& fields() { return fields_; }
    bool has(std::size_t column) const { return places_[column] != absent; }

private:
    static constexpr std::size_t absent = SIZE_MAX;

    CsvReader(LineReader lines, std::span<const Column> columns);
    Result<bool> read_record();
    Result<void> split_plain(std::string_view line);
    Result<void> split_quoted(std::string_view line);
    Result<void> quoted_field(std::string_view& line, std::size_t& at);
    Result<void> plain_field(std::string_view line, std::size_t& at);
    Result<void> bind(std::span<const Column> columns, Others others);
    Result<void> check_sizes() const;
    std::string column_name(std::size_t place) const;
    Error error(std::int64_t line, std::string_view what) const;

    LineReader lines_;
    Fields fields_;
    std::vector<std::string> header_;
    std::vector<std::size_t> places_;  // by column: its place in the record, or absent
    std::vector<std::string_view> record_, values_;
    std::string unquoted_;  // the fields of a record with quotes
    std::vector<std::pair<std::size_t, std::size_t>> spans_;
    std::int64_t record_line_ = 0;
};

}  // namespace suan::sim
