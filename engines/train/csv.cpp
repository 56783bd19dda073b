#include "train/files.hpp"
#include "train/table.hpp"

#include <fmt/format.h>

namespace suan::train {
namespace {

constexpr std::size_t table_bytes_max = 64 << 20;

// Records of RFC 4180: quoted cells may hold commas, quotes (doubled) and line ends.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool done() const { return at_ >= text_.size(); }

    std::vector<std::string> record() {
        std::vector<std::string> cells;
        for (;;) {
            cells.push_back(cell());
            if (done()) return cells;
            const char c = text_[at_++];
            if (c == ',') continue;
            if (c == '\r' && !done() && text_[at_] == '\n') ++at_;
            return cells;
        }
    }

private:
    std::string cell() {
        std::string out;
        if (!done() && text_[at_] == '"') {
            ++at_;
            while (!done()) {
                const char c = text_[at_++];
                if (c != '"') {
                    out += c;
                } else if (!done() && text_[at_] == '"') {
                    out += '"';
                    ++at_;
                } else {
                    break;
                }
            }
        }
        while (!done() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r')
            out += text_[at_++];
        return out;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

const std::string& TableRow::at(std::string_view column) const {
    static const std::string none;
    const auto it = cells.find(column);
    return it == cells.end() ? none : it->second;
}

Result<std::vector<TableRow>> parse_csv(std::string_view text, const std::string& where) {
    Reader reader(text);
    if (reader.done()) return Error{ErrorCode::invalid, where + ": is empty"};
    const std::vector<std::string> header = reader.record();
    std::vector<TableRow> rows;
    while (!reader.done()) {
        const std::vector<std::string> record = reader.record();
        if (record.size() == 1 && record[0].empty()) continue;
        TableRow row;
        for (std::size_t i = 0; i < record.size() && i < header.size(); ++i)
            row.cells[header[i]] = record[i];
        if (record.size() != header.size())
            row.cells["problem"] =
                fmt::format("{} cells where the header has {}", record.size(), header.size());
        if (row.at("row_id").empty()) row.cells["row_id"] = fmt::format("row {}", rows.size() + 1);
        rows.push_back(std::move(row));
    }
    return rows;
}

Result<std::vector<TableRow>> read_table(const std::string& path) {
    auto text = read_file(path, table_bytes_max);
    if (!text) return std::move(text).error();
    return parse_csv(*text, path);
}

}  // namespace suan::train
