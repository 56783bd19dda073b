#include "log/sqlite/lock_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace suan::log {
namespace {

std::string holder_of(int fd) {
    char text[32] = {};
    const ssize_t size = pread(fd, text, sizeof text - 1, 0);
    std::string pid(text, size > 0 ? std::size_t(size) : 0);
    while (!pid.empty() && pid.back() == '\n')
        pid.pop_back();
    return pid.empty() ? "unknown" : pid;
}

bool has_ended(const std::string& pid) {
    pid_t number = 0;
    const auto end = std::from_chars(pid.data(), pid.data() + pid.size(), number);
    return end.ec == std::errc() && number > 0 && kill(number, 0) != 0 && errno == ESRCH;
}

// A process that was killed just after it forked leaves the lock to its child until that executes.
bool wait_for(int fd) {
    constexpr int tries_max = 500;
    constexpr useconds_t pause_us = 10'000;
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ++i) {
        if (i == tries_max || !has_ended(holder_of(fd))) return false;
        usleep(pause_us);
    }
    return true;
}

}  // namespace

LockFile::~LockFile() {
    if (fd_ >= 0) close(fd_);
}
LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
LockFile& LockFile::operator=(LockFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Result<LockFile> LockFile::take(const std::filesystem::path& file) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return Error{ErrorCode::io, fmt::format("{}: {}", file.string(), std::strerror(errno))};
    }
    LockFile lock(fd);
    if (!wait_for(fd)) {
        return Error{ErrorCode::unavailable,
                     fmt::format("{}: another process (pid {}) is writing this log", file.string(),
                                 holder_of(fd))};
    }
    const std::string pid = fmt::format("{}\n", getpid());
    // The number only serves the message above; a disk too full for it does not matter.
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) return lock;
    return lock;
}

}  // namespace suan::log
