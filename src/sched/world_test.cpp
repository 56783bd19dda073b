#include "sched/world.hpp"

#include "base/assert.hpp"

#include <bit>

namespace suan::sched::testing {

WaitingJob gang(std::uint32_t devices_per_task, std::uint32_t tasks, std::uint32_t org) {
    WaitingJob job;
    job.org = OrgId{org};
    job.project = ProjectId{1};
    job.member = MemberId{1};
    job.walltime = Duration::hours(1);
    job.shape.tasks_min = tasks;
    job.shape.tasks_max = tasks;
    job.shape.devices_per_task = devices_per_task;
    return job;
}

void World::node(std::uint32_t id, std::uint32_t rack, std::uint32_t devices) {
    const NodeSpec spec{NodeId{id}, rack, devices};
    nodes[spec.id] = {spec, NodeGate::open};
    pool.add_node(spec);
}

void World::share(std::uint32_t org, const Share& share) {
    shares[OrgId{org}] = share;
    pool.set_share(OrgId{org}, share);
}

void World::gate(std::uint32_t node, NodeGate gate) {
    nodes[NodeId{node}].gate = gate;
    pool.set_gate(NodeId{node}, gate);
}

JobId World::submit(WaitingJob job) {
    if (!job.id) job.id = JobId{next_job++};
    if (job.queued == Time{}) job.queued = now;
    waiting[job.id] = job;
    pool.enqueue(job);
    return job.id;
}

void World::cancel(JobId job) {
    waiting.erase(job);
    pool.dequeue(job);
}

void World::end(LeaseId lease) {
    const RunningLease ended = running.at(lease);
    running.erase(lease);
    started.erase(ended.job);
    pool.lease_ended(lease);
    const std::int64_t milli = ended.shape.milli_devices(ended.tasks);
    pool.add_use(ended.org, ended.project, ended.member, milli * ((now - ended.started).us / 1'000),
                 now);
}

void World::checkpoint(LeaseId lease) {
    running.at(lease).last_checkpoint = now;
    pool.lease_checkpointed(lease, now);
}

void World::to(std::int64_t seconds) {
    now = Time{} + Duration::seconds(seconds);
    pool.advance(now);
}

void World::feed(const Decision& decision) {
    if (const auto* start = std::get_if<Start>(&decision)) {
        const WaitingJob job = waiting.at(start->job);
        waiting.erase(start->job);
        pool.dequeue(start->job);
        RunningLease lease;
        lease.id = LeaseId{next_lease++};
        lease.job = job.id;
        lease.org = job.org;
        lease.project = job.project;
        lease.member = job.member;
        lease.tier = job.tier;
        lease.shape = job.shape;
        lease.tasks = start->tasks;
        lease.started = lease.last_checkpoint = now;
        lease.ends_by = now + job.walltime;
        lease.expected = job.expected;
        lease.stops = stops[job.id];
        lease.placement = start->placement;
        pool.lease_started(lease);
        running[lease.id] = lease;
        started[job.id] = job;
    } else if (const auto* preempt = std::get_if<Preempt>(&decision)) {
        ++preemptions;
        for (const LeaseId victim : preempt->victims) {
            SUAN_ASSERT(!running.at(victim).stopping);
            running.at(victim).stopping = true;
            ++stops[running.at(victim).job];
            pool.lease_stopping(victim);
        }
        for (const Resize& resize : preempt->resizes)
            this->resize(resize);
        pool.set_reservation(preempt->reservation);
    } else if (const auto* one = std::get_if<Resize>(&decision)) {
        resize(*one);
    } else if (const auto* reserve = std::get_if<Reserve>(&decision)) {
        pool.set_reservation(reserve->reservation);
    } else {
        pool.clear_reservation(std::get<Unreserve>(decision).job);
    }
}

void World::resize(const Resize& resize) {
    RunningLease& lease = running.at(resize.lease);
    SUAN_ASSERT(!lease.stopping);
    ++resizes;
    lease.stopping = true;
    lease.next = resize.next;
    pool.lease_resizing(resize.lease, resize.next);
}

// Its run goes on under a new lease. False: it may not, so that its job waits again.
bool World::go_on(LeaseId id) {
    if (running.at(id).next.empty()) return false;
    const std::optional<Placement> next = pool.resume(id);
    if (!next) return false;
    const WaitingJob job = started.at(running.at(id).job);
    RunningLease lease = running.at(id);
    end(id);
    lease.id = LeaseId{next_lease++};
    lease.tasks = tasks_of(*next);
    lease.placement = *next;
    lease.next.clear();
    lease.stopping = false;
    lease.started = lease.last_checkpoint = now;
    pool.lease_started(lease);
    running[lease.id] = lease;
    started[job.id] = job;
    return true;
}

std::vector<Decision> World::schedule() {
    std::vector<Decision> out;
    for (int passes = 0; pool.wants_pass(); ++passes) {
        SUAN_ASSERT(passes < 100);
        pool.begin_pass(now);
        while (auto decision = pool.next()) {
            SUAN_ASSERT(out.size() < 10'000);
            feed(*decision);
            out.push_back(*decision);
        }
    }
    return out;
}

void World::finish_stopping() {
    std::vector<RunningLease> stopping;
    for (const auto& [id, lease] : running) {
        if (lease.stopping) stopping.push_back(lease);
    }
    for (const RunningLease& lease : stopping) {
        if (go_on(lease.id)) continue;
        const WaitingJob job = started.at(lease.job);
        end(lease.id);
        submit(job);
    }
}

LeaseId World::lease_of(JobId job) const {
    for (const auto& [id, lease] : running) {
        if (lease.job == job) return id;
    }
    return LeaseId{};
}

PoolScheduler World::rebuilt() const {
    PoolScheduler fresh(rules);
    fresh.restore_use_base(pool.use_base());
    fresh.advance(now);
    for (auto it = nodes.rbegin(); it != nodes.rend(); ++it)
        fresh.add_node(it->second.spec);
    for (const auto& [id, lease] : running)
        fresh.lease_started(lease);
    for (const auto& [id, fact] : nodes)
        fresh.set_gate(id, fact.gate);
    for (const auto& [org, share] : shares)
        fresh.set_share(org, share);
    for (auto it = waiting.rbegin(); it != waiting.rend(); ++it)
        fresh.enqueue(it->second);
    for (const UseRecord& use : pool.uses())
        fresh.restore_use(use);
    for (const Reservation& reservation : pool.reservations())
        fresh.set_reservation(reservation);
    return fresh;
}

void World::audit() const {
    std::map<std::pair<NodeId, int>, std::uint32_t> used;
    std::map<OrgId, std::int64_t> held;
    for (const auto& [id, lease] : running) {
        std::uint32_t tasks = 0;
        for (const Slot& slot : lease.placement) {
            tasks += slot.tasks;
            const auto devices = static_cast<std::uint32_t>(std::popcount(slot.device_mask));
            SUAN_ASSERT(devices == slot.tasks * lease.shape.devices_per_task);
            for (std::uint64_t rest = slot.device_mask; rest != 0; rest &= rest - 1) {
                const int device = std::countr_zero(rest);
                SUAN_ASSERT(device < static_cast<int>(nodes.at(slot.node).spec.devices));
                std::uint32_t& milli = used[{slot.node, device}];
                milli += slot.milli;
                SUAN_ASSERT(milli <= 1'000);
            }
        }
        SUAN_ASSERT(tasks == lease.tasks);
        SUAN_ASSERT(tasks >= lease.shape.tasks_min);
        SUAN_ASSERT(tasks <= lease.shape.tasks_max);
        held[lease.org] += lease.shape.milli_devices(lease.tasks);
    }
    for (const auto& [org, share] : shares)
        SUAN_ASSERT(held[org] <= share.limit_milli);
    pool.check_invariants();
}

}  // namespace suan::sched::testing
