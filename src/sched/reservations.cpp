// Reservations: which blocked heads hold devices, from when, and when they lose them.
//
// A reservation names concrete devices. Until it starts, a job may be put on them only if its wall
// time ends by the reservation's start, so a promise can only be broken by a lease that outlives
// its wall time or by a node that fails.
//
// A reservation is given up (Unreserve)
//   * when one of its nodes no longer takes work, or its org may no longer start the job;
//   * when it slipped: reckoned by expected runs, its start passed by more than it was away, so
//     some expectation was wrong and a better place may be known by now;
//   * when it is overtaken: a job of an org below its share is blocked, no slot or no devices are
//     left for it, and the holder's org is at or over its share; or room can be made for a job that
//     keeps its org within its share, and the holder's job would not. The holder with the latest
//     start goes first. A holder whose victims are being stopped is never overtaken.
// Whoever was overtaken is not reserved again in the same pass, and claims only compare strictly,
// so a pass gives up each reservation at most once: it cannot swing.
#include "base/limits.hpp"
#include "sched/impl.hpp"

#include <algorithm>

namespace suan::sched {

using Impl = PoolScheduler::Impl;

bool Impl::slot_for(Claim claim) const {
    if (claim == Claim::spot) return false;  // spot lives on idle capacity only
    const std::size_t most = reservations_max();
    if (most == 0) return false;
    return reservations.size() < most || overtakable(claim) != nullptr;
}

bool overlap(const Placement& a, const Placement& b) {
    const auto on = [&](const Slot& held) {
        const auto place =
            std::lower_bound(b.begin(), b.end(), held.node,
                             [](const Slot& s, NodeId node) { return s.node < node; });
        return place != b.end() && place->node == held.node &&
               (place->device_mask & held.device_mask) != 0;
    };
    return std::any_of(a.begin(), a.end(), on);
}

// Some of its devices still belong to leases that were told to stop and will not keep them, and all
// others are idle: nothing else is in the way. (Of a shared device others may keep their part.)
bool Impl::is_pending(const Reservation& reservation) const {
    const bool shares = shape_of(jobs.find(reservation.job)).milli < limits::milli_per_device;
    bool some = false;
    for (const Slot& kept : reservation.placement) {
        std::uint64_t leaving = 0;
        for (const std::uint32_t slot : stopping) {
            const RunningLease& lease = leases[slot].lease;
            leaving |= mask_on(lease.placement, kept.node) & ~mask_on(lease.next, kept.node);
        }
        const std::uint64_t idle =
            capacity.free_at(ViewName::idle, capacity.position_of(kept.node));
        if (!shares && (kept.device_mask & ~idle & ~leaving) != 0) return false;
        some = some || (kept.device_mask & leaving) != 0;
    }
    return some;
}

bool Impl::may_overtake(Claim claim, const Reservation& reservation) const {
    return claim == Claim::below_share && claim_of(jobs.find(reservation.job)) > claim &&
           !is_pending(reservation);
}

const Reservation* Impl::overtakable(Claim claim) const {
    const Reservation* worst = nullptr;
    for (const Reservation& reservation : reservations) {
        if (!may_overtake(claim, reservation)) continue;
        if (worst == nullptr || reservation.start >= worst->start) worst = &reservation;
    }
    return worst;
}

std::size_t Impl::count_overtakable() const {
    if (!fair()) return 0;
    return static_cast<std::size_t>(std::count_if(
        reservations.begin(), reservations.end(),
        [this](const Reservation& r) { return may_overtake(Claim::below_share, r); }));
}

bool Impl::is_takeable(const Reservation& reservation) const {
    return thorough() && !is_pending(reservation) && !reclaims(jobs.find(reservation.job));
}

std::size_t Impl::count_takeable() const {
    if (!preempts()) return 0;
    return static_cast<std::size_t>(
        std::count_if(reservations.begin(), reservations.end(),
                      [this](const Reservation& r) { return is_takeable(r); }));
}

bool Impl::gives_way(const Reservation& reservation, std::uint32_t job) const {
    return may_overtake(claim_of(job), reservation) || (reclaims(job) && is_takeable(reservation));
}

// Borrowers first, then whose start is latest.
const Reservation* Impl::giving_way_to(std::uint32_t job) const {
    const Reservation* worst = nullptr;
    const auto key = [this](const Reservation& r) {
        return std::pair{claim_of(jobs.find(r.job)), r.start};
    };
    for (const Reservation& reservation : reservations) {
        if (!gives_way(reservation, job)) continue;
        if (worst == nullptr || key(reservation) >= key(*worst)) worst = &reservation;
    }
    return worst;
}

Unreserve Impl::overtake(const Reservation& reservation) {
    pass.overtaken.push_back(reservation.job);
    pass.given_up = true;
    return Unreserve{reservation.job};
}

// A head that waited for less than reserve_after holds no reservation: most start soon anyway, and
// devices kept free for them are idle meanwhile.
bool Impl::may_reserve(std::uint32_t job) {
    const Time queued = jobs[job].queued;
    Time from = queued + rules.overdue_after;
    if (spans_nodes(jobs[job].kind)) from = std::min(from, queued + rules.reserve_after);
    if (from > now) pass.young_until = std::min(pass.young_until, from);
    return from <= now;
}

// Later than this a reservation by expected ends is planned anew.
Time Impl::slips_at(const Reservation& reservation) const {
    if (rules.ends == Rules::Ends::by_limit || is_pending(reservation)) return time_max;
    return reservation.start + Duration::minutes(10);
}

// Or, where devices are to be taken back at its start, when that may have come to nothing.
Time Impl::looks_again_at(const Reservation& reservation) const {
    const Time slips = slips_at(reservation);
    const bool takes_back = preempts() && reservation.start > now &&
                            reclaims(jobs.find(reservation.job)) && !is_pending(reservation);
    return takes_back ? std::min(slips, reservation.start) : slips;
}

// When a lease is taken to end. One that outlived what was expected of it is taken to run as long
// again: half of those that lasted so long do, where run times have a heavy tail.
Time Impl::end_of(const LeaseSlot& slot) const {
    const RunningLease& lease = slot.lease;
    if (rules.ends == Rules::Ends::by_limit || lease.expected.us == 0) return slot.ends_by;
    Time end = lease.started + lease.expected;
    if (end <= now) end = now + (now - lease.started);
    return std::min(end, slot.ends_by);
}

std::vector<std::uint32_t> Impl::leases_by_end() const {
    std::vector<std::uint32_t> out;
    for (std::uint32_t lease = leases.first(); lease != nil; lease = leases.next(lease))
        out.push_back(lease);
    if (rules.ends == Rules::Ends::by_limit) return out;
    std::sort(out.begin(), out.end(), [this](std::uint32_t a, std::uint32_t b) {
        return std::pair{end_of(leases[a]), leases[a].id} <
               std::pair{end_of(leases[b]), leases[b].id};
    });
    return out;
}

std::optional<Decision> Impl::invalid_reservation() {
    const std::size_t most = reservations_max();
    const Reservation* latest = nullptr;
    for (const Reservation& reservation : reservations) {
        if (latest == nullptr || reservation.start >= latest->start) latest = &reservation;
        if (capacity.any_closed(reservation.placement) ||
            tasks_allowed(jobs.find(reservation.job)) == 0 || slips_at(reservation) <= now) {
            pass.given_up = true;
            return Unreserve{reservation.job};
        }
    }
    if (reservations.size() > most) return Unreserve{latest->job};  // the rules were tightened
    return std::nullopt;
}

// The earliest time at which the job's smallest gang fits if every wall time is used up, and where.
std::optional<Reservation> Impl::plan_reservation(std::uint32_t job, Others others) {
    Shape shape = shape_of(job);
    shape.tasks_max = shape.tasks_min;
    if (!capacity.holds(ViewName::empty, shape, packing())) return std::nullopt;
    scratch.copy_use_of(capacity);
    if (others == Others::overtaken) {
        for (const Reservation& reservation : reservations) {
            if (may_overtake(Claim::below_share, reservation))
                scratch.unreserve(reservation.placement);
        }
    }
    Time start = now;
    const std::vector<std::uint32_t> ending = leases_by_end();
    std::size_t next_end = 0;
    while (!scratch.holds(ViewName::unreserved, shape, packing())) {
        bool grew = false;
        for (; next_end < ending.size() && !grew; ++next_end) {
            const LeaseSlot& lease = leases[ending[next_end]];
            start = std::max(now, end_of(lease));
            for (const Slot& slot : lease.lease.placement) {
                scratch.release(slot);
                grew = grew || scratch.node_helps(slot.node, shape);
            }
        }
        if (!grew) return std::nullopt;
    }
    auto fit = scratch.find(ViewName::unreserved, shape, shape.tasks_min, packing());
    SUAN_ASSERT(fit);
    return Reservation{jobs[job].id, start, std::move(fit->placement)};
}

}  // namespace suan::sched
