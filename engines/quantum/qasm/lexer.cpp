#include "quantum/qasm/lexer.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace suan::quantum {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
// Letters of other scripts (π, θ) are letters here: their bytes are above 0x7f.
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::array<std::string_view, 28> long_symbols = {
    "**=", "<<=", ">>=", "->", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "**", "++",
    "+=",  "-=",  "*=",  "/=", "&=", "|=", "^=", "%=", "~=", "~",  "!",  "@",  ":",  "#"};
constexpr std::string_view single_symbols = "{}()[];,=+-*/%<>&|^";

// Registers of some hundred bits are compared with numbers that long.
constexpr std::size_t large_digits_max = 1'000;

// Digits without the underscores that OpenQASM 3 allows between them.
std::string plain(std::string_view digits) {
    std::string out;
    for (const char c : digits)
        if (c != '_') out += c;
    return out;
}

}  // namespace

char Lexer::peek(std::size_t ahead) const {
    const std::size_t at = at_.offset + ahead;
    return at < text_.size() ? text_[at] : '\0';
}

void Lexer::advance(std::size_t bytes) {
    for (; bytes > 0 && at_.offset < text_.size(); --bytes) {
        if (text_[at_.offset++] == '\n') {
            ++at_.line;
            at_.line_start = at_.offset;
        }
    }
}

Lexeme Lexer::start() const {
    Lexeme lexeme;
    lexeme.place = {file_, at_.line, static_cast<std::uint32_t>(at_.offset - at_.line_start + 1)};
    return lexeme;
}

bool Lexer::skip_blanks_and_comments(Lexeme& bad) {
    while (at_.offset < text_.size()) {
        const char c = peek();
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            advance(1);
        } else if (c == '/' && peek(1) == '/') {
            while (at_.offset < text_.size() && peek() != '\n')
                advance(1);
        } else if (c == '/' && peek(1) == '*') {
            bad = start();
            const auto end = text_.find("*/", at_.offset + 2);
            if (end == std::string_view::npos) {
                bad.kind = Token::bad;
                bad.text = "this comment is not closed by */";
                return false;
            }
            advance(end + 2 - at_.offset);
        } else {
            break;
        }
    }
    return true;
}

Lexeme Lexer::next() {
    Lexeme bad;
    if (!skip_blanks_and_comments(bad)) return bad;
    if (at_.offset >= text_.size()) return start();
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '"' || (c == '\'' && dialect_ == Dialect::qasm3)) return quoted();
    if (c == '$' && is_digit(peek(1))) {
        Lexeme lexeme = start();
        std::size_t n = 1;
        while (is_digit(peek(n)))
            ++n;
        lexeme.kind = Token::physical;
        lexeme.text = text_.substr(at_.offset, n);
        const auto digits = lexeme.text.substr(1);
        if (std::from_chars(digits.begin(), digits.end(), lexeme.integer).ec != std::errc{}) {
            lexeme.kind = Token::bad;
            lexeme.text = "the number of this physical qubit is too large";
        }
        advance(n);
        return lexeme;
    }
    if (is_letter(c)) {
        std::size_t n = 1;
        while (is_letter(peek(n)) || is_digit(peek(n)))
            ++n;
        Lexeme lexeme = start();
        lexeme.kind = Token::name;
        lexeme.text = text_.substr(at_.offset, n);
        if (lexeme.text == "pragma" && dialect_ == Dialect::qasm3) return whole_line();
        advance(n);
        return lexeme;
    }
    // An annotation is the first thing on its line; elsewhere @ follows a gate modifier.
    if (c == '@' && is_letter(peek(1)) &&
        text_.substr(at_.line_start, at_.offset - at_.line_start).find_first_not_of(" \t") ==
            std::string_view::npos)
        return whole_line();
    if (c == '#' && text_.substr(at_.offset, 7) == "#pragma") return whole_line();
    return symbol();
}

Lexeme Lexer::whole_line() {
    Lexeme lexeme = start();
    lexeme.kind = Token::line;
    const auto end = text_.find('\n', at_.offset);
    lexeme.text = text_.substr(at_.offset, end - at_.offset);
    advance(lexeme.text.size());
    return lexeme;
}

Lexeme Lexer::symbol() {
    Lexeme lexeme = start();
    lexeme.kind = Token::symbol;
    for (const std::string_view candidate : long_symbols) {
        if (text_.substr(at_.offset, candidate.size()) == candidate) {
            lexeme.text = text_.substr(at_.offset, candidate.size());
            advance(candidate.size());
            return lexeme;
        }
    }
    lexeme.text = text_.substr(at_.offset, 1);
    if (single_symbols.find(lexeme.text[0]) == std::string_view::npos) {
        lexeme.kind = Token::bad;
        lexeme.text = "this character has no meaning here";
    }
    advance(1);
    return lexeme;
}

Lexeme Lexer::quoted() {
    Lexeme lexeme = start();
    const auto end = text_.find(peek(), at_.offset + 1);
    const auto newline = text_.find('\n', at_.offset);
    if (end == std::string_view::npos || end > newline) {
        lexeme.kind = Token::bad;
        lexeme.text = "this quoted text is not closed on its line";
        advance(1);
        return lexeme;
    }
    lexeme.kind = Token::string;
    lexeme.text = text_.substr(at_.offset + 1, end - at_.offset - 1);
    advance(lexeme.text.size() + 2);
    return lexeme;
}

Lexeme Lexer::based_integer(Lexeme lexeme) {
    const char letter = peek(1);
    const int base = (letter == 'x' || letter == 'X') ? 16 : (letter == 'o' ? 8 : 2);
    std::size_t n = 2;
    while (is_digit(peek(n)) || is_letter(peek(n)))
        ++n;
    lexeme.text = text_.substr(at_.offset, n);
    const std::string digits = plain(lexeme.text.substr(2));
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, lexeme.integer, base);
    advance(n);
    if (error != std::errc{} || end != last || digits.empty()) {
        lexeme.kind = Token::bad;
        lexeme.text = "this is not a whole number of 64 bits";
    }
    return lexeme;
}

Lexeme Lexer::number() {
    Lexeme lexeme = start();
    lexeme.kind = Token::integer;
    const char second = peek(1);
    if (dialect_ == Dialect::qasm3 && peek() == '0' &&
        (second == 'x' || second == 'X' || second == 'o' || second == 'b' || second == 'B'))
        return based_integer(lexeme);
    std::size_t n = 0;
    const auto digits = [&] {
        while (is_digit(peek(n)) || (peek(n) == '_' && is_digit(peek(n + 1))))
            ++n;
    };
    digits();
    if (peek(n) == '.') {
        lexeme.kind = Token::real;
        ++n;
        digits();
    }
    const std::size_t sign = peek(n + 1) == '+' || peek(n + 1) == '-' ? 1 : 0;
    if ((peek(n) == 'e' || peek(n) == 'E') && is_digit(peek(n + 1 + sign))) {
        lexeme.kind = Token::real;
        n += 1 + sign;
        digits();
    }
    lexeme.text = text_.substr(at_.offset, n);
    const std::string clean = plain(lexeme.text);
    const char* last = clean.data() + clean.size();
    advance(n);
    const auto real = std::from_chars(clean.data(), last, lexeme.real);
    const auto whole = lexeme.kind == Token::integer
                           ? std::from_chars(clean.data(), last, lexeme.integer).ec
                           : std::errc{};
    if (whole == std::errc::result_out_of_range && clean.size() <= large_digits_max) {
        lexeme.kind = Token::large;
        return lexeme;
    }
    if (real.ec != std::errc{} || whole != std::errc{} || !std::isfinite(lexeme.real)) {
        lexeme.kind = Token::bad;
        lexeme.text = "this number is out of range";
        return lexeme;
    }
    if (dialect_ == Dialect::qasm3) read_unit(lexeme);
    return lexeme;
}

// "10 ms" and "3 im": a unit may follow after blanks.
void Lexer::read_unit(Lexeme& lexeme) {
    std::size_t n = 0;
    while (peek(n) == ' ' || peek(n) == '\t')
        ++n;
    const std::string_view rest = text_.substr(at_.offset + n);
    for (const std::string_view unit : {"im", "dt", "ns", "us", "µs", "μs", "ms", "s"}) {
        if (!rest.starts_with(unit)) continue;
        const char after = unit.size() < rest.size() ? rest[unit.size()] : '\0';
        if (is_letter(after) || is_digit(after)) continue;
        lexeme.kind = unit == "im" ? Token::imaginary : Token::duration;
        lexeme.unit = unit;
        advance(n + unit.size());
        return;
    }
    // A name glued to a number is neither.
    if (n == 0 && is_letter(peek())) {
        lexeme.kind = Token::bad;
        lexeme.text = "a name may not begin with a digit";
    }
}

bool Lexer::skip_braces(std::string_view& raw) {
    const std::size_t from = at_.offset;
    for (int depth = 1; at_.offset < text_.size(); advance(1)) {
        if (peek() == '{') ++depth;
        if (peek() == '}' && --depth == 0) {
            raw = text_.substr(from, at_.offset - from);
            advance(1);
            return true;
        }
    }
    return false;
}

}  // namespace suan::quantum
