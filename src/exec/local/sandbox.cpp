#include "exec/local/sandbox.hpp"

#include "exec/local/os.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace suan::exec {

namespace {

using Arguments = std::vector<std::string>;

void add(Arguments& out, std::initializer_list<std::string> words) {
    out.insert(out.end(), words.begin(), words.end());
}

bool is_folder(const std::string& path) {
    struct stat info = {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

// A link is left alone: what it points to is what counts, and bwrap refuses to mount over it.
bool is_link(const std::string& path) {
    struct stat info = {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

void add_view(Arguments& out, const SandboxChoice& choice) {
    add(out, {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--new-session",
              "--die-with-parent", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev",
              "--proc", "/proc", "--tmpfs", "/tmp"});
    for (const std::string& path : choice.hidden_paths) {
        if (is_link(path)) continue;
        if (is_folder(path))
            add(out, {"--tmpfs", path});
        else if (is_there(path))
            add(out, {"--ro-bind", "/dev/null", path});
    }
    for (const std::string& path : choice.readable_paths)
        add(out, {"--ro-bind-try", path, path});
}

// Only the device files of the devices that the task holds, and the ones all of them share.
void add_devices(Arguments& out, const StartOrder& order, std::uint32_t task) {
    const bool cuda = order.visible_devices == VisibleDevices::cuda;
    if (order.visible_devices == VisibleDevices::none) return;
    Arguments files = cuda ? Arguments{"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"}
                           : Arguments{"/dev/davinci_manager", "/dev/devmm_svm", "/dev/hisi_hdc"};
    for (const TaskPlacement& place : order.tasks) {
        if (place.node_name != order.tasks[task].node_name) continue;
        if (order.launcher == Launcher::process_per_task && place.task != task) continue;
        for (const std::uint32_t device : place.devices)
            files.push_back(fmt::format("{}{}", cuda ? "/dev/nvidia" : "/dev/davinci", device));
    }
    for (const std::string& file : files)
        add(out, {"--dev-bind-try", file, file});
}

// The exit code of bwrap around `true`, or why it could not be had.
Result<int> run_probe(const std::string& bwrap, const Arguments& arguments) {
    std::vector<char*> argv{const_cast<char*>(bwrap.c_str())};
    for (const std::string& word : arguments)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    char* environment[] = {nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const int fd : {0, 1, 2})
        ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    pid_t pid = 0;
    const int failed =
        ::posix_spawn(&pid, bwrap.c_str(), &actions, nullptr, argv.data(), environment);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return os_error("start " + bwrap, failed);
    const auto identity = identity_of(pid);
    const auto process = identity ? open_process(*identity) : std::nullopt;
    pollfd ended{process ? process->get() : -1, POLLIN, 0};
    if (process && ::poll(&ended, 1, 10'000) == 0) ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::vector<std::string> default_hidden_paths() {
    return {"/root", "/home", "/run", "/var/tmp", "/etc/shadow", "/etc/gshadow"};
}

Result<std::string> probe_sandbox(const SandboxChoice& choice) {
    const std::string bwrap = choice.bwrap_path.empty() ? "/usr/bin/bwrap" : choice.bwrap_path;
    if (!is_there(bwrap)) return Error{ErrorCode::not_found, bwrap + " is not installed"};
    Arguments arguments;
    add_view(arguments, choice);
    add(arguments, {"--", "/bin/true"});
    auto code = run_probe(bwrap, arguments);
    if (!code) return std::move(code.error());
    if (*code != 0)
        return Error{ErrorCode::unavailable,
                     fmt::format("{} ended with {} (are user namespaces allowed?)", bwrap, *code)};
    return bwrap;
}

Arguments sandbox_arguments(const SupervisorOrder& order, std::uint32_t task,
                            const std::string& attempt,
                            const std::map<std::string, std::string>& environment) {
    Arguments out;
    add_view(out, order.sandbox);
    add_devices(out, order.start, task);
    const std::string work = work_folder(attempt, order.start.payload);
    add(out, {"--tmpfs", order.root, "--bind", work, work});
    const std::string script = attempt + "/script";
    if (!order.start.payload.script.empty()) add(out, {"--ro-bind", script, script});
    add(out, {"--clearenv"});
    for (const auto& [name, value] : environment)
        add(out, {"--setenv", name, value});
    add(out, {"--chdir", work});
    return out;
}

}  // namespace suan::exec
