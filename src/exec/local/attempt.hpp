// The folder of one attempt, `ROOT/jobs/JOB[_INDEX]/ATTEMPT/`: the only thing that the hub and a
// lease's supervisor share, so that each survives the other.
//
//   order     what to run (records); written by the hub before it starts a supervisor
//   claim     who supervises: created with O_EXCL, so that one attempt is never started twice
//   status    what happened so far, replaced as a whole by the supervisor
//   stop      a StopOrder; written by the hub, which then signals the supervisor
//   progress  the latest ProgressMark
//   script    the user's script, executable
//   log/      T.out and T.err for every task T
//   work/     the working folder, the only part that a task in the sandbox can see
// Beside them `ROOT/running/LEASE` holds the attempt's folder until its end was reported.
#pragma once

#include "base/result.hpp"
#include "exec/executor.hpp"
#include "exec/local/os.hpp"

#include <optional>
#include <string>
#include <vector>

namespace suan::exec {

std::string attempt_folder(const std::string& root, const LeaseRef& ref);
std::string work_folder(const std::string& attempt, const Payload& payload);

// What the supervisor needs beside the order.
struct SandboxChoice {
    std::string bwrap_path;                   // empty: no sandbox
    std::vector<std::string> hidden_paths;    // covered by an empty folder or file
    std::vector<std::string> readable_paths;  // shown again, read-only, though hidden by the above
};
struct SupervisorOrder {
    StartOrder start;
    std::string root;
    SandboxChoice sandbox;
};

std::string encode_order(const SupervisorOrder& order);
Result<SupervisorOrder> decode_order(std::string_view text);

std::string encode_stop(const StopOrder& order);
Result<StopOrder> decode_stop(std::string_view text);

std::string encode_identity(const ProcessIdentity& identity);
Result<ProcessIdentity> decode_identity(std::string_view text);

std::string encode_progress(const ProgressMark& mark);
Result<ProgressMark> decode_progress(std::string_view text);

enum class Phase { launching, running, ended };

struct Status {
    Phase phase = Phase::launching;
    std::vector<std::optional<TaskEnd>> tasks;  // by task; what has ended
    LeaseEnded end;                             // meaningful in Phase::ended; its ref always
};
std::string encode_status(const Status& status);
Result<Status> decode_status(std::string_view text);

// The number of processes that an order starts.
std::uint32_t process_count(const StartOrder& order);

}  // namespace suan::exec
