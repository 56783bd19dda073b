// The thread of a LocalExecutor: it starts supervisors, watches their folders and processes, and
// tells the sink. The kernel wakes it (inotify for replaced files, pidfds for ended processes, an
// eventfd for commands); it polls only leases that inotify has no room for.
#pragma once

#include "exec/local/attempt.hpp"
#include "exec/local/local_executor.hpp"
#include "exec/local/os.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace suan::exec {

class LocalExecutor::Loop {
public:
    // `choice.bwrap_path` is what the probe found, `refusal` not empty refuses every start with it.
    Loop(LocalOptions options, SandboxChoice choice, std::string refusal, Sink sink);
    ~Loop();

    // Creates what the thread needs, and starts it.
    Result<void> open();

    struct Start {
        StartOrder order;
    };
    struct Stop {
        StopOrder order;
    };
    struct Watch {  // of a lease that adopt found running
        LeaseRef ref;
    };
    using Command = std::variant<Start, Stop, Watch>;
    void post(Command command);

private:
    enum class Stage { queued, launching, supervised };

    struct Lease {
        LeaseRef ref;
        std::string folder;
        Stage stage = Stage::queued;
        int watch = -1;      // of inotify
        pid_t launcher = 0;  // our child while launching
        Fd process;          // of the launcher, then of the supervisor
        bool stop_wanted = false;
        bool started_reported = false;
        std::vector<bool> task_reported;
        std::optional<ProgressMark> progress;
        std::uint32_t checkpoints = 0;  // of the attempt that were reported
    };

    void run();
    void take_commands();
    void handle(Start& command);
    void handle(Stop& command);
    void handle(Watch& command);

    Result<void> prepare(const StartOrder& order, const std::string& folder);
    void launch_queued();
    Result<void> spawn(Lease& lease);
    void launcher_ended(Lease& lease);
    void attach_supervisor(Lease& lease);
    void supervisor_ended(Lease& lease);

    void watch_folder(Lease& lease);
    void watch_process(Lease& lease, Fd process);
    void take_file_events();
    void process_event(int fd);
    void poll_unwatched();

    // Reports what is new in the folder. The lease is gone afterwards when it returns true.
    bool report_status(Lease& lease);
    void report_progress(Lease& lease);
    void report_checkpoints(Lease& lease, const ProgressMark& mark);
    void finish(Lease& lease, LeaseEnded end);
    void refuse(const LeaseRef& ref, std::string message);

    LocalOptions options_;
    SandboxChoice choice_;
    std::string refusal_;
    Sink sink_;
    Fd epoll_, wake_, inotify_;

    std::mutex mutex_;
    std::vector<Command> commands_;  // guarded by mutex_
    bool ending_ = false;            // guarded by mutex_

    // The thread's own.
    std::map<std::string, Lease> leases_;  // by folder
    std::map<int, std::string> by_watch_;
    std::map<int, std::string> by_process_;
    std::deque<std::string> queue_;
    std::size_t launching_ = 0;
    std::thread thread_;
};

// Kills every process that carries the mark of this attempt, for one whose supervisor died.
void kill_marked(const std::string& attempt);

// Reads `status`; none when it is not there or not readable.
std::optional<Status> load_status(const std::string& attempt);
// The supervisor that claimed the attempt; none when nobody did.
std::optional<ProcessIdentity> load_claim(const std::string& attempt);
LeaseEnded lost_end(const LeaseRef& ref, const std::optional<Status>& status);

std::string running_marker(const std::string& root, const LeaseRef& ref);

// Tells a live supervisor to look at its `stop` file.
void nudge(const Fd& process);

}  // namespace suan::exec
