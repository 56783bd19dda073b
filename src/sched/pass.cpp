// One pass: who is looked at next, and what is decided for it.
//
// Within a pass capacity only shrinks and orgs only hold more, so what was learnt stays true: a
// kind that did not fit, a job that was looked at, a sibling with nothing to offer. Any other fact
// starts the walk again (restart_pass). The one bound that can change a decision is
// limits::backfill_tests_max, and it counts jobs by what they are, not by how they were found:
// those that idle devices hold but that reservations keep out.
#include "base/limits.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <bit>

namespace suan::sched {

using Impl = PoolScheduler::Impl;

Claim Impl::claim_of(std::uint32_t job) const {
    if (!fair()) return Claim::over_share;
    if (tier_of(job) == Tier::spot) return Claim::spot;
    return tree.below_share(org_of(job)) ? Claim::below_share : Claim::over_share;
}

std::uint32_t Impl::tasks_allowed(std::uint32_t job) const {
    const Shape& shape = shape_of(job);
    const TreeNode& org = tree[org_of(job)];
    std::int64_t room = org.limit_milli - org.held();
    if (tier_of(job) == Tier::reserved) {
        room = std::min(room, org.deserved_milli - org.held_reserved);
    }
    if (room < shape.milli_devices(shape.tasks_min)) return 0;
    if (room >= shape.milli_devices(shape.tasks_max)) return shape.tasks_max;
    return static_cast<std::uint32_t>(room / shape.milli_devices(1));
}

std::optional<Fit> Impl::find_for(std::uint32_t job, std::uint32_t tasks) {
    const Time end = now + bound_of(job);
    const auto lifts = [&](const Reservation& reservation) {
        return reservation.job == jobs[job].id || reservation.start >= end;
    };
    if (std::none_of(reservations.begin(), reservations.end(), lifts)) {
        if ((kinds.flags(jobs[job].kind, pass.number) & flag::not_unreserved) != 0) {
            return std::nullopt;
        }
    }
    std::array<const Placement*, limits::reservations_per_pool_max> lifted{};
    std::size_t count = 0;
    for (const Reservation& reservation : reservations) {
        if (!lifts(reservation)) continue;
        lifted[count++] = &reservation.placement;
        capacity.unreserve(reservation.placement);
    }
    auto fit = capacity.find(ViewName::unreserved, shape_of(job), tasks, packing());
    for (std::size_t i = 0; i < count; ++i)
        capacity.reserve(*lifted[i]);
    return fit;
}

Start Impl::start(std::uint32_t job, Fit fit) {
    ++pass.starts;
    pass.starting = jobs[job].id;
    return Start{jobs[job].id, fit.tasks, std::move(fit.placement)};
}

void Impl::finish() {
    pass.finished = true;
    for (const Reservation& reservation : reservations)
        pass.young_until = std::min(pass.young_until, looks_again_at(reservation));
    // A start may have put an org over its share, and so made victims for a head.
    changed = pass.given_up || (pass.preemption_failed && pass.starts > 0);
}

std::optional<Decision> Impl::next() {
    if (pass.finished) return std::nullopt;
    settle();
    tree.settle();
    if (pass.starts >= limits::starts_per_pass_max) {
        pass.finished = true;
        changed = true;  // whoever woke this pass, the rest of it is still to be done
        return std::nullopt;
    }
    if (auto decision = invalid_reservation()) return decision;
    note_standing();
    if (auto decision = decide_holders(Claim::below_share)) return decision;
    if (auto decision = decide_walk()) return decision;
    if (auto decision = decide_growth()) return decision;
    finish();
    return std::nullopt;
}

// A start or a stop may have lifted a holder's org to its share, or its job out of it: those passed
// by may now overtake it.
void Impl::note_standing() {
    const std::size_t overtakable_now = count_overtakable();
    const std::size_t takeable_now = count_takeable();
    if (overtakable_now > pass.overtakable || takeable_now > pass.takeable) restart_pass();
    pass.overtakable = overtakable_now;
    pass.takeable = takeable_now;
}

// Promises first: a job with a reservation starts as soon as it fits, the earliest promise first.
// Promises to borrowers come after all who are below their share: a lent device that comes free
// goes home.
std::optional<Decision> Impl::decide_holders(Claim claim) {
    std::uint64_t& tried = pass.holders_tried[static_cast<std::size_t>(claim)];
    if (reservations.empty() || tried == pass.number) return std::nullopt;
    std::vector<const Reservation*> order;
    for (const Reservation& reservation : reservations) {
        const bool below = claim_of(jobs.find(reservation.job)) == Claim::below_share;
        if (below == (claim == Claim::below_share)) order.push_back(&reservation);
    }
    std::stable_sort(order.begin(), order.end(), [](const Reservation* a, const Reservation* b) {
        return a->start < b->start;
    });
    for (const Reservation* reservation : order) {
        const std::uint32_t job = jobs.find(reservation->job);
        const std::uint32_t tasks = tasks_allowed(job);
        if (auto fit = find_for(job, tasks)) return start(job, std::move(*fit));
        if (is_pending(*reservation)) continue;
        if (preempts()) {
            if (auto decision = preempt_for(job)) return decision;
        }
        if (auto plan = plan_shrink_at_checkpoint(job)) return *plan;
    }
    tried = pass.number;
    return std::nullopt;
}

std::optional<Decision> Impl::decide_walk() {
    pass.has_reclaim_slot =
        thorough() && preempts() && (reservations.size() < reservations_max() || pass.takeable > 0);
    for (const Claim claim : {Claim::below_share, Claim::over_share, Claim::spot}) {
        pass.has_slot[static_cast<std::size_t>(claim)] = slot_for(claim);
    }
    for (;;) {
        const std::uint32_t job = candidate();
        if (job == nil || claim_of(job) != Claim::below_share) {
            if (auto decision = decide_holders(Claim::over_share)) return decision;
            if (auto decision = decide_overdue()) return decision;
        }
        if (job == nil) return std::nullopt;
        const std::uint32_t tasks = tasks_allowed(job);
        if (tasks == 0) {
            limit(job);
            continue;
        }
        if (auto decision = visit(job)) return decision;
        if (!backfills()) return decide_holders(Claim::over_share);
    }
}

// Borrowers that waited for too long, the oldest first: as if first come were the rule for them.
std::optional<Decision> Impl::decide_overdue() {
    if (!fair() || pass.overdue_tried == pass.number) return std::nullopt;
    std::uint32_t seen = 0;
    for (std::uint32_t job = jobs.oldest(); job != nil; job = jobs.next_oldest(job)) {
        const Time due = jobs[job].queued + rules.overdue_after;
        if (due > now) {
            pass.young_until = std::min(pass.young_until, due);
            break;
        }
        if (++seen > overdue_seen_max) break;
        if (tier_of(job) == Tier::spot || reservation_of(jobs[job].id) != nullptr) continue;
        const std::uint32_t tasks = tasks_allowed(job);
        if (tasks == 0) continue;
        if (auto fit = find_for(job, tasks)) return start(job, std::move(*fit));
        if (reservations.size() >= reservations_max() || !may_reserve(job)) continue;
        if (auto plan = plan_reservation(job, Others::kept)) return Reserve{*plan};
    }
    pass.overdue_tried = pass.number;
    return std::nullopt;
}

std::optional<Decision> Impl::visit(std::uint32_t job) {
    const std::uint32_t kind = jobs[job].kind;
    const Shape& shape = shape_of(job);
    if (reservation_of(jobs[job].id) != nullptr) {
        if (backfills()) skip(job);
        return std::nullopt;
    }
    if ((kinds.flags(kind, pass.number) & flag::not_unreserved) == 0) {
        auto fit = capacity.find(ViewName::unreserved, shape, tasks_allowed(job), packing());
        if (fit) return start(job, std::move(*fit));
        learn(kind, flag::not_unreserved);
        if (reservations.empty() || !capacity.holds(ViewName::idle, shape, packing())) {
            learn(kind, flag::not_idle);
        }
    }
    if ((kinds.flags(kind, pass.number) & flag::not_idle) == 0 &&
        pass.backfill_tests < limits::backfill_tests_max) {
        if (auto fit = find_for(job, tasks_allowed(job))) return start(job, std::move(*fit));
        if (++pass.backfill_tests == limits::backfill_tests_max) pass.order_matters = true;
    }
    return visit_blocked(job);
}

// A job that cannot start now: stop others for it, or reserve for it, or pass it by.
std::optional<Decision> Impl::visit_blocked(std::uint32_t job) {
    const Claim claim = claim_of(job);
    const std::uint32_t kind = jobs[job].kind;
    const auto& overtaken = pass.overtaken;
    const bool barred =
        std::find(overtaken.begin(), overtaken.end(), jobs[job].id) != overtaken.end();
    const bool hopeless = (kinds.flags(kind, pass.number) & flag::no_reservation) != 0;
    const bool reserves = !hopeless && pass.has_slot[static_cast<std::size_t>(claim)];
    const bool takes_back = claim == Claim::below_share && may_reclaim(org_of(job), kind);
    if (!barred && (reserves || takes_back)) {
        if (preempts()) {
            if (auto decision = preempt_for(job)) return decision;
        }
        if (takes_back) learn(kind, flag::no_reclaim);
        if (reserves) {
            if (auto decision = reserve_for(job, claim)) return decision;
            learn(kind, flag::no_reservation);
        }
        // Another org's job of this kind, or an older one, might have had more luck: it stands for
        // them because it stands first.
        if (capacity.holds(ViewName::empty, shape_of(job), packing())) pass.order_matters = true;
    }
    if (backfills() && (barred || !is_dead(kind, org_of(job), claim))) skip(job);
    return std::nullopt;
}

std::optional<Decision> Impl::reserve_for(std::uint32_t job, Claim claim) {
    const bool free_slot = reservations.size() < reservations_max();
    if (free_slot) {
        if (auto plan = plan_shrink_at_checkpoint(job)) return *plan;
    }
    if (free_slot && backfills() && may_reserve(job)) {
        if (auto plan = plan_reservation(job, Others::kept)) {
            if (claim == Claim::over_share) ++pass.overtakable;
            if (preempts() && !reclaims(job)) ++pass.takeable;
            return Reserve{*plan};
        }
    }
    const Reservation* worst = overtakable(claim);
    if (worst != nullptr && backfills() && may_reserve(job) &&
        plan_reservation(job, Others::overtaken)) {
        return overtake(*worst);
    }
    return std::nullopt;
}

void Impl::learn(std::uint32_t kind, std::uint8_t what) {
    kinds.flag(kind, pass.number, what);
    if (kind >= Kinds::shared_bit) return;
    const std::uint64_t bit = Kinds::bit(kind);
    if ((what & flag::not_idle) != 0) pass.not_idle |= bit;
    if ((what & flag::not_unreserved) != 0) pass.not_unreserved |= bit;
    if ((what & flag::no_reservation) != 0) pass.no_reservation |= bit;
    if ((what & flag::no_reclaim) != 0) pass.no_reclaim |= bit;
}

bool Impl::is_dead(std::uint32_t kind, std::uint32_t org, Claim claim) const {
    const std::uint8_t flags = kinds.flags(kind, pass.number);
    const bool tests_left = pass.backfill_tests < limits::backfill_tests_max;
    const std::uint8_t blocked = tests_left ? flag::not_idle : flag::not_unreserved;
    if ((flags & blocked) == 0) return false;
    if (pass.has_slot[static_cast<std::size_t>(claim)] && (flags & flag::no_reservation) == 0)
        return false;
    return claim != Claim::below_share || org == nil || !may_reclaim(org, kind);
}

bool Impl::may_reclaim(std::uint32_t org, std::uint32_t kind) const {
    if (!preempts() || !pass.has_reclaim_slot) return false;
    if ((kinds.flags(kind, pass.number) & flag::no_reclaim) != 0) return false;
    return kinds.tier(kind) != Tier::spot && within_share(org, kind);
}

// The same for all kinds at once, and those that the org's limits stop. Without an org: those that
// are dead for every one.
std::uint64_t Impl::dead_mask(std::uint32_t org, Claim claim) const {
    const bool tests_left = pass.backfill_tests < limits::backfill_tests_max;
    std::uint64_t dead = tests_left ? pass.not_idle : pass.not_unreserved;
    if (pass.has_slot[static_cast<std::size_t>(claim)]) dead &= pass.no_reservation;
    const bool takes_back = claim == Claim::below_share && preempts() && pass.has_reclaim_slot;
    std::uint64_t perhaps = takes_back ? dead & ~pass.no_reclaim : 0;
    if (org == nil) return dead & ~perhaps;
    const TreeNode& node = tree[org];
    perhaps &= node.standing[static_cast<std::size_t>(Branch::firm)].mask;
    for (; perhaps != 0; perhaps &= perhaps - 1) {
        const auto kind = static_cast<std::uint32_t>(std::countr_zero(perhaps));
        if (may_reclaim(org, kind)) dead &= ~Kinds::bit(kind);
    }
    return node.limited_pass == pass.number ? dead | node.limited_mask : dead;
}

bool Impl::limited(std::uint32_t org, std::uint32_t kind) const {
    const TreeNode& node = tree[org];
    return kind < Kinds::shared_bit && node.limited_pass == pass.number &&
           (node.limited_mask & Kinds::bit(kind)) != 0;
}

// The org's limits stop this kind for the rest of the pass.
void Impl::limit(std::uint32_t job) {
    const std::uint32_t kind = jobs[job].kind;
    TreeNode& org = tree[org_of(job)];
    if (org.limited_pass != pass.number) {
        org.limited_pass = pass.number;
        org.limited_mask = 0;
    }
    if (kind < Kinds::shared_bit) org.limited_mask |= Kinds::bit(kind);
    if (!fair() || kind >= Kinds::shared_bit) skip(job);
}

void Impl::skip(std::uint32_t job) {
    jobs.skip(queue_of(jobs[job]), job, pass.number);
}

std::uint32_t Impl::candidate() {
    if (!fair()) return candidate_of_leaf(pool_queue, nil, Claim::over_share);
    const std::uint32_t job = candidate_in(Branch::firm);
    return job != nil ? job : candidate_in(Branch::spot);
}

std::uint32_t Impl::candidate_in(Branch branch) {
    const auto b = static_cast<std::size_t>(branch);
    const auto shows = [&](std::uint32_t node, std::uint64_t dead) {
        return (tree[node].standing[b].mask & ~dead) != 0;
    };
    // Most passes end here: nothing that waits can start, whoever owns it.
    const Claim easiest = branch == Branch::spot ? Claim::spot : Claim::below_share;
    if ((tree.mask(branch) & ~dead_mask(nil, easiest)) == 0) return nil;
    std::uint32_t org = tree.cursor(nil, branch, pass.number);
    for (; org != nil; org = tree.cursor(nil, branch, pass.number)) {
        Claim claim = Claim::spot;
        if (branch == Branch::firm) {
            claim = tree.below_share(org) ? Claim::below_share : Claim::over_share;
        }
        const std::uint64_t dead = dead_mask(org, claim);
        while (shows(org, dead)) {
            const std::uint32_t project = tree.cursor(org, branch, pass.number);
            if (project == nil) break;
            const std::uint32_t member =
                shows(project, dead) ? tree.cursor(project, branch, pass.number) : nil;
            if (member == nil) {
                tree.skip(project, branch);
                continue;
            }
            if (shows(member, dead)) {
                const std::uint32_t job =
                    candidate_of_leaf(tree[member].standing[b].queue, org, claim);
                if (job != nil) return job;
            }
            tree.skip(member, branch);
        }
        tree.skip(org, branch);
    }
    return nil;
}

// The first job of a queue, over its kinds, that may still be worth a look.
std::uint32_t Impl::candidate_of_leaf(JobQueue& queue, std::uint32_t org, Claim claim) {
    std::uint32_t best = nil;
    for (KindQueue& entry : queue) {
        if (is_dead(entry.kind, org, claim)) continue;
        if (org != nil && limited(org, entry.kind)) continue;
        const std::uint32_t job = jobs.cursor(entry, pass.number);
        if (job != nil && (best == nil || jobs.less(job, best))) best = job;
    }
    return best;
}

void PoolScheduler::begin_pass(Time now) {
    impl_->begin_pass(now);
}

void Impl::begin_pass(Time at) {
    settle();
    now = at;
    const std::uint64_t number = pass.number + 1;
    pass = Pass{};
    pass.number = number;
    pass.finished = false;
    pass.order_matters = !backfills();
    pass.overtakable = count_overtakable();
    pass.takeable = count_takeable();
}

std::optional<Decision> PoolScheduler::next() {
    return impl_->next();
}

bool PoolScheduler::wants_pass() const {
    return impl_->changed || impl_->told >= impl_->pass.young_until;
}

std::optional<Time> PoolScheduler::wakes_at() const {
    if (impl_->pass.young_until == time_max) return std::nullopt;
    return impl_->pass.young_until;
}

}  // namespace suan::sched
