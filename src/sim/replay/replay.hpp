// Replay: the same core that the hub runs, driven in virtual time over a recorded or made workload.
//
// Time jumps from one moment at which something is due to the next. At one moment, in this order:
//   1. runs that end or save a checkpoint now are reported (LeaseReport), by lease id;
//   2. jobs that are submitted now are submitted (SubmitJob), in the order of the trace;
//   3. one Tick: timers, then a scheduling pass in every pool that wants one.
// A job of no duration that starts in step 3 ends at the same moment: steps 1 to 3 are taken again.
//
// A job runs for the duration of its trace, from its start; with fewer tasks than it asked for, as
// much longer. Preempted or resized, it stops after its grace time and runs its whole duration
// again: traces hold no checkpoints. With ReplayRun::checkpoint_us every run saves one so often,
// and what is left since the last goes on with the tasks it then has. Past its wall time it is
// stopped at once. Everything else is decided by the core; with the same input every run, at every
// optimisation level, gives the same entries and the same final digest.
//
// Not thread-safe; one call is independent of any other.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "sim/centre/centre.hpp"
#include "sim/replay/report.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/trace.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace suan::sim {

// The wall time of a job whose trace does not say one. Always at least its duration (that of its
// fewest tasks, rounded up to a millisecond) and at most what the pool allows.
struct WalltimeRule {
    enum class Kind : std::uint8_t { exact, factor, max } kind = Kind::exact;
    std::uint32_t factor = 1;  // of the duration, for Kind::factor
};
// "exact", "max", or "factor:3".
std::optional<WalltimeRule> walltime_rule_from(std::string_view text);

struct ReplayRun {
    std::string rules;                 // empty: as the centre file says; else one of replay_rules
    std::int64_t scale_milli = 1'000;  // submit times are divided by scale_milli / 1000; >= 1
    WalltimeRule walltime;
    std::int64_t checkpoint_us = 0;  // runs save their work so often; 0: never; else >= 5 s
    // Gets every entry, those that set up the centre first. Empty: no log is kept.
    std::function<void(const Entry&)> sink;
    // Called with each submission before it is given to the core; may read the state, in which its
    // job will be `next_job`. Empty: nobody looks.
    std::function<void(const core::State&, const Entry&)> before_submission;
    // Called after every moment; may read the state. Empty: nobody looks.
    std::function<void(const core::State&)> each_moment;
    std::uint64_t check_every = 0;  // entries between calls of State::check_invariants(); 0: never
};

// The names that `rules` knows. All but "fair" switch preemption off.
inline constexpr std::string_view replay_rules =
    "fair, fifo, shortest, sjf, fifo-no-backfill, sjf-no-backfill";

struct ReplayOptions {
    std::string centre_file;
    std::string trace_file;
    TraceFormat format = TraceFormat::csv;
    ReadOptions read;  // window and orgs
    ReplayRun run;
};

// Reads both files and replays. Errors are those of the readers, or name what the centre or the
// core refuses to set up. Jobs that the core refuses are no error: the report counts them.
Result<ReplayReport> replay(const ReplayOptions& options);

// The same from values. The centre's orgs, projects, members, prices and money are completed from
// the trace (setup.hpp says how).
Result<ReplayReport> replay_trace(CentreFile centre, const Trace& trace, const ReplayRun& run);

}  // namespace suan::sim
