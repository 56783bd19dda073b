#include "bin/table.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstdint>

namespace suan::bin {
namespace {

// Wide blocks of East Asian text: CJK, Hangul, full-width forms.
bool is_wide(std::uint32_t point) {
    return (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
           (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
           (point >= 0xFE30 && point <= 0xFE4F) || (point >= 0xFF00 && point <= 0xFF60) ||
           (point >= 0x1F300 && point <= 0x1FAFF) || (point >= 0x20000 && point <= 0x3FFFD);
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        std::uint32_t point = length == 1 ? lead : lead & (0x7FU >> length);
        for (std::size_t k = 1; k < length && i + k < text.size(); ++k)
            point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
        width += is_wide(point) ? 2 : 1;
        i += length;
    }
    return width;
}

std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) c = '?';
    }
    return out;
}

void Table::row(std::vector<std::string> cells) {
    SUAN_ASSERT(cells.size() == columns_.size());
    for (std::string& cell : cells)
        cell = printable(cell);
    rows_.push_back(std::move(cells));
}

std::string Table::text(std::string_view indent) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t width = display_width(columns_[c].title);
        for (const auto& cells : rows_)
            width = std::max(width, display_width(cells[c]));
        widths.push_back(width);
    }
    std::string out;
    const auto line = [&](auto cell_of) {
        std::string text(indent);
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const std::string& cell = cell_of(c);
            const std::string pad(widths[c] - display_width(cell), ' ');
            if (c > 0) text += "  ";
            text += columns_[c].align == Align::left ? cell + pad : pad + cell;
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + "\n";
    };
    line([&](std::size_t c) -> const std::string& { return columns_[c].title; });
    for (const auto& cells : rows_)
        line([&](std::size_t c) -> const std::string& { return cells[c]; });
    return out;
}

}  // namespace suan::bin
