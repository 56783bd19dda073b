#include "exec/local/supervisor.hpp"

#include "exec/local/attempt.hpp"
#include "exec/local/launch.hpp"
#include "exec/local/os.hpp"
#include "exec/local/output.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>

namespace suan::exec {

namespace {

using Clock = std::chrono::milliseconds;  // of boot_clock()
constexpr Clock never = Clock::max();
constexpr Clock progress_interval{1'000};

Clock in_ms(Duration duration) {
    return Clock(std::max<std::int64_t>(duration.us, 0) / 1'000);
}

void log_error(const Error& error) {
    std::fputs(fmt::format("{}: {}\n", to_string(error.code), error.context).c_str(), stderr);
}

// A port that nobody listens on now. Somebody may take it before the task does; frameworks that
// find it taken fail, and the job is retried with another.
std::uint16_t free_loopback_port() {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (!fd || ::bind(fd.get(), generic, size) != 0) return 0;
    if (::getsockname(fd.get(), generic, &size) != 0) return 0;
    return ntohs(address.sin_port);
}

class Supervisor {
public:
    Supervisor(std::string attempt, SupervisorOrder order)
        : attempt_(std::move(attempt)), order_(std::move(order)) {
        status_.end.ref = order_.start.ref;
        status_.tasks.resize(process_count(order_.start));
    }

    void run() {
        watch_signals();
        read_stop();
        if (!stopping()) launch();
        while (running_ > 0)
            step();
        finish();
    }

private:
    bool stopping() const { return kill_at_ != never; }

    void watch_signals() {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int number : {SIGCHLD, SIGUSR1, SIGTERM, SIGINT})
            ::sigaddset(&set, number);
        ::sigprocmask(SIG_BLOCK, &set, nullptr);
        ::signal(SIGHUP, SIG_IGN);
        ::signal(SIGPIPE, SIG_IGN);
        signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    void launch() {
        if (auto done = try_launch(); !done) {
            status_.end.outcome = Outcome::launch_failed;
            status_.end.message = done.error().context;
            return;
        }
        status_.phase = Phase::running;
        if (order_.start.walltime.us > 0)
            walltime_at_ = boot_clock() + in_ms(order_.start.walltime);
        write_status(Durable::no);
    }

    Result<void> try_launch() {
        if (order_.start.master_port == 0) order_.start.master_port = free_loopback_port();
        if (auto made = make_files(); !made) return made;
        auto output = Output::create(order_.start, attempt_);
        if (!output) return std::move(output.error());
        output_ = std::move(*output);
        auto tasks = launch_tasks(order_, attempt_);
        if (!tasks) return std::move(tasks.error());
        output_.attach(*tasks);
        for (const LaunchedTask& task : *tasks)
            pids_.push_back(task.pid);
        running_ = pids_.size();
        return {};
    }

    Result<void> make_files() {
        const std::string& script = order_.start.payload.script;
        if (script.empty()) return {};
        const std::string path = attempt_ + "/script";
        if (auto written = write_atomically(path, script, Durable::no); !written) return written;
        if (::chmod(path.c_str(), 0755) != 0) return os_error("chmod " + path, errno);
        return {};
    }

    // Waits for one thing to happen and deals with it.
    void step() {
        std::vector<pollfd> fds{{signals_.get(), POLLIN, 0}};
        for (const int pipe : output_.open_pipes())
            fds.push_back({pipe, POLLIN, 0});
        const int ready = ::poll(fds.data(), fds.size(), poll_timeout());
        if (ready > 0) {
            for (std::size_t i = 1; i < fds.size(); ++i)
                if (fds[i].revents != 0) output_.drain(fds[i].fd);
            if (fds[0].revents != 0) take_signals();
        }
        pass_on_progress();
        check_deadlines();
    }

    int poll_timeout() const {
        const Clock next = std::min({kill_at_, walltime_at_, progress_at_});
        if (next == never) return -1;
        return static_cast<int>(std::clamp<std::int64_t>((next - boot_clock()).count(), 0, 60'000));
    }

    void take_signals() {
        signalfd_siginfo info;
        while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            if (info.ssi_signo == SIGUSR1) read_stop();
            if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
                begin_stop(Outcome::stopped, "the supervisor was told to end", order_.start.grace);
        }
        reap();
    }

    // SIGCHLDs merge, so every one means "look at all of them".
    void reap() {
        bool changed = false;
        int wait_status = 0;
        for (pid_t pid; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;)
            changed = task_ended(pid, wait_status) || changed;
        if (changed && running_ > 0) write_status(Durable::no);
    }

    // False for an adopted orphan, which is only reaped.
    bool task_ended(pid_t pid, int wait_status) {
        const auto it = std::find(pids_.begin(), pids_.end(), pid);
        if (it == pids_.end()) return false;
        TaskEnd end;
        if (WIFEXITED(wait_status)) end.exit_code = WEXITSTATUS(wait_status);
        if (WIFSIGNALED(wait_status)) end.signal = WTERMSIG(wait_status);
        const auto task = static_cast<std::size_t>(it - pids_.begin());
        status_.tasks[task] = end;
        *it = 0;
        --running_;
        if (!end.ok() && !stopping()) gang_failed(task, end);
        return true;
    }

    void gang_failed(std::size_t task, TaskEnd end) {
        status_.end.end = end;
        const std::string how = end.signal != 0 ? fmt::format("signal {}", end.signal)
                                                : fmt::format("exit code {}", end.exit_code);
        begin_stop(Outcome::failed, fmt::format("task {} ended with {}", task, how),
                   order_.start.grace);
    }

    void read_stop() {
        const auto text = read_file(attempt_ + "/stop");
        if (!text) return;
        const auto stop = decode_stop(*text);
        if (stop) begin_stop(Outcome::stopped, stop->reason, stop->grace);
    }

    // The first reason counts; a later stop may only shorten the grace.
    void begin_stop(Outcome outcome, std::string message, Duration grace) {
        const Clock kill_at = boot_clock() + in_ms(grace);
        if (stopping()) {
            kill_at_ = std::min(kill_at_, kill_at);
            return;
        }
        status_.end.outcome = outcome;
        status_.end.message = std::move(message);
        kill_at_ = kill_at;
        walltime_at_ = never;
        if (running_ > 0) signal_tasks(SIGTERM);
    }

    // To the process group of every task. In the sandbox the task's group is that of bwrap's child:
    // a SIGTERM to bwrap itself would end it, and take the task down before it could checkpoint.
    void signal_tasks(int number) {
        const auto all = list_processes();
        for (const pid_t pid : pids_) {
            if (pid == 0) continue;
            if (order_.sandbox.bwrap_path.empty()) {
                ::kill(-pid, number);
                continue;
            }
            for (const ProcessEntry& entry : all)
                if (entry.parent == pid)
                    ::kill(-entry.group == -pid ? entry.pid : -entry.group, number);
        }
    }

    void check_deadlines() {
        const Clock now = boot_clock();
        if (now >= walltime_at_)
            begin_stop(
                Outcome::timed_out,
                fmt::format("the wall time of {} s passed", order_.start.walltime.us / 1'000'000),
                order_.start.grace);
        if (now < kill_at_) return;
        kill_descendants();
        kill_at_ = now + Clock(100);  // again, for what was forked meanwhile
    }

    static void kill_descendants() {
        for (const ProcessEntry& entry : descendants(list_processes(), ::getpid()))
            ::kill(entry.pid, SIGKILL);
    }

    // At most once a second; what came in between waits for the next turn.
    void pass_on_progress() {
        if (auto mark = output_.take_progress()) pending_ = std::move(mark);
        if (!pending_) return;
        const Clock now = boot_clock();
        if (now < progress_next_) {
            progress_at_ = progress_next_;
            return;
        }
        (void)write_atomically(attempt_ + "/progress", encode_progress(*pending_), Durable::no);
        status_.end.progress = std::exchange(pending_, std::nullopt);
        progress_next_ = now + progress_interval;
        progress_at_ = never;
    }

    // Nothing of the lease may run on after its end is written: background processes go first.
    void finish() {
        while (true) {
            kill_descendants();
            const pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
            if (pid < 0 && errno == ECHILD) break;
            if (pid == 0) ::poll(nullptr, 0, 1);
        }
        drain_rest();
        if (auto mark = output_.take_progress()) pending_ = std::move(mark);
        if (pending_) status_.end.progress = pending_;
        if (status_.phase == Phase::running && !stopping())
            status_.end.outcome = Outcome::completed;
        if (stopping() && status_.end.outcome != Outcome::failed) status_.end.end = last_bad_end();
        status_.phase = Phase::ended;
        write_status(Durable::yes);
    }

    // For a stopped lease: how a task that did not end well ended.
    TaskEnd last_bad_end() const {
        for (const auto& end : status_.tasks)
            if (end && !end->ok()) return *end;
        return {};
    }

    // Every writer is gone, so every pipe comes to its end.
    void drain_rest() {
        const Clock deadline = boot_clock() + Clock(5'000);
        for (auto pipes = output_.open_pipes(); !pipes.empty() && boot_clock() < deadline;
             pipes = output_.open_pipes())
            for (const int pipe : pipes)
                output_.drain(pipe);
    }

    void write_status(Durable durable) {
        auto written = write_atomically(attempt_ + "/status", encode_status(status_), durable);
        if (!written) log_error(written.error());
    }

    std::string attempt_;
    SupervisorOrder order_;
    Status status_;
    Output output_;
    Fd signals_;
    std::vector<pid_t> pids_;  // by task; 0: reaped
    std::size_t running_ = 0;
    Clock kill_at_ = never;  // set: the lease is being stopped
    Clock walltime_at_ = never;
    std::optional<ProgressMark> pending_;
    Clock progress_next_{0};
    Clock progress_at_ = never;
};

// The guard against a double start: only one process ever links the name. The file is written
// before, so that whoever sees it can read who claimed.
Result<void> claim(const std::string& attempt) {
    const auto self = identity_of(::getpid());
    if (!self) return Error{ErrorCode::io, "cannot read /proc/self/stat"};
    const std::string path = attempt + "/claim";
    const std::string own = fmt::format("{}.{}", path, self->pid);
    {
        const Fd fd(::open(own.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!fd) return os_error("create " + own, errno);
        if (auto written = write_all(fd.get(), encode_identity(*self)); !written) return written;
        if (::fsync(fd.get()) != 0) return os_error("fsync " + own, errno);
    }
    const bool linked = ::link(own.c_str(), path.c_str()) == 0;
    const int error_number = errno;
    ::unlink(own.c_str());
    if (!linked) return os_error("claim " + path, error_number);
    return sync_folder(attempt);
}

// The order is read after the claim: a hub that withdraws an order (deletes the file, then looks
// for a claim) can be sure that it will not run.
Result<SupervisorOrder> claim_order(const std::string& attempt) {
    if (auto claimed = claim(attempt); !claimed) return std::move(claimed.error());
    auto text = read_file(attempt + "/order");
    auto order = text ? decode_order(*text) : Result<SupervisorOrder>(std::move(text.error()));
    if (order) return order;
    ::unlink((attempt + "/claim").c_str());
    return Error{ErrorCode::corrupt, fmt::format("{}/order: {}", attempt, order.error().context)};
}

void raise_open_files() {
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Runs in the child that stays. One byte through `answer` says how the claim went.
int stay(const std::string& attempt, const Fd& answer) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    raise_open_files();
    int code = supervise_claimed;
    Result<SupervisorOrder> order = claim_order(attempt);
    if (!order) {
        code =
            order.error().code == ErrorCode::exists ? supervise_already_claimed : supervise_failed;
        log_error(order.error());
    }
    const auto byte = static_cast<char>(code);
    (void)write_all(answer.get(), {&byte, 1});
    if (code == supervise_claimed) Supervisor(attempt, std::move(*order)).run();
    return code;
}

}  // namespace

int supervise(const std::string& attempt) {
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    ::umask(022);
    ::setsid();
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return supervise_failed;
    Fd read_end(fds[0]);
    Fd write_end(fds[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return supervise_failed;
    if (pid == 0) {
        read_end.reset();
        return stay(attempt, write_end);
    }
    write_end.reset();
    char code = supervise_failed;
    ssize_t n = 0;
    while ((n = ::read(read_end.get(), &code, 1)) < 0 && errno == EINTR) {
    }
    return n == 1 ? code : supervise_failed;
}

}  // namespace suan::exec
