#include "exec/local/local_executor.hpp"

#include "exec/local/attempt.hpp"
#include "exec/local/environment.hpp"
#include "exec/local/loop.hpp"
#include "exec/local/sandbox.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <set>

namespace suan::exec {

std::string running_marker(const std::string& root, const LeaseRef& ref) {
    return fmt::format("{}/running/{}", root, ref.lease.value);
}

std::optional<Status> load_status(const std::string& attempt) {
    const auto text = read_file(attempt + "/status");
    if (!text) return std::nullopt;
    auto status = decode_status(*text);
    if (!status) return std::nullopt;
    return std::move(*status);
}

std::optional<ProcessIdentity> load_claim(const std::string& attempt) {
    const auto text = read_file(attempt + "/claim");
    if (!text) return std::nullopt;
    auto identity = decode_identity(*text);
    // Unreadable is not "nobody": pid 0 is a claim whose owner is gone.
    return identity ? std::move(*identity) : ProcessIdentity{};
}

LeaseEnded lost_end(const LeaseRef& ref, const std::optional<Status>& status) {
    LeaseEnded end{ref, Outcome::lost, {}, "its supervisor ended without writing a result", {}};
    if (status) end.progress = status->end.progress;
    return end;
}

void nudge(const Fd& process) {
    ::syscall(SYS_pidfd_send_signal, process.get(), SIGUSR1, nullptr, 0);
}

void kill_marked(const std::string& attempt) {
    const std::string mark = fmt::format("{}={}", attempt_variable, attempt) + '\0';
    // Twice more after it found some, for children forked while we looked.
    for (int turn = 0; turn < 3; ++turn) {
        bool found = false;
        for (const ProcessEntry& entry : list_processes()) {
            const auto environment = read_file(fmt::format("/proc/{}/environ", entry.pid), 8 << 20);
            if (!environment || entry.pid == ::getpid()) continue;
            const std::size_t at = environment->find(mark);
            if (at == std::string::npos || (at > 0 && (*environment)[at - 1] != '\0')) continue;
            found = true;
            ::kill(entry.pid, SIGKILL);
        }
        if (!found) return;
    }
}

namespace {

Result<std::string> real_root(const std::string& root) {
    if (root.empty() || root[0] != '/')
        return Error{ErrorCode::invalid,
                     fmt::format("root: expected an absolute path, got '{}'", root)};
    for (const char* part : {"", "/jobs", "/running"})
        if (auto made = make_folders(root + part, 0711); !made) return std::move(made.error());
    // The sandbox covers the root, and cannot cover a link.
    char real[PATH_MAX];
    if (!::realpath(root.c_str(), real)) return os_error("root " + root, errno);
    return std::string(real);
}

std::vector<std::string> list_folder(const std::string& path) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
    if (!folder) return names;
    while (const dirent* item = ::readdir(folder.get()))
        if (item->d_name[0] != '.') names.emplace_back(item->d_name);
    return names;
}

// Looks at one attempt that an earlier hub ordered. An order that nobody claimed is withdrawn, so
// that a supervisor that comes late does not run it behind our back.
Adopted look_at(const std::string& root, const LeaseRef& ref) {
    const std::string attempt = attempt_folder(root, ref);
    auto claimed = load_claim(attempt);
    if (!claimed) {
        ::unlink((attempt + "/order").c_str());
        claimed = load_claim(attempt);
    }
    if (!claimed) return {ref, Found::never_started, {}};
    // In this order: a supervisor that writes its end between the two looks is not taken for lost.
    const bool alive = open_process(*claimed).has_value();
    const auto status = load_status(attempt);
    if (status && status->phase == Phase::ended && status->end.ref == ref)
        return {ref, Found::ended, status->end};
    if (alive) return {ref, Found::running, {}};
    kill_marked(attempt);
    return {ref, Found::ended, lost_end(ref, status)};
}

void stop_stray(const std::string& attempt) {
    ::unlink((attempt + "/order").c_str());
    const auto claimed = load_claim(attempt);
    const auto process = claimed ? open_process(*claimed) : std::nullopt;
    if (!process) return kill_marked(attempt);
    const StopOrder stop{{}, "it is not in the log", Duration{}};
    if (write_atomically(attempt + "/stop", encode_stop(stop), Durable::no))
        nudge(*process);
    else
        ::syscall(SYS_pidfd_send_signal, process->get(), SIGTERM, nullptr, 0);
}

}  // namespace

Result<std::unique_ptr<LocalExecutor>> LocalExecutor::create(LocalOptions options, Sink sink) {
    auto root = real_root(options.root);
    if (!root) return std::move(root.error());
    options.root = std::move(*root);
    SandboxChoice choice{{}, options.hidden_paths, options.readable_paths};
    if (choice.hidden_paths.empty()) choice.hidden_paths = default_hidden_paths();
    std::string note = "sandbox: none (switched off)";
    std::string refusal;
    if (options.sandbox != SandboxPolicy::off) {
        auto found = probe_sandbox(choice);
        note = found ? "sandbox: bwrap" : fmt::format("sandbox: none ({})", found.error().context);
        if (found) choice.bwrap_path = *found;
        if (!found && options.sandbox == SandboxPolicy::required)
            refusal = "a sandbox is required here: " + found.error().context;
    }
    auto loop = std::make_unique<Loop>(options, std::move(choice), refusal, std::move(sink));
    if (auto opened = loop->open(); !opened) return std::move(opened.error());
    return std::unique_ptr<LocalExecutor>(
        new LocalExecutor(std::move(options), std::move(note), std::move(loop)));
}

LocalExecutor::LocalExecutor(LocalOptions options, std::string sandbox_note,
                             std::unique_ptr<Loop> loop)
    : options_(std::move(options)),
      sandbox_note_(std::move(sandbox_note)),
      loop_(std::move(loop)) {}

LocalExecutor::~LocalExecutor() = default;

void LocalExecutor::start(StartOrder order) {
    loop_->post(Loop::Start{std::move(order)});
}

void LocalExecutor::stop(StopOrder order) {
    loop_->post(Loop::Stop{std::move(order)});
}

Result<std::vector<Adopted>> LocalExecutor::adopt(const std::vector<LeaseRef>& known) {
    std::vector<Adopted> found;
    std::set<std::string> folders;
    for (const LeaseRef& ref : known) {
        folders.insert(attempt_folder(options_.root, ref));
        found.push_back(look_at(options_.root, ref));
        if (found.back().found == Found::running) loop_->post(Loop::Watch{ref});
    }
    for (const std::string& name : list_folder(options_.root + "/running")) {
        const std::string marker = options_.root + "/running/" + name;
        const auto attempt = exec::read_file(marker);
        if (!attempt || folders.contains(*attempt)) continue;
        if (attempt->starts_with(options_.root + "/jobs/")) stop_stray(*attempt);
        ::unlink(marker.c_str());
    }
    return found;
}

Result<LogChunk> LocalExecutor::read_log(const LogQuery& query) const {
    return exec::read_log(options_.root, query);
}

Result<FileList> LocalExecutor::list_files(const AttemptRef& of) const {
    return exec::list_files(options_.root, of);
}

Result<FileChunk> LocalExecutor::read_file(const FileQuery& query) const {
    return exec::read_file(options_.root, query);
}

std::string LocalExecutor::describe() const {
    return fmt::format("local: processes on this machine, {}", sandbox_note_);
}

}  // namespace suan::exec
