// Aligned text tables for people. Columns are as wide as their widest cell; a header line comes
// first; nothing is cut off.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // As many cells as columns (asserted).
    void row(std::vector<std::string> cells);
    std::size_t rows() const { return rows_.size(); }
    // Header and rows, two blanks between columns, no blanks at the end of a line.
    std::string text(std::string_view indent = "") const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// Cells that a terminal shows `text` in: two for a wide (Chinese) character.
std::size_t display_width(std::string_view text);

// Control characters replaced, so that a job's name cannot move the reader's cursor.
std::string printable(std::string_view text);

}  // namespace suan::bin
