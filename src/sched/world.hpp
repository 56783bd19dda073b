// A small world for tests: a scheduler with its facts beside it, so that they can be fed again to a
// fresh one, and checked by code that shares nothing with the scheduler.
#pragma once

#include "sched/scheduler.hpp"

#include <map>
#include <vector>

namespace suan::sched::testing {

// The same numbers on every machine.
struct Random {
    std::uint64_t state;
    std::uint32_t below(std::uint32_t n) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((state >> 33) % n);
    }
};

struct World {
    explicit World(const Rules& given = {}) : rules(given), pool(given) {}

    void node(std::uint32_t id, std::uint32_t rack, std::uint32_t devices);
    void share(std::uint32_t org, const Share& share);
    void gate(std::uint32_t node, NodeGate gate);
    // Queues a job of one org with consecutive ids; returns its id.
    JobId submit(WaitingJob job);
    void cancel(JobId job);
    void end(LeaseId lease);  // counts the use as well
    void checkpoint(LeaseId lease);
    void to(std::int64_t seconds);

    // Runs passes until the scheduler wants none, feeding every decision back. Victims of a
    // preemption are marked stopping. Returns the decisions.
    std::vector<Decision> schedule();
    void feed(const Decision& decision);
    // Ends all stopping leases. Those that were resized go on; the jobs of the others are queued
    // again, in their old place.
    void finish_stopping();
    void resize(const Resize& resize);
    bool go_on(LeaseId lease);

    LeaseId lease_of(JobId job) const;
    bool runs(JobId job) const { return lease_of(job).value != 0; }
    // A scheduler that was told the present facts only.
    PoolScheduler rebuilt() const;
    // Aborts when a device is held twice, a gang is torn, or a limit is broken.
    void audit() const;

    struct NodeFact {
        NodeSpec spec;
        NodeGate gate = NodeGate::open;
    };
    Rules rules;
    PoolScheduler pool;
    Time now;
    std::map<NodeId, NodeFact> nodes;
    std::map<OrgId, Share> shares;
    std::map<JobId, WaitingJob> waiting;
    std::map<LeaseId, RunningLease> running;
    std::map<JobId, std::uint32_t> stops;  // preemptions of a job so far
    std::map<JobId, WaitingJob> started;   // the jobs of running leases
    std::uint64_t next_job = 1;
    std::uint64_t next_lease = 1;
    std::int64_t preemptions = 0;
    std::int64_t resizes = 0;
};

// One org, one project, one member; `gang(8, 2)` is two tasks of eight devices.
WaitingJob gang(std::uint32_t devices_per_task, std::uint32_t tasks, std::uint32_t org = 1);

}  // namespace suan::sched::testing
