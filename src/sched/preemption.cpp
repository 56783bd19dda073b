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
// Which: the least lost work, milli-devices * time since the last checkpoint (victims.hpp). Spot
// alone is tried first.
//
// Where only leases that min_runtime still protects are in the way, the head holds a reservation on
// devices that could be taken back, from the moment at which the last of those leases is old
// enough. Without it what one of them leaves would be lent again, to a younger one, and a gang
// could wait for ever.
#include "base/limits.hpp"
#include "base/money.hpp"
#include "sched/impl.hpp"
#include "sched/victims.hpp"

#include <algorithm>

namespace suan::sched {

using Impl = PoolScheduler::Impl;

namespace {
constexpr Duration price_step = Duration::minutes(1);
}  // namespace

// Whether the gang needs rules.gang_nodes_min nodes: smaller ones soon find room by themselves.
bool Impl::spans_nodes(std::uint32_t kind) const {
    const std::int64_t node_milli = std::int64_t{capacity.devices_per_node_max()} * 1'000;
    const Shape& shape = kinds.shape(kind);
    return shape.milli_devices(shape.tasks_min) >
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

std::int64_t Impl::staying_milli(std::uint32_t org) const {
    std::int64_t sum = tree[org].held_firm;
    for (const std::uint32_t slot : stopping) {
        const RunningLease& lease = leases[slot].lease;
        if (tree[leases[slot].leaf].org != org || lease.tier == Tier::spot) continue;
        const std::uint32_t stays = std::min(lease.tasks, tasks_of(lease.next));
        sum -= lease.shape.milli_devices(lease.tasks - stays);
    }
    return sum;
}

bool Impl::within_share(std::uint32_t org, std::uint32_t kind) const {
    const Shape& shape = kinds.shape(kind);
    const std::int64_t room =
        tree[org].deserved_milli - tree[org].held_firm - shape.milli_devices(shape.tasks_min);
    return room >= 0 && spans_nodes(kind) && coming_milli(org) <= room;
}

bool Impl::reclaims(std::uint32_t job) const {
    return tier_of(job) != Tier::spot && within_share(org_of(job), jobs[job].kind);
}

std::optional<Decision> Impl::preempt_for(std::uint32_t job) {
    const std::optional<Preempt> plan = plan_preemption(job, Others::kept);
    if (!plan) {
        if (auto decision = clear_the_way(job)) return decision;
        return keep_lent(job);
    }
    const bool has_slot = reservation_of(jobs[job].id) != nullptr;
    if (has_slot || reservations.size() < reservations_max()) return *plan;
    if (const Reservation* worst = giving_way_to(job)) return overtake(*worst);
    return std::nullopt;
}

// Borrowers' reservations do not stand between an org and its share: what is in the way, on idle
// devices or on lent ones, is given up, one reservation at a time.
std::optional<Decision> Impl::clear_the_way(std::uint32_t job) {
    if (!reclaims(job) || giving_way_to(job) == nullptr) return std::nullopt;
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
        if (gives_way(reservation, job) && overlap(reservation.placement, wanted))
            return overtake(reservation);
    }
    return std::nullopt;
}

bool Impl::lifts(std::uint32_t job, Others others, const Reservation& reservation) const {
    if (reservation.job == jobs[job].id) return true;
    return others == Others::overtaken && gives_way(reservation, job);
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
    VictimSearch search(*this, job, others);
    search.collect(sources, VictimSearch::Age::old_enough);
    // Nothing where it costs too much yet.
    const auto affordable = [&](std::optional<VictimSet> plan, const Price& price) {
        if (!plan) return plan;
        const Time at = affordable_at(job, {plan->lost, search.freshest()}, price);
        if (at <= now) return plan;
        pass.young_until = std::min(pass.young_until, at);
        pass.too_dear = true;
        return std::optional<VictimSet>{};
    };
    std::optional<VictimSet> plan = search.best(Sources::spot);
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
    for (const Victim& victim : plan->victims)
        out.victims.push_back(victim.id);
    std::sort(out.victims.begin(), out.victims.end());
    out.reservation = Reservation{out.job, now, search.place_after(*plan)};
    return out;
}

// Not before the job may stop borrowers whatever they lose, nor for more than its org deserves with
// all that is kept for its other jobs. Notes when the first will be so.
bool Impl::may_keep_lent(std::uint32_t job) {
    if (!backfills() || !reclaims(job)) return false;
    const Price price = price_of_borrowers(job);
    const Time from = price.ratio_milli == 0 ? price.from : std::max(price.from, price.at_latest);
    if (from > now) {
        pass.young_until = std::min(pass.young_until, from);
        return false;
    }
    std::int64_t kept = 0;
    for (const Reservation& reservation : reservations) {
        const std::uint32_t other = jobs.find(reservation.job);
        if (other == job || org_of(other) != org_of(job) || tier_of(other) == Tier::spot) continue;
        kept += shape_of(other).milli_devices(shape_of(other).tasks_min);
    }
    const TreeNode& org = tree[org_of(job)];
    const std::int64_t asked = shape_of(job).milli_devices(shape_of(job).tasks_min);
    return org.held_firm + kept + asked <= org.deserved_milli;
}

// Devices that can be taken back as soon as those who have them are old enough.
std::optional<Reservation> Impl::plan_lent(std::uint32_t job, Others others) {
    scratch.copy_use_of(capacity);
    VictimSearch search(*this, job, others);
    search.collect(Sources::spot_and_borrowers, VictimSearch::Age::any);
    const std::optional<VictimSet> set = search.best(Sources::spot_and_borrowers);
    if (!set) return std::nullopt;
    Reservation out{jobs[job].id, now, search.place_after(*set)};
    for (const Victim& victim : set->victims)
        out.start = std::max(out.start, victim.old_enough);
    return out;
}

std::optional<Decision> Impl::keep_lent(std::uint32_t job) {
    if (!thorough() || !may_keep_lent(job) ||
        !capacity.holds(ViewName::empty, shape_of(job), packing()))
        return std::nullopt;
    const Reservation* own = reservation_of(jobs[job].id);
    if (own != nullptr && is_pending(*own)) return std::nullopt;
    // It is promised devices for as soon as any could be taken back.
    if (own != nullptr && own->start > now && own->start <= now + rules.min_runtime)
        return std::nullopt;
    const bool has_slot = own != nullptr || reservations.size() < reservations_max();
    if (!has_slot && giving_way_to(job) == nullptr) return std::nullopt;
    // A promise that has come true too late, or that comes true later, is no better.
    const auto is_better = [&](const std::optional<Reservation>& plan) {
        return plan && plan->start > now &&
               (own == nullptr || own->start <= now || plan->start < own->start);
    };
    const std::optional<Reservation> plan = plan_lent(job, Others::kept);
    if (is_better(plan)) {
        if (has_slot) return Reserve{*plan};
        return overtake(*giving_way_to(job));
    }
    if (giving_way_to(job) == nullptr) return std::nullopt;
    const std::optional<Reservation> wanted = plan_lent(job, Others::overtaken);
    if (!is_better(wanted)) return std::nullopt;
    for (const Reservation& reservation : reservations) {
        if (gives_way(reservation, job) && overlap(reservation.placement, wanted->placement))
            return overtake(reservation);
    }
    return std::nullopt;
}

}  // namespace suan::sched
