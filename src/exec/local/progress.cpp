#include "exec/local/progress.hpp"

#include "base/bytes.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace suan::exec {

namespace {

constexpr std::string_view word = "suan-progress ";
constexpr std::size_t line_bytes_max = 4'096;

// What follows `"key"` and a colon, without leading blanks.
std::optional<std::string_view> after_key(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + key.size());
    const std::size_t colon = text.find_first_not_of(" \t");
    if (colon == std::string_view::npos || text[colon] != ':') return std::nullopt;
    const std::size_t value = text.find_first_not_of(" \t", colon + 1);
    if (value == std::string_view::npos) return std::nullopt;
    return text.substr(value);
}

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x20) {
        out += ' ';
    } else if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code >= 0xD800 && code < 0xE000) {
        out += '?';  // half of a surrogate pair: rare in progress messages, not worth a decoder
    } else {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

// The text of a JSON string that begins at the quote; control characters become blanks.
std::string json_string(std::string_view text) {
    std::string out;
    if (text.empty() || text[0] != '"') return out;
    for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += static_cast<unsigned char>(text[i]) < 0x20 ? ' ' : text[i];
            continue;
        }
        const char escaped = text[++i];
        std::uint32_t code = 0;
        if (escaped == 'u' && i + 4 < text.size()) {
            std::from_chars(text.data() + i + 1, text.data() + i + 5, code, 16);
            append_utf8(out, code);
            i += 4;
        } else {
            out +=
                std::string_view("bfnrt").find(escaped) != std::string_view::npos ? ' ' : escaped;
        }
    }
    return out;
}

void cut_utf8(std::string& text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return;
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    text.resize(end);
}

}  // namespace

std::optional<ProgressMark> parse_progress_line(std::string_view line, const ProgressMark& before) {
    if (!line.starts_with(word)) return std::nullopt;
    line.remove_prefix(word.size());
    const auto saved = after_key(line, "\"checkpoint\"");
    const bool is_saved = saved && saved->starts_with("true");
    const auto number = after_key(line, "\"fraction\"");
    if (!number && !is_saved) return std::nullopt;
    ProgressMark mark;
    mark.permille = before.permille;
    mark.checkpoints = before.checkpoints + (is_saved ? 1 : 0);
    if (number) {
        double fraction = 0;
        const auto parsed =
            std::from_chars(number->data(), number->data() + number->size(), fraction);
        if (parsed.ec != std::errc() || !std::isfinite(fraction)) return std::nullopt;
        mark.permille =
            static_cast<std::uint32_t>(std::lround(std::clamp(fraction, 0.0, 1.0) * 1'000));
    }
    if (const auto message = after_key(line, "\"message\"")) mark.message = json_string(*message);
    cut_utf8(mark.message, limits::reason_bytes_max);
    if (!is_utf8(mark.message)) mark.message.clear();
    return mark;
}

std::optional<ProgressMark> ProgressScanner::feed(std::string_view bytes,
                                                  const ProgressMark& before) {
    std::optional<ProgressMark> last;
    while (!bytes.empty()) {
        const std::size_t newline = bytes.find('\n');
        const std::string_view part = bytes.substr(0, newline);
        if (!skipping_) {
            line_ += part.substr(0, line_bytes_max - line_.size());
            const std::size_t known = std::min(line_.size(), word.size());
            skipping_ = line_.compare(0, known, word, 0, known) != 0;
            if (skipping_) line_.clear();
        }
        if (newline == std::string_view::npos) break;
        if (!skipping_)
            if (auto mark = parse_progress_line(line_, last ? *last : before))
                last = std::move(mark);
        line_.clear();
        skipping_ = false;
        bytes.remove_prefix(newline + 1);
    }
    return last;
}

}  // namespace suan::exec
