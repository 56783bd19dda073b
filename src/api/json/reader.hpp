// The tokens of one JSON text (RFC 8259), read in place and in one pass. Strings are checked to be
// UTF-8. Every function that returns false has filled in fault().
// The text must outlive the reader. Not shared between threads.
#pragma once

#include "api/json/fault.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace suan::api::json {

// A whole number of the text, by sign and size.
struct Integer {
    std::uint64_t magnitude = 0;
    bool negative = false;
    bool overflow = false;  // past 64 bits; magnitude is meaningless
    bool whole = true;      // false for 1.5 and 1e3; magnitude is meaningless
};

class Reader {
public:
    explicit Reader(std::string_view text)
        : begin_(text.data()), p_(begin_), end_(begin_ + text.size()) {}

    // The next byte that is not white space, 0 at the end. Does not consume it.
    char peek() {
        while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t'))
            ++p_;
        return p_ == end_ ? '\0' : *p_;
    }
    // Consumes `c` when it is next.
    bool accept(char c) {
        if (peek() != c || p_ == end_) return false;
        ++p_;
        return true;
    }
    bool at_end() { return peek() == '\0' && p_ == end_; }

    // Consumes the word (true, false, null) when it is next and ends there.
    bool accept_word(std::string_view word);

    // A string; peek() gave its quote. The view is into the text, or into scratch when there were
    // escapes, and holds until the next call.
    bool string(std::string_view& out);

    // A number; peek() gave a digit or a minus. Checks the whole grammar, fraction and exponent
    // too.
    bool number(Integer& out);

    // A whole number that fills all of `digits`, as in {"id": "9007199254740993"}.
    static bool integer_of(std::string_view digits, Integer& out);

    // Fills the fault: "expected WHAT, got TOKEN" at the next token. Always false.
    bool expected(std::string_view what);
    // The same where the form of the document is broken: the message names the byte.
    bool broken(std::string_view what);
    // The same as expected, at an earlier byte.
    bool expected_at(std::size_t offset, std::string_view what);
    bool fail(std::size_t offset, std::string message);

    std::size_t offset() const { return static_cast<std::size_t>(p_ - begin_); }
    Fault& fault() { return fault_; }

private:
    bool string_with_escapes(const char* start, std::string_view& out);
    bool escape();
    bool hex4(std::uint32_t& out);
    bool check_utf8(std::string_view text);
    std::string describe(std::size_t offset) const;

    const char* begin_;
    const char* p_;
    const char* end_;
    std::string scratch_;
    Fault fault_;
};

}  // namespace suan::api::json
