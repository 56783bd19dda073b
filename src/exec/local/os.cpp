#include "exec/local/os.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>

namespace suan::exec {

void Fd::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

Error os_error(std::string doing, int error_number) {
    ErrorCode code = ErrorCode::io;
    if (error_number == ENOENT || error_number == ENOTDIR) code = ErrorCode::not_found;
    if (error_number == EEXIST) code = ErrorCode::exists;
    if (error_number == EACCES || error_number == EPERM || error_number == ELOOP ||
        error_number == ENXIO)
        code = ErrorCode::forbidden;
    if (error_number == ENAMETOOLONG) code = ErrorCode::invalid;
    if (error_number == ENOSPC || error_number == EMFILE || error_number == ENFILE ||
        error_number == EAGAIN || error_number == ENOMEM)
        code = ErrorCode::exhausted;
    return Error{code, fmt::format("{}: {}", doing, std::strerror(error_number))};
}

namespace {

Result<std::string> read_rest(int fd, const std::string& path, std::size_t bytes_max) {
    std::string bytes;
    char buffer[16 * 1024];
    while (true) {
        const ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error("read " + path, errno);
        if (n == 0) return bytes;
        bytes.append(buffer, static_cast<std::size_t>(n));
        if (bytes.size() > bytes_max)
            return Error{ErrorCode::exhausted,
                         fmt::format("{} has more than {} bytes", path, bytes_max)};
    }
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return os_error("open " + path, errno);
    return read_rest(fd.get(), path, bytes_max);
}

Result<void> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error("write", errno);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Result<std::string> read_at(int fd, std::uint64_t offset, std::uint64_t bytes_max) {
    std::string bytes(bytes_max, '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t n = ::pread(fd, bytes.data() + have, bytes.size() - have,
                                  static_cast<off_t>(offset + have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error("read", errno);
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
}

Result<void> sync_folder(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return os_error("open " + path, errno);
    if (::fsync(fd.get()) != 0) return os_error("fsync " + path, errno);
    return {};
}

Result<void> write_atomically(const std::string& path, std::string_view bytes, Durable durable) {
    const std::string temporary = path + ".tmp";
    {
        const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!fd) return os_error("create " + temporary, errno);
        if (auto done = write_all(fd.get(), bytes); !done)
            return std::move(done.error()).wrap(temporary);
        if (durable == Durable::yes && ::fsync(fd.get()) != 0)
            return os_error("fsync " + temporary, errno);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) return os_error("rename to " + path, errno);
    if (durable == Durable::yes) return sync_folder(folder_of(path));
    return {};
}

Result<void> make_folders(const std::string& path, mode_t mode) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST)
            return os_error("create folder " + part, errno);
        if (slash == std::string::npos) return {};
    }
}

bool is_plain_relative(std::string_view path) {
    if (path.empty() || path.find('\0') != std::string_view::npos) return false;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

namespace {

// The folder `name` of `parent`, not through a link.
Result<Fd> open_subfolder(int parent, const std::string& name, int flags) {
    if ((flags & O_CREAT) != 0 && ::mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST)
        return os_error("create folder " + name, errno);
    Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return os_error("open folder " + name, errno);
    return fd;
}

// O_NONBLOCK, so that a FIFO planted under the name does not hang us.
Result<Fd> open_regular(int parent, const std::string& name, int flags) {
    Fd fd(::openat(parent, name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
    if (!fd) return os_error("open " + name, errno);
    struct stat info = {};
    if (::fstat(fd.get(), &info) != 0) return os_error("stat " + name, errno);
    if (!S_ISREG(info.st_mode)) return Error{ErrorCode::forbidden, name + " is not a regular file"};
    return fd;
}

// The folder that holds the last part of `relative`, and that part.
Result<std::pair<Fd, std::string>> open_parent(const std::string& folder, std::string_view relative,
                                               int flags) {
    if (!is_plain_relative(relative))
        return Error{
            ErrorCode::forbidden,
            fmt::format("'{}' must be a relative name without '.' and '..' parts", relative)};
    Fd at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!at) return os_error("open folder " + folder, errno);
    while (true) {
        const std::size_t slash = relative.find('/');
        std::string part(relative.substr(0, slash));
        if (slash == std::string_view::npos) return std::pair(std::move(at), std::move(part));
        auto next = open_subfolder(at.get(), part, flags);
        if (!next) return std::move(next.error());
        at = std::move(*next);
        relative.remove_prefix(slash + 1);
    }
}

}  // namespace

Result<Fd> open_beneath(const std::string& folder, std::string_view relative, int flags) {
    auto parent = open_parent(folder, relative, flags);
    if (!parent) return std::move(parent.error());
    return open_regular(parent->first.get(), parent->second, flags);
}

Result<Fd> open_folder_beneath(const std::string& folder, std::string_view relative) {
    auto parent = open_parent(folder, relative, O_RDONLY);
    if (!parent) return std::move(parent.error());
    return open_subfolder(parent->first.get(), parent->second, O_RDONLY);
}

namespace {

// Parses /proc/PID/stat. The command name may hold anything, so fields count from the last ')'.
std::optional<ProcessEntry> read_stat(pid_t pid) {
    const auto text = read_file(fmt::format("/proc/{}/stat", pid), 4'096);
    if (!text) return std::nullopt;
    const std::size_t close = text->rfind(") ");
    if (close == std::string::npos) return std::nullopt;
    ProcessEntry entry{.pid = pid};
    const char* at = text->data() + close + 2;
    const char* end = text->data() + text->size();
    entry.state = *at;
    at += 2;
    for (int field = 4; field <= 22; ++field) {
        std::int64_t value = 0;
        at = std::from_chars(at, end, value).ptr;
        if (at == end) return std::nullopt;
        ++at;
        if (field == 4) entry.parent = static_cast<pid_t>(value);
        if (field == 5) entry.group = static_cast<pid_t>(value);
        if (field == 22) entry.start_ticks = static_cast<std::uint64_t>(value);
    }
    return entry;
}

}  // namespace

std::string boot_id() {
    auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
    if (!text) return "unknown";
    while (!text->empty() && text->back() == '\n')
        text->pop_back();
    return *text;
}

std::optional<ProcessIdentity> identity_of(pid_t pid) {
    const auto entry = read_stat(pid);
    if (!entry) return std::nullopt;
    return ProcessIdentity{pid, entry->start_ticks, boot_id()};
}

std::optional<Fd> open_process(const ProcessIdentity& identity) {
    if (identity.pid <= 0 || identity.boot_id != boot_id()) return std::nullopt;
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0)));
    if (!fd) return std::nullopt;
    // Looked up after the pidfd pins the process, so that the pid cannot change hands in between.
    const auto entry = read_stat(identity.pid);
    if (!entry || entry->start_ticks != identity.start_ticks || entry->state == 'Z')
        return std::nullopt;
    return fd;
}

std::vector<ProcessEntry> list_processes() {
    std::vector<ProcessEntry> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
    if (!folder) return found;
    while (const dirent* item = ::readdir(folder.get())) {
        const std::string_view name = item->d_name;
        pid_t pid = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
        if (auto entry = read_stat(pid)) found.push_back(*entry);
    }
    return found;
}

std::vector<ProcessEntry> descendants(const std::vector<ProcessEntry>& all, pid_t root) {
    std::multimap<pid_t, const ProcessEntry*> by_parent;
    for (const ProcessEntry& entry : all)
        by_parent.emplace(entry.parent, &entry);
    std::vector<ProcessEntry> found;
    std::vector<pid_t> open{root};
    for (std::size_t i = 0; i < open.size() && open.size() <= all.size() + 1; ++i) {
        const auto [first, last] = by_parent.equal_range(open[i]);
        for (auto it = first; it != last; ++it) {
            found.push_back(*it->second);
            open.push_back(it->second->pid);
        }
    }
    return found;
}

std::chrono::milliseconds boot_clock() {
    timespec now = {};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::milliseconds(now.tv_sec * 1'000 + now.tv_nsec / 1'000'000);
}

}  // namespace suan::exec
