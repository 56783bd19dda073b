// Preemption: whom to stop for a head that idle devices cannot serve.
//
// Who may ask: reserved and standard jobs. They may stop spot leases; and, when what the org holds
// with this gang stays within what it deserves, also standard leases of orgs over their share.
// An org stays a source of victims only while it still holds more than it deserves, counted
// victim by victim, so nobody within its share is ever stopped and no one can be stopped back by
// the job it was stopped for: that job is itself within its share.
//
// Elastic leases are shrunk first, where that is enough (elastic.cpp).
//
// Which: the least lost work, milli-devices * time since the last checkpoint. The cheapest leases
// are taken until the gang fits (on each node alone when one node must hold it), then every victim
// that turns out not to be needed is let go, the dearest first. Spot alone is tried first.
#include "base/limits.hpp"
#include "base/money.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <tuple>

namespace suan::sched {

namespace {

using Impl = PoolScheduler::Impl;

struct Victim {
    int128 lost = 0;  // milli-device-microseconds
    LeaseId id;
    std::uint32_t slot = 0;
};

using Sources = Impl::Sources;

bool cheaper(const Victim& a, const Victim& b) {
    return std::tie(a.lost, a.id) < std::tie(b.lost, b.id);
}

struct Plan {
    int128 lost = 0;
    std::vector<Victim> victims;
};

// Tries sets of victims for one job on the scratch capacity.
class Search {
public:
    Search(Impl& in, std::uint32_t job) : in_(in), shape_(in.shape_of(job)) {
        shape_.tasks_max = shape_.tasks_min;
    }

    void collect(Sources sources);
    std::optional<Plan> best(Sources sources);

private:
    std::optional<Plan> from(const std::vector<Victim>& candidates);
    std::optional<Plan> on_one_node(const std::vector<Victim>& candidates);
    bool may_stop(const Victim& victim);
    void stop(const Victim& victim);
    void keep(const Victim& victim);
    bool fits() const { return in_.scratch.holds(ViewName::unreserved, shape_, in_.packing()); }
    const LeaseSlot& lease(const Victim& victim) const { return in_.leases[victim.slot]; }

    Impl& in_;
    Shape shape_;
    std::vector<Victim> spot_;
    std::vector<Victim> standard_;
    std::vector<std::pair<std::uint32_t, std::int64_t>> stopped_;  // org node, milli
};

// Everyone who may be stopped for the job at all. Notes when the next one will be old enough.
void Search::collect(Sources sources) {
    const bool reclaims = sources == Sources::spot_and_borrowers;
    for (std::uint32_t at = in_.leases.first(); at != nil; at = in_.leases.next(at)) {
        const LeaseSlot& slot = in_.leases[at];
        const bool is_spot = slot.lease.tier == Tier::spot;
        if (slot.lease.stopping || slot.lease.tier == Tier::reserved) continue;
        if (!is_spot && !reclaims) continue;
        const TreeNode& org = in_.tree[in_.tree[slot.leaf].org];
        if (!is_spot && org.held_firm <= org.deserved_milli) continue;
        if (!is_spot && in_.rules.stops_max > 0 && slot.lease.stops >= in_.rules.stops_max)
            continue;
        const Time old_enough = slot.lease.started + in_.rules.min_runtime;
        if (old_enough > in_.now) {
            in_.pass.young_until = std::min(in_.pass.young_until, old_enough);
            continue;
        }
        const Duration since = in_.now - slot.lease.last_checkpoint;
        const Victim victim{static_cast<int128>(slot.milli()) * since.us, slot.lease.id, at};
        (is_spot ? spot_ : standard_).push_back(victim);
    }
    std::sort(spot_.begin(), spot_.end(), cheaper);
    std::sort(standard_.begin(), standard_.end(), cheaper);
}

bool Search::may_stop(const Victim& victim) {
    if (lease(victim).lease.tier == Tier::spot) return true;
    const std::uint32_t org = in_.tree[lease(victim).leaf].org;
    std::int64_t held = in_.tree[org].held_firm;
    for (const auto& [stopped, milli] : stopped_) {
        if (stopped == org) held -= milli;
    }
    return held > in_.tree[org].deserved_milli;
}

void Search::stop(const Victim& victim) {
    for (const Slot& slot : lease(victim).lease.placement)
        in_.scratch.release(slot);
    if (lease(victim).lease.tier == Tier::spot) return;
    stopped_.emplace_back(in_.tree[lease(victim).leaf].org, lease(victim).milli());
}

void Search::keep(const Victim& victim) {
    for (const Slot& slot : lease(victim).lease.placement)
        in_.scratch.acquire(slot);
    if (lease(victim).lease.tier == Tier::spot) return;
    const std::pair entry{in_.tree[lease(victim).leaf].org, lease(victim).milli()};
    stopped_.erase(std::find(stopped_.begin(), stopped_.end(), entry));
}

// Leaves the scratch capacity as it was.
std::optional<Plan> Search::from(const std::vector<Victim>& candidates) {
    std::vector<Victim> taken;
    bool held = fits();
    for (const Victim& victim : candidates) {
        if (held || taken.size() >= limits::victims_max) break;
        if (!may_stop(victim)) continue;
        stop(victim);
        taken.push_back(victim);
        held = fits();
    }
    Plan plan;
    for (std::size_t i = taken.size(); i-- > 0;) {
        keep(taken[i]);
        if (!held || fits()) continue;
        stop(taken[i]);
        plan.lost += taken[i].lost;
        plan.victims.push_back(taken[i]);
    }
    for (const Victim& victim : plan.victims)
        keep(victim);
    if (!held) return std::nullopt;
    return plan;
}

std::optional<Plan> Search::on_one_node(const std::vector<Victim>& candidates) {
    std::vector<std::vector<Victim>> by_node(in_.capacity.nodes());
    for (const Victim& victim : candidates) {
        for (const Slot& slot : lease(victim).lease.placement) {
            by_node[in_.capacity.position_of(slot.node)].push_back(victim);
        }
    }
    std::optional<Plan> best;
    for (const std::vector<Victim>& here : by_node) {
        if (here.empty()) continue;
        std::optional<Plan> plan = from(here);
        if (plan && (!best || plan->lost < best->lost)) best = std::move(plan);
    }
    return best;
}

std::optional<Plan> Search::best(Sources sources) {
    std::vector<Victim> candidates = spot_;
    if (sources == Sources::spot_and_borrowers)
        candidates.insert(candidates.end(), standard_.begin(), standard_.end());
    if (candidates.empty()) return std::nullopt;
    const std::uint64_t devices = std::uint64_t{shape_.tasks_min} * shape_.devices_per_task;
    const bool one_node =
        shape_.topology == Topology::one_node || devices <= in_.capacity.devices_per_node_max();
    // The order by lost work changes as time passes, and with it what a greedy choice finds.
    // Whether there is a choice at all must not: a pass that found none is not in the log, and a
    // re-execution may run it at another time. So that is asked of an order that stays.
    std::vector<Victim> by_id = candidates;
    std::sort(by_id.begin(), by_id.end(),
              [](const Victim& a, const Victim& b) { return a.id < b.id; });
    std::optional<Plan> steady = from(by_id);
    if (!steady) return std::nullopt;
    std::optional<Plan> plan = from(candidates);
    if (!plan) plan = std::move(steady);
    if (!one_node) return plan;
    std::optional<Plan> alone = on_one_node(candidates);
    return alone && alone->lost < plan->lost ? alone : plan;
}

}  // namespace

// Whether the gang needs rules.gang_nodes_min nodes: smaller ones soon find room by themselves.
bool Impl::spans_nodes(std::uint32_t job) const {
    const std::int64_t node_milli = std::int64_t{capacity.devices_per_node_max()} * 1'000;
    return shape_of(job).milli_devices(shape_of(job).tasks_min) >
           (std::int64_t{rules.gang_nodes_min} - 1) * node_milli;
}

Impl::Price Impl::price_of_borrowers(std::uint32_t job) const {
    const Time queued = jobs[job].queued;
    const Time from = rules.reclaim_after == Duration{} ? Time{} : queued + rules.reclaim_after;
    return {rules.reclaim_ratio_milli, from, queued + rules.reclaim_within};
}

Impl::Price Impl::price_of_spot(std::uint32_t job) const {
    const Time queued = jobs[job].queued;
    Time at_latest = queued + rules.spot_within;
    if (jobs[job].latest_start.us != 0) at_latest = std::min(at_latest, jobs[job].latest_start);
    return {rules.spot_ratio_milli, Time{}, at_latest};
}

// When stopping costs no more than ratio_milli of the work that the job waited for: now, later, or
// time_max.
//     lost + stopped * t <= ratio / 1000 * asked * (waited + t), and in any case at the latest
Time Impl::affordable_at(std::uint32_t job, const Toll& toll, const Price& price) const {
    if (price.from > now) return price.from;
    if (price.ratio_milli == 0 || price.at_latest <= now) return now;
    const int128 rate = static_cast<int128>(shape_of(job).milli_devices(shape_of(job).tasks_min)) *
                        price.ratio_milli;
    const int128 missing = toll.lost * 1'000 - rate * (now - jobs[job].queued).us;
    if (missing <= 0) return now;
    const int128 closing = rate - static_cast<int128>(toll.milli) * 1'000;
    if (closing <= 0) return price.at_latest;
    const int128 wait = (missing + closing - 1) / closing;
    return wait < (price.at_latest - now).us ? now + Duration{static_cast<std::int64_t>(wait)}
                                             : price.at_latest;
}

std::int64_t Impl::coming_milli(std::uint32_t org) const {
    std::int64_t sum = 0;
    for (const Reservation& reservation : reservations) {
        const std::uint32_t job = jobs.find(reservation.job);
        if (org_of(job) != org || !is_pending(reservation)) continue;
        sum += shape_of(job).milli_devices(shape_of(job).tasks_min);
    }
    return sum;
}

std::optional<Preempt> Impl::plan_preemption(std::uint32_t job) {
    if (tier_of(job) == Tier::spot) return std::nullopt;
    const TreeNode& org = tree[org_of(job)];
    const std::int64_t asked = shape_of(job).milli_devices(shape_of(job).tasks_min);
    const std::int64_t held = org.held_firm + coming_milli(org_of(job));
    const bool reclaims =
        held + asked <= org.deserved_milli && tree.orgs_over_share() > 0 && spans_nodes(job);
    if (!reclaims && spot_leases == 0) {
        // A start of this pass may yet put an org over its share, or be one of spot.
        pass.preemption_failed = true;
        return std::nullopt;
    }
    if (!capacity.holds(ViewName::empty, shape_of(job), packing())) return std::nullopt;
    const Sources sources = reclaims ? Sources::spot_and_borrowers : Sources::spot;
    if (auto shrinks = plan_shrink(job, When::at_once, sources)) return shrinks;
    scratch.copy_use_of(capacity);
    if (const Reservation* own = reservation_of(jobs[job].id)) scratch.unreserve(own->placement);
    Search search(*this, job);
    search.collect(sources);
    // Nothing where it costs too much yet.
    const auto affordable = [&](std::optional<Plan> plan, const Price& price) {
        if (!plan) return plan;
        Toll toll{plan->lost, 0};
        for (const Victim& victim : plan->victims)
            toll.milli += leases[victim.slot].milli();
        const Time at = affordable_at(job, toll, price);
        if (at <= now) return plan;
        pass.young_until = std::min(pass.young_until, at);
        pass.too_dear = true;
        return std::optional<Plan>{};
    };
    std::optional<Plan> plan = search.best(Sources::spot);
    const bool spot_would_do = plan.has_value();
    plan = affordable(std::move(plan), price_of_spot(job));
    if (!spot_would_do && reclaims)
        plan = affordable(search.best(Sources::spot_and_borrowers), price_of_borrowers(job));
    if (!plan || plan->victims.empty()) {
        pass.preemption_failed = true;
        return std::nullopt;
    }
    Preempt out;
    out.job = jobs[job].id;
    for (const Victim& victim : plan->victims) {
        out.victims.push_back(victim.id);
        for (const Slot& slot : leases[victim.slot].lease.placement)
            scratch.release(slot);
    }
    std::sort(out.victims.begin(), out.victims.end());
    const Shape& shape = shape_of(job);
    auto fit = scratch.find(ViewName::unreserved, shape, shape.tasks_min, packing());
    SUAN_ASSERT(fit);
    out.reservation = Reservation{out.job, now, std::move(fit->placement)};
    return out;
}

}  // namespace suan::sched
