// Measured tables (CSV): rows as text by column, and the training run that a row's configuration
// describes. Measured columns are read apart, so that a prediction cannot see them.
#pragma once

#include "base/result.hpp"
#include "train/layout.hpp"
#include "train/operators.hpp"
#include "train/software.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::train {

struct TableRow {
    std::map<std::string, std::string, std::less<>> cells;
    const std::string& at(std::string_view column) const;  // "" where there is none
};

// RFC 4180 with a header line. A row with more or fewer cells than the header is kept, with the
// text of the problem in its cell "problem".
Result<std::vector<TableRow>> parse_csv(std::string_view text, const std::string& where);
Result<std::vector<TableRow>> read_table(const std::string& path);

// What a memory figure of a table counts.
enum class MemoryKind { all, states, activations };

struct Case {
    std::string row_id;
    std::string source;
    ModelShape model;
    Cluster cluster;
    Layout layout;
    Execution run;
    Software software;
    MemoryKind memory_kind = MemoryKind::all;
};

// From configuration columns only. The error names the column and what would be right.
Result<Case> case_of(const TableRow& row);

struct Measured {
    std::optional<double> step_s;
    std::optional<double> tokens_per_s_per_device;
    std::optional<double> memory_gib;
};
Measured measured_of(const TableRow& row);

}  // namespace suan::train
