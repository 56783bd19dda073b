#include "exec/local/launch.hpp"

#include "exec/local/environment.hpp"
#include "exec/local/sandbox.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace suan::exec {

namespace {

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return os_error("create a pipe", errno);
    return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// Above the numbers that a child gives to its standard streams and to bwrap's arguments.
constexpr int high_fd = 100;

Result<Fd> moved_high(Fd fd) {
    Fd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, high_fd));
    if (!high) return os_error("duplicate a descriptor", errno);
    return high;
}

Result<Pipe> make_high_pipe() {
    auto low = make_pipe();
    if (!low) return low;
    auto read = moved_high(std::move(low->read));
    if (!read) return std::move(read.error());
    auto write = moved_high(std::move(low->write));
    if (!write) return std::move(write.error());
    return Pipe{std::move(*read), std::move(*write)};
}

// Everything that the child of one task needs, made before the fork so that the child only makes
// system calls.
struct Plan {
    std::uint32_t task = 0;
    std::string program;
    std::vector<std::string> argv;
    std::vector<std::string> environment;  // "NAME=value"
    std::string work;
    Fd sandbox_arguments;  // a memory file for bwrap's --args
    Pipe out;
    Pipe err;  // none when both streams go to one file: one pipe keeps their order
    ResourceLimits limits;
};

// What a child that could not run the payload says before it ends.
struct Failure {
    std::uint32_t task = 0;
    std::int32_t error_number = 0;
    char step[24] = {};
};

bool is_program(const std::string& path) {
    struct stat info = {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

// As execvp would find it, but in the task's PATH and folder.
Result<std::string> find_program(const std::string& name, const std::string& path,
                                 const std::string& work) {
    if (name.find('/') != std::string::npos) {
        std::string full = name[0] == '/' ? name : work + "/" + name;
        if (is_program(full)) return full;
        return Error{ErrorCode::not_found, fmt::format("'{}' is not an executable file", name)};
    }
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t colon = std::min(path.find(':', at), path.size());
        const std::string folder = path.substr(at, colon - at);
        std::string full = (folder.starts_with("/") ? folder : work + "/" + folder) + "/" + name;
        if (is_program(full)) return full;
        at = colon + 1;
    }
    return Error{ErrorCode::not_found, fmt::format("program '{}' is not in PATH ({})", name, path)};
}

Result<Fd> memory_file(const std::vector<std::string>& words) {
    std::string bytes;
    for (const std::string& word : words) {
        bytes += word;
        bytes += '\0';
    }
    Fd fd(::memfd_create("arguments", MFD_CLOEXEC));
    if (!fd) return os_error("memfd_create", errno);
    if (auto done = write_all(fd.get(), bytes); !done) return std::move(done.error());
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) return os_error("lseek", errno);
    return moved_high(std::move(fd));
}

// bwrap reads its arguments from this descriptor; the child moves the memory file there.
constexpr int sandbox_arguments_fd = 3;

Result<Plan> make_plan(const SupervisorOrder& order, std::uint32_t task,
                       const std::string& attempt) {
    const Payload& payload = order.start.payload;
    Plan plan;
    plan.task = task;
    plan.work = work_folder(attempt, payload);
    plan.limits = order.start.limits;
    const auto environment = task_environment(order.start, task, attempt);
    plan.argv = payload.argv;
    if (!payload.script.empty()) plan.argv.insert(plan.argv.begin(), attempt + "/script");
    auto program = find_program(plan.argv.at(0), environment.at("PATH"), plan.work);
    if (!program) return std::move(program.error());
    plan.program = std::move(*program);
    if (order.sandbox.bwrap_path.empty()) {
        for (const auto& [name, value] : environment)
            plan.environment.push_back(name + "=" + value);
    } else {
        auto file = memory_file(sandbox_arguments(order, task, attempt, environment));
        if (!file) return std::move(file.error());
        plan.sandbox_arguments = std::move(*file);
        plan.argv.insert(plan.argv.begin(),
                         {"bwrap", "--args", std::to_string(sandbox_arguments_fd), "--"});
        plan.program = order.sandbox.bwrap_path;
    }
    const auto out_file = output_file(order.start, task, LogStream::out, attempt);
    if (!out_file) return out_file.error();
    const auto err_file = output_file(order.start, task, LogStream::err, attempt);
    if (!err_file) return err_file.error();
    auto out = make_pipe();
    if (!out) return std::move(out.error());
    plan.out = std::move(*out);
    if (*out_file == *err_file) return plan;
    auto err = make_pipe();
    if (!err) return std::move(err.error());
    plan.err = std::move(*err);
    return plan;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> out;
    for (const std::string& word : words)
        out.push_back(const_cast<char*>(word.c_str()));
    out.push_back(nullptr);
    return out;
}

[[noreturn]] void fail(int report_fd, const Plan& plan, const char* step) {
    Failure failure{.task = plan.task, .error_number = errno};
    std::strncpy(failure.step, step, sizeof failure.step - 1);
    [[maybe_unused]] const ssize_t n = ::write(report_fd, &failure, sizeof failure);
    ::_exit(127);
}

// Never above the hard limit that we live under.
bool set_limit(decltype(RLIMIT_CORE) resource, std::uint64_t value) {
    rlimit limit = {};
    if (::getrlimit(resource, &limit) != 0) return false;
    if (limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max) limit.rlim_max = value;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(resource, &limit) == 0;
}

constexpr std::uint64_t open_files_default = 65'536;

// RLIMIT_DATA and not RLIMIT_AS: frameworks reserve far more address space than they ever touch.
bool set_limits(const ResourceLimits& limits) {
    if (!set_limit(RLIMIT_CORE, 0)) return false;
    if (!set_limit(RLIMIT_NOFILE, limits.open_files ? limits.open_files : open_files_default))
        return false;
    if (limits.memory_bytes && !set_limit(RLIMIT_DATA, limits.memory_bytes)) return false;
    return !limits.file_bytes || set_limit(RLIMIT_FSIZE, limits.file_bytes);
}

void reset_signals() {
    for (int number = 1; number < NSIG; ++number)
        ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// If memory runs out, a task goes before its supervisor and the hub do.
void prefer_as_oom_victim() {
    const Fd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (fd) [[maybe_unused]]
        const ssize_t n = ::write(fd.get(), "500", 3);
}

// Standard streams in place; every other descriptor closes itself at exec.
bool place_descriptors(const Plan& plan) {
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null || ::dup2(null.get(), 0) < 0) return false;
    const Fd& err = plan.err.write ? plan.err.write : plan.out.write;
    if (::dup2(plan.out.write.get(), 1) < 0 || ::dup2(err.get(), 2) < 0) return false;
    return !plan.sandbox_arguments ||
           ::dup2(plan.sandbox_arguments.get(), sandbox_arguments_fd) >= 0;
}

[[noreturn]] void run_child(const Plan& plan, pid_t supervisor, int report, const Pipe& gate) {
    ::close(gate.write.get());
    ::setsid();
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(report, plan, "prctl");
    if (::getppid() != supervisor) ::_exit(127);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(report, plan, "prctl");
    prefer_as_oom_victim();
    ::umask(022);
    if (::chdir(plan.work.c_str()) != 0) fail(report, plan, "working folder");
    if (!place_descriptors(plan)) fail(report, plan, "descriptors");
    if (!set_limits(plan.limits)) fail(report, plan, "limits");
    const std::vector<char*> argv = pointers(plan.argv);
    const std::vector<char*> environment = pointers(plan.environment);
    char go = 0;
    ssize_t n = 0;
    while ((n = ::read(gate.read.get(), &go, 1)) < 0 && errno == EINTR) {
    }
    if (n != 1) ::_exit(127);
    reset_signals();
    ::execve(plan.program.c_str(), argv.data(), environment.data());
    fail(report, plan, "execute");
}

void kill_all(const std::vector<LaunchedTask>& tasks) {
    for (const LaunchedTask& task : tasks)
        ::kill(task.pid, SIGKILL);
    for (const LaunchedTask& task : tasks)
        while (::waitpid(task.pid, nullptr, 0) < 0 && errno == EINTR) {
        }
}

// Reads until every child has executed its program or ended.
std::optional<Failure> first_failure(const Fd& report) {
    std::optional<Failure> first;
    Failure failure;
    while (true) {
        const ssize_t n = ::read(report.get(), &failure, sizeof failure);
        if (n < 0 && errno == EINTR) continue;
        if (n != static_cast<ssize_t>(sizeof failure)) return first;
        if (!first || failure.task < first->task) first = failure;
    }
}

Error describe(const Failure& failure, const Plan& plan) {
    std::string what =
        fmt::format("task {}: {} {}", failure.task, failure.step,
                    std::string_view(failure.step) == "execute" ? plan.program : plan.work);
    if (failure.error_number == ENOENT && plan.program.ends_with("/script"))
        what += " (the interpreter in its first line)";
    return os_error(what, failure.error_number);
}

Result<std::vector<Plan>> make_plans(const SupervisorOrder& order, const std::string& attempt) {
    std::vector<Plan> plans;
    for (std::uint32_t task = 0; task < process_count(order.start); ++task) {
        auto plan = make_plan(order, task, attempt);
        if (!plan) return std::move(plan.error()).wrap(fmt::format("task {}", task));
        plans.push_back(std::move(*plan));
    }
    return plans;
}

// Children up to the gate. On failure the ones so far are gone again.
Result<std::vector<LaunchedTask>> fork_all(std::vector<Plan>& plans, const Fd& report,
                                           const Pipe& gate) {
    std::vector<LaunchedTask> tasks;
    const pid_t supervisor = ::getpid();
    for (Plan& plan : plans) {
        const pid_t pid = ::fork();
        if (pid == 0) run_child(plan, supervisor, report.get(), gate);
        if (pid < 0) {
            const int error_number = errno;
            kill_all(tasks);
            return os_error(fmt::format("task {}: fork", plan.task), error_number);
        }
        tasks.push_back(LaunchedTask{pid, std::move(plan.out.read), std::move(plan.err.read)});
        plan.out.write.reset();
        plan.err.write.reset();
    }
    return tasks;
}

}  // namespace

Result<std::vector<LaunchedTask>> launch_tasks(const SupervisorOrder& order,
                                               const std::string& attempt) {
    auto plans = make_plans(order, attempt);
    if (!plans) return std::move(plans.error());
    auto report = make_high_pipe();
    if (!report) return std::move(report.error());
    auto gate = make_high_pipe();
    if (!gate) return std::move(gate.error());
    auto tasks = fork_all(*plans, report->write, *gate);
    if (!tasks) return tasks;
    report->write.reset();
    // One byte a child: an end of file there means that the supervisor is gone.
    if (auto opened = write_all(gate->write.get(), std::string(tasks->size(), 'g')); !opened) {
        kill_all(*tasks);
        return std::move(opened.error()).wrap("open the gate");
    }
    if (const auto failure = first_failure(report->read)) {
        kill_all(*tasks);
        return describe(*failure, plans->at(failure->task));
    }
    for (const LaunchedTask& task : *tasks)
        for (const Fd* fd : {&task.out, &task.err})
            if (*fd) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
    return tasks;
}

}  // namespace suan::exec
