// The words of the scheduler: what a job asks of a pool, where it is put, what is decided.
// Pure values; quantities are whole numbers, times are stamped by the caller.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace suan::sched {

// Service tiers in the order in which they are served.
enum class Tier : std::uint8_t {
    reserved = 0,  // only inside the org's deserved devices; never preempted
    standard = 1,  // may borrow; preempted only to give a share back to its owner
    spot = 2,      // idle capacity only; preempted for anyone else
};

// How far apart the tasks of a gang may be. `any` still packs as tightly as it can.
enum class Topology : std::uint8_t { any = 0, one_rack = 1, one_node = 2 };

enum class NodeGate : std::uint8_t { open = 0, draining = 1, down = 2 };

// What a job asks of its pool. Every task lies on one node. A gang starts with as many tasks as fit
// between tasks_min and tasks_max, or not at all.
struct Shape {
    std::uint32_t tasks_min = 1;
    std::uint32_t tasks_max = 1;
    std::uint32_t devices_per_task = 1;
    std::uint32_t milli =
        1'000;  // below 1,000: a fraction of one device; then devices_per_task is 1
    Topology topology = Topology::any;

    friend auto operator<=>(const Shape&, const Shape&) = default;
    // Milli-devices that `tasks` tasks hold.
    std::int64_t milli_devices(std::uint32_t tasks) const {
        return static_cast<std::int64_t>(tasks) * devices_per_task * milli;
    }
};

// Some tasks of a gang on one node, with the devices they hold (bit i = device i of the node).
struct Slot {
    NodeId node;
    std::uint32_t tasks = 0;
    std::uint64_t device_mask = 0;
    std::uint32_t milli = 1'000;  // of each device in the mask

    friend auto operator<=>(const Slot&, const Slot&) = default;
};
// Most gangs lie on one or two nodes: no allocation for those.
using Placement =
    boost::container::small_vector<Slot, 2>;  // ordered by node id, each node at most once
std::uint32_t tasks_of(const Placement& placement);
std::uint64_t mask_on(const Placement& placement, NodeId node);  // 0: none of it is there

// How far apart the tasks of a gang lie.
struct Spread {
    std::uint32_t nodes = 0;
    std::uint32_t racks = 0;
    friend bool operator==(const Spread&, const Spread&) = default;
};

struct WaitingJob {
    JobId id;
    OrgId org;
    ProjectId project;
    MemberId member;
    Tier tier = Tier::standard;
    std::int32_t priority = 0;  // higher first, inside the member's own queue only
    Time queued;                // first submission: a requeued job keeps its place
    Duration expected;          // learnt run time; 0: none. Never a bound, and may be wrong
    Time latest_start;          // to make a deadline; 0: none. Orders its member's own queue
    Duration walltime;          // upper bound of the run, > 0
    Shape shape;
};

struct RunningLease {
    LeaseId id;
    JobId job;
    OrgId org;
    ProjectId project;
    MemberId member;
    Tier tier = Tier::standard;
    Shape shape;
    std::uint32_t tasks = 0;
    Time started;
    Time ends_by;             // started + wall time
    Time last_checkpoint;     // work since then is lost when stopped; == started when none
    Duration expected;        // learnt run time; 0: none
    std::uint32_t stops = 0;  // times that its job was preempted before
    bool stopping = false;    // already told to stop: its devices come back by themselves
    Placement placement;
    Placement next;  // told to stop for a resize: what its run goes on with; else empty
};

// What an org is entitled to in one pool. Milli-devices.
struct Share {
    std::int64_t deserved_milli = 0;
    std::uint32_t weight = 1;              // over-share weight, >= 1
    std::int64_t limit_milli = INT64_MAX;  // never above this, not even idle devices
};

// Rules of one pool; part of the log, so a change is an event.
struct Rules {
    Duration usage_half_life = Duration::hours(24 * 7);
    Duration usage_horizon = Duration::hours(1);  // running devices count as if used this long
    Duration min_runtime = Duration::minutes(5);  // a younger lease is not preempted
    std::uint32_t reservations_max = 4;           // blocked heads that hold a reservation
    std::uint32_t gang_nodes_min = 1;             // only gangs that need so many nodes hold one
    Duration reserve_after;  // a head that waited for less holds none, unless others stop for it
    // Among borrowers, a job that waited so long goes before all that did not, the oldest first.
    Duration overdue_after = Duration{INT64_MAX / 4};
    // Inside a member's queue a job stands this much of its expected run time behind its
    // submission; 0: by submission alone.
    std::uint32_t expected_behind_milli = 0;
    // What reservations and backfill count with.
    enum class Ends : std::uint8_t { by_limit = 0, by_expected = 1 } ends = Ends::by_limit;
    // Work lost to a preemption for a share is at most this much of the work that its job waited
    // for (devices x time); 0: no bound. After reclaim_within it is stopped for whatever it costs.
    std::uint32_t reclaim_ratio_milli = 0;
    Duration reclaim_after;  // a head that waited for less stops no borrower
    Duration reclaim_within = Duration{INT64_MAX / 4};
    // The same price for spot leases that make way for a standard or reserved job: how much work
    // they may lose for the work that it waited for; 0: no bound. At its latest start, or after
    // spot_within, they are stopped for whatever it costs.
    std::uint32_t spot_ratio_milli = 0;
    Duration spot_within = Duration{INT64_MAX / 4};
    std::uint32_t stops_max = 0;  // a job preempted so often is not preempted again; 0: no bound
    // An elastic lease may grow or shrink for so long after it has saved a checkpoint; 0: never.
    Duration resize_within;
    enum class Order : std::uint8_t { fair = 0, fifo = 1, shortest = 2 } order = Order::fair;
    // Between nodes that hold a task: the one where least is lost for what others ask for, or
    // simply the fullest.
    enum class Place : std::uint8_t { fragments = 0, tight = 1 } place = Place::fragments;
    enum class Backfill : std::uint8_t { on = 0, off = 1 } backfill = Backfill::on;
    enum class Preemption : std::uint8_t { on = 0, off = 1 } preemption = Preemption::on;
};

// A promise to a blocked head: these nodes, not later than then, if every wall time holds.
struct Reservation {
    JobId job;
    Time start;
    Placement placement;
};

struct Start {
    JobId job;
    std::uint32_t tasks = 0;
    Placement placement;
};
// Stop a lease so that its run goes on, at once, under a new one with other devices.
struct Resize {
    LeaseId lease;
    Placement next;
};
// Stop the victims, or shrink some leases; the freed devices are reserved for `job`.
struct Preempt {
    JobId job;
    std::vector<LeaseId> victims;
    Reservation reservation;
    std::vector<Resize> resizes;  // by lease
};
struct Reserve {
    Reservation reservation;
};
struct Unreserve {
    JobId job;
};
using Decision = std::variant<Start, Preempt, Reserve, Unreserve, Resize>;

// Why a waiting job does not run now. Named after Slurm's reasons where one exists.
enum class ReasonCode : std::uint8_t {
    resources = 1,          // free devices do not hold the gang (numbers say what is free where)
    priority = 2,           // others go first
    share_limit = 3,        // the org's limit in this pool (AssocGrpGRES)
    reserved_share = 4,     // reserved tier, but the org's deserved devices are in use (QOSGrpGRES)
    reservation = 5,        // would fit now but would delay a reserved start (Reservation)
    nodes_unavailable = 6,  // would fit if drained or failed nodes were back (ReqNodeNotAvail)
    preempting = 7,         // victims are being stopped for it
    topology = 8,           // would fit now without its one_rack / one_node requirement
};
struct Reason {
    ReasonCode code = ReasonCode::resources;
    // Numbers whose meaning depends on the code; see scheduler.hpp, explain().
    std::int64_t needed = 0;
    std::int64_t available = 0;
    std::int64_t limit = 0;
    std::uint64_t other = 0;  // a job id, an org id
};

}  // namespace suan::sched
