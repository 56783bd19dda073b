// The bytes of a trace file, from disk or memory, plain or gzip (told by its first two bytes, not
// by the name; several gzip members in a row count as one file). Read from front to back in
// chunks; nothing is held whole. One owner, one thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace suan::sim {

class Input {
public:
    // Opens a file; not_found or io names it.
    static Result<Input> file(const std::string& path);
    // Reads from memory that must outlive the Input; `name` stands for the file in errors.
    static Input bytes(std::string name, std::string_view bytes);

    Input(Input&&) noexcept;
    Input& operator=(Input&&) noexcept;
    ~Input();

    const std::string& name() const;

    // Fills at most `size` bytes and returns how many; 0 is the end. corrupt: gzip that is cut or
    // damaged; exhausted: more than limits::trace_bytes_max.
    Result<std::size_t> read(char* out, std::size_t size);

private:
    struct Source;
    explicit Input(std::unique_ptr<Source> source);
    std::unique_ptr<Source> source_;
};

// Splits an Input into lines without their end ("\n" or "\r\n"); a byte order mark at the start is
// dropped. The last line needs no end.
class LineReader {
public:
    explicit LineReader(Input input);

    // True with the next line, which stays valid until the next call; false at the end.
    Result<bool> next(std::string_view& line);

    // Whether `line` is UTF-8 without NUL bytes, as every line but a SWF comment must be.
    Result<void> check_text(std::string_view line) const;

    std::int64_t line_number() const { return line_number_; }  // of the last line; from 1
    const std::string& file() const { return input_.name(); }

private:
    Result<bool> refill();
    std::string_view take(std::size_t length, std::size_t ending);

    Input input_;
    std::string buffer_;
    std::size_t begin_ = 0;  // of what was not handed out
    std::size_t end_ = 0;
    std::int64_t line_number_ = 0;
    bool ended_ = false;
};

}  // namespace suan::sim
