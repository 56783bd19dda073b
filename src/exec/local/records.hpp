// The text files of an attempt's folder: one "key value" a line, in order, keys may repeat, and a
// last line "end N" with the number of lines before it, so that a cut file is recognised. In
// values, bytes below 0x21 other than space, 0x7f and '%' are written as %XX, so any bytes can be
// kept.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::exec {

class RecordWriter {
public:
    void add(std::string_view key, std::string_view value);
    void add(std::string_view key, std::uint64_t value);
    std::string finish() &&;

private:
    std::string text_;
    std::uint64_t lines_ = 0;
};

class Records {
public:
    // corrupt, naming the line, when the text is not what a RecordWriter wrote.
    static Result<Records> parse(std::string_view text);

    // The first value of `key`; "" or 0 when there is none.
    std::string get(std::string_view key) const;
    std::uint64_t get_u64(std::string_view key) const;
    bool has(std::string_view key) const;
    const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

private:
    std::vector<std::pair<std::string, std::string>> items_;
};

// The number that `text` is, 0 when it is none.
std::uint64_t to_u64(std::string_view text);

}  // namespace suan::exec
