// The executor interface: what the hub asks of the machines (start, stop, adopt) and what they
// report back. `local` runs processes on this machine, `sim` virtual tasks, `multi` routes by pool.
//
// An order is answered by reports, never by a return value, so that no call waits for a process:
//   start -> Started, then Progress, Checkpointed and TaskEnded as they come, then exactly one
//            LeaseEnded;
//   start -> LeaseEnded{launch_failed} when the tasks could not all be started;
//   start -> StartRefused when this lease was started before: the running one is left alone;
//   stop  -> LeaseEnded{stopped}, or whatever end came first; a stop of an unknown lease is silent.
// Every report carries job, lease and attempt, so that the core recognises late and double ones.
//
// Threads: every call may come from any thread and returns without waiting for a process. `adopt`
// reads files, and is called once, before the first start. Reports are delivered one at a time on
// the executor's own thread through the Sink given to its constructor; the Sink must not call back
// into the executor's destructor and should only enqueue. No report is delivered after the
// destructor returns. Destroying an executor does not stop what it started (see adopt).
#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace suan::exec {

// Names one attempt to run one job: a job that is preempted and resumed has several.
struct LeaseRef {
    JobId job;
    LeaseId lease;
    std::uint32_t attempt = 1;
    std::optional<std::uint32_t> array_index;  // only where elements of an array share one JobId
    friend auto operator<=>(const LeaseRef&, const LeaseRef&) = default;
};

// One task of the gang and where it runs. `devices` are indices on its node.
struct TaskPlacement {
    std::uint32_t task = 0;  // 0..n-1 without gaps, in this order in StartOrder::tasks
    std::string node_name;
    std::vector<std::uint32_t> devices;
    std::uint32_t milli_per_device = 1'000;
};

// Who starts the tasks of a gang.
enum class Launcher {
    script_on_first_node,  // as sbatch: one process (task 0) sees SUAN_NTASKS and starts the rest
    process_per_task,      // as srun: every task is a process, with RANK, WORLD_SIZE and LOCAL_RANK
};

// The variable in which a pool's framework expects the indices of its devices.
enum class VisibleDevices { none, cuda, ascend };

// What to run. Exactly one of `script` and `argv` is not empty. Nothing of it passes through a
// shell of ours: a script is a file that the kernel starts by its "#!" line, argv goes to execve as
// it is.
struct Payload {
    std::string script;
    std::vector<std::string> argv;  // with a script: its arguments, $1 and on
    std::map<std::string, std::string> environment;
    // Empty: the attempt's own folder. Else an absolute path, which the executor must allow.
    std::string working_dir;
    // Names beneath the working folder, with %j job, %A array job, %a array index, %x job name, %t
    // task, %N node, %u member, %% (and a width, as %3t). Empty stdout: kept in the attempt's log
    // folder. Empty stderr: together with stdout when that is named, else in the log folder.
    std::string stdout_pattern;
    std::string stderr_pattern;
};

struct ArrayElement {
    JobId array_job;
    std::uint32_t index = 0;
    std::uint32_t count = 0;
    std::uint32_t min = 0;
    std::uint32_t max = 0;
    std::uint32_t step = 1;
};

// 0: the executor's default.
struct ResourceLimits {
    std::uint64_t memory_bytes = 0;  // of address space, each process
    std::uint64_t open_files = 0;
    std::uint64_t file_bytes = 0;  // of one file
};

// Used by `sim` only: what the virtual tasks will do, known from a trace or from the submitter.
struct SimScript {
    Duration duration;  // with all tasks; with half of them it takes twice as long
    std::int32_t exit_code = 0;
    std::uint32_t tasks = 0;       // that all are, of an elastic job; 0: those of the order
    Duration checkpoint_interval;  // of a run; 0: it saves nothing
};

struct StartOrder {
    LeaseRef ref;
    std::string job_name, org, project, member, pool;
    std::string executor;  // the pool's kind, "local" or "sim": MultiExecutor routes by it
    std::vector<TaskPlacement> tasks;
    Launcher launcher = Launcher::process_per_task;
    VisibleDevices visible_devices = VisibleDevices::none;
    std::uint32_t cpus_per_task = 1;
    Payload payload;
    std::optional<ArrayElement> array;
    Duration walltime;  // 0: none. The executor enforces it too, for the time when the hub is away
    Duration grace = Duration::seconds(30);  // between SIGTERM and SIGKILL
    ResourceLimits limits;
    std::string master_addr = "127.0.0.1";
    std::uint16_t master_port = 0;  // 0: the executor picks a free one
    SimScript sim;
};

struct StopOrder {
    LeaseRef ref;
    std::string reason;  // shown to the user: "cancelled by ...", "preempted: ..."
    Duration grace = Duration::seconds(30);
};

// How a process ended: one of both is set.
struct TaskEnd {
    std::int32_t exit_code = 0;
    std::int32_t signal = 0;
    bool ok() const { return exit_code == 0 && signal == 0; }
    friend bool operator==(const TaskEnd&, const TaskEnd&) = default;
};

enum class Outcome {
    completed,      // every task ended with 0
    failed,         // a task did not; exit_code or signal are of the first that failed
    stopped,        // by a StopOrder
    timed_out,      // the walltime passed
    lost,           // it ran, and nobody saw how it ended (the machine or the supervisor died)
    launch_failed,  // not one instruction of the payload ran for sure on all tasks; all are gone
};
const char* to_string(Outcome outcome);

struct ProgressMark {
    std::uint32_t permille = 0;      // 0..1000
    std::string message;             // UTF-8, at most limits::reason_bytes_max
    std::uint32_t checkpoints = {};  // that the attempt has said it saved, in all
    friend bool operator==(const ProgressMark&, const ProgressMark&) = default;
};

struct Started {
    LeaseRef ref;
};
struct StartRefused {
    LeaseRef ref;
    std::string message;
};
struct TaskEnded {
    LeaseRef ref;
    std::uint32_t task = 0;
    TaskEnd end;
};
struct Progress {
    LeaseRef ref;
    ProgressMark mark;
};
// It has saved its work since the last such report: what it did until now is not lost any more.
struct Checkpointed {
    LeaseRef ref;
};
struct LeaseEnded {
    LeaseRef ref;
    Outcome outcome = Outcome::lost;
    TaskEnd end;
    std::string message;  // for the user, says what happened and what would be right; may be empty
    std::optional<ProgressMark> progress;  // the last one seen
};
using Report = std::variant<Started, StartRefused, TaskEnded, Progress, Checkpointed, LeaseEnded>;
using Sink = std::function<void(Report)>;

const LeaseRef& ref_of(const Report& report);

// What became of a lease while the hub was away.
enum class Found {
    running,        // still runs; its LeaseEnded will be reported to the Sink
    ended,          // `end` says how; it is not reported again
    never_started,  // no process ever ran for it: start() may be called with the same ref
};
struct Adopted {
    LeaseRef ref;
    Found found = Found::never_started;
    std::optional<LeaseEnded> end;
};

enum class LogStream { out, err };

struct LogQuery {
    JobId job;
    std::optional<std::uint32_t> array_index;
    std::uint32_t attempt = 1;
    std::uint32_t task = 0;
    LogStream stream = LogStream::out;
    std::uint64_t offset = 0;
    std::uint64_t max_bytes = 64 * 1024;
};

struct LogChunk {
    std::string bytes;
    std::uint64_t size = 0;  // of the file now: offset + bytes.size() == size means caught up
};

// Files that an attempt left in its own working folder; a job that named a working folder has none
// here (forbidden says so). Links, pipes and names that are not UTF-8 are not offered.
inline constexpr std::size_t files_listed_max = 1'000;
inline constexpr std::size_t files_visited_max = 20'000;       // names looked at for one list
inline constexpr std::size_t files_depth_max = 16;             // folders below each other
inline constexpr std::uint64_t file_read_bytes_max = 4 << 20;  // of one answer

struct AttemptRef {
    JobId job;
    std::optional<std::uint32_t> array_index;
    std::uint32_t attempt = 1;
};
struct FileEntry {
    std::string path;  // below the working folder, UTF-8, parts joined by "/"
    std::uint64_t bytes = 0;
    Time modified;
};
struct FileList {
    std::vector<FileEntry> files;  // by path
    std::uint64_t left_out = 0;    // names seen that are not offered
    bool cut = false;              // by a limit above: there may be more
};
struct FileQuery {
    AttemptRef of;
    std::string path;
    std::uint64_t offset = 0;
    std::uint64_t max_bytes = file_read_bytes_max;
};
struct FileChunk {
    std::string bytes;
    std::uint64_t size = 0;  // of the file now, as in LogChunk
    Time modified;
};

class Executor {
public:
    virtual ~Executor() = default;

    virtual void start(StartOrder order) = 0;
    virtual void stop(StopOrder order) = 0;

    // After a restart of the hub: what became of `known`, one answer each in the same order. What
    // runs but is not in `known` is stopped (killed without grace), for nobody would be charged for
    // it.
    virtual Result<std::vector<Adopted>> adopt(const std::vector<LeaseRef>& known) = 0;

    // A piece of a task's output. not_found before there is any, and when the executor keeps none.
    virtual Result<LogChunk> read_log(const LogQuery& query) const = 0;

    // What the attempt's working folder holds, and a piece of one of its files. not_found when
    // there is no such attempt or file here, and when the executor keeps none.
    virtual Result<FileList> list_files(const AttemptRef& of) const = 0;
    virtual Result<FileChunk> read_file(const FileQuery& query) const = 0;

    // One line for the operator: kind, sandbox, limits that could not be set and why.
    virtual std::string describe() const = 0;
};

}  // namespace suan::exec
