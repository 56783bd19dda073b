// The smallest change that helps: what a waiting job could be, or be given, so that it starts.
//
// Every answer is found by trying it. try_change makes the change on the scheduler itself, runs
// passes as the core would, notes what becomes of the job, and takes every fact back in reverse
// order. So the answer is the scheduler's own, and nothing of it stays: the scheduler decides the
// same before and after (help_test.cpp compares with a copy that is really changed and run).
//
// Nothing is copied, so a question costs a few passes, whatever waits. Steps are bounded, never
// time. Not thread-safe: a const PoolScheduler is changed and changed back in between.
#pragma once

#include "sched/scheduler.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace suan::sched {

// What is different. All of it at once.
struct Change {
    std::optional<WaitingJob> job;  // in place of the waiting job of the same id, or a further one
    std::optional<std::pair<OrgId, Share>> share;
    std::vector<NodeId> reopened;  // closed nodes that take work again
};

Spread spread_of(const PoolScheduler& pool, const Placement& placement);
// The least that so many tasks could ever lie in, if the pool were empty; of any topology.
Spread least_spread(const PoolScheduler& pool, const Shape& shape, std::uint32_t tasks);

struct Outcome {
    enum class Kind : std::uint8_t {
        starts = 0,    // in this pass
        stopping = 1,  // others are told to stop for it; it starts when their devices are back
        reserved = 2,  // not later than `start`, if every wall time holds
        waits = 3,     // nothing is promised
        unknown = 4,   // the trial ran into its bound of steps
    } kind = Kind::waits;
    Time start;  // of starts and stopping: now
    std::uint32_t tasks = 0;
    Spread spread;  // of starts
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// What becomes of `job` (waiting, or the one of change.job) if the change were made at `now`.
Outcome try_change(const PoolScheduler& pool, JobId job, const Change& change, Time now);

// Kinds of change, in the order of how small they are: first those that keep the devices and the
// run, then those that give something up, then those that somebody else must grant.
enum class HelpKind : std::uint8_t {
    topology = 1,  // the same tasks, farther apart
    split = 2,     // the same devices in other tasks
    walltime = 3,  // shorter
    tasks = 4,     // fewer
    tier = 5,      // another service tier
    limit = 6,     // a higher limit of the org in this pool
    deserved = 7,  // more deserved devices, for tier reserved
    nodes = 8,     // closed nodes come back
};

struct Help {
    HelpKind kind = HelpKind::topology;
    WaitingJob job;           // as it was tried
    std::int64_t amount = 0;  // limit, deserved: milli-devices more; nodes: how many
    Outcome outcome;
};

// Changes of a waiting job that let it start, or start sooner by wall times, ordered by kind and
// then by how little is changed; of each kind at most the smallest that works.
std::vector<Help> find_help(const PoolScheduler& pool, JobId job, Time now);
// The same for a job that does not stand in the queue (held, without money): tried as if it did.
std::vector<Help> find_help(const PoolScheduler& pool, const WaitingJob& job, Time now);

// How many of its tasks fit now, order ignored: where the most is free, and over all.
struct FreePlaces {
    std::uint32_t tasks_on_one_node = 0;
    std::uint32_t tasks_in_one_rack = 0;
    std::uint32_t tasks_anywhere = 0;
};
FreePlaces free_places(const PoolScheduler& pool, const Shape& shape);

// The waiting job as it was enqueued; nullopt for one that does not wait here.
std::optional<WaitingJob> waiting_job(const PoolScheduler& pool, JobId job);

}  // namespace suan::sched
