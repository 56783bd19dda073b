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

constexpr Duration price_step = Duration::minutes(1);

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
    Search(Impl& in, std::uint32_t job, Impl::Others others) : in_(in), shape_(in.shape_of(job)) {
        shape_.tasks_max = shape_.tasks_min;
        in.lift_reservations(job, others);
        for (const Reservation& reservation : in.reservations) {
            if (in.lifts(job, others, reservation)) continue;
            for (const Slot& slot : reservation.placement)
                kept_.emplace_back(slot.node, slot.device_mask);
        }
    }

    void collect(Sources sources);
    Time freshest() const { return freshest_; }  // checkpoint of all who may be stopped
    std::optional<Plan> best(Sources sources);

private:
    std::optional<Plan> from(const std::vector<Victim>& candidates);
    std::optional<Plan> on_one_node(const std::vector<Victim>& candidates);
    bool may_stop(const Victim& victim);
    bool is_kept_for_others(const Placement& placement) const;
    void stop(const Victim& victim);
    void keep(const Victim& victim);
    bool fits() const { return in_.scratch.holds(ViewName::unreserved, shape_, in_.packing()); }
    const LeaseSlot& lease(const Victim& victim) const { return in_.leases[victim.slot]; }

    Impl& in_;
    Shape shape_;
    std::vector<std::pair<NodeId, std::uint64_t>> kept_;  // devices reserved for others
    std::vector<Victim> spot_;
    std::vector<Victim> standard_;
    Time freshest_;
    std::vector<std::pair<std::uint32_t, std::int64_t>> stopped_;  // org node, milli
};

// Stopping it would free nothing that the job may have, and use up what may be taken from its org.
bool Search::is_kept_for_others(const Placement& placement) const {
    return std::all_of(placement.begin(), placement.end(), [this](const Slot& slot) {
        std::uint64_t left = slot.device_mask;
        for (const auto& [node, mask] : kept_) {
            if (node == slot.node) left &= ~mask;
        }
        return left == 0;
    });
}

// Everyone who may be stopped for the job at all. Notes when the next one will be old enough.
void Search::collect(Sources sources) {
    const bool reclaims = sources == Sources::spot_and_borrowers;
    for (std::uint32_t at = in_.leases.first(); at != nil; at = in_.leases.next(at)) {
        const LeaseSlot& slot = in_.leases[at];
        const bool is_spot = slot.lease.tier == Tier::spot;
        if (slot.lease.stopping || slot.lease.tier == Tier::reserved) continue;
        if (!is_spot && !reclaims) continue;
        if (is_kept_for_others(slot.lease.placement)) continue;
        const TreeNode& org = in_.tree[in_.tree[slot.leaf].org];
        if (!is_spot && org.held_firm <= org.deserved_milli) continue;
        if (!is_spot && in_.rules.stops_max > 0 && slot.lease.stops >= in_.rules.stops_max)
            continue;
        const Time old_enough = slot.lease.started + in_.rules.min_runtime;
        if (old_enough > in_.now) {
            in_.pass.young_until = std::min(in_.pass.young_until, old_enough);
            continue;
        }
        const std::int64_t since_us =
            std::max<std::int64_t>(0, (in_.priced_at() - slot.lease.last_checkpoint).us);
        const Victim victim{static_cast<int128>(slot.milli()) * since_us, slot.lease.id, at};
        (is_spot ? spot_ : standard_).push_back(victim);
        freshest_ = std::max(freshest_, slot.lease.last_checkpoint);
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
    if (!steady && one_node) steady = on_one_node(by_id);
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

// Where stopping has a price, it is reckoned up to the last whole minute: between two of them only
// a fact changes an answer. With an exact time a cheaper set could come up at any moment, and no
// pass would be asked for then.
Time Impl::priced_at() const {
    const bool has_price = rules.reclaim_ratio_milli != 0 || rules.spot_ratio_milli != 0;
    return has_price ? Time{now.us - now.us % price_step.us} : now;
}

// When to look again: now when the job may stop this much, for
//     lost <= ratio / 1000 * asked * waited, and in any case at the latest
// Else the first whole minute at which any set at all could be cheap enough: each frees at least
// what is missing, and loses on it at least the time since the freshest checkpoint.
Time Impl::affordable_at(std::uint32_t job, const Toll& toll, const Price& price) const {
    if (price.from > now) return price.from;
    if (price.ratio_milli == 0 || price.at_latest <= now) return now;
    const std::int64_t asked = shape_of(job).milli_devices(shape_of(job).tasks_min);
    const Time at = priced_at();
    const int128 worth = static_cast<int128>(asked) * price.ratio_milli;  // a microsecond
    const std::int64_t waited_us = (at - jobs[job].queued).us;
    if (toll.lost * 1'000 <= worth * std::max<std::int64_t>(0, waited_us)) return now;
    const int128 least =
        static_cast<int128>(std::max<std::int64_t>(0, asked - capacity.free_milli())) * 1'000;
    const int128 missing = least * (at - toll.freshest).us - worth * waited_us;
    std::int64_t steps = 1;
    if (missing > 0) {
        if (worth <= least) return price.at_latest;
        const int128 step = (worth - least) * price_step.us;
        steps = static_cast<std::int64_t>(
            std::min<int128>((missing + step - 1) / step, price.at_latest.us / price_step.us));
    }
    return std::min(at + Duration{std::max<std::int64_t>(1, steps) * price_step.us},
                    price.at_latest);
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

bool Impl::reclaims(std::uint32_t job) const {
    const TreeNode& org = tree[org_of(job)];
    const std::int64_t asked = shape_of(job).milli_devices(shape_of(job).tasks_min);
    return org.held_firm + coming_milli(org_of(job)) + asked <= org.deserved_milli &&
           spans_nodes(job);
}

std::optional<Decision> Impl::preempt_for(std::uint32_t job) {
    const std::optional<Preempt> plan = plan_preemption(job, Others::kept);
    if (!plan) return clear_the_way(job);
    const bool has_slot = reservation_of(jobs[job].id) != nullptr;
    if (has_slot || reservations.size() < reservations_max()) return *plan;
    return overtake(*overtakable(claim_of(job)));
}

// Borrowers' reservations do not stand between an org and its share: what is in the way, on idle
// devices or on lent ones, is given up, one reservation at a time.
std::optional<Decision> Impl::clear_the_way(std::uint32_t job) {
    if (overtakable(claim_of(job)) == nullptr || !reclaims(job)) return std::nullopt;
    scratch.copy_use_of(capacity);
    lift_reservations(job, Others::overtaken);
    Shape shape = shape_of(job);
    shape.tasks_max = shape.tasks_min;
    Placement wanted;
    if (auto fit = scratch.find(ViewName::unreserved, shape, shape.tasks_min, packing())) {
        wanted = std::move(fit->placement);
    } else if (auto plan = plan_preemption(job, Others::overtaken)) {
        wanted = std::move(plan->reservation.placement);
    }
    for (const Reservation& reservation : reservations) {
        if (may_overtake(claim_of(job), reservation) && overlap(reservation.placement, wanted))
            return overtake(reservation);
    }
    return std::nullopt;
}

bool Impl::lifts(std::uint32_t job, Others others, const Reservation& reservation) const {
    if (reservation.job == jobs[job].id) return true;
    return others == Others::overtaken && may_overtake(claim_of(job), reservation);
}

// On the scratch capacity.
void Impl::lift_reservations(std::uint32_t job, Others others) {
    for (const Reservation& reservation : reservations) {
        if (lifts(job, others, reservation)) scratch.unreserve(reservation.placement);
    }
}

std::optional<Preempt> Impl::plan_preemption(std::uint32_t job, Others others) {
    if (tier_of(job) == Tier::spot) return std::nullopt;
    const bool takes_back = tree.orgs_over_share() > 0 && reclaims(job);
    if (!takes_back && spot_leases == 0) {
        // A start of this pass may yet put an org over its share, or be one of spot.
        pass.preemption_failed = true;
        return std::nullopt;
    }
    if (!capacity.holds(ViewName::empty, shape_of(job), packing())) return std::nullopt;
    const Sources sources = takes_back ? Sources::spot_and_borrowers : Sources::spot;
    if (others == Others::kept) {
        if (auto shrinks = plan_shrink(job, When::at_once, sources)) return shrinks;
    }
    scratch.copy_use_of(capacity);
    Search search(*this, job, others);
    search.collect(sources);
    // Nothing where it costs too much yet.
    const auto affordable = [&](std::optional<Plan> plan, const Price& price) {
        if (!plan) return plan;
        const Time at = affordable_at(job, {plan->lost, search.freshest()}, price);
        if (at <= now) return plan;
        pass.young_until = std::min(pass.young_until, at);
        pass.too_dear = true;
        return std::optional<Plan>{};
    };
    std::optional<Plan> plan = search.best(Sources::spot);
    const bool spot_would_do = plan.has_value();
    plan = affordable(std::move(plan), price_of_spot(job));
    if (!spot_would_do && takes_back)
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
