#include "exec/local/records.hpp"

#include <fmt/format.h>

#include <charconv>

namespace suan::exec {

namespace {

bool needs_escape(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '%';
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// False when a '%' is not followed by two hexadecimal digits.
bool unescape(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return false;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return false;
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return true;
}

Error bad_line(std::size_t line, std::string_view why) {
    return Error{ErrorCode::corrupt, fmt::format("line {}: {}", line, why)};
}

}  // namespace

void RecordWriter::add(std::string_view key, std::string_view value) {
    text_ += key;
    text_ += ' ';
    for (const char c : value) {
        if (needs_escape(c))
            text_ += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        else
            text_ += c;
    }
    text_ += '\n';
    ++lines_;
}

void RecordWriter::add(std::string_view key, std::uint64_t value) {
    add(key, std::to_string(value));
}

std::string RecordWriter::finish() && {
    text_ += fmt::format("end {}\n", lines_);
    return std::move(text_);
}

Result<Records> Records::parse(std::string_view text) {
    Records records;
    while (!text.empty()) {
        const std::size_t line = records.items_.size() + 1;
        const std::size_t newline = text.find('\n');
        if (newline == std::string_view::npos) return bad_line(line, "is cut, expected a newline");
        const std::string_view whole = text.substr(0, newline);
        text.remove_prefix(newline + 1);
        const std::size_t space = whole.find(' ');
        if (space == std::string_view::npos) return bad_line(line, "expected 'key value'");
        std::string value;
        if (!unescape(whole.substr(space + 1), value)) return bad_line(line, "has a bad %XX");
        if (whole.substr(0, space) != "end") {
            records.items_.emplace_back(whole.substr(0, space), std::move(value));
            continue;
        }
        if (value != std::to_string(line - 1) || !text.empty())
            return bad_line(line, fmt::format("expected 'end {}' as the last line", line - 1));
        return records;
    }
    return bad_line(records.items_.size() + 1, "expected the line 'end N'");
}

bool Records::has(std::string_view key) const {
    for (const auto& [name, value] : items_)
        if (name == key) return true;
    return false;
}

std::string Records::get(std::string_view key) const {
    for (const auto& [name, value] : items_)
        if (name == key) return value;
    return {};
}

std::uint64_t Records::get_u64(std::string_view key) const {
    return to_u64(get(key));
}

std::uint64_t to_u64(std::string_view text) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? value : 0;
}

}  // namespace suan::exec
