// The few operating system calls that the local executor needs, behind Result: owned descriptors,
// files that appear whole or not at all, paths that cannot leave a folder, and processes that are
// known by more than their pid.
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::exec {

// Owns one file descriptor; -1 is none.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset(int fd = -1);

private:
    int fd_ = -1;
};

// "doing: strerror(errno)" as an Error; ENOENT becomes not_found, EEXIST exists, ENOSPC exhausted,
// a link or a socket where a file was wanted (ELOOP, ENXIO) forbidden.
Error os_error(std::string doing, int error_number);

Result<std::string> read_file(const std::string& path, std::size_t bytes_max = 64 << 20);
Result<void> write_all(int fd, std::string_view bytes);
// What stands at `offset`, fewer than `bytes_max` bytes where the file ends.
Result<std::string> read_at(int fd, std::uint64_t offset, std::uint64_t bytes_max);

enum class Durable { no, yes };
// The file at `path` has either its old content or all of `bytes`, even after a crash
// (Durable::yes: also after a loss of power). Mode 0600.
Result<void> write_atomically(const std::string& path, std::string_view bytes, Durable durable);
Result<void> sync_folder(const std::string& path);

// Creates every missing folder of an absolute path, with `mode`.
Result<void> make_folders(const std::string& path, mode_t mode);

// Opens `relative` beneath `folder` and follows no symbolic link on the way, for names that a user
// chose or folders that a user can write to. Only regular files. With O_CREAT, folders on the way
// are made. Refuses "", absolute names and any "." or ".." part.
Result<Fd> open_beneath(const std::string& folder, std::string_view relative, int flags);
// The same for a folder.
Result<Fd> open_folder_beneath(const std::string& folder, std::string_view relative);
bool is_plain_relative(std::string_view path);

// A process that cannot be mistaken for a later one with the same pid.
struct ProcessIdentity {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat
    std::string boot_id;            // /proc/sys/kernel/random/boot_id
    friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};
std::string boot_id();
std::optional<ProcessIdentity> identity_of(pid_t pid);
// A pidfd of exactly that process, or none when it is gone.
std::optional<Fd> open_process(const ProcessIdentity& identity);

struct ProcessEntry {
    pid_t pid = 0, parent = 0, group = 0;
    std::uint64_t start_ticks = 0;
    char state = '?';
};
// What /proc shows now. A snapshot: processes come and go while it is read.
std::vector<ProcessEntry> list_processes();
// Every descendant of `root` (not itself) in `all`, parents first.
std::vector<ProcessEntry> descendants(const std::vector<ProcessEntry>& all, pid_t root);

// Time since boot that goes on while the machine sleeps; for time-outs only.
std::chrono::milliseconds boot_clock();

}  // namespace suan::exec
