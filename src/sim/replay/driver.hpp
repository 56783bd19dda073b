// The loop of a replay: virtual time, the core, and what stands in for executors. replay.hpp says
// in which order things happen.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "core/transition.hpp"
#include "exec/sim/sim_work.hpp"
#include "sim/replay/measure.hpp"
#include "sim/replay/replay.hpp"
#include "sim/replay/setup.hpp"

#include <google/protobuf/arena.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <tuple>
#include <vector>

namespace suan::sim {

// Gives commands to the core one at a time. Entries live in an arena that is emptied after each,
// so a replay allocates nothing for them.
class Commander {
public:
    Commander(core::State& state, const ReplayRun& run);

    // An empty entry of the system at `now`, valid until the next one.
    Entry& entry(Time now);
    // Decides it, and passes it on when it changed something.
    core::Outcome give(Entry& entry);
    // As give(), where a refusal is an error of the set-up.
    Result<void> must(Time now, const Command& command);

    std::int64_t commands() const { return commands_; }

private:
    core::State& state_;
    const ReplayRun& run_;
    std::vector<char> first_block_;
    std::unique_ptr<google::protobuf::Arena> arena_;
    std::int64_t commands_ = 0;
    std::uint64_t checked_ = 0;
};

class Driver {
public:
    // All references outlive the driver. `base_us` is the State's time of the trace's 0.
    Driver(core::State& state, const Trace& trace, const Directory& directory, const ReplayRun& run,
           Commander& commander, Measure& measure, std::int64_t base_us);

    void run();
    std::int64_t lowered() const { return lowered_; }

private:
    // What a run reports: its end, or that it saved a checkpoint. Stale ones are told by their
    // lease; at one moment a lease's end comes first.
    struct Due {
        enum class Kind : std::uint8_t { ended, saved };
        std::int64_t at_us = 0;
        std::uint64_t lease = 0;
        LeaseOutcome outcome = LEASE_OUTCOME_COMPLETED;
        std::int32_t exit_code = 0;
        Kind kind = Kind::ended;
        friend bool operator>(const Due& a, const Due& b) {
            return std::tie(a.at_us, a.lease, a.kind) > std::tie(b.at_us, b.lease, b.kind);
        }
    };

    std::int64_t submit_us(const TraceJob& job) const;
    std::int64_t next_us() const;
    void at(Time now);
    void report_runs(Time now);
    void report_saved(const core::Lease& lease, Time now);
    void submit(Time now, std::uint32_t index);
    void fill_spec(const TraceJob& job, const core::Pool& pool, JobSpec& spec) const;
    void add_dependencies(std::uint32_t index, JobSpec& spec);
    bool lower_tier(const TraceJob& job, const Directory::Who& who, PoolId pool) const;
    std::optional<PoolId> choose_pool(const TraceJob& job) const;
    std::int64_t walltime_ms(const TraceJob& job, const core::Pool& pool) const;
    void tick(Time now);
    void follow(const Entry& entry);
    void started(const JobStarted& event, std::int64_t now_us);

    core::State& state_;
    const Trace& trace_;
    const Directory& directory_;
    const ReplayRun& run_;
    Commander& commander_;
    Measure& measure_;
    std::int64_t base_us_;
    std::uint32_t next_ = 0;  // job of the trace to submit
    std::size_t next_dependency_ = 0;
    std::vector<std::uint64_t> job_ids_;  // by trace job; only where the trace has dependencies
    std::vector<std::optional<PoolId>> pool_of_name_;
    std::vector<std::int64_t> asked_milli_;  // by pool: of jobs admitted and not ended
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::map<std::uint64_t, exec::SimWork> saved_;  // by job that lives and has saved a checkpoint
    std::int64_t alive_ = 0;                        // admitted and not ended
    std::int64_t lowered_ = 0;
};

}  // namespace suan::sim
