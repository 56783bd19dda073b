#include "quantum/qasm/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::quantum {

namespace {

constexpr std::size_t shown_bytes_max = 120;

std::string_view line_of(std::string_view text, std::uint32_t line) {
    std::size_t start = 0;
    for (std::uint32_t n = 1; n < line; ++n) {
        const auto end = text.find('\n', start);
        if (end == std::string_view::npos) return {};
        start = end + 1;
    }
    return text.substr(start, text.find('\n', start) - start);
}

}  // namespace

std::uint32_t Sources::add(std::string name, std::string text) {
    bytes_total_ += text.size();
    files_.push_back({std::move(name), std::move(text)});
    return static_cast<std::uint32_t>(files_.size() - 1);
}

const SourceFile& Sources::file(std::uint32_t number) const {
    SUAN_ASSERT(number < files_.size());
    return files_[number];
}

Error Sources::error(Place place, std::string_view message, ErrorCode code) const {
    if (place.line == 0 || place.file >= files_.size()) return {code, std::string(message)};
    const SourceFile& source = files_[place.file];
    const std::string_view line = line_of(source.text, place.line);
    const std::size_t column = place.column == 0 ? 0 : place.column - 1;
    // A very long line is shown around the place.
    const std::size_t from = column > shown_bytes_max / 2 ? column - shown_bytes_max / 2 : 0;
    std::string shown(line.substr(std::min(from, line.size()), shown_bytes_max));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; },
        ' ');
    return {code, fmt::format("{}:{}:{}: {}\n  {}\n  {}^", source.name, place.line, place.column,
                              message, shown, std::string(column - from, ' '))};
}

}  // namespace suan::quantum
