// bubblewrap around a task: the system read-only, home folders and the hub's data hidden, its own
// /tmp, /dev, process and IPC namespaces, no capabilities; the working folder is the only place to
// write. The network is shared, for gangs talk over it.
//
// The environment travels through --args and --setenv, not through bwrap's own environment: a
// user's LD_PRELOAD must not run outside.
#pragma once

#include "base/result.hpp"
#include "exec/local/attempt.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace suan::exec {

// What is hidden unless the operator says otherwise: homes, run-time sockets, password hashes.
std::vector<std::string> default_hidden_paths();

// The path of a bwrap that was seen to work just now, by running it; else why not.
Result<std::string> probe_sandbox(const SandboxChoice& choice);

// bwrap's arguments for one task, without the command.
std::vector<std::string> sandbox_arguments(const SupervisorOrder& order, std::uint32_t task,
                                           const std::string& attempt,
                                           const std::map<std::string, std::string>& environment);

}  // namespace suan::exec
