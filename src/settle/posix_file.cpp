#include "base/assert.hpp"
#include "settle/file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace suan::settle {
namespace {

// Space is taken as the file grows: little for a small one, and no more than the last at once.
constexpr std::uint64_t step_bytes_min = std::uint64_t{1} << 20;
constexpr std::uint64_t step_bytes_max = std::uint64_t{256} << 20;

constexpr std::uint64_t block_down(std::uint64_t offset) {
    return offset / file_block_bytes * file_block_bytes;
}
constexpr std::uint64_t block_up(std::uint64_t offset) {
    return block_down(offset + file_block_bytes - 1);
}

// Memory as O_DIRECT wants it.
class BlockBuffer {
public:
    char* room(std::size_t size) {
        if (size > size_) {
            size_ = block_up(size + size / 2);  // groups grow little by little
            bytes_.reset(static_cast<char*>(std::aligned_alloc(file_block_bytes, size_)));
            SUAN_ASSERT(bytes_ != nullptr);
        }
        return bytes_.get();
    }

private:
    struct Free {
        void operator()(char* bytes) const { std::free(bytes); }
    };
    std::unique_ptr<char, Free> bytes_;
    std::size_t size_ = 0;
};

class PosixFile final : public File {
public:
    // `direct_fd` is the same file for writing past the page cache, or -1.
    PosixFile(int fd, int direct_fd, std::string name, std::uint64_t size)
        : fd_(fd), direct_fd_(direct_fd), name_(std::move(name)), allocated_(size) {}
    ~PosixFile() override {
        if (direct_fd_ >= 0) ::close(direct_fd_);
        ::close(fd_);
    }
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        return write_pieces(offset, {&bytes, 1});
    }

    Result<void> write_pieces(std::uint64_t offset,
                              std::span<const std::string_view> pieces) override {
        std::uint64_t end = offset;
        for (const std::string_view piece : pieces)
            end += piece.size();
        if (auto room = make_room(block_up(end)); !room) return room;
        const std::uint64_t first = block_down(offset);
        if (auto last = load_last_block(first); !last) return last;
        const std::uint64_t size = block_up(end) - first;
        char* const blocks = buffer_.room(size);
        char* at = blocks + last_block_.copy(blocks, offset - first);
        for (const std::string_view piece : pieces)
            at += piece.copy(at, piece.size());
        std::fill(at, blocks + size, '\0');
        if (auto done = write_blocks(first, std::string_view(blocks, size)); !done) return done;
        last_block_at_ = first + size - file_block_bytes;
        last_block_.assign(blocks + size - file_block_bytes, file_block_bytes);
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
        last_block_at_ = UINT64_MAX;
        return {};
    }

    Result<std::uint64_t> size() const override {
        struct stat info {};
        if (::fstat(fd_, &info) != 0) return failure("fstat");
        return static_cast<std::uint64_t>(info.st_size);
    }

    Result<std::string> read(std::uint64_t offset, std::size_t count) const override {
        auto bytes = read_at(fd_, offset, count);
        if (!bytes) return std::move(bytes).error().wrap(name_);
        return bytes;
    }

private:
    Error failure(std::string_view call) const {
        const ErrorCode code = errno == ENOSPC ? ErrorCode::exhausted : ErrorCode::io;
        return Error{code, fmt::format("{}: {}: {}", name_, call, std::strerror(errno))};
    }

    Result<void> make_room(std::uint64_t end) {
        if (end <= allocated_) return {};
        const std::uint64_t step = std::clamp(allocated_, step_bytes_min, step_bytes_max);
        const std::uint64_t size = block_up(std::max(end, allocated_ + step));
        const int error = ::posix_fallocate(fd_, static_cast<off_t>(allocated_),
                                            static_cast<off_t>(size - allocated_));
        if (error != 0) {
            errno = error;
            return failure("posix_fallocate");
        }
        allocated_ = size;
        return {};
    }

    // The block in which the last write ended, which the next one goes on with.
    Result<void> load_last_block(std::uint64_t at) {
        if (last_block_at_ == at) return {};
        Result<std::string> block = read(at, file_block_bytes);
        if (!block) return std::move(block).error();
        last_block_ = std::move(*block);
        last_block_.resize(file_block_bytes, '\0');
        last_block_at_ = at;
        return {};
    }

    Result<void> write_blocks(std::uint64_t offset, std::string_view bytes) {
        while (!bytes.empty()) {
            const int fd = direct_fd_ >= 0 ? direct_fd_ : fd_;
            const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EINVAL && direct_fd_ >= 0) {
                // A file system that opens such files and then refuses them, or larger blocks.
                ::close(direct_fd_);
                direct_fd_ = -1;
                continue;
            }
            if (n <= 0) return failure("pwrite");
            bytes.remove_prefix(static_cast<std::size_t>(n));
            offset += static_cast<std::uint64_t>(n);
        }
        return {};
    }

    int fd_;
    int direct_fd_;
    std::string name_;
    std::uint64_t allocated_;
    BlockBuffer buffer_;
    std::string last_block_;
    std::uint64_t last_block_at_ = UINT64_MAX;
};

Error open_failure(const std::filesystem::path& path, std::string_view call) {
    return Error{ErrorCode::io,
                 fmt::format("{}: {}: {}", path.string(), call, std::strerror(errno))};
}

// Whether all of it was written.
bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
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
    const int direct_fd = ::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
    auto file = std::make_unique<PosixFile>(fd, direct_fd, path.string(),
                                            static_cast<std::uint64_t>(info.st_size));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return Error{ErrorCode::unavailable,
                     fmt::format("{}: another process has this journal open", path.string())};
    }
    if (auto done = sync_folder(path); !done) return std::move(done).error();
    return std::unique_ptr<File>(std::move(file));
}

Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t count) {
    std::string out(count, '\0');
    std::size_t done = 0;
    while (done < count) {
        const ssize_t n =
            ::pread(fd, out.data() + done, count - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Error{ErrorCode::io, fmt::format("pread: {}", std::strerror(errno))};
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    out.resize(done);
    return out;
}

Result<void> write_whole(const std::filesystem::path& path,
                         std::span<const std::string_view> pieces) {
    const std::filesystem::path part = path.string() + ".part";
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return open_failure(part, "open");
    const bool is_there =
        std::all_of(pieces.begin(), pieces.end(),
                    [&](std::string_view piece) { return write_all(fd, piece); }) &&
        ::fsync(fd) == 0;
    const Error failure = open_failure(part, "write and fsync");
    ::close(fd);
    if (!is_there) return failure;
    if (::rename(part.c_str(), path.c_str()) != 0) return open_failure(path, "rename");
    return sync_folder(path);
}

}  // namespace suan::settle
