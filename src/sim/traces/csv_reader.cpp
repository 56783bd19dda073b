#include "sim/traces/csv_reader.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace suan::sim {
namespace {

std::vector<std::string> names_of(std::span<const Column> columns) {
    std::vector<std::string> names;
    for (const Column& column : columns) {
        names.emplace_back(column.name);
    }
    return names;
}

}  // namespace

CsvReader::CsvReader(LineReader lines, std::span<const Column> columns)
    : lines_(std::move(lines)),
      fields_(lines_.file(), names_of(columns)),
      places_(columns.size(), absent),
      values_(columns.size()) {}

Error CsvReader::error(std::int64_t line, std::string_view what) const {
    return {ErrorCode::invalid, fmt::format("{}:{}: {}", lines_.file(), line, what)};
}

Result<CsvReader> CsvReader::open(Input input, std::span<const Column> columns, Others others) {
    CsvReader reader(LineReader(std::move(input)), columns);
    auto found = reader.read_record();
    if (!found) return std::move(found).error();
    if (!*found) {
        return reader.error(1, fmt::format("the file is empty; expected the header line {}",
                                           fmt::join(names_of(columns), ",")));
    }
    if (auto bound = reader.bind(columns, others); !bound) return std::move(bound).error();
    return reader;
}

Result<void> CsvReader::bind(std::span<const Column> columns, Others others) {
    if (record_.size() > limits::trace_columns_max) {
        return error(record_line_, fmt::format("{} columns; expected at most {}", record_.size(),
                                               limits::trace_columns_max));
    }
    const std::string known = fmt::format("{}", fmt::join(names_of(columns), ", "));
    for (std::size_t place = 0; place < record_.size(); ++place) {
        const std::string_view name = record_[place];
        if (std::find(header_.begin(), header_.end(), name) != header_.end()) {
            return error(record_line_, fmt::format("column {} is there twice", quoted_value(name)));
        }
        header_.emplace_back(name);
        const auto column = std::find_if(columns.begin(), columns.end(),
                                         [&](const Column& c) { return c.name == name; });
        if (column != columns.end()) {
            places_[static_cast<std::size_t>(column - columns.begin())] = place;
        } else if (others == Others::refuse) {
            return error(record_line_, fmt::format("unknown column {}; expected only {}",
                                                   quoted_value(name), known));
        }
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (places_[i] == absent && columns[i].need == Need::required) {
            return error(record_line_, fmt::format("column {} is missing; expected a header with "
                                                   "the columns {}",
                                                   columns[i].name, known));
        }
    }
    return {};
}

Result<bool> CsvReader::read_record() {
    std::string_view line;
    do {
        auto found = lines_.next(line);
        if (!found || !*found) return found;
    } while (line.empty());
    record_line_ = lines_.line_number();
    if (auto text = lines_.check_text(line); !text) return std::move(text).error();
    const bool quotes = line.find('"') != std::string_view::npos;
    if (auto split = quotes ? split_quoted(line) : split_plain(line); !split) {
        return std::move(split).error();
    }
    if (auto sizes = check_sizes(); !sizes) return std::move(sizes).error();
    return true;
}

Result<void> CsvReader::split_plain(std::string_view line) {
    record_.clear();
    while (true) {
        const std::size_t comma = line.find(',');
        record_.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) return {};
        line.remove_prefix(comma + 1);
    }
}

Result<void> CsvReader::split_quoted(std::string_view line) {
    unquoted_.clear();
    spans_.clear();
    std::size_t at = 0;
    while (true) {
        const std::size_t begin = unquoted_.size();
        const bool quoted = at < line.size() && line[at] == '"';
        auto field = quoted ? quoted_field(line, at) : plain_field(line, at);
        if (!field) return field;
        spans_.emplace_back(begin, unquoted_.size() - begin);
        if (at == line.size()) break;
        ++at;  // the comma
    }
    record_.clear();
    for (const auto& [begin, size] : spans_) {
        record_.push_back(std::string_view(unquoted_).substr(begin, size));
    }
    return {};
}

Result<void> CsvReader::plain_field(std::string_view line, std::size_t& at) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    const std::string_view value = line.substr(at, end - at);
    if (value.find('"') != std::string_view::npos) {
        return error(lines_.line_number(),
                     fmt::format("column {}: {} has a quote inside; expected the whole field in "
                                 "quotes, with \"\" for each quote",
                                 column_name(spans_.size()), quoted_value(value)));
    }
    unquoted_ += value;
    at = end;
    return {};
}

// Reads from an opening quote to the comma or line end after the closing one. A line end inside
// moves `line` on to the next line of the file.
Result<void> CsvReader::quoted_field(std::string_view& line, std::size_t& at) {
    ++at;
    while (true) {
        const std::size_t quote = std::min(line.find('"', at), line.size());
        unquoted_ += line.substr(at, quote - at);
        if (quote == line.size()) {
            auto found = lines_.next(line);
            if (!found) return std::move(found).error();
            if (!*found || unquoted_.size() > limits::trace_line_bytes_max) {
                return error(record_line_,
                             fmt::format("column {}: the quoted field is not closed {}; expected "
                                         "a closing quote",
                                         column_name(spans_.size()),
                                         *found ? "within the limit of a record" : "at the end"));
            }
            if (auto text = lines_.check_text(line); !text) return text;
            unquoted_ += '\n';
            at = 0;
            continue;
        }
        at = quote + 1;
        if (at == line.size() || line[at] == ',') return {};
        if (line[at] != '"') {
            return error(lines_.line_number(),
                         fmt::format("column {}: {} follows the closing quote; expected a comma",
                                     column_name(spans_.size()), quoted_value(line.substr(at, 1))));
        }
        unquoted_ += '"';
        ++at;
    }
}

std::string CsvReader::column_name(std::size_t place) const {
    return place < header_.size() ? header_[place] : fmt::format("number {}", place + 1);
}

Result<void> CsvReader::check_sizes() const {
    for (std::size_t place = 0; place < record_.size(); ++place) {
        if (record_[place].size() <= limits::trace_field_bytes_max) continue;
        return error(record_line_,
                     fmt::format("column {}: {} bytes; expected at most {}", column_name(place),
                                 record_[place].size(), limits::trace_field_bytes_max));
    }
    return {};
}

Result<bool> CsvReader::next() {
    auto found = read_record();
    if (!found || !*found) return found;
    if (record_.size() != header_.size()) {
        return error(record_line_,
                     fmt::format("{} fields; expected {}, as in the header: {}", record_.size(),
                                 header_.size(), fmt::join(header_, ",")));
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
        values_[i] = places_[i] == absent ? std::string_view() : record_[places_[i]];
    }
    fields_.start(record_line_, values_);
    return true;
}

}  // namespace suan::sim
