#include "settle/file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace suan::settle {
namespace {

constexpr std::uint64_t step_bytes = std::uint64_t{64} << 20;

class PosixFile final : public File {
public:
    PosixFile(int fd, std::string name, std::uint64_t size)
        : fd_(fd), name_(std::move(name)), allocated_(size) {}
    ~PosixFile() override { ::close(fd_); }
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        if (auto room = make_room(offset + bytes.size()); !room) return room;
        while (!bytes.empty()) {
            const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return failure("pwrite");
            bytes.remove_prefix(static_cast<std::size_t>(n));
            offset += static_cast<std::uint64_t>(n);
        }
        return {};
    }

    Result<void> sync() override {
        // Never tried again: a second fdatasync may report success for pages that were dropped.
        if (::fdatasync(fd_) != 0) return failure("fdatasync");
        return {};
    }

    Result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return failure("ftruncate");
        allocated_ = size;
        return {};
    }

    Result<std::uint64_t> size() const override {
        struct stat info {};
        if (::fstat(fd_, &info) != 0) return failure("fstat");
        return static_cast<std::uint64_t>(info.st_size);
    }

    Result<std::string> read(std::uint64_t offset, std::size_t count) const override {
        std::string out(count, '\0');
        std::size_t done = 0;
        while (done < count) {
            const ssize_t n =
                ::pread(fd_, out.data() + done, count - done, static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return failure("pread");
            if (n == 0) break;
            done += static_cast<std::size_t>(n);
        }
        out.resize(done);
        return out;
    }

private:
    Error failure(std::string_view call) const {
        const ErrorCode code = errno == ENOSPC ? ErrorCode::exhausted : ErrorCode::io;
        return Error{code, fmt::format("{}: {}: {}", name_, call, std::strerror(errno))};
    }

    Result<void> make_room(std::uint64_t end) {
        if (end <= allocated_) return {};
        const std::uint64_t size = (end + step_bytes - 1) / step_bytes * step_bytes;
        const int error = ::posix_fallocate(fd_, static_cast<off_t>(allocated_),
                                            static_cast<off_t>(size - allocated_));
        if (error != 0) {
            errno = error;
            return failure("posix_fallocate");
        }
        allocated_ = size;
        return {};
    }

    int fd_;
    std::string name_;
    std::uint64_t allocated_;
};

Error open_failure(const std::filesystem::path& path, std::string_view call) {
    return Error{ErrorCode::io,
                 fmt::format("{}: {}: {}", path.string(), call, std::strerror(errno))};
}

// A new file's name is durable only when its folder is.
Result<void> sync_folder(const std::filesystem::path& path) {
    const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
    const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return open_failure(parent, "open");
    const int result = ::fsync(fd);
    ::close(fd);
    if (result != 0) return open_failure(parent, "fsync");
    return {};
}

}  // namespace

Result<std::unique_ptr<File>> open_file(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return open_failure(path, "open");
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
        ::close(fd);
        return open_failure(path, "fstat");
    }
    auto file =
        std::make_unique<PosixFile>(fd, path.string(), static_cast<std::uint64_t>(info.st_size));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return Error{ErrorCode::unavailable,
                     fmt::format("{}: another process has this journal open", path.string())};
    }
    if (auto done = sync_folder(path); !done) return std::move(done).error();
    return std::unique_ptr<File>(std::move(file));
}

Result<void> write_whole(const std::filesystem::path& path, std::string_view bytes) {
    const std::filesystem::path part = path.string() + ".part";
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return open_failure(part, "open");
    PosixFile file(fd, part.string(), bytes.size());
    if (auto done = file.write(0, bytes); !done) return done;
    if (auto done = file.sync(); !done) return done;
    if (::rename(part.c_str(), path.c_str()) != 0) return open_failure(path, "rename");
    return sync_folder(path);
}

}  // namespace suan::settle
