// Where a piece of a program stands, and how an error about it is shown: file, line, column, the
// line itself and a caret under the place.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::quantum {

// Lines and columns count from 1; columns count bytes. line 0: no place in a text.
struct Place {
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

struct SourceFile {
    std::string name;
    std::string text;
};

class Sources {
public:
    // The number of the file, for Place::file.
    std::uint32_t add(std::string name, std::string text);
    const SourceFile& file(std::uint32_t number) const;
    std::size_t bytes_total() const { return bytes_total_; }
    std::uint32_t count() const { return static_cast<std::uint32_t>(files_.size()); }

    // "name:line:column: message", the source line and a caret. Control bytes are shown as blanks.
    Error error(Place place, std::string_view message, ErrorCode code = ErrorCode::invalid) const;

private:
    std::vector<SourceFile> files_;
    std::size_t bytes_total_ = 0;
};

}  // namespace suan::quantum
