// The process that stands over one lease: it starts the tasks, collects their output, waits for
// them, stops them when told, and writes down what happened. It outlives the hub, so a hub that
// comes back reads the truth from the attempt's folder (attempt.hpp) instead of guessing from pids.
//
// It is a program of its own (the hub's binary with another first argument) and not a fork of the
// hub: a hub has threads, and a child of a threaded process may not do much before it executes.
//
// Signals to it: SIGUSR1 "read the file `stop`"; SIGTERM and SIGINT stop the lease with its own
// grace.
#pragma once

#include <string>

namespace suan::exec {

// The first argument with which bin/ (or a test's main) hands over to supervise().
inline constexpr const char* supervise_argument = "exec-supervise";

// Exit codes of the process that the hub started. The supervisor itself goes on as its child.
inline constexpr int supervise_claimed = 0;
inline constexpr int supervise_failed = 1;  // said why on standard error
inline constexpr int supervise_already_claimed = 3;

// Call it first thing in main, before any thread. Closes every descriptor from 3 on. Returns the
// exit code for main.
int supervise(const std::string& attempt);

}  // namespace suan::exec
