// Jobs from admission to their end, except what they run.
#include "sim/audit/model.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

JobSpec with_defaults(JobSpec spec, const PoolRules& rules) {
    if (spec.tier() == TIER_UNSPECIFIED) spec.set_tier(TIER_STANDARD);
    if (spec.tasks() == 0) spec.set_tasks(1);
    if (spec.tasks_min() == 0) spec.set_tasks_min(spec.tasks());
    if (spec.devices_per_task() == 0) spec.set_devices_per_task(1);
    if (spec.milli_per_device() == 0) spec.set_milli_per_device(1'000);
    if (spec.walltime_ms() == 0)
        spec.set_walltime_ms(std::min(rules.walltime_default_ms(), rules.walltime_max_ms()));
    if (spec.grace_ms() == 0) spec.set_grace_ms(rules.grace_default_ms());
    return spec;
}

bool satisfied(DependencyKind kind, bool succeeded) {
    if (kind == DEPENDENCY_KIND_AFTERANY) return true;
    return (kind == DEPENDENCY_KIND_AFTERNOTOK) != succeeded;
}

}  // namespace

AuditJob* Auditor::Impl::job(std::uint64_t id) {
    const auto found = jobs.find(id);
    if (found == jobs.end()) {
        violate(Rule::unknown_thing, fmt::format("there is no job {}", id));
        return nullptr;
    }
    if (found->second.ended()) {
        violate(Rule::ended_wrongly, fmt::format("job {} has ended already", id));
        return nullptr;
    }
    return &found->second;
}

void Auditor::Impl::job_admitted(const JobAdmitted& event) {
    fresh_id(IdKind::job, event.job_id());
    const SubmitJob& command = current->command().submit_job();
    const JobSpec& spec = command.spec();
    const auto pool = pools.find(spec.pool_id());
    const auto project = projects.find(command.project_id());
    if (pool == pools.end() || project == projects.end() ||
        project->second.org != command.org_id() || members.count(command.member_id()) == 0) {
        return violate(Rule::unknown_thing, "a job of an unknown pool, project or member");
    }
    if (spec.walltime_ms() > pool->second.rules.walltime_max_ms())
        violate(Rule::hold_wrong, "a wall time beyond the pool's bound");
    AuditJob& made = jobs[event.job_id()];
    alive.insert(event.job_id());
    made.asked = command;
    made.spec = with_defaults(spec, pool->second.rules);
    made.held = spec.held();
    made.array = event.array_id();
    if (made.array != 0) {
        AuditArray& array = arrays[made.array];
        ++array.count;
        array.running_max = command.array().running_max();
    }
    made.submitted = now;
    made.price = quoted_price(event.job_id(), command, pool->second.prices[made.spec.tier()]);
    made.listed = made.price.micro_yuan;
    take_bid(made);
    const AuditPrice& price = made.price;
    if (!good()) return;
    if (price.sheet != event.price_sheet_id() || price.line != event.price_line() ||
        price.micro_yuan != event.micro_yuan_per_device_hour()) {
        violate(Rule::price_wrong, fmt::format("the newest price is {} of sheet {} line {}",
                                               price.micro_yuan, price.sheet, price.line));
    }
    if (!command.idempotency_key().empty()) {
        auto& known = keys[{command.member_id(), command.idempotency_key()}];
        if (known.first == 0) known.first = event.job_id();
        if (++known.second > std::max(1U, static_cast<unsigned>(command.array().indices_size())))
            violate(Rule::retry_differs, fmt::format("key {} was used for job {} already",
                                                     command.idempotency_key(), known.first));
    }
    hold(event.job_id(), made, event.holds(), hold_amount(made));
    if (event.eligible()) job_queued(event.job_id());
}

int Auditor::Impl::dependency(const suan::Dependency& dependency) const {
    bool ended = true;
    bool succeeded = true;
    const auto array = arrays.find(dependency.job_id());
    const std::uint64_t count = array == arrays.end() ? 1 : array->second.count;
    for (std::uint64_t i = 0; i < count; ++i) {
        const AuditJob& of = jobs.at(dependency.job_id() + i);
        ended = ended && of.ended();
        succeeded = succeeded && of.state == JOB_STATE_COMPLETED;
    }
    if (!ended) return 0;
    return satisfied(dependency.kind(), succeeded) ? 1 : -1;
}

std::string Auditor::Impl::why_not_ready(std::uint64_t id, const AuditJob& of) const {
    if (of.state != JOB_STATE_WAITING || of.lease != 0) return "it does not wait";
    if (of.bidding) return "its bid has not won";
    if (of.held) return "it is held by its user";
    if (!of.funded) return "nothing is held for it";
    if (of.spec.begin_time_us() > now) return "its begin time has not come";
    for (const suan::Dependency& on : of.asked.spec().dependencies()) {
        if (jobs.count(on.job_id()) == 0) return "it depends on an unknown job";
        if (dependency(on) != 1) return fmt::format("job {} has not ended as it must", on.job_id());
    }
    if (of.array == 0 || arrays.at(of.array).running_max == 0) return "";
    std::uint32_t in_queue = 0;
    const AuditArray& array = arrays.at(of.array);
    for (std::uint64_t i = 0; i < array.count; ++i) {
        const auto other = jobs.find(of.array + i);
        if (other == jobs.end() || other->first == id || other->second.ended()) continue;
        in_queue += other->second.queued || other->second.lease != 0 ? 1 : 0;
    }
    return in_queue < array.running_max ? "" : "its array has as many jobs in the queue as it may";
}

void Auditor::Impl::job_queued(std::uint64_t id) {
    AuditJob* of = job(id);
    if (of == nullptr) return;
    // A clearing of this entry may have let it in; nothing else does.
    const AuditMarket& market = pools[of->spec.pool_id()].market;
    if (market.cleared && market.won.count(id) != 0) of->bidding = false;
    const std::string why = why_not_ready(id, *of);
    if (!why.empty())
        violate(Rule::started_too_early, fmt::format("job {} queued, but {}", id, why));
    of->queued = true;
    of->relaxed = false;
    of->queued_since = now;
}

// It waited for its topology as long as it wanted to, and not less.
void Auditor::Impl::job_relaxed(std::uint64_t id) {
    AuditJob* of = job(id);
    if (of == nullptr) return;
    const std::int64_t wait = of->spec.topology_wait_ms() * 1'000;
    if (!of->queued || of->relaxed || wait == 0 || now < of->queued_since + wait)
        violate(Rule::topology_broken, fmt::format("job {} relaxed too early", id));
    of->relaxed = true;
}

void Auditor::Impl::job_held(const JobHeld& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    of->held = true;
    of->queued = false;
    promise_void(*of, false);
}

void Auditor::Impl::job_released(const JobReleased& event) {
    if (AuditJob* of = job(event.job_id())) of->held = false;
    if (event.eligible()) job_queued(event.job_id());
}

void Auditor::Impl::job_requeued(const JobRequeued& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    if (!of->between_lease) violate(Rule::lease_mismatch, "a job requeued whose lease goes on");
    of->between_lease = false;
    const LeaseOutcome outcome = of->last_outcome;
    if (event.own_failure()) ++of->own_failures;
    const bool may = outcome == LEASE_OUTCOME_PREEMPTED || outcome == LEASE_OUTCOME_NODE_FAILED ||
                     outcome == LEASE_OUTCOME_UNFUNDED || outcome == LEASE_OUTCOME_LOST ||
                     outcome == LEASE_OUTCOME_LAUNCH_FAILED ||
                     (outcome == LEASE_OUTCOME_FAILED && of->own_failures <= of->spec.retries());
    if (!may) violate(Rule::ended_wrongly, fmt::format("job {} runs again", event.job_id()));
    if (of->cancelled) violate(Rule::cancel_ignored, fmt::format("job {}", event.job_id()));
    of->funded = event.funded();
    if (of->funded) hold(event.job_id(), *of, event.holds(), hold_amount(*of));
    if (event.eligible()) job_queued(event.job_id());
}

void Auditor::Impl::job_ended(const JobEnded& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    if (of->lease != 0) violate(Rule::lease_mismatch, "a job ended while its lease runs");
    promise_void(*of, true);
    const bool ran = of->between_lease;
    JobState wanted = JOB_STATE_FAILED;
    if (ran && of->last_outcome == LEASE_OUTCOME_COMPLETED) wanted = JOB_STATE_COMPLETED;
    if (ran && of->last_outcome == LEASE_OUTCOME_TIMEOUT) wanted = JOB_STATE_TIMEOUT;
    if (ran && of->last_outcome == LEASE_OUTCOME_CANCELLED) wanted = JOB_STATE_CANCELLED;
    if (!ran) {
        wanted = JOB_STATE_UNSPECIFIED;
        for (const suan::Dependency& on : of->asked.spec().dependencies()) {
            if (dependency(on) == -1) wanted = JOB_STATE_DEPENDENCY_FAILED;
        }
        if (wanted == JOB_STATE_UNSPECIFIED && current->command().has_cancel_job()) {
            const CancelJob& cancel = current->command().cancel_job();
            const auto named = jobs.find(cancel.job_id());
            const bool it = cancel.job_id() == event.job_id() ||
                            (cancel.whole_array() && of->array != 0 && named != jobs.end() &&
                             named->second.array == of->array);
            if (it) wanted = JOB_STATE_CANCELLED;
        }
    }
    if (event.state() != wanted) {
        violate(Rule::ended_wrongly,
                fmt::format("job {} must end as {}, it ended as {}", event.job_id(),
                            JobState_Name(wanted), JobState_Name(event.state())));
    }
    release(*of);
    of->between_lease = false;
    of->queued = false;
    of->state = event.state();
    alive.erase(event.job_id());
}

void Auditor::Impl::job_funded(const JobFunded& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    if (of->funded) violate(Rule::hold_wrong, "money held twice for a job");
    of->funded = true;
    std::int64_t amount = hold_amount(*of);
    const auto lease_of = leases.find(of->lease);
    if (lease_of != leases.end()) {
        // What runs needs what it may still use; never more than a whole run.
        std::int64_t held = 0;
        for (const Payment& payment : event.holds())
            held += payment.micro_yuan();
        const std::int64_t whole =
            cost_floor(static_cast<std::int64_t>(lease_of->second.tasks) *
                           of->spec.devices_per_task() * of->spec.milli_per_device() *
                           ((lease_of->second.ends_by - lease_of->second.started) / 1'000),
                       of->price.micro_yuan);
        const std::int64_t rest = whole - lease_of->second.charged;
        if (held >= rest && held <= amount) amount = held;
    }
    hold(event.job_id(), *of, event.holds(), amount);
    if (event.eligible()) job_queued(event.job_id());
}

void Auditor::Impl::job_unfunded(const JobUnfunded& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    release(*of);
    of->funded = false;
    of->queued = false;
    promise_void(*of, false);
}

void Auditor::Impl::mark_cancelled(const CancelJob& command) {
    const auto named = jobs.find(command.job_id());
    if (named == jobs.end()) return;
    const std::uint64_t array = named->second.array;
    const bool whole = command.whole_array() && array != 0;
    const std::uint64_t first = whole ? array : command.job_id();
    const std::uint64_t count = whole ? arrays.at(array).count : 1;
    for (std::uint64_t i = 0; i < count; ++i) {
        AuditJob& of = jobs.at(first + i);
        if (!of.ended()) of.cancelled = true;
    }
}

// Of a bounded array, the first living jobs have the places in the queue, ready or not.
bool Auditor::Impl::has_place(std::uint64_t id, const AuditJob& of) const {
    if (of.array == 0 || arrays.at(of.array).running_max == 0) return true;
    std::uint32_t before = 0;
    for (std::uint64_t other = of.array; other < id; ++other)
        before += jobs.at(other).ended() ? 0 : 1;
    return before < arrays.at(of.array).running_max;
}

// After a tick, every job that is ready waits in the queue.
void Auditor::Impl::check_queue_complete() {
    for (const std::uint64_t id : alive) {
        const AuditJob& of = jobs.at(id);
        const std::int64_t wait = of.spec.topology_wait_ms() * 1'000;
        if (of.queued && wait != 0 && !of.relaxed && of.queued_since + wait <= now) {
            violate(Rule::job_forgotten,
                    fmt::format("job {} has waited for its topology long enough", id));
            return;
        }
        if (of.queued || of.lease != 0) continue;
        if (has_place(id, of) && why_not_ready(id, of).empty()) {
            violate(Rule::job_forgotten, fmt::format("job {} is ready and not queued", id));
            return;
        }
    }
}

}  // namespace suan::sim
