// Starts all processes of an order, or none: they are forked, wait at a gate, and run the payload
// only when every one of them stands there. Called by a supervisor, which has one thread.
#pragma once

#include "base/result.hpp"
#include "exec/local/attempt.hpp"
#include "exec/local/os.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace suan::exec {

struct LaunchedTask {
    pid_t pid = 0;  // a child, the leader of its own session
    Fd out, err;    // the reading ends of its streams, not blocking; no err when both are one file
};

// An error when not all could be started: those that were are killed and reaped. The message names
// the task, the step and the file.
Result<std::vector<LaunchedTask>> launch_tasks(const SupervisorOrder& order,
                                               const std::string& attempt);

}  // namespace suan::exec
