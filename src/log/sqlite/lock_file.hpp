// A file whose advisory lock says that a process is writing the log beside it. The kernel drops the
// lock when the process ends, however it ends.
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

    // `unavailable`, naming the other's process id, when the lock is held.
    static Result<LockFile> take(const std::filesystem::path& file);

private:
    explicit LockFile(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace suan::log
