#include "ledger/contract/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::ledger {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr int128 number_max = static_cast<int128>(1) << 64;

}  // namespace

// Blanks, and comments from "--" to the end of the line.
void ContractParser::skip_blanks() {
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '\n') ++line_;
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            ++at_;
        } else if (text_.substr(at_, 2) == "--") {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else {
            return;
        }
    }
}

bool ContractParser::at_end() {
    skip_blanks();
    return at_ == text_.size();
}

// The letters and digits that come next; empty where there are none.
std::string_view ContractParser::peek_word() {
    skip_blanks();
    if (at_ == text_.size() || !is_letter(text_[at_])) return {};
    std::size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end])))
        ++end;
    return text_.substr(at_, end - at_);
}

bool ContractParser::take(std::string_view symbol) {
    if (!ok()) return false;
    skip_blanks();
    if (is_letter(symbol[0])) {
        if (peek_word() != symbol) return false;
    } else if (text_.substr(at_, symbol.size()) != symbol) {
        return false;
    }
    at_ += symbol.size();
    return true;
}

void ContractParser::expect(std::string_view symbol) {
    if (ok() && !take(symbol)) fail(fmt::format("'{}'", symbol));
}

ContractParser::Known ContractParser::parse_number() {
    skip_blanks();
    if (at_ == text_.size() || !is_digit(text_[at_])) {
        fail("a number");
        return {};
    }
    int128 value = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
        value = value * 10 + (text_[at_] - '0');
        if (value >= number_max) {
            fail_with("a number has at most 64 bits");
            return {};
        }
    }
    return Known{Type::number, value, value};
}

// '#' and 1 to 32 hexadecimal digits.
AccountId ContractParser::parse_id() {
    expect("#");
    uint128 value = 0;
    std::size_t digits = 0;
    while (at_ < text_.size() && hex_value(text_[at_]) >= 0 && digits <= 32) {
        value = (value << 4) | static_cast<unsigned>(hex_value(text_[at_]));
        ++at_;
        ++digits;
    }
    if (digits == 0 || digits > 32) fail("1 to 32 hexadecimal digits of an account id after '#'");
    return {static_cast<std::uint64_t>(value >> 64), static_cast<std::uint64_t>(value)};
}

void ContractParser::fail(std::string_view expected) {
    if (!ok()) return;
    std::string found;
    for (const char c : text_.substr(at_, 16)) {
        if (c == '\n') break;
        found.push_back(c >= ' ' && c <= '~' ? c : '?');
    }
    fail_with(found.empty() ? fmt::format("expected {}, found the end of the line", expected)
                            : fmt::format("expected {}, found '{}'", expected, found));
}

void ContractParser::fail_with(std::string message) {
    if (ok()) error_ = fmt::format("contract: line {}: {}", line_, message);
}

}  // namespace suan::ledger
