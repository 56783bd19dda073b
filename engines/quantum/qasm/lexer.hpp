// Tokens of OpenQASM 2 and 3, made one at a time so that the parser may read the raw text of a
// calibration block and may go back to a place it has marked.
#pragma once

#include "quantum/qasm/source.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace suan::quantum {

enum class Token : std::uint8_t {
    end,
    name,       // identifiers and keywords; text tells which
    physical,   // $0
    integer,    // value in `integer`
    real,       // value in `real`
    imaginary,  // 3im, value in `real`
    duration,   // 10ns, value in `real`, the unit in `unit`
    string,     // text without its quotes
    large,      // a whole number beyond 64 bits, decimal digits in text
    symbol,     // operators and brackets
    line,       // @annotation or pragma, up to the end of the line
    bad,        // not a token; `text` says why
};

struct Lexeme {
    Token kind = Token::end;
    Place place;
    std::string_view text;
    std::uint64_t integer = 0;
    double real = 0;
    std::string_view unit;

    bool is(std::string_view symbol_or_name) const {
        return (kind == Token::symbol || kind == Token::name) && text == symbol_or_name;
    }
};

enum class Dialect : std::uint8_t { qasm2, qasm3 };

class Lexer {
public:
    struct Mark {
        std::size_t offset = 0;
        std::uint32_t line = 1;
        std::size_t line_start = 0;
    };

    // The text must outlive the lexer and its lexemes.
    Lexer(std::string_view text, std::uint32_t file) : text_(text), file_(file) {}

    void set_dialect(Dialect dialect) { dialect_ = dialect; }
    Lexeme next();
    // The raw text up to the brace that closes one already read; false if it is not closed.
    bool skip_braces(std::string_view& raw);
    Mark mark() const { return at_; }
    void go_back(Mark mark) { at_ = mark; }

private:
    char peek(std::size_t ahead = 0) const;
    bool skip_blanks_and_comments(Lexeme& bad);
    void advance(std::size_t bytes);
    Lexeme number();
    Lexeme based_integer(Lexeme lexeme);
    void read_unit(Lexeme& lexeme);
    Lexeme quoted();
    Lexeme whole_line();
    Lexeme symbol();
    Lexeme start() const;

    std::string_view text_;
    std::uint32_t file_;
    Dialect dialect_ = Dialect::qasm3;
    Mark at_;
};

}  // namespace suan::quantum
