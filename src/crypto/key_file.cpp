#include "crypto/key_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace suan::crypto {
namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

Error about(ErrorCode code, const std::filesystem::path& file, std::string_view what) {
    return Error{code, fmt::format("{}: {}", file.string(), what)};
}
Error too_long(const std::filesystem::path& file) {
    return about(ErrorCode::invalid, file,
                 fmt::format("over {} bytes, not a key file", key_bytes_max));
}

// What is looked at is the open file, which nobody can exchange for another meanwhile.
Result<void> check_private(int fd, const std::filesystem::path& file) {
    struct stat status {};
    if (fstat(fd, &status) != 0) return about(ErrorCode::io, file, std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return about(ErrorCode::invalid, file, "not a plain file");
    if ((status.st_mode & 077) != 0)
        return about(
            ErrorCode::forbidden, file,
            fmt::format("mode {:04o}, expected 0600: chmod 600 it", status.st_mode & 0777));
    if (status.st_uid != geteuid())
        return about(
            ErrorCode::forbidden, file,
            fmt::format("owned by user {}, expected {}: chown it", status.st_uid, geteuid()));
    return {};
}

Result<void> write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return Error{ErrorCode::io, fmt::format("write: {}", std::strerror(errno))};
        text.remove_prefix(std::size_t(wrote));
    }
    if (fsync(fd) != 0) return Error{ErrorCode::io, fmt::format("fsync: {}", std::strerror(errno))};
    return {};
}

}  // namespace

Result<SecretText> read_secret_file(const std::filesystem::path& file) {
    // A pipe would wait for a writer; it is refused below.
    const Descriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) {
        const bool denied = errno == EACCES || errno == EPERM;
        return about(denied ? ErrorCode::forbidden : ErrorCode::not_found, file,
                     std::strerror(errno));
    }
    if (auto checked = check_private(fd.get(), file); !checked) return std::move(checked).error();
    SecretText text(key_bytes_max + 1);
    std::size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t got = read(fd.get(), text.data() + filled, text.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return about(ErrorCode::io, file, std::strerror(errno));
        if (got == 0) break;
        filled += std::size_t(got);
    }
    if (filled > key_bytes_max) return too_long(file);
    text.shorten(filled);
    return text;
}

Result<std::string> read_key_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return about(ErrorCode::not_found, file, "cannot be read");
    std::string text(key_bytes_max + 1, '\0');
    in.read(text.data(), std::streamsize(text.size()));
    text.resize(std::size_t(in.gcount()));
    if (text.size() > key_bytes_max) return too_long(file);
    return text;
}

Result<void> write_secret_file(const std::filesystem::path& file, std::string_view text) {
    Result<void> written;
    {
        const Descriptor fd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (fd.get() < 0) {
            const ErrorCode code = errno == EEXIST ? ErrorCode::exists : ErrorCode::io;
            return about(code, file, std::strerror(errno));
        }
        written = write_all(fd.get(), text);
    }
    if (written) return {};
    // A key file cut short would be refused for ever after; without it the next save can work.
    unlink(file.c_str());
    return std::move(written).error().wrap(file.string());
}

}  // namespace suan::crypto
