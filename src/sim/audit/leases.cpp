// Leases: devices, gangs, shares, stops and ends.
#include "sim/audit/model.hpp"

#include <fmt/format.h>

#include <utility>

namespace suan::sim {
namespace {

constexpr std::int64_t stop_patience_us = 60'000'000;
constexpr std::uint32_t same_preemption_max = 8;

std::int64_t milli_of(const JobSpec& spec, std::uint32_t tasks) {
    return static_cast<std::int64_t>(tasks) * spec.devices_per_task() * spec.milli_per_device();
}

bool work_is_lost(LeaseOutcome outcome) {
    return outcome == LEASE_OUTCOME_PREEMPTED || outcome == LEASE_OUTCOME_NODE_FAILED ||
           outcome == LEASE_OUTCOME_LAUNCH_FAILED || outcome == LEASE_OUTCOME_LOST ||
           outcome == LEASE_OUTCOME_RESIZED;
}

}  // namespace

AuditLease* Auditor::Impl::lease(std::uint64_t id) {
    const auto found = leases.find(id);
    if (found != leases.end()) return &found->second;
    violate(Rule::lease_mismatch, fmt::format("lease {} does not run", id));
    return nullptr;
}

void Auditor::Impl::check_placement(const AuditJob& of, const JobStarted& event) {
    const JobSpec& spec = of.spec;
    std::uint32_t tasks = 0;
    std::set<std::uint32_t> racks, on;
    for (const Slot& slot : event.slots()) {
        const auto found = nodes.find(slot.node_id());
        if (found == nodes.end() || found->second.pool != spec.pool_id()) {
            return violate(Rule::device_missing,
                           fmt::format("the pool has no node {}", slot.node_id()));
        }
        AuditNode& node = found->second;
        if (node.state != NODE_STATE_OPEN)
            violate(Rule::node_closed, fmt::format("node {} is not open", slot.node_id()));
        std::uint32_t devices = 0;
        for (std::uint32_t device = 0; device < 64; ++device) {
            if (((slot.device_mask() >> device) & 1) == 0) continue;
            ++devices;
            if (device >= node.devices)
                violate(Rule::device_missing,
                        fmt::format("node {} has {} devices", slot.node_id(), node.devices));
            std::uint32_t& used = node.used_milli[device];
            used += spec.milli_per_device();
            if (used > 1'000)
                violate(Rule::device_leased_twice,
                        fmt::format("device {} of node {} is leased for {} milli", device,
                                    slot.node_id(), used));
        }
        if (devices != slot.tasks() * spec.devices_per_task())
            violate(Rule::task_split, fmt::format("{} tasks with {} devices on node {}",
                                                  slot.tasks(), devices, slot.node_id()));
        if (!on.insert(slot.node_id()).second)
            violate(Rule::gang_broken, fmt::format("node {} has two slots", slot.node_id()));
        racks.insert(node.rack);
        tasks += slot.tasks();
    }
    if (tasks != event.tasks() || tasks < spec.tasks_min() || tasks > spec.tasks())
        violate(Rule::gang_broken, fmt::format("{} tasks in slots, {} said, {} to {} asked", tasks,
                                               event.tasks(), spec.tasks_min(), spec.tasks()));
    if (!of.relaxed && ((spec.topology() == TOPOLOGY_ONE_NODE && on.size() > 1) ||
                        (spec.topology() == TOPOLOGY_ONE_RACK && racks.size() > 1)))
        violate(Rule::topology_broken,
                fmt::format("{} nodes in {} racks", on.size(), racks.size()));
}

void Auditor::Impl::check_shares(const AuditJob& of, std::int64_t added) {
    const auto share = orgs[of.asked.org_id()].shares.find(of.spec.pool_id());
    std::int64_t held = added, held_reserved = added;
    for (const auto& [id, other] : leases) {
        const AuditJob& its = jobs.at(other.job);
        if (its.asked.org_id() != of.asked.org_id() || its.spec.pool_id() != of.spec.pool_id())
            continue;
        held += milli_of(its.spec, other.tasks);
        if (its.spec.tier() == TIER_RESERVED) held_reserved += milli_of(its.spec, other.tasks);
    }
    const AuditShare limits =
        share == orgs[of.asked.org_id()].shares.end() ? AuditShare{} : share->second;
    if (limits.limit != 0 && held > limits.limit)
        violate(Rule::org_limit, fmt::format("org {} holds {} of at most {} milli",
                                             of.asked.org_id(), held, limits.limit));
    if (of.spec.tier() == TIER_RESERVED && held_reserved > limits.deserved)
        violate(Rule::reserved_share,
                fmt::format("org {} holds {} reserved of {} deserved milli", of.asked.org_id(),
                            held_reserved, limits.deserved));
}

void Auditor::Impl::job_started(const JobStarted& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    fresh_id(IdKind::lease, event.lease_id());
    if (of->lease != 0)
        return violate(Rule::lease_mismatch, fmt::format("job {} runs already, under lease {}",
                                                         event.job_id(), of->lease));
    if (of->cancelled) violate(Rule::cancel_ignored, fmt::format("job {}", event.job_id()));
    const std::int64_t goes_on_until = std::exchange(of->goes_on_until, 0);
    const std::string why = why_not_ready(event.job_id(), *of);
    if (!why.empty() && goes_on_until == 0)
        violate(Rule::started_too_early, fmt::format("job {}: {}", event.job_id(), why));
    if (goes_on_until == 0 && !current->command().has_tick())
        violate(Rule::foreign_effect, "jobs start at ticks, unless they go on");
    if (of->queued == (goes_on_until != 0))
        violate(Rule::started_too_early, fmt::format("job {} is not queued", event.job_id()));
    if (event.ends_by_us() != goes_on_until || (goes_on_until != 0 && goes_on_until <= now))
        violate(Rule::lease_overdue, fmt::format("it goes on until {} us, its wall time ends at {}",
                                                 event.ends_by_us(), goes_on_until));
    if (event.attempt() != of->attempts + 1)
        violate(Rule::lease_mismatch,
                fmt::format("attempt {} follows {}", event.attempt(), of->attempts));
    check_shares(*of, milli_of(of->spec, event.tasks()));
    check_placement(*of, event);
    of->attempts = event.attempt();
    of->queued = false;
    of->state = JOB_STATE_RUNNING;
    of->lease = event.lease_id();
    promises_see_start(event.job_id(), *of);
    AuditLease& made = leases[event.lease_id()];
    made.job = event.job_id();
    made.tasks = event.tasks();
    made.slots.assign(event.slots().begin(), event.slots().end());
    made.started = now;
    made.checkpoint = now;
    made.ends_by = goes_on_until != 0 ? goes_on_until : now + of->spec.walltime_ms() * 1'000;
    of->between_lease = false;
    price_start(*of, event);
}

// What a borrower is granted; spot gives way to anyone at any time.
void Auditor::Impl::check_reclaim(const AuditJob& of, const AuditJob* winner,
                                  const PoolRules& pool_rules) {
    if (of.spec.tier() == TIER_SPOT) return;
    std::uint32_t stops = 0;
    for (const auto& [id, times] : of.stopped_for)
        stops += times;
    if (pool_rules.stops_max() != 0 && stops >= pool_rules.stops_max())
        violate(Rule::unfair_preemption,
                fmt::format("it was stopped {} times before, which is all that the rules allow",
                            stops));
    if (winner != nullptr && now - winner->submitted < pool_rules.reclaim_after_ms() * 1'000)
        violate(Rule::unfair_preemption,
                fmt::format("the job that it stops for has waited {} us, the rules ask for {} ms",
                            now - winner->submitted, pool_rules.reclaim_after_ms()));
}

void Auditor::Impl::check_preemption(AuditJob& of, const AuditLease& victim,
                                     std::uint64_t for_job) {
    const PoolRules& rules = pools[of.spec.pool_id()].rules;
    if (of.spec.tier() == TIER_RESERVED) violate(Rule::unfair_preemption, "a reserved job stops");
    if (rules.no_preemption()) violate(Rule::unfair_preemption, "the pool does not preempt");
    if (now - victim.started < rules.min_runtime_ms() * 1'000)
        violate(Rule::unfair_preemption,
                fmt::format("the lease is {} ms old, {} are granted",
                            (now - victim.started) / 1'000, rules.min_runtime_ms()));
    const AuditJob* winner = job(for_job);
    if (winner != nullptr && !winner->queued)
        violate(Rule::unfair_preemption, fmt::format("job {} does not wait", for_job));
    check_reclaim(of, winner, rules);
    if (++of.stopped_for[for_job] > same_preemption_max)
        violate(Rule::endless_preemption,
                fmt::format("job {} was stopped {} times for job {}", victim.job,
                            of.stopped_for[for_job], for_job));
}

// Only by the rules of the pool, after a checkpoint, and inside what the job asked for. A shrink is
// for a job that waits, and takes from spot or from an org that holds more than it deserves.
void Auditor::Impl::check_resize(const AuditJob& of, const AuditLease& lease,
                                 const LeaseStopping& event) {
    const PoolRules& rules = pools[of.spec.pool_id()].rules;
    std::uint32_t tasks = 0;
    for (const Slot& slot : event.slots())
        tasks += slot.tasks();
    if (tasks < of.spec.tasks_min() || tasks > of.spec.tasks() || tasks == lease.tasks)
        violate(Rule::gang_broken,
                fmt::format("{} tasks are to become {}, {} to {} were asked", lease.tasks, tasks,
                            of.spec.tasks_min(), of.spec.tasks()));
    if (rules.resize_within_ms() == 0 || lease.checkpoint <= lease.started ||
        now - lease.started < rules.min_runtime_ms() * 1'000)
        violate(Rule::unfair_preemption, "the rules do not let it be resized now");
    const bool fresh = now - lease.checkpoint <= rules.resize_within_ms() * 1'000;
    if (tasks > lease.tasks) {
        if (!fresh || event.for_job_id() != 0)
            violate(Rule::unfair_preemption, "it grows away from a checkpoint");
        return;
    }
    const AuditJob* winner = job(event.for_job_id());
    if (winner != nullptr && !winner->queued)
        violate(Rule::unfair_preemption, fmt::format("job {} does not wait", event.for_job_id()));
    if (of.spec.tier() == TIER_RESERVED || (!fresh && rules.no_preemption()))
        violate(Rule::unfair_preemption, "it may not be shrunk");
}

void Auditor::Impl::lease_stopping(const LeaseStopping& event) {
    AuditLease* of = lease(event.lease_id());
    if (of == nullptr) return;
    AuditJob& its = jobs.at(of->job);
    const bool again = of->stopping == STOP_REASON_CANCELLED || of->stopping == STOP_REASON_TIMEOUT;
    const bool stops_for_good =
        of->stopping != STOP_REASON_UNSPECIFIED && of->stopping != STOP_REASON_RESIZED;
    if (again || event.reason() == of->stopping ||
        (stops_for_good && event.reason() != STOP_REASON_CANCELLED))
        violate(Rule::lease_mismatch, fmt::format("lease {} stops already", event.lease_id()));
    if (event.reason() == STOP_REASON_RESIZED) check_resize(its, *of, event);
    if (event.reason() == STOP_REASON_PREEMPTED) check_preemption(its, *of, event.for_job_id());
    if (event.reason() == STOP_REASON_TIMEOUT && now < of->ends_by)
        violate(Rule::lease_overdue, fmt::format("stopped {} us early", of->ends_by - now));
    if (event.reason() == STOP_REASON_OUTBID) check_won(of->job, its, false);
    if (event.reason() == STOP_REASON_OUTBID) its.bidding = true;
    const auto winner = jobs.find(event.for_job_id());
    of->for_own = winner != jobs.end() && winner->second.asked.org_id() == its.asked.org_id();
    of->stopping = event.reason();
    of->stop_due = now + std::int64_t{its.spec.grace_ms()} * 1'000 + stop_patience_us;
}

void Auditor::Impl::lease_ended(const LeaseEnded& event) {
    AuditLease* of = lease(event.lease_id());
    if (of == nullptr) return;
    if (!of->final_charge) violate(Rule::charge_wrong, "a lease ends without its last charge");
    const bool outbid =
        of->stopping == STOP_REASON_OUTBID && event.outcome() == LEASE_OUTCOME_PREEMPTED;
    // What an org's own job displaces is no loss that others caused.
    const bool for_own = of->for_own && (event.outcome() == LEASE_OUTCOME_PREEMPTED ||
                                         event.outcome() == LEASE_OUTCOME_RESIZED);
    const std::int64_t wanted = work_is_lost(event.outcome()) && !outbid && !for_own
                                    ? of->checkpoint
                                    : std::min(now, of->ends_by);
    if (jobs.at(of->job).funded && std::min(wanted, of->ends_by) != of->charged_to)
        violate(Rule::credit_wrong,
                fmt::format("charged until {} us, it must be until {} us", of->charged_to, wanted));
    AuditJob& its = jobs.at(of->job);
    if (event.outcome() == LEASE_OUTCOME_RESIZED) {
        if (of->stopping != STOP_REASON_RESIZED)
            violate(Rule::ended_wrongly, "it goes on and was not told to be resized");
        its.goes_on_until = of->ends_by;
    } else {
        release(its);
    }
    its.lease = 0;
    its.state = JOB_STATE_WAITING;
    its.between_lease = true;
    its.last_outcome = event.outcome();
    for (const Slot& slot : of->slots) {
        for (std::uint32_t device = 0; device < 64; ++device) {
            if (((slot.device_mask() >> device) & 1) != 0)
                nodes.at(slot.node_id()).used_milli[device] -= its.spec.milli_per_device();
        }
    }
    leases.erase(event.lease_id());
}

void Auditor::Impl::lease_progress(const LeaseProgress& event) {
    AuditLease* of = lease(event.lease_id());
    if (of != nullptr && event.checkpoint()) of->checkpoint = now;
}

void Auditor::Impl::check_nothing_overdue() {
    for (const auto& [id, of] : leases) {
        const bool stops = of.stopping != STOP_REASON_UNSPECIFIED;
        if (!stops && of.ends_by <= now)
            return violate(Rule::lease_overdue, fmt::format("lease {} ran out of its wall time at "
                                                            "{} us and goes on",
                                                            id, of.ends_by));
        if (stops && of.stop_due <= now)
            return violate(Rule::lease_overdue,
                           fmt::format("the stop of lease {} ran out at {} us", id, of.stop_due));
    }
}

bool Auditor::Impl::fits_empty(const AuditJob& of) {
    const JobSpec& spec = of.spec;
    // Strictly one after another: a head that fits no more, after its rules were changed, is waited
    // for by all.
    if (pools[spec.pool_id()].rules.no_backfill()) return false;
    const std::int64_t least = milli_of(spec, spec.tasks_min());
    const auto& shares = orgs[of.asked.org_id()].shares;
    const auto share = shares.find(spec.pool_id());
    const AuditShare limits = share == shares.end() ? AuditShare{} : share->second;
    if (limits.limit != 0 && least > limits.limit) return false;
    if (spec.tier() == TIER_RESERVED && least > limits.deserved) return false;
    std::uint32_t everywhere = 0, on_one_node = 0;
    std::map<std::uint32_t, std::uint32_t> in_rack;
    for (const auto& [id, node] : nodes) {
        if (node.pool != spec.pool_id() || node.state != NODE_STATE_OPEN) continue;
        const std::uint32_t tasks = node.devices / spec.devices_per_task();
        everywhere += tasks;
        in_rack[node.rack] += tasks;
        on_one_node = std::max(on_one_node, tasks);
    }
    std::uint32_t room = everywhere;
    if (spec.topology() == TOPOLOGY_ONE_NODE) room = on_one_node;
    if (spec.topology() == TOPOLOGY_ONE_RACK) {
        room = 0;
        for (const auto& [rack, tasks] : in_rack)
            room = std::max(room, tasks);
    }
    return room >= spec.tasks_min();
}

}  // namespace suan::sim
