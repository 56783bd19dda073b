// Elastic leases: when one grows, when one shrinks, and what its run goes on with.
//
// A lease of a job that takes tasks_min to tasks_max tasks is resized only after it has saved a
// checkpoint, for then nothing or little of its work is done again:
//   * it grows at a checkpoint, into idle devices that no reservation names, when the pass has
//     found that no waiting job can start on any; one lease of a pool at a time;
//   * it shrinks at a checkpoint for a blocked head, when its tasks above tasks_min and what is
//     idle make room for the head: so what it grew into is only lent;
//   * before anyone is preempted for a head, all elastic leases that might be preempted for it are
//     shrunk instead, at once, where that makes room.
// Shrinking takes from whom preemption may take: spot, and standard leases of orgs over what they
// deserve, counted task by task; never below tasks_min. No lease younger than min_runtime is
// resized.
//
// It comes to rest: a lease shrinks only to let a waiting job start, and grows only into what no
// waiting job can use, so between two arrivals each lease is resized at most once for each start.
#include "base/limits.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <utility>

namespace suan::sched {

using Impl = PoolScheduler::Impl;

std::uint32_t tasks_of(const Placement& placement) {
    std::uint32_t tasks = 0;
    for (const Slot& slot : placement)
        tasks += slot.tasks;
    return tasks;
}

std::uint64_t mask_on(const Placement& placement, NodeId node) {
    const auto place =
        std::lower_bound(placement.begin(), placement.end(), node,
                         [](const Slot& slot, NodeId other) { return slot.node < other; });
    return place != placement.end() && place->node == node ? place->device_mask : 0;
}

namespace {

// Devices of `next` that the lease does not hold yet.
Placement missing_of(const RunningLease& lease) {
    Placement out;
    for (const Slot& slot : lease.next) {
        Slot more = slot;
        more.device_mask &= ~mask_on(lease.placement, slot.node);
        if (more.device_mask != 0) out.push_back(more);
    }
    return out;
}

// What counts as held beyond what the lease holds, while it is about to grow.
std::int64_t claimed_milli(const RunningLease& lease) {
    const std::uint32_t next = tasks_of(lease.next);
    return next > lease.tasks ? lease.shape.milli_devices(next - lease.tasks) : 0;
}

}  // namespace

// Devices and room in its org's limits are kept for a lease that is about to grow.
void Impl::claim_next(std::uint32_t slot) {
    const RunningLease& lease = leases[slot].lease;
    if (lease.next.empty()) return;
    settle();
    capacity.reserve(missing_of(lease));
    tree.hold(leases[slot].leaf, lease.tier, claimed_milli(lease));
}

void Impl::drop_next(std::uint32_t slot) {
    RunningLease& lease = leases[slot].lease;
    if (lease.next.empty()) return;
    settle();
    capacity.unreserve(missing_of(lease));
    tree.hold(leases[slot].leaf, lease.tier, -claimed_milli(lease));
    lease.next.clear();
}

std::vector<std::uint32_t> Impl::elastic_by_id() const {
    std::vector<std::uint32_t> out = elastic;
    std::sort(out.begin(), out.end(),
              [this](std::uint32_t a, std::uint32_t b) { return leases[a].id < leases[b].id; });
    return out;
}

bool Impl::at_checkpoint(const RunningLease& lease) const {
    return lease.last_checkpoint > lease.started &&
           lease.last_checkpoint + rules.resize_within >= now;
}

bool Impl::old_enough(const RunningLease& lease) {
    const Time at = lease.started + rules.min_runtime;
    if (at > now) pass.young_until = std::min(pass.young_until, at);
    return at <= now;
}

bool Impl::within_limits(const LeaseSlot& of, std::uint32_t tasks) const {
    const RunningLease& lease = of.lease;
    const TreeNode& org = tree[tree[of.leaf].org];
    const std::int64_t more = lease.shape.milli_devices(tasks) - of.milli() - claimed_milli(lease);
    if (org.held() + more > org.limit_milli) return false;
    return lease.tier != Tier::reserved || org.held_reserved + more <= org.deserved_milli;
}

// The lease's placement and as many more tasks as fit on idle unreserved devices where its topology
// lets them be: on its own nodes first, then in its racks, then anywhere, each node as full as can
// be.
Placement Impl::grown(const RunningLease& lease, std::uint32_t tasks_max) const {
    struct Room {
        std::uint32_t distance = 0;
        std::uint32_t tasks = 0;
        std::uint32_t position = 0;
    };
    const std::uint32_t devices = lease.shape.devices_per_task;
    std::vector<Room> rooms;
    const auto near = [&](std::uint32_t position) -> std::uint32_t {
        bool same_rack = false;
        for (const Slot& slot : lease.placement) {
            const std::uint32_t own = capacity.position_of(slot.node);
            if (own == position) return 0;
            same_rack = same_rack || capacity.rack_at(own) == capacity.rack_at(position);
        }
        return same_rack ? 1 : 2;
    };
    const std::uint32_t farthest = lease.shape.topology == Topology::one_node   ? 0
                                   : lease.shape.topology == Topology::one_rack ? 1
                                                                                : 2;
    for (std::uint32_t at = 0; at < capacity.nodes(); ++at) {
        const std::uint32_t tasks =
            count_bits(capacity.free_at(ViewName::unreserved, at)) / devices;
        if (tasks == 0) continue;
        if (const std::uint32_t distance = near(at); distance <= farthest)
            rooms.push_back({distance, tasks, at});
    }
    Placement out = lease.placement;
    std::uint32_t rest = tasks_max - lease.tasks;
    const auto better = [&rest](const Room& a, const Room& b) {
        if (a.distance != b.distance) return a.distance < b.distance;
        const bool a_holds = a.tasks >= rest;
        const bool b_holds = b.tasks >= rest;
        if (a_holds != b_holds) return a_holds;
        if (a.tasks != b.tasks) return a_holds ? a.tasks < b.tasks : a.tasks > b.tasks;
        return a.position < b.position;
    };
    while (rest > 0 && !rooms.empty()) {
        const auto best = std::min_element(rooms.begin(), rooms.end(), better);
        const std::uint32_t tasks = std::min(rest, best->tasks);
        const NodeId node = capacity.id_at(best->position);
        const std::uint64_t mask =
            lowest(capacity.free_at(ViewName::unreserved, best->position), tasks * devices);
        const auto own = std::find_if(out.begin(), out.end(),
                                      [node](const Slot& slot) { return slot.node == node; });
        if (own == out.end()) {
            out.push_back({node, tasks, mask, lease.shape.milli});
        } else {
            own->tasks += tasks;
            own->device_mask |= mask;
        }
        rest -= tasks;
        rooms.erase(best);
    }
    std::sort(out.begin(), out.end(), [](const Slot& a, const Slot& b) { return a.node < b.node; });
    return out;
}

ElasticStanding Impl::standing_of(const LeaseSlot& of) const {
    using Blocked = ElasticStanding::Blocked;
    const RunningLease& lease = of.lease;
    ElasticStanding out{lease.tasks, lease.tasks, Blocked::nothing};
    const auto blocked = [&](Blocked why) {
        out.blocked = why;
        return out;
    };
    if (lease.stopping) return blocked(Blocked::resizing);
    if (lease.tasks >= lease.shape.tasks_max) return blocked(Blocked::at_max);
    if (!resizes() || lease.shape.milli != limits::milli_per_device)
        return blocked(Blocked::by_rules);
    if (capacity.any_closed(lease.placement)) return blocked(Blocked::closed);
    std::uint32_t most = lease.shape.tasks_max;
    while (most > lease.tasks && !within_limits(of, most))
        --most;
    if (most == lease.tasks) return blocked(Blocked::limit);
    if (!backfills() && jobs.size() > 0) return blocked(Blocked::waiting);
    out.grows_to = tasks_of(grown(lease, most));
    if (out.grows_to == lease.tasks) return blocked(Blocked::no_room);
    return out;
}

// Last in a pass, when no waiting job can start. While any lease is stopping its devices may soon
// serve a waiting job, or another lease is growing: one at a time.
std::optional<Decision> Impl::decide_growth() {
    if (!resizes() || elastic.empty() || !stopping.empty()) return std::nullopt;
    if (pass.backfill_tests >= limits::backfill_tests_max) return std::nullopt;
    for (const std::uint32_t slot : elastic_by_id()) {
        const LeaseSlot& of = leases[slot];
        if (!at_checkpoint(of.lease) || of.lease.tasks >= of.lease.shape.tasks_max) continue;
        if (!old_enough(of.lease)) continue;
        const ElasticStanding standing = standing_of(of);
        if (standing.grows_to == standing.tasks) continue;
        return Resize{of.lease.id, grown(of.lease, standing.grows_to)};
    }
    return std::nullopt;
}

std::optional<Placement> PoolScheduler::resume(LeaseId lease) const {
    Impl& in = *impl_;
    in.settle();
    const std::uint32_t slot = in.leases.find(lease);
    SUAN_ASSERT(slot != IdIndex::none);
    const LeaseSlot& of = in.leases[slot];
    const RunningLease& old = of.lease;
    const auto good = [&](const Placement& placement) {
        return !placement.empty() && !in.capacity.any_closed(placement) &&
               in.within_limits(of, tasks_of(placement));
    };
    if (good(old.next)) return old.next;
    const bool grows = tasks_of(old.next) > old.tasks;
    if (grows && good(old.placement)) return old.placement;
    return std::nullopt;
}

ElasticStanding PoolScheduler::elastic_standing(LeaseId lease, Time now) const {
    Impl& in = *impl_;
    in.settle();
    const std::uint32_t slot = in.leases.find(lease);
    SUAN_ASSERT(slot != IdIndex::none);
    const Time kept = std::exchange(in.now, now);
    const ElasticStanding out = in.standing_of(in.leases[slot]);
    in.now = kept;
    return out;
}

}  // namespace suan::sched
