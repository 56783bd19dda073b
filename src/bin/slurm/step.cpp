#include "bin/slurm/step.hpp"

#include "bin/exit_code.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace suan::bin::slurm {
namespace {

std::uint32_t job_tasks() {
    const char* text = std::getenv("SUAN_NTASKS");
    const auto n = parse_number(text == nullptr ? "" : text);
    return n && *n > 0 && *n < 100'000 ? static_cast<std::uint32_t>(*n) : 1;
}

void set(const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), 1);
}

void set_task_variables(std::uint32_t task, std::uint32_t tasks) {
    for (const char* name :
         {"SLURM_PROCID", "SUAN_PROCID", "SLURM_LOCALID", "SUAN_LOCALID", "RANK", "LOCAL_RANK"})
        set(name, std::to_string(task));
    for (const char* name :
         {"SLURM_NTASKS", "SLURM_NPROCS", "SLURM_STEP_NUM_TASKS", "WORLD_SIZE", "LOCAL_WORLD_SIZE"})
        set(name, std::to_string(tasks));
    set("SLURM_STEP_ID", "0");
}

[[noreturn]] void become(std::vector<std::string> command) {
    std::vector<char*> argv;
    for (std::string& word : command)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    const std::string line =
        fmt::format("srun: cannot run {}: {}\n", command[0], std::strerror(errno));
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
    ::_exit(errno == ENOENT ? 127 : 126);
}

int status_code(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int wait_for_tasks(std::vector<pid_t>& children) {
    int worst = 0;
    std::size_t left = children.size();
    while (left > 0) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, 0);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) break;
        --left;
        for (pid_t& child : children)
            if (child == pid) child = 0;
        const int code = status_code(status);
        if (code != 0 && worst == 0)
            for (const pid_t child : children)
                if (child > 0) ::kill(child, SIGTERM);
        worst = worst == 0 ? code : worst;
    }
    return worst;
}

}  // namespace

std::string LineLabel::text(std::string_view piece) {
    if (!wanted_) return std::string(piece);
    std::string out;
    open_ += piece;
    for (std::size_t end; (end = open_.find('\n')) != std::string::npos; open_.erase(0, end + 1))
        out += fmt::format("{}: {}\n", task_, std::string_view(open_).substr(0, end));
    return out;
}

std::string LineLabel::rest() {
    if (open_.empty()) return {};
    std::string out = fmt::format("{}: {}\n", task_, open_);
    open_.clear();
    return out;
}

int run_step(const Submission& submission, const std::vector<std::string>& command) {
    const std::uint32_t all = job_tasks();
    const Sizes& sizes = submission.sizes;
    std::uint32_t tasks = all;
    if (sizes.tasks != 0) tasks = sizes.tasks;
    if (tasks > all)
        throw Failed(ExitCode::usage,
                     fmt::format("--ntasks={} is more than the job's {} tasks", tasks, all),
                     "ask for more with #SBATCH --ntasks");
    std::vector<pid_t> children;
    for (std::uint32_t task = 0; task < tasks; ++task) {
        const pid_t pid = ::fork();
        if (pid < 0)
            throw Failed(ExitCode::try_again, fmt::format("fork: {}", std::strerror(errno)));
        if (pid == 0) {
            set_task_variables(task, tasks);
            std::signal(SIGPIPE, SIG_DFL);
            become(command);
        }
        children.push_back(pid);
    }
    return wait_for_tasks(children);
}

}  // namespace suan::bin::slurm
