#include "api/json/reader.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace suan::api::json {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// True when all 8 bytes are printable ASCII other than a quote and a backslash.
bool plain8(const char* p) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t highs = 0x8080808080808080;
    std::uint64_t w = 0;
    std::memcpy(&w, p, sizeof w);
    const auto zero_byte = [](std::uint64_t v) { return (v - ones) & ~v; };
    const std::uint64_t below_space = (w - ones * 0x20) & ~w;
    return ((w | below_space | zero_byte(w ^ (ones * '"')) | zero_byte(w ^ (ones * '\\'))) &
            highs) == 0;
}

void append_code_point(std::string& out, std::uint32_t c) {
    const auto put = [&](std::uint32_t b) { out.push_back(static_cast<char>(b)); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xC0 | (c >> 6));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
    }
    put(0x80 | (c & 0x3F));
}

// A quoted excerpt for a message: at most 32 bytes, never a broken character.
std::string excerpt(std::string_view text) {
    constexpr std::size_t shown_max = 32;
    const std::string_view head = text.substr(0, utf8_prefix(text.substr(0, shown_max)));
    std::string out;
    for (const char c : head)
        out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    if (head.size() < text.size()) out += "...";
    return out;
}

}  // namespace

Error Fault::to_error() const {
    return Error{code, field.empty() ? message : field + ": " + message};
}

bool Reader::accept_word(std::string_view word) {
    peek();
    const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
    if (!rest.starts_with(word)) return false;
    if (rest.size() > word.size()) {
        const char next = rest[word.size()];
        if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || is_digit(next)) {
            return false;
        }
    }
    p_ += word.size();
    return true;
}

bool Reader::check_utf8(std::string_view text) {
    const std::size_t good = utf8_prefix(text);
    if (good == text.size()) return true;
    const auto at = static_cast<std::size_t>(text.data() - begin_) + good;
    return fail(at, fmt::format("byte {}: the string is not UTF-8 (byte 0x{:02x})", at,
                                static_cast<unsigned char>(text[good])));
}

bool Reader::string(std::string_view& out) {
    const char* const start = ++p_;
    bool ascii = true;
    while (true) {
        while (end_ - p_ >= 8 && plain8(p_))
            p_ += 8;
        if (p_ == end_) return fail(offset(), "the document ends inside a string");
        const auto c = static_cast<unsigned char>(*p_);
        if (c == '"') break;
        if (c == '\\') {
            if (!ascii && !check_utf8({start, static_cast<std::size_t>(p_ - start)})) return false;
            return string_with_escapes(start, out);
        }
        if (c < 0x20) {
            return fail(offset(), fmt::format("byte {}: a control character in a string must be "
                                              "written as \\u{:04x}",
                                              offset(), static_cast<unsigned>(c)));
        }
        ascii = ascii && c < 0x80;
        ++p_;
    }
    out = {start, static_cast<std::size_t>(p_ - start)};
    if (!ascii && !check_utf8(out)) return false;
    ++p_;
    return true;
}

bool Reader::string_with_escapes(const char* start, std::string_view& out) {
    scratch_.assign(start, p_);
    while (true) {
        const char* const run = p_;
        while (p_ != end_ && *p_ != '"' && *p_ != '\\' && static_cast<unsigned char>(*p_) >= 0x20) {
            ++p_;
        }
        const std::string_view part(run, static_cast<std::size_t>(p_ - run));
        if (!check_utf8(part)) return false;
        scratch_ += part;
        if (p_ == end_) return fail(offset(), "the document ends inside a string");
        if (*p_ == '"') break;
        if (*p_ != '\\') {
            return fail(offset(), fmt::format("byte {}: a control character in a string must be "
                                              "written as \\u{:04x}",
                                              offset(), static_cast<unsigned>(*p_)));
        }
        if (!escape()) return false;
    }
    ++p_;
    out = scratch_;
    return true;
}

bool Reader::hex4(std::uint32_t& out) {
    if (end_ - p_ < 4) return fail(offset(), "the document ends inside a string");
    out = 0;
    for (int i = 0; i < 4; ++i, ++p_) {
        const char c = *p_;
        std::uint32_t digit = 0;
        if (is_digit(c)) {
            digit = static_cast<std::uint32_t>(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
        } else {
            return fail(offset(),
                        fmt::format("byte {}: \\u needs four hexadecimal digits", offset()));
        }
        out = out * 16 + digit;
    }
    return true;
}

bool Reader::escape() {
    const std::size_t at = offset();
    ++p_;
    if (p_ == end_) return fail(offset(), "the document ends inside a string");
    const char c = *p_++;
    static constexpr std::string_view from = "\"\\/bfnrt";
    static constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = from.find(c); i != std::string_view::npos) {
        scratch_.push_back(to[i]);
        return true;
    }
    if (c != 'u') {
        return fail(at, fmt::format("byte {}: unknown escape in a string; use one of "
                                    "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
                                    at));
    }
    std::uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xD800 && code <= 0xDFFF) {
        std::uint32_t low = 0;
        const bool paired = code < 0xDC00 && end_ - p_ >= 2 && p_[0] == '\\' && p_[1] == 'u';
        if (paired) {
            p_ += 2;
            if (!hex4(low)) return false;
        }
        if (low < 0xDC00 || low > 0xDFFF) {
            return fail(at, fmt::format("byte {}: half of a surrogate pair stands alone", at));
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_code_point(scratch_, code);
    return true;
}

bool Reader::number(Integer& out) {
    out = Integer{};
    const std::size_t at = offset();
    if (p_ != end_ && *p_ == '-') {
        out.negative = true;
        ++p_;
    }
    const char* const digits = p_;
    while (p_ != end_ && is_digit(*p_)) {
        const auto digit = static_cast<std::uint64_t>(*p_ - '0');
        if (__builtin_mul_overflow(out.magnitude, std::uint64_t{10}, &out.magnitude) ||
            __builtin_add_overflow(out.magnitude, digit, &out.magnitude)) {
            out.overflow = true;
        }
        ++p_;
    }
    const bool leading_zero = p_ - digits > 1 && *digits == '0';
    if (p_ == digits || leading_zero) return expected_at(at, "a number in JSON form");
    if (p_ != end_ && *p_ == '.') {
        out.whole = false;
        const char* const fraction = ++p_;
        while (p_ != end_ && is_digit(*p_))
            ++p_;
        if (p_ == fraction) return expected_at(at, "a number in JSON form");
    }
    if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
        out.whole = false;
        ++p_;
        if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
        const char* const exponent = p_;
        while (p_ != end_ && is_digit(*p_))
            ++p_;
        if (p_ == exponent) return expected_at(at, "a number in JSON form");
    }
    return true;
}

bool Reader::integer_of(std::string_view digits, Integer& out) {
    if (digits.empty()) return false;
    Reader reader(digits);
    if (digits[0] != '-' && !is_digit(digits[0])) return false;
    return reader.number(out) && reader.offset() == digits.size();
}

std::string Reader::describe(std::size_t offset) const {
    const char* const at = begin_ + offset;
    if (at == end_) return "the end of the document";
    const std::string_view rest(at, static_cast<std::size_t>(end_ - at));
    switch (*at) {
        case '{':
            return "an object";
        case '[':
            return "an array";
        case '"': {
            std::size_t close = 1;
            while (close < rest.size() && rest[close] != '"')
                close += rest[close] == '\\' ? 2 : 1;
            return '"' + excerpt(rest.substr(1, std::min(close, rest.size()) - 1)) + '"';
        }
        default: {
            const std::size_t stop = rest.find_first_of(" \t\r\n,:{}[]\"", 1);
            const std::string shown = excerpt(rest.substr(0, stop));
            return utf8_prefix(rest.substr(0, 1)) == 0 && shown.empty()
                       ? fmt::format("byte 0x{:02x}", static_cast<unsigned char>(*at))
                       : shown;
        }
    }
}

bool Reader::expected(std::string_view what) {
    peek();
    return expected_at(offset(), what);
}

bool Reader::broken(std::string_view what) {
    peek();
    return fail(offset(),
                fmt::format("byte {}: expected {}, got {}", offset(), what, describe(offset())));
}

bool Reader::expected_at(std::size_t offset, std::string_view what) {
    return fail(offset, fmt::format("expected {}, got {}", what, describe(offset)));
}

bool Reader::fail(std::size_t offset, std::string message) {
    fault_.offset = offset;
    fault_.message = std::move(message);
    return false;
}

}  // namespace suan::api::json
