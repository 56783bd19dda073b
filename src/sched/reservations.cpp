// Reservations: which blocked heads hold devices, from when, and when they lose them.
//
// A reservation names concrete devices. Until it starts, a job may be put on them only if its wall
// time ends by the reservation's start, so a promise can only be broken by a lease that outlives
// its wall time or by a node that fails.
//
// A reservation is given up (Unreserve)
//   * when one of its nodes no longer takes work, or its org may no longer start the job;
//   * when it is overtaken: a job of an org below its share is blocked, no slot or no devices are
//     left for it, and the holder's org is at or over its share. The holder with the latest start
//     goes first. A holder whose victims are being stopped is never overtaken.
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

// Some of its devices still belong to leases that were told to stop.
bool Impl::is_pending(const Reservation& reservation) const {
    const auto on = [&](const Slot& held) {
        const auto place =
            std::lower_bound(reservation.placement.begin(), reservation.placement.end(), held.node,
                             [](const Slot& slot, NodeId node) { return slot.node < node; });
        return place != reservation.placement.end() && place->node == held.node &&
               (place->device_mask & held.device_mask) != 0;
    };
    for (const std::uint32_t slot : stopping) {
        const Placement& placement = leases[slot].lease.placement;
        if (std::any_of(placement.begin(), placement.end(), on)) return true;
    }
    return false;
}

const Reservation* Impl::overtakable(Claim claim) const {
    if (claim != Claim::below_share) return nullptr;
    const Reservation* worst = nullptr;
    for (const Reservation& reservation : reservations) {
        if (claim_of(jobs.find(reservation.job)) <= claim || is_pending(reservation)) continue;
        if (worst == nullptr || reservation.start >= worst->start) worst = &reservation;
    }
    return worst;
}

std::size_t Impl::count_overtakable() const {
    if (!fair()) return 0;
    return static_cast<std::size_t>(
        std::count_if(reservations.begin(), reservations.end(), [this](const Reservation& r) {
            return claim_of(jobs.find(r.job)) > Claim::below_share && !is_pending(r);
        }));
}

Unreserve Impl::overtake(const Reservation& reservation) {
    pass.overtaken.push_back(reservation.job);
    pass.given_up = true;
    return Unreserve{reservation.job};
}

std::optional<Decision> Impl::invalid_reservation() {
    const std::size_t most = reservations_max();
    const Reservation* latest = nullptr;
    for (const Reservation& reservation : reservations) {
        if (latest == nullptr || reservation.start >= latest->start) latest = &reservation;
        if (capacity.any_closed(reservation.placement) ||
            tasks_allowed(jobs.find(reservation.job)) == 0) {
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
            if (claim_of(jobs.find(reservation.job)) > Claim::below_share &&
                !is_pending(reservation)) {
                scratch.unreserve(reservation.placement);
            }
        }
    }
    Time start = now;
    std::uint32_t lease = leases.first();
    while (!scratch.holds(ViewName::unreserved, shape, packing())) {
        bool grew = false;
        for (; lease != nil && !grew; lease = leases.next(lease)) {
            start = std::max(now, leases[lease].lease.ends_by);
            for (const Slot& slot : leases[lease].lease.placement) {
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
