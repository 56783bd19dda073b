// PoolScheduler: order and placement of one pool.
//
// The core owns one per pool inside its State. It feeds it facts (nodes, shares, waiting jobs,
// leases, use) and asks `next` for one decision at a time; the core turns a decision into an event,
// and applying that event feeds the fact back (dequeue + lease_started, set_reservation, ...)
// before `next` is asked again. `next` itself changes nothing that a fact would not, so recovery by
// facts alone gives the same state, and the same facts in the same order always give the same
// decisions.
//
// Order (Rules::Order::fair). Three levels: orgs, the projects of an org, the members of a project;
// then tier, priority (higher first), queued time and id inside one member. Reserved and standard
// jobs form one tree, spot jobs a second one that is served after it. Among siblings:
//   class 0: holds less than it deserves     by held / deserved, smallest first
//   class 1: at or over what it deserves     by (use + held_over * horizon) / weight, smallest
//   first
// ties by id. `use` is milli-device-milliseconds that decay with the half-life. Because all uses
// decay alike, they are kept inflated instead (a use at time t counts 2^((t - base) / half_life),
// an integer table gives the fractional power), so an order changes only when a fact changes; at
// each whole half-life the caller's `advance` halves them all once. Projects and members deserve
// nothing and weigh 1 unless set.
//
// Placement. Tasks of a gang are packed: one node if it holds them (the fullest that does), else
// the rack that does with the least left over, else the fewest racks; ties by the smallest id. A
// draining or down node takes nothing new.
//
// Backfill. Blocked heads, in order, hold up to Rules::reservations_max reservations: concrete
// nodes and the earliest time at which all wall times there have run out. A later job may start on
// reserved nodes only if its own wall time ends by then, or if what it leaves free there still
// holds the reservation. A reservation stays with its job until the job starts or leaves, its nodes
// fail, or its order is overtaken by rule (see .cpp); so promises are kept.
//
// Preemption. A head within its deserved devices that idle devices cannot serve may stop borrowers:
// first spot leases, then standard leases of orgs over their deserved share; never reserved leases,
// never an org below its share, never a lease younger than min_runtime or already stopping, whole
// gangs only, and the set with the least lost work (devices * time since the last checkpoint).
// Standard jobs may also stop spot.
//
// Elastic leases (tasks_min < tasks_max). At a checkpoint, while Rules::resize_within lasts, one
// may grow into idle devices that no waiting job can start on, or shrink for a blocked head; and
// before anyone is preempted, those that save checkpoints are shrunk (elastic.cpp). The run goes on
// at once under a new lease, with the rest of its wall time.
//
// Cost. Waiting jobs of equal shape are grouped at every level of the tree (a mask of interned
// shapes), so a pass skips whole subtrees whose shapes are known not to fit: a decision with
// 100,000 waiting jobs takes microseconds. Steps are bounded by base/limits.hpp, never by time.
//
// Not thread-safe. Asserts on unknown ids: the core checks before it feeds.
#pragma once

#include "sched/types.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace suan::sched {

struct NodeSpec {
    NodeId id;
    std::uint32_t rack = 0;
    std::uint32_t devices = 0;  // 1..limits::devices_per_node_max
};

// Use of one sibling, as exported to a snapshot. project and member are 0 above their level.
struct UseRecord {
    OrgId org;
    ProjectId project;
    MemberId member;
    std::uint64_t inflated_use = 0;
};

struct OrgStanding {  // for stats, the console and explain
    Share share;
    std::int64_t held_milli = 0;
    std::int64_t waiting_jobs = 0;
    std::uint64_t inflated_use = 0;
};

// How an elastic lease stands: what keeps it from growing, and to how many tasks it could.
struct ElasticStanding {
    enum class Blocked : std::uint8_t {
        nothing = 0,  // it grows at its next checkpoint, if all stays as it is
        by_rules,     // the pool does not resize
        at_max,
        resizing,  // it was told to stop
        closed,    // a node of it takes no work
        limit,     // its org may not hold more
        waiting,   // without backfill, all that is idle is for those who wait
        no_room,   // no idle unreserved devices where it may go
    };
    std::uint32_t tasks = 0;
    std::uint32_t grows_to = 0;  // == tasks: it cannot
    Blocked blocked = Blocked::nothing;
};

struct PoolTotals {
    std::int64_t devices_milli = 0;  // of all nodes
    std::int64_t open_milli = 0;     // of open nodes
    std::int64_t free_milli = 0;     // of open nodes
    std::int64_t waiting_jobs = 0;
    std::int64_t running_leases = 0;
};

class PoolScheduler {
public:
    explicit PoolScheduler(Rules rules);
    ~PoolScheduler();
    PoolScheduler(const PoolScheduler&);  // deep copy: forecasts run ahead on a copy
    PoolScheduler& operator=(const PoolScheduler&);
    PoolScheduler(PoolScheduler&&) noexcept;
    PoolScheduler& operator=(PoolScheduler&&) noexcept;

    // Facts about the centre.
    void set_rules(const Rules& rules);
    void add_node(const NodeSpec& node);
    void set_gate(NodeId node, NodeGate gate);  // leases on it stay until ended by the caller
    void set_share(OrgId org, const Share& share);
    void set_project_weight(OrgId org, ProjectId project, std::uint32_t weight);

    // Facts about jobs. A job is either waiting or running.
    void enqueue(const WaitingJob& job);
    void dequeue(JobId job);  // also drops its reservation
    void lease_started(const RunningLease& lease);
    void lease_ended(LeaseId lease);
    void lease_stopping(LeaseId lease);  // also of one that was to be resized: it no longer is
    // Told to stop so that it goes on with `next`: devices of its own and idle unreserved ones.
    // Those that it does not hold yet are kept for it, and count as held, until it ends.
    void lease_resizing(LeaseId lease, const Placement& next);
    void lease_checkpointed(LeaseId lease, Time at);

    // Use: milli-device-milliseconds held until `now` and not yet counted. The scheduler keeps uses
    // in this unit, inflated.
    void add_use(OrgId org, ProjectId project, MemberId member, std::int64_t milli_device_ms,
                 Time now);
    // Called by the caller with every time stamp before other facts; halves uses at whole
    // half-lives.
    void advance(Time now);

    void set_reservation(const Reservation& reservation);
    void clear_reservation(JobId job);

    // Decisions. begin_pass forgets what earlier passes learnt about the present; then `next` until
    // nothing. `now` is no fact: a pass that decides nothing leaves no trace, so a later pass may
    // be of an earlier time (a hub does not log such a pass, and its clock may step back).
    void begin_pass(Time now);
    std::optional<Decision> next();
    // False when nothing changed since the last finished pass that could let a waiting job start:
    // a pass would then decide nothing. It may turn true by `advance` alone, at wakes_at.
    bool wants_pass() const;
    // When the next lease grows old enough to be stopped for a head that found too few victims.
    std::optional<Time> wakes_at() const;

    // Questions.
    bool can_ever_fit(const Shape& shape) const;  // on all nodes, empty and open
    // All unmet conditions of a waiting job, most decisive first; empty when it would start in this
    // pass.
    //   resources: needed = tasks_min * devices, available = free devices in units of whole tasks
    //   the pool
    //     could hold now, limit = largest number of its tasks that fit now
    //   priority: available = waiting jobs ordered before it (exact up to 10,000), other = the
    //   first of them share_limit: needed = milli asked, available = held, limit = limit;
    //   reserved_share likewise with deserved reservation: other = the job whose reservation it
    //   would delay, limit = its start (us) nodes_unavailable: available = milli-devices behind
    //   closed nodes
    std::vector<Reason> explain(JobId job, Time now) const;
    // What a lease that was told to stop for a resize goes on with now: what was decided, or when
    // it was to grow and may not any more, what it has. Nothing: its job must wait again.
    std::optional<Placement> resume(LeaseId lease) const;
    ElasticStanding elastic_standing(LeaseId lease, Time now) const;
    std::optional<Reservation> reservation_of(JobId job) const;
    std::vector<Reservation> reservations() const;  // ordered by job id
    std::optional<Placement> find(
        const Shape& shape) const;  // where it would go now, order ignored
    PoolTotals totals() const;
    OrgStanding standing(OrgId org) const;
    std::vector<UseRecord> uses() const;  // total order
    void restore_use(const UseRecord& use);
    Time use_base() const;  // the time that inflated uses are relative to
    void restore_use_base(Time base);
    // Waiting jobs in the order in which they would be served, at most `max`.
    std::vector<JobId> order(std::size_t max) const;

    // Recounts everything from its parts and asserts that they agree; O(size).
    void check_invariants() const;

    struct Impl;  // src/sched/impl.hpp
    // For the questions of help.hpp and run_ahead.hpp, which are members in all but name.
    Impl& inside() const { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace suan::sched
