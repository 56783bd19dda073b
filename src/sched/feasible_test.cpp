#include "sched/feasible.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace suan::sched::testing {

std::int64_t Feasible::tried_too_many = 0;

namespace {

constexpr int sets_max = 20'000;
constexpr std::uint32_t closed = 1'000'000;

bool shares_a_device(const Placement& a, const Placement& b) {
    for (const Slot& x : a) {
        for (const Slot& y : b) {
            if (x.node == y.node && (x.device_mask & y.device_mask) != 0) return true;
        }
    }
    return false;
}

void add(std::map<NodeId, std::vector<std::uint32_t>>& used, const Placement& placement,
         std::uint32_t milli) {
    for (const Slot& slot : placement) {
        for (std::size_t device = 0; device < used.at(slot.node).size(); ++device) {
            if (((slot.device_mask >> device) & 1) != 0) used.at(slot.node)[device] += milli;
        }
    }
}

}  // namespace

Feasible::Feasible(const World& world) : world_(world) {
    for (const auto& [id, lease] : world.running) {
        const std::uint32_t tasks = std::max(lease.tasks, tasks_of(lease.next));
        all_[lease.org] += lease.shape.milli_devices(tasks);
        if (lease.tier == Tier::spot) continue;
        held_[lease.org] += lease.shape.milli_devices(tasks);
        const std::uint32_t stay = std::min(lease.tasks, tasks_of(lease.next));
        staying_[lease.org] += lease.shape.milli_devices(lease.stopping ? stay : lease.tasks);
    }
}

std::int64_t Feasible::asked(const WaitingJob& job) const {
    return job.shape.milli_devices(job.shape.tasks_min);
}

std::int64_t Feasible::held(const WaitingJob& job) const {
    const auto found = held_.find(job.org);
    return found == held_.end() ? 0 : found->second;
}

bool Feasible::is_pending(const Reservation& reservation) const {
    const bool whole = world_.waiting.at(reservation.job).shape.milli == 1'000;
    bool some = false;
    for (const auto& [id, lease] : world_.running) {
        Placement stays;
        Placement leaves;
        for (Slot slot : lease.placement) {
            const std::uint64_t kept = lease.stopping ? mask_on(lease.next, slot.node) : ~0ULL;
            stays.push_back({slot.node, 0, slot.device_mask & kept, 0});
            leaves.push_back({slot.node, 0, slot.device_mask & ~kept, 0});
        }
        if (whole && shares_a_device(stays, reservation.placement)) return false;
        some = some || shares_a_device(leaves, reservation.placement);
    }
    return some;
}

std::int64_t Feasible::coming(const WaitingJob& job, Coming which) const {
    std::int64_t sum = 0;
    for (const Reservation& reservation : world_.pool.reservations()) {
        const WaitingJob& other = world_.waiting.at(reservation.job);
        if (other.org != job.org || other.id == job.id) continue;
        if (which == Coming::kept || is_pending(reservation)) sum += asked(other);
    }
    return sum;
}

bool Feasible::within_share(const WaitingJob& job, Coming which) const {
    const Share& share = world_.shares.at(job.org);
    const std::int64_t deserved = share.deserved_milli;
    const auto all = all_.find(job.org);
    if ((all == all_.end() ? 0 : all->second) + asked(job) > share.limit_milli) return false;
    return job.tier != Tier::spot && held(job) + coming(job, which) + asked(job) <= deserved;
}

bool Feasible::stands(const Reservation& reservation) const {
    return is_pending(reservation) ||
           within_share(world_.waiting.at(reservation.job), Coming::freed);
}

bool Feasible::has_slot(const WaitingJob& job) const {
    if (world_.pool.reservation_of(job.id)) return true;
    const std::vector<Reservation> all = world_.pool.reservations();
    const auto standing =
        std::count_if(all.begin(), all.end(), [this](const Reservation& r) { return stands(r); });
    return standing < static_cast<std::ptrdiff_t>(world_.rules.reservations_max);
}

bool Feasible::may_stop(const WaitingJob& job, const RunningLease& lease, Young young) const {
    if (lease.stopping || lease.tier == Tier::reserved) return false;
    if (young == Young::stay && lease.started + world_.rules.min_runtime > world_.now) return false;
    if (lease.tier == Tier::spot) return true;
    const std::uint32_t most = world_.rules.stops_max;
    if (most > 0 && lease.stops >= most) return false;
    return lease.org != job.org &&
           staying_.at(lease.org) > world_.shares.at(lease.org).deserved_milli;
}

// Tasks of the shape that lie on free devices, in the best node, rack or pool.
bool Feasible::fits(const Devices& used, const Shape& shape) const {
    std::map<std::uint32_t, std::uint32_t> groups;
    for (const auto& [node, devices] : used) {
        std::uint32_t group = 0;
        if (shape.topology == Topology::one_rack) group = world_.nodes.at(node).spec.rack;
        if (shape.topology == Topology::one_node) group = node.value;
        const auto free = std::count_if(devices.begin(), devices.end(), [&](std::uint32_t milli) {
            return milli + shape.milli <= 1'000;
        });
        groups[group] += static_cast<std::uint32_t>(free) / shape.devices_per_task;
    }
    return std::any_of(groups.begin(), groups.end(),
                       [&](const auto& entry) { return entry.second >= shape.tasks_min; });
}

bool Feasible::over_without_largest(const std::vector<std::int64_t>& stopped, OrgId org) const {
    const std::int64_t sum = std::accumulate(stopped.begin(), stopped.end(), std::int64_t{0});
    const std::int64_t largest = *std::max_element(stopped.begin(), stopped.end());
    return staying_.at(org) - (sum - largest) > world_.shares.at(org).deserved_milli;
}

bool Feasible::search(Try& at, std::size_t next) const {
    if (fits(at.used, at.job->shape)) return true;
    if (next == at.leases.size() || ++at.sets > sets_max) return false;
    Devices all = at.used;
    for (std::size_t i = next; i < at.leases.size(); ++i)
        add(all, at.leases[i]->placement, 0U - at.leases[i]->shape.milli);
    if (!fits(all, at.job->shape)) return false;
    const RunningLease& lease = *at.leases[next];
    std::vector<std::int64_t>& stopped = at.stopped[lease.org];
    const bool firm = lease.tier != Tier::spot;
    if (firm) stopped.push_back(lease.shape.milli_devices(lease.tasks));
    if (!firm || over_without_largest(stopped, lease.org)) {
        add(at.used, lease.placement, 0U - lease.shape.milli);
        if (search(at, next + 1)) return true;
        add(at.used, lease.placement, lease.shape.milli);
    }
    if (firm) stopped.pop_back();
    return search(at, next + 1);
}

bool Feasible::room_can_be_made(const WaitingJob& job, Young young) const {
    Try at{&job, {}, {}, {}, 0};
    for (const auto& [id, fact] : world_.nodes) {
        const std::uint32_t milli = fact.gate == NodeGate::open ? 0 : closed;
        at.used[id].assign(fact.spec.devices, milli);
    }
    for (const auto& [id, lease] : world_.running) {
        add(at.used, lease.placement, lease.shape.milli);
        Placement grows;
        for (Slot slot : lease.next) {
            slot.device_mask &= ~mask_on(lease.placement, slot.node);
            grows.push_back(slot);
        }
        add(at.used, grows, closed);
        if (may_stop(job, lease, young)) at.leases.push_back(&lease);
    }
    for (const Reservation& reservation : world_.pool.reservations()) {
        if (reservation.job != job.id && stands(reservation))
            add(at.used, reservation.placement, closed);
    }
    const bool found = search(at, 0);
    if (at.sets > sets_max) ++tried_too_many;
    return found;
}

// Org 2 is one device over its share with leases of 1 and 2: it may lose either, not both. Of
// three leases of 1 it may lose one.
TEST(Feasible, CountsWhatAnOrgMayLose) {
    World world;
    world.rules.min_runtime = Duration{};
    world.node(1, 0, 4);
    world.share(1, {3'000, 1, INT64_MAX});
    world.share(2, {2'000, 1, INT64_MAX});
    world.submit(gang(1, 1, 2));
    world.submit(gang(2, 1, 2));
    world.schedule();
    WaitingJob job = gang(1, 3, 1);
    job.id = JobId{99};
    EXPECT_TRUE(Feasible(world).room_can_be_made(job, Young::stay));
    job.shape.tasks_min = 4;
    EXPECT_FALSE(Feasible(world).room_can_be_made(job, Young::stay));
    world.share(2, {1'000, 1, INT64_MAX});
    EXPECT_TRUE(Feasible(world).room_can_be_made(job, Young::stay));
}

}  // namespace suan::sched::testing
