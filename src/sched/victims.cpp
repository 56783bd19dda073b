#include "sched/victims.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <tuple>

namespace suan::sched {

namespace {

using Impl = PoolScheduler::Impl;

// Sets that are tried in one node, rack or pool, and for one job.
constexpr std::uint32_t group_sets_max = 1'024;
constexpr std::uint32_t sets_max = 16'384;
// Leases that are taken out and put back while sets are tried for one job: a bound on time.
constexpr std::uint32_t steps_max = 16'384;

bool cheaper(const Victim& a, const Victim& b) {
    return std::tie(a.lost, a.id) < std::tie(b.lost, b.id);
}

bool by_id(const Victim& a, const Victim& b) {
    return a.id < b.id;
}

}  // namespace

VictimSearch::VictimSearch(Impl& in, std::uint32_t job, Impl::Others others)
    : in_(in), shape_(in.shape_of(job)) {
    shape_.tasks_max = shape_.tasks_min;
    const std::uint64_t devices = std::uint64_t{shape_.tasks_min} * shape_.devices_per_task;
    one_node_ =
        shape_.topology == Topology::one_node || devices <= in.capacity.devices_per_node_max();
    in.lift_reservations(job, others);
    for (const Reservation& reservation : in.reservations) {
        if (in.lifts(job, others, reservation)) continue;
        for (const Slot& slot : reservation.placement)
            kept_.emplace_back(slot.node, slot.device_mask);
    }
}

// Stopping it would free nothing that the job may have, and use up what may be taken from its org.
bool VictimSearch::is_kept_for_others(const Placement& placement) const {
    return std::all_of(placement.begin(), placement.end(), [this](const Slot& slot) {
        std::uint64_t left = slot.device_mask;
        for (const auto& [node, mask] : kept_) {
            if (node == slot.node) left &= ~mask;
        }
        return left == 0;
    });
}

void VictimSearch::collect(Sources sources, Age age) {
    const bool reclaims = sources == Sources::spot_and_borrowers;
    age_ = age;
    for (std::uint32_t at = in_.leases.first(); at != nil; at = in_.leases.next(at)) {
        const LeaseSlot& slot = in_.leases[at];
        const bool spot = slot.lease.tier == Tier::spot;
        if (slot.lease.stopping || slot.lease.tier == Tier::reserved) continue;
        if (!spot && !reclaims) continue;
        const TreeNode& org = in_.tree[in_.tree[slot.leaf].org];
        if (!spot && org.held_firm <= org.deserved_milli) continue;
        if (!spot && in_.rules.stops_max > 0 && slot.lease.stops >= in_.rules.stops_max) continue;
        if (is_kept_for_others(slot.lease.placement)) continue;
        const Time old_enough = slot.lease.started + in_.rules.min_runtime;
        if (old_enough > in_.now && age == Age::old_enough) {
            in_.pass.young_until = std::min(in_.pass.young_until, old_enough);
            continue;
        }
        const std::int64_t since_us =
            std::max<std::int64_t>(0, (in_.priced_at() - slot.lease.last_checkpoint).us);
        const int128 lost = age == Age::any ? int128{slot.lease.started.us}
                                            : static_cast<int128>(slot.milli()) * since_us;
        (spot ? spot_ : standard_).push_back({lost, slot.lease.id, at, old_enough});
        freshest_ = std::max(freshest_, slot.lease.last_checkpoint);
    }
    std::sort(spot_.begin(), spot_.end(), cheaper);
    std::sort(standard_.begin(), standard_.end(), cheaper);
    for (const std::uint32_t at : in_.stopping) {
        const RunningLease& lease = in_.leases[at].lease;
        const std::uint32_t stays = std::min(lease.tasks, tasks_of(lease.next));
        if (lease.tier == Tier::spot || stays == lease.tasks) continue;
        leaving_.emplace_back(in_.tree[in_.leases[at].leaf].org,
                              lease.shape.milli_devices(lease.tasks - stays));
    }
}

// What an org holds above its share when those told to stop have left.
std::int64_t VictimSearch::over_share(std::uint32_t org) const {
    std::int64_t over = in_.tree[org].held_firm - in_.tree[org].deserved_milli;
    for (const auto& [leaves, milli] : leaving_) {
        if (leaves == org) over -= milli;
    }
    return over;
}

bool VictimSearch::may_stop(const Victim& victim) const {
    if (is_spot(victim)) return true;
    const std::uint32_t org = org_of(victim);
    std::int64_t sum = lease(victim).milli();
    std::int64_t largest = sum;
    for (const auto& [stopped, milli] : stopped_) {
        if (stopped != org) continue;
        sum += milli;
        largest = std::max(largest, milli);
    }
    return over_share(org) > sum - largest;
}

void VictimSearch::stop(const Victim& victim) {
    for (const Slot& slot : lease(victim).lease.placement)
        in_.scratch.release(slot);
    if (!is_spot(victim)) stopped_.emplace_back(org_of(victim), lease(victim).milli());
}

void VictimSearch::keep(const Victim& victim) {
    for (const Slot& slot : lease(victim).lease.placement)
        in_.scratch.acquire(slot);
    if (is_spot(victim)) return;
    const std::pair entry{org_of(victim), lease(victim).milli()};
    stopped_.erase(std::find(stopped_.begin(), stopped_.end(), entry));
}

// Of leases that are stopped and make room: those that are needed. All are kept again.
VictimSet VictimSearch::least_of(const std::vector<Victim>& stopped) {
    VictimSet set;
    for (std::size_t i = stopped.size(); i-- > 0;) {
        keep(stopped[i]);
        if (fits()) continue;
        stop(stopped[i]);
        set.lost =
            age_ == Age::any ? std::max(set.lost, stopped[i].lost) : set.lost + stopped[i].lost;
        set.victims.push_back(stopped[i]);
    }
    for (const Victim& victim : set.victims)
        keep(victim);
    return set;
}

std::optional<VictimSet> VictimSearch::from(const std::vector<Victim>& candidates) {
    std::vector<Victim> taken;
    bool held = fits();
    for (const Victim& victim : candidates) {
        if (held || taken.size() >= limits::victims_max) break;
        if (!may_stop(victim)) continue;
        stop(victim);
        taken.push_back(victim);
        held = fits();
    }
    if (held) return least_of(taken);
    for (const Victim& victim : taken)
        keep(victim);
    return std::nullopt;
}

VictimSearch::ByNode VictimSearch::by_node(const std::vector<Victim>& candidates) const {
    ByNode out(in_.capacity.nodes());
    for (const Victim& victim : candidates) {
        for (const Slot& slot : lease(victim).lease.placement)
            out[in_.capacity.position_of(slot.node)].push_back(victim);
    }
    return out;
}

std::optional<VictimSet> VictimSearch::on_one_node(const std::vector<Victim>& candidates) {
    std::optional<VictimSet> best;
    for (const std::vector<Victim>& here : by_node(candidates)) {
        if (here.empty()) continue;
        std::optional<VictimSet> set = from(here);
        if (set && (!best || set->lost < best->lost)) best = std::move(set);
    }
    return best;
}

// Whether all from one on would make room, whatever their orgs may lose.
bool VictimSearch::all_would_do(const std::vector<Victim>& candidates, std::size_t from) {
    const std::size_t steps = candidates.size() - from;
    if (steps > steps_left_) {
        steps_left_ = 0;
        return false;
    }
    steps_left_ -= static_cast<std::uint32_t>(steps);
    const auto each = [&](auto&& what) {
        for (std::size_t i = from; i < candidates.size(); ++i) {
            for (const Slot& slot : lease(candidates[i]).lease.placement)
                what(slot);
        }
    };
    each([this](const Slot& slot) { in_.scratch.release(slot); });
    const bool held = fits();
    each([this](const Slot& slot) { in_.scratch.acquire(slot); });
    return held;
}

// The positions among which the topology lets a gang lie.
std::vector<VictimSearch::Positions> VictimSearch::groups(Topology topology) const {
    std::vector<Positions> out;
    for (std::uint32_t at = 0; at < in_.capacity.nodes(); ++at) {
        const bool same_rack = at > 0 && in_.capacity.rack_at(at) == in_.capacity.rack_at(at - 1);
        const bool same =
            topology == Topology::any || (topology == Topology::one_rack && same_rack);
        if (out.empty() || !same) out.emplace_back();
        out.back().push_back(at);
    }
    return out;
}

// At most what an org holds above its share comes free in leases but the largest. A lease of whole
// devices frees no more than it counts for.
bool VictimSearch::orgs_could_lose_enough(const Positions& group,
                                          const std::vector<Victim>& all) const {
    std::int64_t most = 0;
    for (const std::uint32_t at : group)
        most += 1'000 * count_bits(in_.scratch.free_at(ViewName::unreserved, at));
    std::vector<std::pair<std::uint32_t, std::int64_t>> losses;  // org node, milli
    for (const Victim& victim : all) {
        if (lease(victim).lease.shape.milli < limits::milli_per_device) return true;
        if (is_spot(victim)) {
            most += lease(victim).milli();
        } else {
            losses.emplace_back(org_of(victim), lease(victim).milli());
        }
    }
    std::sort(losses.begin(), losses.end());
    for (std::size_t i = 0; i < losses.size();) {
        const std::uint32_t org = losses[i].first;
        std::int64_t sum = 0;
        std::int64_t largest = 0;  // the last of them
        for (; i < losses.size() && losses[i].first == org; ++i) {
            largest = losses[i].second;
            sum += largest;
        }
        most += std::min(sum, std::max<std::int64_t>(0, over_share(org) - 1) + largest);
    }
    return most >= shape_.milli_devices(shape_.tasks_min);
}

// Those that lie in a group, node by node: first where least is taken from borrowers for a device.
std::vector<Victim> VictimSearch::within(const Positions& group, const ByNode& candidates) const {
    if (group.size() == 1) return candidates[group.front()];
    struct Here {
        std::uint32_t position = 0;
        std::int64_t taken = 0;
        std::int64_t freed = 0;
    };
    std::vector<Here> nodes;
    for (const std::uint32_t at : group) {
        if (candidates[at].empty()) continue;
        Here here{at, 0, 0};
        for (const Victim& victim : candidates[at]) {
            here.freed +=
                count_bits(mask_on(lease(victim).lease.placement, in_.capacity.id_at(at)));
            if (!is_spot(victim)) here.taken += lease(victim).milli();
        }
        nodes.push_back(here);
    }
    std::stable_sort(nodes.begin(), nodes.end(), [](const Here& a, const Here& b) {
        return static_cast<int128>(a.taken) * b.freed < static_cast<int128>(b.taken) * a.freed;
    });
    std::vector<Victim> out;
    std::vector<LeaseId> seen;
    for (const Here& here : nodes) {
        for (const Victim& victim : candidates[here.position]) {
            const auto place = std::lower_bound(seen.begin(), seen.end(), victim.id);
            if (place != seen.end() && *place == victim.id) continue;
            seen.insert(place, victim.id);
            out.push_back(victim);
        }
    }
    return out;
}

// Depth first: each lease is stopped, and where that leads nowhere kept.
std::optional<VictimSet> VictimSearch::tried_in(const std::vector<Victim>& candidates) {
    std::vector<std::size_t> taken;
    std::uint32_t sets = std::min(group_sets_max, sets_left_);
    const std::uint32_t given = sets;
    std::size_t at = 0;
    bool held = fits();
    bool was_kept = true;  // since it was last known that the rest would do
    while (!held && sets > 0) {
        for (; at < candidates.size() && !may_stop(candidates[at]); ++at)
            was_kept = true;
        const bool goes_on = at < candidates.size() && taken.size() < limits::victims_max &&
                             (!was_kept || all_would_do(candidates, at));
        if (goes_on) {
            was_kept = false;
            stop(candidates[at]);
            taken.push_back(at++);
            held = fits();
            continue;
        }
        --sets;
        if (taken.empty()) break;
        keep(candidates[taken.back()]);
        at = taken.back() + 1;
        taken.pop_back();
        was_kept = true;
    }
    sets_left_ -= given - sets;
    std::vector<Victim> stopped;
    for (const std::size_t i : taken)
        stopped.push_back(candidates[i]);
    if (held) return least_of(stopped);
    for (const Victim& victim : stopped)
        keep(victim);
    return std::nullopt;
}

std::optional<VictimSet> VictimSearch::tried(const std::vector<Victim>& candidates) {
    sets_left_ = sets_max;
    steps_left_ = steps_max;
    if (!all_would_do(candidates, 0)) return std::nullopt;
    std::vector<Positions> all;
    if (one_node_) all = groups(Topology::one_node);
    if (shape_.topology != Topology::one_node) {
        for (Positions& group : groups(shape_.topology))
            all.push_back(std::move(group));
    }
    const ByNode nodes = by_node(candidates);
    for (const Positions& group : all) {
        const std::vector<Victim> here = within(group, nodes);
        if (here.empty() || !all_would_do(here, 0)) continue;
        if (!orgs_could_lose_enough(group, here)) continue;
        if (auto set = tried_in(here)) return set;
    }
    return std::nullopt;
}

std::optional<VictimSet> VictimSearch::best(Sources sources) {
    std::vector<Victim> candidates = spot_;
    if (sources == Sources::spot_and_borrowers)
        candidates.insert(candidates.end(), standard_.begin(), standard_.end());
    if (candidates.empty()) return std::nullopt;
    // The order by lost work changes as time passes, and with it what a greedy choice finds.
    // Whether there is a choice at all must not: a pass that found none is not in the log, and a
    // re-execution may run it at another time. So that is asked of an order that stays.
    std::vector<Victim> steadily = candidates;
    std::sort(steadily.begin(), steadily.end(), by_id);
    std::optional<VictimSet> steady = from(steadily);
    if (!steady && one_node_) steady = on_one_node(steadily);
    if (!steady && in_.thorough()) steady = tried(steadily);
    if (!steady) return std::nullopt;
    std::optional<VictimSet> set = from(candidates);
    if (!set) set = std::move(steady);
    if (!one_node_) return set;
    std::optional<VictimSet> alone = on_one_node(candidates);
    return alone && alone->lost < set->lost ? alone : set;
}

Placement VictimSearch::place_after(const VictimSet& set) {
    const auto each = [&](auto&& what) {
        for (const Victim& victim : set.victims) {
            for (const Slot& slot : lease(victim).lease.placement)
                what(slot);
        }
    };
    each([this](const Slot& slot) { in_.scratch.release(slot); });
    auto fit = in_.scratch.find(ViewName::unreserved, shape_, shape_.tasks_min, in_.packing());
    each([this](const Slot& slot) { in_.scratch.acquire(slot); });
    SUAN_ASSERT(fit);
    return std::move(fit->placement);
}

}  // namespace suan::sched
