#include "core/jobs.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/leases.hpp"
#include "core/market.hpp"
#include "core/quotes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

// The first dependency that has ended otherwise than it must; null: none has.
const JobDependency* broken_dependency(const State& state, const Job& job) {
    for (const JobDependency& d : job.dependencies) {
        if (d.met && !satisfied(d.kind, look_up(state, d.job) == Known::succeeded)) return &d;
    }
    return nullptr;
}

// Jobs that wait for `key` (a job or a whole array), which has just ended.
void settle_dependents(Step& step, std::vector<JobId> waiting,
                       std::vector<std::pair<JobId, JobEnd>>& to_end) {
    std::sort(waiting.begin(), waiting.end());
    waiting.erase(std::unique(waiting.begin(), waiting.end()), waiting.end());
    for (const JobId id : waiting) {
        const Job* job = step.state().jobs.find(id.value);
        if (job == nullptr || job->has_ended()) continue;
        if (const JobDependency* broken = broken_dependency(step.state(), *job)) {
            to_end.emplace_back(id, JobEnd{.state = JOB_STATE_DEPENDENCY_FAILED,
                                           .reason = fmt::format("job {} did not end as required",
                                                                 broken->job.value)});
        } else if (!job->queued && ready(*job, step.now())) {
            step.emit([&](Event& event) { event.mutable_job_eligible()->set_job_id(id.value); });
        }
    }
}

std::vector<JobId> dependents_of(const State& state, JobId key) {
    const auto found = state.dependents.find(key);
    return found == state.dependents.end() ? std::vector<JobId>{} : found->second;
}

// The next job of an array with a bound on running ones, let in when one of it has ended.
void let_next_of_array_in(Step& step, JobId array, std::uint32_t released_before) {
    const auto found = step.state().arrays.find(array);
    if (found == step.state().arrays.end()) return;
    for (std::uint32_t order = released_before; order < found->second.released; ++order) {
        const Job* job = step.state().jobs.find(array.value + order);
        if (job == nullptr || job->has_ended() || job->queued || !ready(*job, step.now())) continue;
        if (broken_dependency(step.state(), *job) != nullptr) continue;  // it ends in this step
        step.emit([&](Event& event) { event.mutable_job_eligible()->set_job_id(job->id.value); });
    }
}

void end_one(Step& step, JobId id, const JobEnd& end,
             std::vector<std::pair<JobId, JobEnd>>& to_end) {
    const Job& before = step.state().jobs.at(id.value);
    if (before.has_ended()) return;
    const JobId array = before.array;
    std::vector<JobId> waiting =
        array == id ? std::vector<JobId>{} : dependents_of(step.state(), id);
    std::uint32_t released = 0;
    if (array) {
        const Array& of = step.state().arrays.at(array);
        released = of.released;
        if (of.ended + 1 == of.count) {
            const std::vector<JobId> more = dependents_of(step.state(), array);
            waiting.insert(waiting.end(), more.begin(), more.end());
        }
    }
    step.emit([&](Event& event) {
        JobEnded& ended = *event.mutable_job_ended();
        ended.set_job_id(id.value);
        ended.set_state(end.state);
        ended.set_exit_code(end.exit_code);
        ended.set_signal(end.signal);
        ended.set_reason(end.reason);
    });
    if (array) let_next_of_array_in(step, array, released);
    settle_dependents(step, std::move(waiting), to_end);
}

void mark_dependency_met(State& state, JobId key) {
    const auto found = state.dependents.find(key);
    if (found == state.dependents.end()) return;
    for (const JobId id : found->second) {
        Job* job = state.jobs.find(id.value);
        if (job == nullptr || job->has_ended()) continue;
        for (JobDependency& dependency : job->dependencies) {
            if (dependency.job != key || dependency.met) continue;
            dependency.met = true;
            SUAN_ASSERT(job->dependencies_open > 0);
            --job->dependencies_open;
        }
        state.touch(*job);
    }
    state.dependents.erase(found);
}

// Lets the next living job of a bounded array into the queue, when the one that ended had a place
// there.
void release_array_slot(State& state, Array& array) {
    if (array.running_max == 0) return;
    while (array.released < array.count) {
        Job* next = state.jobs.find(array.first.value + array.released++);
        if (next == nullptr || next->has_ended()) continue;
        next->array_slot = true;
        state.touch(*next);
        return;
    }
}

void note_array_end(State& state, const Job& job) {
    const auto found = state.arrays.find(job.array);
    SUAN_ASSERT(found != state.arrays.end());
    Array& array = found->second;
    ++array.ended;
    if (job.state != JOB_STATE_COMPLETED) ++array.failed;
    if (job.array_slot) release_array_slot(state, array);
    if (array.ended == array.count) mark_dependency_met(state, job.array);
}

void add_to_unfunded(State& state, const Job& job) {
    state.orgs.at(job.org.value).unfunded.insert(job.id);
    state.unfunded_orgs.insert(job.org);
}
// Old finished jobs leave; an array's record leaves with its first job.
void keep_recent_only(State& state) {
    while (state.finished.size() > limits::finished_jobs_kept) {
        const JobId oldest = state.finished.front();
        state.finished.pop_front();
        Job& job = state.jobs.at(oldest.value);
        if (job.array) {
            const auto array = state.arrays.find(job.array);
            if (array != state.arrays.end() && array->second.ended == array->second.count)
                state.arrays.erase(array);
        }
        state.forget(job);
        state.jobs.erase(oldest.value);
    }
}

}  // namespace

Verdict check_may_change(const Step& step, std::uint64_t id) {
    const Job* job = step.state().jobs.find(id);
    if (job == nullptr || !is_member_of(step.actor(), job->org)) {
        return reject(RejectionCode::not_found, "job_id", fmt::format("there is no job {}", id));
    }
    if (job->member.value != step.actor().member_id() && !is_admin_of(step.actor(), job->org)) {
        return reject(RejectionCode::forbidden, "job_id",
                      "only who submitted a job, or an admin of the org, changes it");
    }
    return std::nullopt;
}

void drop_from_unfunded(State& state, const Job& job) {
    std::set<JobId>& unfunded = state.orgs.at(job.org.value).unfunded;
    if (unfunded.erase(job.id) > 0 && unfunded.empty()) state.unfunded_orgs.erase(job.org);
}

// A dependency met or not, for a job or array that has ended.
bool satisfied(DependencyKind kind, bool succeeded) {
    switch (kind) {
        case DEPENDENCY_KIND_AFTERNOTOK:
            return !succeeded;
        case DEPENDENCY_KIND_AFTERANY:
            return true;
        default:
            return succeeded;
    }
}

Known look_up(const State& state, JobId id) {
    const auto array = state.arrays.find(id);
    if (array != state.arrays.end()) {
        if (array->second.ended < array->second.count) return Known::open;
        return array->second.failed == 0 ? Known::succeeded : Known::failed;
    }
    const Job* job = state.jobs.find(id.value);
    if (job == nullptr) return Known::unknown;
    if (!job->has_ended()) return Known::open;
    return job->state == JOB_STATE_COMPLETED ? Known::succeeded : Known::failed;
}

namespace {

// But for money and the spot market.
bool free_to_go(const Job& job, Time now) {
    return job.state == JOB_STATE_WAITING && !job.held && job.dependencies_open == 0 &&
           job.begin <= now && job.array_slot;
}

}  // namespace

bool ready_but_for_money(const Job& job, Time now) {
    return !job.bidding && free_to_go(job, now);
}
bool may_bid(const Job& job, Time now) {
    return job.funded && free_to_go(job, now);
}
bool ready(const Job& job, Time now) {
    return job.funded && ready_but_for_money(job, now);
}

sched::Shape shape_now(const Job& job) {
    sched::Shape out = job.shape;
    if (job.relaxed) out.topology = sched::Topology::any;
    return out;
}

sched::WaitingJob waiting_job(const Job& job) {
    sched::WaitingJob out;
    out.id = job.id;
    out.org = job.org;
    out.project = job.project;
    out.member = job.member;
    out.tier = job.tier;
    out.priority = job.priority;
    out.queued = job.submitted;
    out.expected = job.expected;
    out.walltime = job.walltime;
    out.shape = shape_now(job);
    return out;
}

sched::RunKey run_key(const Job& job) {
    return {job.org, job.member, job.shape.milli_devices(job.shape.tasks_max)};
}

Duration expected_run(const Pool& pool, const Job& job) {
    if (pool.limits.expected_permille == 0) return Duration{};
    return pool.run_times.expected(run_key(job), pool.limits.expected_permille)
        .value_or(Duration{});
}

void enqueue(State& state, Job& job) {
    job.expected = expected_run(state.pools.at(job.pool.value), job);
    job.relaxed = false;
    if (job.topology_wait.us > 0) {
        job.relaxes = state.now + job.topology_wait;
        state.timers.push({job.relaxes, Timer::Kind::relax, job.id.value});
    }
    enqueue_as_it_is(state, job);
}
void enqueue_as_it_is(State& state, Job& job) {
    SUAN_ASSERT(!job.queued);
    job.queued = true;
    Pool& pool = state.pools.at(job.pool.value);
    pool.scheduler.enqueue(waiting_job(job));
    note_asked(pool, job, Asks::begins);
}
void dequeue(State& state, Job& job) {
    if (!job.queued) return;
    job.queued = false;
    Pool& pool = state.pools.at(job.pool.value);
    pool.scheduler.dequeue(job.id);
    note_asked(pool, job, Asks::ends);
}

void apply_job_eligible(State& state, const JobEligible& event) {
    Job& job = state.jobs.at(event.job_id());
    job.bidding = false;
    enqueue(state, job);
    state.touch(job);
}

void begin_job(Step& step, JobId id) {
    const Job* job = step.state().jobs.find(id.value);
    if (job == nullptr || job->queued || !ready(*job, step.now())) return;
    step.emit([&](Event& event) { event.mutable_job_eligible()->set_job_id(id.value); });
}

void relax_job(Step& step, JobId id, Time due) {
    const Job* job = step.state().jobs.find(id.value);
    // A timer of an earlier wait may be left, which a restored state has not: it must do nothing.
    if (job == nullptr || !job->queued || job->relaxed || job->relaxes != due) return;
    step.emit([&](Event& event) { event.mutable_job_relaxed()->set_job_id(id.value); });
}

void apply_job_relaxed(State& state, const JobRelaxed& event) {
    Job& job = state.jobs.at(event.job_id());
    sched::PoolScheduler& scheduler = state.pools.at(job.pool.value).scheduler;
    // What was reserved for it, or is being freed, fits it still.
    const std::optional<sched::Reservation> reserved = scheduler.reservation_of(job.id);
    dequeue(state, job);
    job.relaxed = true;
    enqueue_as_it_is(state, job);
    if (reserved) scheduler.set_reservation(*reserved);
    state.touch(job);
}

void end_job(Step& step, JobId id, const JobEnd& end) {
    std::vector<std::pair<JobId, JobEnd>> to_end{{id, end}};
    while (!to_end.empty()) {
        const std::pair<JobId, JobEnd> next = to_end.front();
        to_end.erase(to_end.begin());
        end_one(step, next.first, next.second, to_end);
    }
}

void apply_job_ended(State& state, const JobEnded& event) {
    Job& job = state.jobs.at(event.job_id());
    SUAN_ASSERT(!job.has_ended());
    SUAN_ASSERT(!job.lease);
    dequeue(state, job);
    release_holds(state, job);
    Org& org = state.orgs.at(job.org.value);
    drop_from_unfunded(state, job);
    forget_quote(state, job);
    spot_job_ends(state, job);
    SUAN_ASSERT(org.jobs_waiting > 0);
    --org.jobs_waiting;
    job.state = event.state();
    job.exit_code = event.exit_code();
    job.signal = event.signal();
    job.ended = state.now;
    if (job.array) note_array_end(state, job);
    if (job.array != job.id) mark_dependency_met(state, job.id);
    state.touch(job);
    state.finished.push_back(job.id);
    keep_recent_only(state);
}

Verdict decide_cancel_job(Step& step, const CancelJob& command) {
    if (Verdict bad = check_may_change(step, command.job_id())) return bad;
    if (Verdict bad = check_text(command.reason(), limits::reason_bytes_max, "reason")) return bad;
    std::vector<JobId> targets;
    const Job& named = step.state().jobs.at(command.job_id());
    const auto found = step.state().arrays.find(named.array);
    if (command.whole_array() && found != step.state().arrays.end()) {
        const Array& array = found->second;
        for (std::uint32_t i = 0; i < array.count; ++i)
            targets.push_back(JobId{array.first.value + i});
    } else {
        targets.push_back(named.id);
    }
    std::size_t alive = 0;
    for (const JobId id : targets) {
        const Job* job = step.state().jobs.find(id.value);
        if (job != nullptr && !job->has_ended()) ++alive;
    }
    if (alive == 0) {
        return reject(RejectionCode::wrong_state, "job_id",
                      fmt::format("job {} has ended already", command.job_id()));
    }
    // Backwards, so that a bounded array does not let in what is about to be cancelled too.
    for (auto id = targets.rbegin(); id != targets.rend(); ++id) {
        const Job* job = step.state().jobs.find(id->value);
        if (job == nullptr || job->has_ended()) continue;
        if (job->lease) {
            stop_lease(step, job->lease, STOP_REASON_CANCELLED, JobId{});
        } else {
            end_job(step, *id,
                    {.state = JOB_STATE_CANCELLED, .reason = {}});  // the command says why
        }
    }
    return std::nullopt;
}

Verdict decide_hold_job(Step& step, const HoldJob& command) {
    if (Verdict bad = check_may_change(step, command.job_id())) return bad;
    const Job& job = step.state().jobs.at(command.job_id());
    if (job.state != JOB_STATE_WAITING) {
        return reject(RejectionCode::wrong_state, "job_id", "only a waiting job can be held");
    }
    if (job.held) return std::nullopt;
    step.emit([&](Event& event) { event.mutable_job_held()->set_job_id(command.job_id()); });
    return std::nullopt;
}
void apply_job_held(State& state, const JobHeld& event) {
    Job& job = state.jobs.at(event.job_id());
    job.held = true;
    quote_at_own_fault(state, job);
    dequeue(state, job);
    state.touch(job);
}

Verdict decide_release_job(Step& step, const ReleaseJob& command) {
    if (Verdict bad = check_may_change(step, command.job_id())) return bad;
    const Job& job = step.state().jobs.at(command.job_id());
    if (job.state != JOB_STATE_WAITING || !job.held) {
        return reject(RejectionCode::wrong_state, "job_id", "only a held job can be released");
    }
    step.emit([&](Event& event) {
        Job released = job;
        released.held = false;
        event.mutable_job_released()->set_job_id(command.job_id());
        event.mutable_job_released()->set_eligible(ready(released, step.now()));
    });
    return std::nullopt;
}
void apply_job_released(State& state, const JobReleased& event) {
    Job& job = state.jobs.at(event.job_id());
    job.held = false;
    if (event.eligible()) enqueue(state, job);
    state.touch(job);
}

void apply_job_requeued(State& state, const JobRequeued& event) {
    Job& job = state.jobs.at(event.job_id());
    release_holds(state, job);
    job.state = JOB_STATE_WAITING;
    if (event.own_failure()) ++job.own_failures;
    job.funded = event.funded();
    if (job.funded) {
        place_holds(state, job, event.holds());
        drop_from_unfunded(state, job);
    } else {
        add_to_unfunded(state, job);
    }
    if (event.eligible()) enqueue(state, job);
    state.touch(job);
}

void apply_job_funded(State& state, const JobFunded& event) {
    Job& job = state.jobs.at(event.job_id());
    job.funded = true;
    drop_from_unfunded(state, job);
    place_holds(state, job, event.holds());
    if (event.eligible()) enqueue(state, job);
    state.touch(job);
}

void apply_job_unfunded(State& state, const JobUnfunded& event) {
    Job& job = state.jobs.at(event.job_id());
    dequeue(state, job);
    release_holds(state, job);
    job.funded = false;
    quote_at_own_fault(state, job);
    add_to_unfunded(state, job);
    state.touch(job);
}

void apply_job_reserved(State& state, const JobReserved& event) {
    const Job& job = state.jobs.at(event.job_id());
    state.pools.at(job.pool.value)
        .scheduler.set_reservation({.job = job.id,
                                    .start = Time{event.start_us()},
                                    .placement = placement_from(event.slots(), job.shape.milli)});
}
void apply_job_unreserved(State& state, const JobUnreserved& event) {
    const Job& job = state.jobs.at(event.job_id());
    state.pools.at(job.pool.value).scheduler.clear_reservation(job.id);
}

}  // namespace suan::core
