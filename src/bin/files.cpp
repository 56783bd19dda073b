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

void write_file(const std::filesystem::path& file, std::string_view text, mode_t mode) {
    WholeFile whole(file, mode);
    whole.write(text);
    whole.commit();
}

}  // namespace

WholeFile::WholeFile(const std::filesystem::path& file, mode_t mode)
    : file_(file), part_(fmt::format("{}.{}.part", file.string(), ::getpid())) {
    ::unlink(part_.c_str());
    fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd_ < 0) fail(file_);
}

WholeFile::~WholeFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(part_.c_str());
}

void WholeFile::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd_, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(file_);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void WholeFile::commit() {
    if (::fsync(fd_) != 0 || ::rename(part_.c_str(), file_.c_str()) != 0) fail(file_);
    ::close(fd_);
    fd_ = -1;
}

void write_secret_file(const std::filesystem::path& file, std::string_view text) {
    write_file(file, text, 0600);
}

void write_whole_file(const std::filesystem::path& file, std::string_view text) {
    write_file(file, text, 0644);
}

}  // namespace suan::bin
