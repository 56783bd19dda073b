// The one way in which State changes.
//
//   step(state, header, command)  decides and applies: the hub, the simulator and the auditor call
//   it apply(state, entry)           applies what was decided: recovery calls it
//
// step tries the rules of rejection.hpp first, in their order, against an unchanged state. Then it
// emits events one by one and applies each at once, so that every later decision of the same
// command (which of three waiting jobs may start now) sees what the earlier ones did. The events
// are the whole outcome: apply of the same entry to an equal state gives an equal state, and step
// of the same command to an equal state gives the same events. A command that produces no event
// changes nothing and is not logged (a tick with nothing due, a doubled report).
#pragma once

#include "core/rejection.hpp"
#include "core/state.hpp"
#include "suan/log.pb.h"

#include <variant>
#include <vector>

namespace suan::core {

// A retry of a request under the same idempotency key and with the same content: nothing happened,
// this is what the first one got.
struct AlreadyDone {
    std::uint64_t seq = 0;    // of its entry
    JobId first_job;          // of a submission
    std::uint32_t count = 0;  // jobs of a submission
};

// Decided: `entry.events` were applied (none: nothing happened and nothing is to be logged).
// On success `entry` holds seq, time, actor, command (moved in) and events.
using Outcome = std::variant<std::monostate, Rejection, AlreadyDone>;

// Decides `entry.command` for `entry.actor` at `entry.time_us` and fills seq, rules_version and
// events. monostate: look at entry.events. On a Rejection or AlreadyDone the state is untouched.
Outcome step(State& state, Entry& entry);

// Recovery. The entry must be the next one (asserted); its events are trusted.
void apply(State& state, const Entry& entry);

// One unmet condition of a waiting job: `code` is Slurm's reason name where one exists.
struct WaitReason {
    std::string code;     // "Dependency", "JobHeldUser", "BeginTime", "Resources", "Priority", ...
    std::string message;  // with its numbers, one sentence
    std::int64_t needed = 0;
    std::int64_t available = 0;
    std::int64_t limit = 0;
    std::uint64_t other = 0;
};
// All unmet conditions of a waiting job, most decisive first. Empty: it is about to start.
std::vector<WaitReason> why(const State& state, const Job& job);

}  // namespace suan::core
