// The simulation test: one seed makes a centre, a workload and faults; the hub's own core decides;
// an independent auditor judges. The same seed gives the same run on every machine.
//
// The hub is a deterministic, single-threaded mirror of the runtime's loop (hub.hpp): it stamps,
// steps, appends groups of entries to a disk that may fail, and only then carries out effects and
// answers. It is killed and recovered as the seed says.
#pragma once

#include <cstdint>
#include <string>

namespace suan::sim {

struct SimulationOptions {
    std::uint64_t seed = 1;
    std::uint32_t steps = 0;     // of the workload; 0: the seed decides, 150 to 1,200
    std::uint32_t faults = ~0U;  // which may be drawn, bits of Fault
};

// Swarm testing: each kind is on or off for a whole run, so that one kind cannot hide another.
enum class Fault : std::uint8_t {
    node_fails = 0,
    kill_before_append,  // what was decided is gone; nobody was answered
    kill_after_append,   // it is on disk; neither effects nor answers left the hub
    kill_after_effects,  // effects left, answers did not
    append_fails,        // the disk refuses, and the process ends
    append_torn,         // the same, with the first half of the entries on disk
    report_late,
    report_doubled,
    report_lost,
    report_reordered,
    clock_forward,
    clock_backward,
    executor_slow,     // orders arrive late
    executor_forgets,  // it does not know a lease any more when asked after a restart
    launch_fails,
    group_commit,  // more than one request in an append
    count_
};

struct SimulationReport {
    std::uint64_t seed = 0;
    std::string failure;  // empty: all rules held
    std::uint32_t step = 0;
    std::uint64_t entries = 0;
    std::uint64_t events = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;
    std::uint64_t jobs = 0;
    std::uint64_t leases = 0;
    std::uint64_t kills = 0;
    std::uint64_t faults = 0;  // reports changed, nodes failed, clocks moved, appends refused
    std::string state_digest;  // at the end, hexadecimal

    bool held() const { return failure.empty(); }
    // One line a person can act on.
    std::string text() const;
};

// One run, on this thread.
SimulationReport simulate(const SimulationOptions& options);

// The same in a process of its own: an assertion that fails, or a run that does not end within
// run_seconds_max, is a failure in the report. Only where no other thread runs.
inline constexpr unsigned run_seconds_max = 120;
SimulationReport simulate_apart(const SimulationOptions& options);

// The fewest steps that still fail, by halving; the report of that run.
SimulationReport shrink(const SimulationReport& failed, SimulationOptions options);

// What `suan sim test` does: seeds one after another until the time or the number is used up, one
// line every few seconds to standard output, the first failure shrunk and printed. 0: all held.
struct SimulationPlan {
    std::uint64_t first_seed = 1;
    std::uint64_t seeds = 0;    // 0: as many as fit in `seconds`
    std::uint32_t seconds = 0;  // 0: no bound
    std::uint32_t steps = 0;
    std::string commit;  // printed with a failure
    std::string again;   // the command that a failure tells to run again with --seed
};
int run_simulations(const SimulationPlan& plan);

}  // namespace suan::sim
