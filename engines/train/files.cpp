#include "train/files.hpp"

#include <fmt/format.h>

#include <fstream>

namespace suan::train {

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    std::ifstream in(path, std::ios::binary);
    std::string text;
    char block[1 << 16];
    while (in && text.size() <= bytes_max) {
        in.read(block, sizeof block);
        text.append(block, static_cast<std::size_t>(in.gcount()));
    }
    // A folder opens, but its first read fails.
    if (!in.is_open() || in.bad() || (text.empty() && !in.eof()))
        return Error{ErrorCode::not_found, path + ": cannot be read"};
    if (text.size() <= bytes_max) return text;
    return Error{ErrorCode::exhausted, fmt::format("{}: more than {} bytes", path, bytes_max)};
}

}  // namespace suan::train
