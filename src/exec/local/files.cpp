// Files of an attempt's own working folder. The job that wrote them is hostile and may still run:
// every folder is opened below the last one without following links, so that what it swaps in
// between two looks is refused and never followed out of its folder.
#include "base/bytes.hpp"
#include "exec/local/attempt.hpp"
#include "exec/local/local_executor.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>

namespace suan::exec {
namespace {

Time modified_of(const struct stat& info) {
    return Time{info.st_mtim.tv_sec * 1'000'000 + info.st_mtim.tv_nsec / 1'000};
}

// The attempt's folder, when its tasks worked inside of it.
Result<std::string> own_attempt(const std::string& root, const AttemptRef& of) {
    std::string attempt =
        attempt_folder(root, LeaseRef{of.job, LeaseId(), of.attempt, of.array_index});
    const auto text = read_file(attempt + "/order");
    if (!text)
        return Error{ErrorCode::not_found,
                     fmt::format("job {} has no attempt {} here", of.job.value, of.attempt)};
    auto order = decode_order(*text);
    if (!order) return std::move(order.error()).wrap(attempt + "/order");
    if (!order->start.payload.working_dir.empty())
        return Error{ErrorCode::forbidden,
                     fmt::format("job {} named a working folder of its own: its files are there, "
                                 "and are not handed out here",
                                 of.job.value)};
    return attempt;
}

// Folders of one depth are read before those below them: a limit cuts what lies deepest.
class Walk {
public:
    explicit Walk(const std::string& attempt) : attempt_(attempt) {}

    Result<FileList> run() {
        auto top = open_folder_beneath(attempt_, "work");
        if (!top) return std::move(top.error());
        look_into(std::move(*top), {});
        while (!folders_.empty() && !full_) {
            const Folder next = std::move(folders_.front());
            folders_.pop_front();
            auto fd = open_folder_beneath(attempt_, "work/" + next.path);
            if (fd)
                look_into(std::move(*fd), next);
            else
                ++list_.left_out;
        }
        std::sort(list_.files.begin(), list_.files.end(),
                  [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; });
        return std::move(list_);
    }

private:
    struct Folder {
        std::string path;
        std::size_t depth = 0;
    };

    void look_into(Fd fd, const Folder& folder) {
        const std::unique_ptr<DIR, int (*)(DIR*)> items(::fdopendir(::dup(fd.get())), ::closedir);
        if (!items) {
            ++list_.left_out;
            return;
        }
        while (const dirent* item = ::readdir(items.get())) {
            const std::string_view name = item->d_name;
            if (name == "." || name == "..") continue;
            if (++visited_ > files_visited_max || list_.files.size() == files_listed_max) {
                full_ = list_.cut = true;
                return;
            }
            look_at(fd.get(), folder, std::string(name));
        }
    }

    void look_at(int parent, const Folder& folder, const std::string& name) {
        struct stat info = {};
        const bool known = is_utf8(name) &&
                           ::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                           (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
        if (!known) {
            ++list_.left_out;
            return;
        }
        std::string path = folder.path.empty() ? name : folder.path + "/" + name;
        if (S_ISREG(info.st_mode)) {
            list_.files.push_back(
                {std::move(path), static_cast<std::uint64_t>(info.st_size), modified_of(info)});
        } else if (folder.depth + 1 < files_depth_max) {
            folders_.push_back({std::move(path), folder.depth + 1});
        } else {
            list_.cut = true;
        }
    }

    std::string attempt_;
    FileList list_;
    std::deque<Folder> folders_;
    std::size_t visited_ = 0;
    bool full_ = false;
};

}  // namespace

Result<FileList> list_files(const std::string& root, const AttemptRef& of) {
    auto attempt = own_attempt(root, of);
    if (!attempt) return std::move(attempt.error());
    return Walk(*attempt).run();
}

Result<FileChunk> read_file(const std::string& root, const FileQuery& query) {
    auto attempt = own_attempt(root, query.of);
    if (!attempt) return std::move(attempt.error());
    if (!is_plain_relative(query.path))
        return Error{ErrorCode::invalid,
                     "path: must be the name of a file below the working folder, as the list of "
                     "files gives it"};
    auto fd = open_beneath(*attempt, "work/" + query.path, O_RDONLY);
    if (!fd) {
        // What the job is told about its file does not name folders of this machine.
        return Error{fd.error().code == ErrorCode::io ? ErrorCode::not_found : fd.error().code,
                     fmt::format("the job has no regular file {}", query.path)};
    }
    struct stat info = {};
    if (::fstat(fd->get(), &info) != 0) return os_error("stat the file", errno);
    FileChunk chunk;
    chunk.size = static_cast<std::uint64_t>(info.st_size);
    chunk.modified = modified_of(info);
    if (query.offset >= chunk.size) return chunk;
    const std::uint64_t want = std::min(query.max_bytes, file_read_bytes_max);
    auto bytes = read_at(fd->get(), query.offset, std::min(want, chunk.size - query.offset));
    if (!bytes) return std::move(bytes.error());
    chunk.bytes = std::move(*bytes);
    return chunk;
}

}  // namespace suan::exec
