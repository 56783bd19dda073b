#include "exec/local/loop.hpp"

#include "exec/local/check_order.hpp"
#include "exec/local/supervisor.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace suan::exec {

LocalExecutor::Loop::Loop(LocalOptions options, SandboxChoice choice, std::string refusal,
                          Sink sink)
    : options_(std::move(options)),
      choice_(std::move(choice)),
      refusal_(std::move(refusal)),
      sink_(std::move(sink)) {}

Result<void> LocalExecutor::Loop::open() {
    epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    inotify_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!epoll_ || !wake_) return os_error("create epoll", errno);
    for (const Fd* fd : {&wake_, &inotify_}) {
        if (!*fd) continue;  // without inotify, folders are polled
        epoll_event event{EPOLLIN, {.fd = fd->get()}};
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd->get(), &event) != 0)
            return os_error("epoll_ctl", errno);
    }
    thread_ = std::thread([this] { run(); });
    return {};
}

LocalExecutor::Loop::~Loop() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
    if (thread_.joinable()) thread_.join();
    for (const auto& [folder, lease] : leases_)
        if (lease.launcher != 0)
            while (::waitpid(lease.launcher, nullptr, 0) < 0 && errno == EINTR) {
            }
}

void LocalExecutor::Loop::post(Command command) {
    {
        const std::lock_guard lock(mutex_);
        commands_.push_back(std::move(command));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

void LocalExecutor::Loop::run() {
    constexpr int unwatched_poll_ms = 200;
    while (true) {
        const bool all_watched = by_watch_.size() == leases_.size();
        epoll_event events[64];
        const int count =
            ::epoll_wait(epoll_.get(), events, 64, all_watched ? -1 : unwatched_poll_ms);
        {
            const std::lock_guard lock(mutex_);
            if (ending_) return;
        }
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].data.fd;
            if (fd == wake_.get())
                take_commands();
            else if (fd == inotify_.get())
                take_file_events();
            else
                process_event(fd);
        }
        if (!all_watched) poll_unwatched();
        launch_queued();
    }
}

void LocalExecutor::Loop::take_commands() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
    std::vector<Command> commands;
    {
        const std::lock_guard lock(mutex_);
        commands.swap(commands_);
    }
    for (Command& command : commands)
        std::visit([this](auto& c) { handle(c); }, command);
}

void LocalExecutor::Loop::refuse(const LeaseRef& ref, std::string message) {
    sink_(StartRefused{ref, std::move(message)});
}

void LocalExecutor::Loop::handle(Start& command) {
    const StartOrder& order = command.order;
    const std::string folder = attempt_folder(options_.root, order.ref);
    if (leases_.contains(folder)) return refuse(order.ref, "it is being started or runs already");
    if (::access((folder + "/claim").c_str(), F_OK) == 0)
        return refuse(order.ref, "this attempt was started before");
    Result<void> ready = refusal_.empty() ? check_order(order, options_.allowed_working_dirs)
                                          : Result<void>(Error{ErrorCode::unavailable, refusal_});
    if (ready) ready = prepare(order, folder);
    if (!ready) {
        ::unlink(running_marker(options_.root, order.ref).c_str());
        sink_(LeaseEnded{order.ref, Outcome::launch_failed, {}, ready.error().context, {}});
        return;
    }
    Lease& lease = leases_[folder];
    lease.ref = order.ref;
    lease.folder = folder;
    watch_folder(lease);
    queue_.push_back(folder);
}

// The folders of a job may be entered but not listed by others; what is private is 0600.
Result<void> LocalExecutor::Loop::prepare(const StartOrder& order, const std::string& folder) {
    for (const char* part : {"", "/log", "/work"})
        if (auto made = make_folders(folder + part, 0711); !made) return made;
    for (const char* stale : {"/stop", "/status", "/progress"})
        ::unlink((folder + stale).c_str());
    const std::string marker = running_marker(options_.root, order.ref);
    if (auto marked = write_atomically(marker, folder, Durable::no); !marked) return marked;
    return write_atomically(folder + "/order",
                            encode_order(SupervisorOrder{order, options_.root, choice_}),
                            Durable::no);
}

void LocalExecutor::Loop::handle(Stop& command) {
    const StopOrder& order = command.order;
    const auto it = leases_.find(attempt_folder(options_.root, order.ref));
    if (it == leases_.end() || it->second.ref != order.ref) return;
    Lease& lease = it->second;
    if (lease.stage == Stage::queued)
        return finish(lease, LeaseEnded{order.ref, Outcome::stopped, {}, order.reason, {}});
    auto written = write_atomically(lease.folder + "/stop", encode_stop(order), Durable::yes);
    lease.stop_wanted = true;
    if (lease.stage != Stage::supervised) return;  // nudged once the supervisor is known
    if (written)
        nudge(lease.process);
    else  // a full disk must not keep a job alive: SIGTERM stops it with its own grace
        ::syscall(SYS_pidfd_send_signal, lease.process.get(), SIGTERM, nullptr, 0);
}

void LocalExecutor::Loop::handle(Watch& command) {
    const std::string folder = attempt_folder(options_.root, command.ref);
    if (leases_.contains(folder)) return;
    Lease& lease = leases_[folder];
    lease.ref = command.ref;
    lease.folder = folder;
    lease.stop_wanted = ::access((folder + "/stop").c_str(), F_OK) == 0;
    // When those were saved that an earlier hub may have reported is not known.
    if (const auto text = exec::read_file(folder + "/progress")) {
        if (const auto mark = decode_progress(*text)) lease.checkpoints = mark->checkpoints;
    }
    watch_folder(lease);
    attach_supervisor(lease);
}

void LocalExecutor::Loop::launch_queued() {
    while (launching_ < options_.launches_max && !queue_.empty()) {
        const auto it = leases_.find(queue_.front());
        queue_.pop_front();
        if (it == leases_.end() || it->second.stage != Stage::queued)
            continue;  // stopped meanwhile
        Lease& lease = it->second;
        if (auto spawned = spawn(lease); !spawned)
            finish(lease,
                   LeaseEnded{lease.ref, Outcome::launch_failed, {}, spawned.error().context, {}});
    }
}

Result<void> LocalExecutor::Loop::spawn(Lease& lease) {
    std::vector<char*> argv;
    for (const std::string& word : options_.supervisor_argv)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(lease.folder.data());
    argv.push_back(nullptr);
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char* environment[] = {path, nullptr};
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    const std::string log = lease.folder + "/supervisor.log";
    ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = 0;
    const int failed =
        ::posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environment);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) return os_error(fmt::format("start {}", options_.supervisor_argv[0]), failed);
    lease.stage = Stage::launching;
    lease.launcher = pid;
    ++launching_;
    watch_process(lease, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
    if (!lease.process) launcher_ended(lease);  // out of descriptors: wait for it here, it is short
    return {};
}

void LocalExecutor::Loop::launcher_ended(Lease& lease) {
    int status = 0;
    while (::waitpid(lease.launcher, &status, 0) < 0 && errno == EINTR) {
    }
    lease.launcher = 0;
    --launching_;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : supervise_failed;
    // Already claimed: a supervisor that an earlier hub started for this very lease came late.
    if (code == supervise_claimed || code == supervise_already_claimed)
        return attach_supervisor(lease);
    const auto log = exec::read_file(lease.folder + "/supervisor.log", 64 * 1024);
    finish(lease, LeaseEnded{lease.ref,
                             Outcome::launch_failed,
                             {},
                             fmt::format("the supervisor did not start: {}",
                                         log && !log->empty() ? *log : "it said nothing"),
                             {}});
}

void LocalExecutor::Loop::attach_supervisor(Lease& lease) {
    lease.stage = Stage::supervised;
    const auto identity = load_claim(lease.folder);
    auto process = identity ? open_process(*identity) : std::nullopt;
    if (!process) return supervisor_ended(lease);
    watch_process(lease, std::move(*process));
    if (report_status(lease)) return;
    report_progress(lease);
    if (lease.stop_wanted) nudge(lease.process);
}

void LocalExecutor::Loop::supervisor_ended(Lease& lease) {
    if (report_status(lease)) return;
    kill_marked(lease.folder);
    finish(lease, lost_end(lease.ref, load_status(lease.folder)));
}

void LocalExecutor::Loop::watch_folder(Lease& lease) {
    if (!inotify_) return;
    lease.watch =
        ::inotify_add_watch(inotify_.get(), lease.folder.c_str(), IN_MOVED_TO | IN_ONLYDIR);
    if (lease.watch >= 0) by_watch_[lease.watch] = lease.folder;
}

void LocalExecutor::Loop::watch_process(Lease& lease, Fd process) {
    if (lease.process) by_process_.erase(lease.process.get());
    lease.process = std::move(process);  // closing the old one takes it out of epoll
    if (!lease.process) return;
    by_process_[lease.process.get()] = lease.folder;
    epoll_event event{EPOLLIN, {.fd = lease.process.get()}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, lease.process.get(), &event);
}

void LocalExecutor::Loop::process_event(int fd) {
    const auto it = by_process_.find(fd);
    if (it == by_process_.end()) return;
    // The event may be of an earlier owner of this number, closed while the batch was worked on.
    pollfd now{fd, POLLIN, 0};
    if (::poll(&now, 1, 0) != 1) return;
    Lease& lease = leases_.at(it->second);
    if (lease.stage == Stage::launching)
        launcher_ended(lease);
    else
        supervisor_ended(lease);
}

void LocalExecutor::Loop::take_file_events() {
    alignas(inotify_event) char buffer[16 * 1024];
    const ssize_t n = ::read(inotify_.get(), buffer, sizeof buffer);
    for (ssize_t at = 0; at < n;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        at += static_cast<ssize_t>(sizeof *event + event->len);
        if ((event->mask & IN_Q_OVERFLOW) != 0) {
            poll_unwatched();
            continue;
        }
        const auto it = by_watch_.find(event->wd);
        if (it == by_watch_.end() || event->len == 0) continue;
        Lease& lease = leases_.at(it->second);
        const std::string_view name = event->name;
        // Before the supervisor is attached its folder is read then.
        if (lease.stage != Stage::supervised) continue;
        if (name == "progress") report_progress(lease);
        if (name == "status") report_status(lease);
    }
}

// Also after an overflow of inotify's queue: then every lease may have missed an event.
void LocalExecutor::Loop::poll_unwatched() {
    std::vector<std::string> folders;
    for (const auto& [folder, lease] : leases_)
        if (lease.stage == Stage::supervised) folders.push_back(folder);
    for (const std::string& folder : folders) {
        report_progress(leases_.at(folder));
        report_status(leases_.at(folder));
    }
}

bool LocalExecutor::Loop::report_status(Lease& lease) {
    const auto status = load_status(lease.folder);
    if (!status || status->end.ref != lease.ref) return false;
    const bool ran =
        status->phase == Phase::running ||
        (status->phase == Phase::ended && status->end.outcome != Outcome::launch_failed);
    if (ran && !lease.started_reported) sink_(Started{lease.ref});
    lease.started_reported = lease.started_reported || ran;
    lease.task_reported.resize(status->tasks.size());
    for (std::size_t task = 0; task < status->tasks.size(); ++task) {
        if (!status->tasks[task] || lease.task_reported[task]) continue;
        lease.task_reported[task] = true;
        sink_(TaskEnded{lease.ref, static_cast<std::uint32_t>(task), *status->tasks[task]});
    }
    if (status->phase != Phase::ended) return false;
    finish(lease, status->end);
    return true;
}

void LocalExecutor::Loop::report_progress(Lease& lease) {
    const auto text = exec::read_file(lease.folder + "/progress");
    if (!text) return;
    auto mark = decode_progress(*text);
    if (!mark || lease.progress == *mark) return;
    lease.progress = *mark;
    report_checkpoints(lease, *mark);
    sink_(Progress{lease.ref, std::move(*mark)});
}

void LocalExecutor::Loop::report_checkpoints(Lease& lease, const ProgressMark& mark) {
    if (mark.checkpoints <= lease.checkpoints) return;
    lease.checkpoints = mark.checkpoints;
    sink_(Checkpointed{lease.ref});
}

void LocalExecutor::Loop::finish(Lease& lease, LeaseEnded end) {
    if (end.progress) report_checkpoints(lease, *end.progress);
    ::unlink(running_marker(options_.root, lease.ref).c_str());
    if (lease.watch >= 0) {
        ::inotify_rm_watch(inotify_.get(), lease.watch);
        by_watch_.erase(lease.watch);
    }
    if (lease.process) by_process_.erase(lease.process.get());
    leases_.erase(std::string(lease.folder));
    sink_(std::move(end));
}

}  // namespace suan::exec
