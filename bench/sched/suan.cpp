#include "suan.hpp"

#include "sim/traces/trace.hpp"

#include <algorithm>
#include <bit>

namespace suan::contest {

using sched::Tier;

namespace {
constexpr std::uint32_t devices_per_node = 8;
OrgId org_of(const Job& job) {
    return OrgId{job.org + 1};
}
MemberId member_of(const Job& job) {
    return MemberId{job.member + 1};
}
sched::RunKey key_of(const Job& job) {
    return {org_of(job), member_of(job), job.devices * 1'000LL};
}
}  // namespace

Suan::Suan(const SuanOptions& options, const std::vector<std::uint32_t>& devices_of_nodes)
    : pool_(options.rules), options_(options) {
    for (std::uint32_t n = 0; n < devices_of_nodes.size(); ++n)
        pool_.add_node({NodeId{n + 1}, 0, devices_of_nodes[n]});
    for (std::uint32_t o = 0; o < options_.shares.size(); ++o)
        pool_.set_share(OrgId{o + 1}, options_.shares[o]);
}

void Suan::enqueue(const Simulator& sim, std::uint32_t id) {
    const Job& job = sim.job(id);
    sched::WaitingJob waiting;
    waiting.id = JobId{id + 1};
    waiting.org = org_of(job);
    waiting.project = ProjectId{1};
    waiting.member = member_of(job);
    waiting.tier = job.tier;
    waiting.queued = Time{job.submit_us};
    waiting.expected = expected_[id];
    if (job.deadline_us != 0)
        waiting.latest_start =
            Time{std::max<std::int64_t>(1, job.submit_us + job.deadline_us - expected_[id].us)};
    waiting.walltime = Duration{job.limit_us != 0 ? job.limit_us : options_.limit_us};
    const sim::GangShape gang = sim::split_gang(job.devices, devices_per_node);
    waiting.shape.tasks_min = waiting.shape.tasks_max = static_cast<std::uint32_t>(gang.tasks);
    waiting.shape.devices_per_task = gang.devices_per_task;
    pool_.enqueue(waiting);
}

void Suan::submitted(const Simulator& sim, std::uint32_t job) {
    if (lease_of_.empty()) {
        lease_of_.resize(sim.jobs().size());
        expected_.resize(sim.jobs().size());
    }
    if (options_.expected_permille > 0) {
        const auto run = learnt_.expected(key_of(sim.job(job)), options_.expected_permille);
        expected_[job] = run.value_or(Duration{});
    }
    now_ = Time{sim.now_us()};
    pool_.advance(now_);
    enqueue(sim, job);
}

// The lease ends: its use is counted, and its length is something to learn from.
void Suan::leave(const Simulator& sim, std::uint32_t id) {
    const Job& job = sim.job(id);
    const std::int64_t held_us = sim.now_us() - sim.progress(id).started_us;
    pool_.advance(now_);
    pool_.lease_ended(lease_of_[id]);
    pool_.add_use(org_of(job), ProjectId{1}, member_of(job), held_us * job.devices, now_);
    job_of_.erase(lease_of_[id]);
    lease_of_[id] = LeaseId{};
}

void Suan::ended(const Simulator& sim, std::uint32_t job) {
    now_ = Time{sim.now_us()};
    leave(sim, job);
    learnt_.learn(key_of(sim.job(job)), Duration{sim.now_us() - sim.progress(job).started_us});
}

std::optional<std::int64_t> Suan::wakes_us() const {
    const auto at = pool_.wakes_at();
    if (!at || *at <= now_) return std::nullopt;
    return at->us;
}

// What the jobs themselves report to the core.
void Suan::report_checkpoints(const Simulator& sim) {
    if (!options_.checkpoints || pool_.totals().waiting_jobs == 0) return;
    for (const auto& [lease, id] : job_of_)
        pool_.lease_checkpointed(lease, now_ - Duration{sim.at_risk_us(id)});
}

void Suan::decide(Simulator& sim) {
    now_ = Time{sim.now_us()};
    pool_.advance(now_);
    report_checkpoints(sim);
    while (pool_.wants_pass()) {
        pool_.begin_pass(now_);
        bool stopped = false;
        while (auto decision = pool_.next()) {
            follow(sim, *decision);
            stopped = stopped || std::holds_alternative<sched::Preempt>(*decision);
        }
        if (!stopped) break;
    }
}

void Suan::follow(Simulator& sim, const sched::Decision& decision) {
    if (const auto* start = std::get_if<sched::Start>(&decision)) {
        follow(sim, *start);
    } else if (const auto* reserve = std::get_if<sched::Reserve>(&decision)) {
        pool_.set_reservation(reserve->reservation);
    } else if (const auto* preempt = std::get_if<sched::Preempt>(&decision)) {
        pool_.set_reservation(preempt->reservation);
        for (const LeaseId victim : preempt->victims) {
            const std::uint32_t id = job_of_.at(victim);
            pool_.lease_stopping(victim);
            sim.stop(id);
            leave(sim, id);
            enqueue(sim, id);
        }
    } else {
        pool_.clear_reservation(std::get<sched::Unreserve>(decision).job);
    }
}

void Suan::follow(Simulator& sim, const sched::Start& start) {
    const auto id = static_cast<std::uint32_t>(start.job.value - 1);
    const Job& job = sim.job(id);
    Parts parts;
    for (const sched::Slot& slot : start.placement) {
        parts.push_back(
            {slot.node.value - 1, static_cast<std::uint32_t>(std::popcount(slot.device_mask))});
    }
    sim.start(id, std::move(parts));
    sched::RunningLease lease;
    lease.id = LeaseId{++leases_};
    lease.job = start.job;
    lease.org = org_of(job);
    lease.project = ProjectId{1};
    lease.member = member_of(job);
    lease.tier = job.tier;
    const sim::GangShape gang = sim::split_gang(job.devices, devices_per_node);
    lease.shape.tasks_min = lease.shape.tasks_max = lease.tasks = start.tasks;
    lease.shape.devices_per_task = gang.devices_per_task;
    lease.started = lease.last_checkpoint = now_;
    lease.expected = expected_[id];
    lease.stops = sim.progress(id).stops;
    lease.ends_by = now_ + Duration{job.limit_us != 0 ? job.limit_us : options_.limit_us};
    lease.placement = start.placement;
    pool_.dequeue(start.job);
    pool_.lease_started(lease);
    lease_of_[id] = lease.id;
    job_of_[lease.id] = id;
}

}  // namespace suan::contest
