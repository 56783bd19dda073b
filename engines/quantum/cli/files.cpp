#include "quantum/cli/cli.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace suan::quantum {

namespace {

constexpr std::size_t file_bytes_max = 16U << 20;

}  // namespace

int exit_code(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid:
        case ErrorCode::not_found:
            return 2;
        case ErrorCode::exhausted:
            return 65;
        case ErrorCode::io:
            return 74;
        default:
            return 1;
    }
}

Result<std::string> read_file(const std::string& path) {
    std::string text;
    std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
    if (!file)
        return Error{ErrorCode::io, fmt::format("cannot read {}: {}", path, std::strerror(errno))};
    char buffer[64 << 10];
    while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
        text.append(buffer, static_cast<std::size_t>(file.gcount()));
        if (text.size() > file_bytes_max)
            return Error{ErrorCode::exhausted,
                         fmt::format("{} is larger than {} MiB", path, file_bytes_max >> 20)};
    }
    if (file.bad()) return Error{ErrorCode::io, fmt::format("cannot read {}", path)};
    return text;
}

Result<void> write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file)
        return Error{ErrorCode::io, fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    return {};
}

std::uint64_t default_memory_bytes() {
    std::ifstream info("/proc/meminfo");
    for (std::string word; info >> word;) {
        std::uint64_t kib = 0;
        if (word == "MemAvailable:" && info >> kib) return kib * 1024 / 4 * 3;
    }
    return std::uint64_t{1} << 30;
}

}  // namespace suan::quantum
