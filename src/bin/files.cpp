#include "bin/files.hpp"

#include "bin/exit_code.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace suan::bin {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file) {
    throw Failed(ExitCode::io,
                 fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
}

// Beside the file and renamed over it, so that a reader sees all of it or nothing.
void write_file(const std::filesystem::path& file, std::string_view text, mode_t mode) {
    const std::string part = fmt::format("{}.{}.part", file.string(), ::getpid());
    ::unlink(part.c_str());
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) fail(file);
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(file);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(fd) != 0 || ::close(fd) != 0 || ::rename(part.c_str(), file.c_str()) != 0)
        fail(file);
}

}  // namespace

void write_secret_file(const std::filesystem::path& file, std::string_view text) {
    write_file(file, text, 0600);
}

void write_whole_file(const std::filesystem::path& file, std::string_view text) {
    write_file(file, text, 0644);
}

}  // namespace suan::bin
