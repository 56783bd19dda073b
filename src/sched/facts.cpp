// Facts: how the core feeds a PoolScheduler.
#include "base/limits.hpp"
#include "base/money.hpp"
#include "sched/impl.hpp"

#include <algorithm>

namespace suan::sched {

using Impl = PoolScheduler::Impl;

// First-come without backfill is the published baseline, so it places by that baseline's rule too.
Packing PoolScheduler::Impl::packing() const {
    if (!fair() && !backfills()) return Packing::consolidated;
    return rules.place == Rules::Place::fragments ? Packing::fragments : Packing::tight;
}

// Without backfill nothing overtakes a blocked head, so only the devices of victims need keeping.
std::size_t PoolScheduler::Impl::reservations_max() const {
    if (!backfills()) return preempts() ? 1 : 0;
    return std::min(rules.reservations_max, limits::reservations_per_pool_max);
}

void PoolScheduler::Impl::settle() {
    if (!capacity.stale()) return;
    capacity.rebuild();
    Demand& demand = capacity.demand();
    demand.reset(capacity.devices_per_node_max());
    kinds.for_each([&](const Shape& shape, std::uint32_t count) { demand.add(shape, count); });
    for (std::uint32_t slot = leases.first(); slot != nil; slot = leases.next(slot))
        demand.add(leases[slot].lease.shape, 1);
}

// After a fact that may let something fit: what the pass learnt is no longer true.
void PoolScheduler::Impl::restart_pass() {
    changed = true;
    ++pass.number;
    pass.not_idle = 0;
    pass.not_unreserved = 0;
    pass.no_reservation = 0;
    pass.no_reclaim = 0;
    pass.backfill_tests = 0;
}

std::uint64_t PoolScheduler::Impl::rank_of(Tier tier, std::int32_t priority,
                                           Duration walltime) const {
    switch (rules.order) {
        case Rules::Order::fifo:
            return 0;
        case Rules::Order::shortest:
            return static_cast<std::uint64_t>(walltime.us);
        case Rules::Order::fair:
            break;
    }
    const auto down = static_cast<std::uint64_t>(std::int64_t{INT32_MAX} - priority);
    return static_cast<std::uint64_t>(tier) << 32 | down;
}

// Inside a member's queue long jobs make way for short ones, and age all the same: a job is passed
// only by those submitted before its submission + factor * (its expected run - theirs).
// One with a deadline stands where it must start to make it.
Time PoolScheduler::Impl::stands(const JobSlot& job) const {
    if (!fair()) return job.queued;
    if (job.latest_start.us != 0) return job.latest_start;
    const int128 behind =
        static_cast<int128>(job.expected.us) * rules.expected_behind_milli / 1'000;
    const int128 at = std::min<int128>(job.queued.us + behind, time_max.us);
    return Time{static_cast<std::int64_t>(at)};
}

// What reservations and backfill take for the length of a job's run.
Duration PoolScheduler::Impl::bound_of(std::uint32_t job) const {
    const JobSlot& slot = jobs[job];
    const bool learnt = rules.ends == Rules::Ends::by_expected && slot.expected.us > 0;
    return learnt ? std::min(slot.expected, slot.walltime) : slot.walltime;
}

JobQueue& PoolScheduler::Impl::queue_of(const JobSlot& job) {
    if (!fair()) return pool_queue;
    const Branch branch = branch_of(kinds.tier(job.kind));
    return tree[job.leaf].standing[static_cast<std::size_t>(branch)].queue;
}

void PoolScheduler::Impl::enqueue(const WaitingJob& job) {
    SUAN_ASSERT(jobs.find(job.id) == IdIndex::none);
    SUAN_ASSERT(job.walltime.us > 0);
    SUAN_ASSERT(job.expected.us >= 0);
    SUAN_ASSERT(job.shape.tasks_min >= 1);
    SUAN_ASSERT(job.shape.tasks_min <= job.shape.tasks_max);
    SUAN_ASSERT(job.shape.devices_per_task >= 1);
    SUAN_ASSERT(job.shape.milli >= 1);
    SUAN_ASSERT(job.shape.milli <= limits::milli_per_device);
    SUAN_ASSERT(job.shape.milli == limits::milli_per_device || job.shape.devices_per_task == 1);
    JobSlot slot;
    slot.id = job.id;
    slot.rank = rank_of(job.tier, job.priority, job.walltime);
    slot.queued = job.queued;
    slot.walltime = job.walltime;
    slot.expected = job.expected;
    slot.latest_start = job.latest_start;
    slot.stands = stands(slot);
    slot.leaf = tree.leaf(job.org, job.project, job.member);
    slot.kind = kinds.acquire(job.shape, job.tier);
    slot.priority = job.priority;
    const std::uint32_t at = jobs.add(slot);
    jobs.push(queue_of(slot), at);
    tree.job_added(slot.leaf, slot.kind, branch_of(job.tier));
    capacity.demand().add(job.shape, 1);
    restart_pass();
}

void PoolScheduler::Impl::dequeue(JobId id) {
    const std::uint32_t at = jobs.find(id);
    SUAN_ASSERT(at != IdIndex::none);
    const bool cancelled = pass.starting != id;
    drop_reservation(id);
    const JobSlot job = jobs[at];
    jobs.pop(queue_of(job), at);
    tree.job_removed(job.leaf, job.kind, branch_of(kinds.tier(job.kind)));
    capacity.demand().add(kinds.shape(job.kind), -1);
    kinds.release(job.kind);
    jobs.remove(at);
    pass.starting = JobId{};
    if (cancelled) restart_pass();
}

// Files all jobs again after the order changed.
void PoolScheduler::Impl::requeue_all() {
    const std::vector<std::uint32_t> all = jobs.slots();
    pool_queue.clear();
    for (std::uint32_t node = 0; node < tree.size(); ++node) {
        for (Standing& standing : tree[node].standing)
            standing.queue.clear();
    }
    for (const std::uint32_t at : all) {
        JobSlot& job = jobs[at];
        job.rank = rank_of(kinds.tier(job.kind), job.priority, job.walltime);
        job.stands = stands(job);
        jobs.push(queue_of(job), at);
    }
    if (!fair()) return;
    for (std::uint32_t node = 0; node < tree.size(); ++node) {
        if (tree[node].level != TreeNode::Level::member) continue;
        for (Standing& standing : tree[node].standing) {
            standing.mask = 0;
            for (const KindQueue& entry : standing.queue)
                standing.mask |= Kinds::bit(entry.kind);
        }
    }
}

void PoolScheduler::Impl::advance(Time to) {
    told = std::max(told, to);
    const std::int64_t half_life = rules.usage_half_life.us;
    const std::int64_t passed = (told - use_base).us / half_life;
    if (passed <= 0) return;
    use_base.us += passed * half_life;
    tree.halve_uses(static_cast<unsigned>(std::min<std::int64_t>(passed, 64)));
    if (pass.order_matters) changed = true;
}

Reservation* PoolScheduler::Impl::reservation_of(JobId id) {
    const auto place =
        std::lower_bound(reservations.begin(), reservations.end(), id,
                         [](const Reservation& r, JobId job) { return r.job < job; });
    return place != reservations.end() && place->job == id ? &*place : nullptr;
}

void PoolScheduler::Impl::drop_reservation(JobId id) {
    const Reservation* held = reservation_of(id);
    if (held == nullptr) return;
    settle();
    capacity.unreserve(held->placement);
    reservations.erase(reservations.begin() + (held - reservations.data()));
    restart_pass();
}

void PoolScheduler::set_rules(const Rules& rules) {
    SUAN_ASSERT(rules.usage_half_life.us > 0);
    Impl& in = *impl_;
    const Rules old = in.rules;
    in.rules = rules;
    if (old.usage_half_life != rules.usage_half_life) {
        // The same decayed uses, seen from now.
        if (in.told > in.use_base) {
            in.tree.deflate_uses(inflation(in.told - in.use_base, old.usage_half_life));
            in.use_base = in.told;
        }
    }
    in.tree.set_horizon(rules.usage_horizon);
    if (old.order != rules.order || old.expected_behind_milli != rules.expected_behind_milli) {
        in.requeue_all();
    }
    in.restart_pass();
}

void PoolScheduler::add_node(const NodeSpec& node) {
    impl_->capacity.add_node(node.id, node.rack, node.devices);
    impl_->restart_pass();
}

void PoolScheduler::set_gate(NodeId node, NodeGate gate) {
    impl_->settle();
    impl_->capacity.set_gate(node, gate);
    impl_->restart_pass();
}

void PoolScheduler::set_share(OrgId org, const Share& share) {
    impl_->tree.set_share(org, share);
    impl_->restart_pass();
}

void PoolScheduler::set_project_weight(OrgId org, ProjectId project, std::uint32_t weight) {
    impl_->tree.set_project_weight(org, project, weight);
    if (impl_->pass.order_matters) impl_->changed = true;
}

void PoolScheduler::enqueue(const WaitingJob& job) {
    impl_->enqueue(job);
}

void PoolScheduler::dequeue(JobId job) {
    impl_->dequeue(job);
}

void PoolScheduler::lease_started(const RunningLease& lease) {
    impl_->start_lease(lease);
}

void PoolScheduler::Impl::start_lease(const RunningLease& lease) {
    SUAN_ASSERT(leases.find(lease.id) == IdIndex::none);
    SUAN_ASSERT(lease.tasks >= 1);
    settle();
    const std::uint32_t leaf = tree.leaf(lease.org, lease.project, lease.member);
    const std::uint32_t slot = leases.add(lease, leaf);
    for (const Slot& held : lease.placement)
        capacity.acquire(held);
    capacity.demand().add(lease.shape, 1);
    tree.hold(leaf, lease.tier, leases[slot].milli());
    if (lease.tier == Tier::spot) ++spot_leases;
    if (lease.stopping) stopping.push_back(slot);
    const Shape& shape = lease.shape;
    if (shape.tasks_min < shape.tasks_max && shape.milli == limits::milli_per_device)
        elastic.push_back(slot);
    claim_next(slot);
}

void PoolScheduler::lease_ended(LeaseId lease) {
    impl_->end_lease(lease);
}

void PoolScheduler::Impl::end_lease(LeaseId id) {
    const std::uint32_t slot = leases.find(id);
    SUAN_ASSERT(slot != IdIndex::none);
    settle();
    drop_next(slot);
    const LeaseSlot& ended = leases[slot];
    for (const Slot& held : ended.lease.placement)
        capacity.release(held);
    capacity.demand().add(ended.lease.shape, -1);
    tree.hold(ended.leaf, ended.lease.tier, -ended.milli());
    if (ended.lease.tier == Tier::spot) --spot_leases;
    std::erase(stopping, slot);
    std::erase(elastic, slot);
    leases.remove(slot);
    restart_pass();
}

void PoolScheduler::lease_stopping(LeaseId lease) {
    const std::uint32_t slot = impl_->leases.find(lease);
    SUAN_ASSERT(slot != IdIndex::none);
    if (!impl_->leases[slot].lease.next.empty()) {
        impl_->drop_next(slot);
        impl_->restart_pass();
    }
    if (impl_->leases[slot].lease.stopping) return;
    impl_->leases[slot].lease.stopping = true;
    impl_->stopping.push_back(slot);
}

void PoolScheduler::lease_resizing(LeaseId lease, const Placement& next) {
    const std::uint32_t slot = impl_->leases.find(lease);
    SUAN_ASSERT(slot != IdIndex::none);
    SUAN_ASSERT(!impl_->leases[slot].lease.stopping);
    SUAN_ASSERT(!next.empty());
    impl_->leases[slot].lease.stopping = true;
    impl_->stopping.push_back(slot);
    impl_->leases[slot].lease.next = next;
    impl_->claim_next(slot);
}

void PoolScheduler::lease_checkpointed(LeaseId lease, Time at) {
    const std::uint32_t slot = impl_->leases.find(lease);
    SUAN_ASSERT(slot != IdIndex::none);
    if (impl_->leases[slot].lease.last_checkpoint == at) return;
    impl_->leases[slot].lease.last_checkpoint = at;
    const Shape& shape = impl_->leases[slot].lease.shape;
    if (impl_->pass.too_dear || shape.tasks_min < shape.tasks_max) impl_->changed = true;
}

void PoolScheduler::add_use(OrgId org, ProjectId project, MemberId member,
                            std::int64_t milli_device_ms, Time at) {
    SUAN_ASSERT(milli_device_ms >= 0);
    Impl& in = *impl_;
    in.advance(at);
    const Duration elapsed = std::max(at - in.use_base, Duration{0});
    const std::uint64_t factor = inflation(elapsed, in.rules.usage_half_life);
    in.tree.use(in.tree.leaf(org, project, member),
                inflate(static_cast<std::uint64_t>(milli_device_ms), factor));
    if (in.pass.order_matters) in.changed = true;
}

void PoolScheduler::advance(Time now) {
    impl_->advance(now);
}

void PoolScheduler::set_reservation(const Reservation& reservation) {
    Impl& in = *impl_;
    SUAN_ASSERT(in.jobs.find(reservation.job) != IdIndex::none);
    in.settle();
    in.drop_reservation(reservation.job);
    in.insert_reservation(reservation);
}

void PoolScheduler::Impl::insert_reservation(const Reservation& reservation) {
    capacity.reserve(reservation.placement);
    const auto place =
        std::lower_bound(reservations.begin(), reservations.end(), reservation.job,
                         [](const Reservation& r, JobId job) { return r.job < job; });
    reservations.insert(place, reservation);
}

void PoolScheduler::clear_reservation(JobId job) {
    impl_->drop_reservation(job);
}

void PoolScheduler::restore_use(const UseRecord& use) {
    Impl& in = *impl_;
    std::uint32_t node = 0;
    if (use.member) {
        node = in.tree.leaf(use.org, use.project, use.member);
    } else if (use.project) {
        node = in.tree.project(use.org, use.project);
    } else {
        node = in.tree.org(use.org);
    }
    in.tree.restore_use(node, use.inflated_use);
    in.restart_pass();
}

void PoolScheduler::restore_use_base(Time base) {
    impl_->use_base = base;
}

}  // namespace suan::sched
