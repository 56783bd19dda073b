// A file whose advisory lock says that a process is writing the log beside it. The kernel drops the
// lock when the process and the children that it has forked and that have not executed yet have
// ended, however they end.
#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace suan::log {

class LockFile {
public:
    LockFile() = default;
    ~LockFile();
    LockFile(LockFile&& other) noexcept;
    LockFile& operator=(LockFile&& other) noexcept;

    // `unavailable`, naming the other's process id, when the lock is held. When that process has
    // ended and a child of it still has the lock, waits up to five seconds for it.
    static Result<LockFile> take(const std::filesystem::path& file);

private:
    explicit LockFile(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace suan::log
