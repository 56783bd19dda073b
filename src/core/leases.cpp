#include "core/leases.hpp"

#include "base/limits.hpp"
#include "core/jobs.hpp"
#include "core/market.hpp"
#include "core/money.hpp"
#include "core/quotes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace suan::core {
namespace {

// How long after the grace a stop may stay unconfirmed before the devices are taken back.
constexpr Duration stop_patience = Duration::seconds(60);
// Starts that fail in a row before the job is given up, whatever its retries.
constexpr std::uint32_t launch_failures_max = 3;

LeaseOutcome outcome_of_stop(StopReason reason) {
    switch (reason) {
        case STOP_REASON_TIMEOUT:
            return LEASE_OUTCOME_TIMEOUT;
        case STOP_REASON_PREEMPTED:
        case STOP_REASON_OUTBID:
            return LEASE_OUTCOME_PREEMPTED;
        case STOP_REASON_NODE_FAILED:
            return LEASE_OUTCOME_NODE_FAILED;
        case STOP_REASON_UNFUNDED:
            return LEASE_OUTCOME_UNFUNDED;
        case STOP_REASON_RESIZED:
            return LEASE_OUTCOME_RESIZED;
        default:
            return LEASE_OUTCOME_CANCELLED;
    }
}

// What the centre, not the job, caused: work since the last checkpoint is not charged. Who is
// outbid had what it bought until then, and an org that takes devices from itself loses nothing to
// others: given back, its work would be free whenever it chose to.
bool work_is_given_back(const Lease& lease, LeaseOutcome outcome) {
    const bool made_way = outcome == LEASE_OUTCOME_PREEMPTED || outcome == LEASE_OUTCOME_RESIZED;
    if (made_way && lease.makes_way_for_own) return false;
    if (outcome == LEASE_OUTCOME_PREEMPTED && lease.stopping == STOP_REASON_OUTBID) return false;
    return outcome == LEASE_OUTCOME_PREEMPTED || outcome == LEASE_OUTCOME_NODE_FAILED ||
           outcome == LEASE_OUTCOME_LAUNCH_FAILED || outcome == LEASE_OUTCOME_LOST ||
           outcome == LEASE_OUTCOME_RESIZED;
}

Time next_due(const State& state, const Job& job, const Lease& lease) {
    const Duration interval = state.pools.at(job.pool.value).limits.meter_interval;
    return std::min(lease.ends_by, lease.metered_to + interval);
}

void set_due(State& state, Lease& lease, Time due) {
    lease.due = due;
    state.timers.push({due, Timer::Kind::lease, lease.id.value});
}

void drop_lease(Node& node, LeaseId lease) {
    const auto found = std::find(node.leases.begin(), node.leases.end(), lease);
    SUAN_ASSERT(found != node.leases.end());
    *found = node.leases.back();
    node.leases.pop_back();
}

enum class AfterLease { ends, runs_again, goes_on };

AfterLease what_follows(const Job& job, LeaseOutcome outcome) {
    switch (outcome) {
        case LEASE_OUTCOME_PREEMPTED:
        case LEASE_OUTCOME_NODE_FAILED:
        case LEASE_OUTCOME_UNFUNDED:
        case LEASE_OUTCOME_LOST:
            return AfterLease::runs_again;
        case LEASE_OUTCOME_RESIZED:
            return AfterLease::goes_on;
        case LEASE_OUTCOME_LAUNCH_FAILED:
            return job.launch_failures + 1 < launch_failures_max ? AfterLease::runs_again
                                                                 : AfterLease::ends;
        case LEASE_OUTCOME_FAILED:
            return job.own_failures < job.retries ? AfterLease::runs_again : AfterLease::ends;
        default:
            return AfterLease::ends;
    }
}

// Only such runs say how long the next one will be; the last lease of a resized one does not.
bool is_whole_run(const Job& job, const Lease& lease, LeaseOutcome outcome) {
    const bool by_itself = outcome == LEASE_OUTCOME_COMPLETED || outcome == LEASE_OUTCOME_FAILED;
    return by_itself && lease.ends_by == lease.started + job.walltime;
}

JobState state_after(LeaseOutcome outcome) {
    switch (outcome) {
        case LEASE_OUTCOME_COMPLETED:
            return JOB_STATE_COMPLETED;
        case LEASE_OUTCOME_TIMEOUT:
            return JOB_STATE_TIMEOUT;
        case LEASE_OUTCOME_CANCELLED:
            return JOB_STATE_CANCELLED;
        default:
            return JOB_STATE_FAILED;
    }
}

void requeue(Step& step, JobId id, LeaseOutcome outcome) {
    const Job& job = step.state().jobs.at(id.value);
    std::vector<HoldPart> holds;
    // What the lease held is free again by now, so only a changed budget or lost voucher can stand
    // in the way.
    HoldPlanner planner(step.state(), job.org, job.project, step.now());
    const bool funded = !planner.plan(job, hold_amount(job.shape, job.walltime, job.price), holds);
    step.emit([&](Event& event) {
        JobRequeued& requeued = *event.mutable_job_requeued();
        requeued.set_job_id(id.value);
        requeued.set_own_failure(outcome == LEASE_OUTCOME_FAILED);
        requeued.set_funded(funded);
        if (funded) holds_to(holds, *requeued.mutable_holds());
        requeued.set_eligible(funded && !job.held && !job.bidding);
    });
}

// What the run of a lease that was stopped for a resize goes on with.
struct GoesOn {
    sched::Placement placement;
    Time ends_by;  // the wall time of the run, which began before
};

// Nothing: a node of it takes no work now, its org may hold less, its time is over or its money
// gone.
std::optional<GoesOn> what_goes_on(const Step& step, const Lease& lease) {
    const Job& job = step.state().jobs.at(lease.job.value);
    if (lease.stopping != STOP_REASON_RESIZED || !job.funded || lease.ends_by <= step.now())
        return std::nullopt;
    const auto next = step.state().pools.at(job.pool.value).scheduler.resume(lease.id);
    if (!next) return std::nullopt;
    return GoesOn{*next, lease.ends_by};
}

void go_on(Step& step, JobId id, const GoesOn& rest) {
    const State& state = step.state();
    step.emit([&](Event& event) {
        JobStarted& started = *event.mutable_job_started();
        started.set_job_id(id.value);
        started.set_lease_id(state.next_lease);
        started.set_attempt(state.jobs.at(id.value).attempts + 1);
        started.set_tasks(sched::tasks_of(rest.placement));
        placement_to(rest.placement, started.mutable_slots());
        started.set_ends_by_us(rest.ends_by.us);
        if (const auto price = price_at_start(state, state.jobs.at(id.value)))
            started.set_micro_yuan_per_device_hour(price->micro_yuan);
    });
}

}  // namespace

sched::RunningLease running_lease(const Job& job, const Lease& lease) {
    sched::RunningLease running;
    running.id = lease.id;
    running.job = job.id;
    running.org = job.org;
    running.project = job.project;
    running.member = job.member;
    running.tier = job.tier;
    running.shape = shape_now(job);
    running.tasks = lease.tasks;
    running.started = lease.started;
    running.ends_by = lease.ends_by;
    running.last_checkpoint = lease.last_checkpoint;
    running.expected = job.expected;
    running.stops = job.preemptions;
    running.stopping = lease.stopping != STOP_REASON_UNSPECIFIED;
    running.placement = lease.placement;
    running.next = lease.next;
    return running;
}

void apply_job_started(State& state, const JobStarted& event) {
    Job& job = state.jobs.at(event.job_id());
    const bool goes_on = event.ends_by_us() != 0;  // after a resize
    SUAN_ASSERT(job.queued != goes_on);
    SUAN_ASSERT(!job.lease);
    dequeue(state, job);
    Lease made;
    made.id = LeaseId{event.lease_id()};
    made.job = job.id;
    made.attempt = event.attempt();
    made.tasks = event.tasks();
    made.placement = placement_from(event.slots(), job.shape.milli);
    made.started = state.now;
    made.ends_by = goes_on ? Time{event.ends_by_us()} : state.now + job.walltime;
    made.last_checkpoint = state.now;
    made.metered_to = state.now;
    made.price.of_market = event.has_micro_yuan_per_device_hour();
    made.price.per_device_hour =
        made.price.of_market ? Money{event.micro_yuan_per_device_hour()} : job.price;
    made.price.since = state.now;
    Lease& lease = state.leases.insert(made.id.value, std::move(made));
    state.next_lease = lease.id.value + 1;
    job.lease = lease.id;
    job.state = JOB_STATE_RUNNING;
    job.started = state.now;
    job.attempts = lease.attempt;
    if (!goes_on) job.progress_permille = 0;
    quotes_see_start(state, job);
    Org& org = state.orgs.at(job.org.value);
    --org.jobs_waiting;
    ++org.jobs_running;
    for (const sched::Slot& slot : lease.placement)
        state.nodes.at(slot.node.value).leases.push_back(lease.id);
    state.pools.at(job.pool.value).scheduler.lease_started(running_lease(job, lease));
    set_due(state, lease, next_due(state, job, lease));
    state.touch(job);
    state.touch(lease);
}

void apply_lease_running(State& state, const LeaseRunning& event) {
    Lease& lease = state.leases.at(event.lease_id());
    lease.running = true;
    Job& job = state.jobs.at(lease.job.value);
    job.launch_failures = 0;
    state.touch(job);
    state.touch(lease);
}

void stop_lease(Step& step, LeaseId id, StopReason reason, JobId for_job) {
    const StopReason already = step.state().leases.at(id.value).stopping;
    // A cancel also ends what was stopped only to run again, and whatever else stops a lease has to
    // be said of one that would only be resized.
    const bool runs_again = already == STOP_REASON_PREEMPTED || already == STOP_REASON_OUTBID ||
                            already == STOP_REASON_NODE_FAILED || already == STOP_REASON_UNFUNDED;
    const bool overrides = (reason == STOP_REASON_CANCELLED && runs_again) ||
                           (already == STOP_REASON_RESIZED && reason != already);
    if (already != STOP_REASON_UNSPECIFIED && !overrides) return;
    step.emit([&](Event& event) {
        LeaseStopping& stopping = *event.mutable_lease_stopping();
        stopping.set_lease_id(id.value);
        stopping.set_reason(reason);
        stopping.set_for_job_id(for_job.value);
    });
}

void resize_lease(Step& step, const sched::Resize& resize, JobId for_job) {
    step.emit([&](Event& event) {
        LeaseStopping& stopping = *event.mutable_lease_stopping();
        stopping.set_lease_id(resize.lease.value);
        stopping.set_reason(STOP_REASON_RESIZED);
        stopping.set_for_job_id(for_job.value);
        placement_to(resize.next, stopping.mutable_slots());
    });
}

void apply_lease_stopping(State& state, const LeaseStopping& event) {
    Lease& lease = state.leases.at(event.lease_id());
    Job& job = state.jobs.at(lease.job.value);
    sched::PoolScheduler& scheduler = state.pools.at(job.pool.value).scheduler;
    lease.stopping = event.reason();
    lease.next = placement_from(event.slots(), job.shape.milli);
    const Job* winner = state.jobs.find(event.for_job_id());
    lease.makes_way_for_own = winner != nullptr && winner->org == job.org;
    job.state = JOB_STATE_STOPPING;
    const bool outbid = event.reason() == STOP_REASON_OUTBID;
    if (event.reason() == STOP_REASON_PREEMPTED || outbid) ++job.preemptions;
    if (outbid) job.bidding = true;
    if (event.reason() == STOP_REASON_RESIZED) {
        scheduler.lease_resizing(lease.id, lease.next);
    } else {
        scheduler.lease_stopping(lease.id);
    }
    set_due(state, lease, state.now + job.grace + stop_patience);
    state.touch(job);
    state.touch(lease);
}

void charge_lease(Step& step, LeaseId id, Time to, LastCharge last) {
    expire_vouchers_under(step, step.state().leases.at(id.value).job);
    charge_lease_as_held(step, id, to, last);
}

void charge_lease_as_held(Step& step, LeaseId id, Time to, LastCharge last) {
    const Lease& lease = step.state().leases.at(id.value);
    const Job& job = step.state().jobs.at(lease.job.value);
    const Time until = std::max(lease.started, std::min(to, lease.ends_by));
    Metering metering = meter(job, lease, until);
    // Nothing is held for it any more: what it uses until it has stopped is the centre's loss.
    if (!job.funded && metering.milli_device_ms > 0) metering = Metering{};
    if (last == LastCharge::no && metering.milli_device_ms == 0) return;
    const Metering whole =
        meter(job, lease, std::max(lease.started, std::min(step.now(), lease.ends_by)));
    step.emit([&](Event& event) {
        LeaseCharged& charged = *event.mutable_lease_charged();
        charged.set_lease_id(id.value);
        charged.set_to_us(until.us);
        charged.set_milli_device_ms(metering.milli_device_ms);
        charged.set_micro_yuan(metering.amount.micro_yuan);
        plan_payments(job, lease, metering.amount, *charged.mutable_payments());
        charged.set_final(last == LastCharge::yes);
        if (job.funded && last == LastCharge::yes)
            charged.set_credited_micro_yuan((whole.amount - metering.amount).micro_yuan);
    });
}

void apply_lease_charged(State& state, const LeaseCharged& event) {
    Lease& lease = state.leases.at(event.lease_id());
    Job& job = state.jobs.at(lease.job.value);
    const Money amount{event.micro_yuan()};
    // What is held pays for the rest of the run, if it goes on with another size.
    const bool is_last = event.final() && lease.stopping != STOP_REASON_RESIZED;
    pay(state, job, lease, event.payments(), is_last ? LastCharge::yes : LastCharge::no);
    lease.charged += amount;
    lease.milli_device_ms += event.milli_device_ms();
    lease.metered_to = std::max(lease.metered_to, Time{event.to_us()});
    job.charged += amount;
    job.milli_device_ms += event.milli_device_ms();
    Org& org = state.orgs.at(job.org.value);
    if (event.milli_device_ms() != 0 || event.micro_yuan() != 0) {
        InvoiceSum& sum = org.unbilled[InvoiceKey{job.project, job.pool, proto_tier(job.tier),
                                                  job.sheet, job.price_line}];
        sum.milli_device_ms += event.milli_device_ms();
        sum.charged += amount;
        sum.credited += Money{event.credited_micro_yuan()};
    }
    if (event.milli_device_ms() > 0) {
        state.pools.at(job.pool.value)
            .scheduler.add_use(job.org, job.project, job.member, event.milli_device_ms(),
                               state.now);
    }
    if (!event.final() && lease.stopping == STOP_REASON_UNSPECIFIED)
        set_due(state, lease, next_due(state, job, lease));
    state.touch(job);
    state.touch(lease);
}

void lease_due(Step& step, LeaseId id, Time due) {
    const Lease* lease = step.state().leases.find(id.value);
    // A stale timer must do nothing: a restored state does not have it.
    if (lease == nullptr || lease->due != due) return;
    if (lease->stopping != STOP_REASON_UNSPECIFIED) {
        // Nobody knows whether its processes are gone: what it goes on with must not be their
        // place.
        const bool resizes = lease->stopping == STOP_REASON_RESIZED;
        end_lease(step, id,
                  {.outcome = resizes ? LEASE_OUTCOME_PREEMPTED : outcome_of_stop(lease->stopping),
                   .message = "its stop was never confirmed"});
        return;
    }
    charge_lease(step, id, step.now(), LastCharge::no);
    if (lease->ends_by <= step.now()) stop_lease(step, id, STOP_REASON_TIMEOUT, JobId{});
}

void end_lease(Step& step, LeaseId id, const LeaseEnd& given) {
    const Lease& lease = step.state().leases.at(id.value);
    const JobId job = lease.job;
    LeaseEnd end = given;
    std::optional<GoesOn> rest;
    if (end.outcome == LEASE_OUTCOME_RESIZED) {
        expire_vouchers_under(step, job);  // which may leave no money to go on with
        rest = what_goes_on(step, lease);
        if (!rest && lease.stopping != STOP_REASON_RESIZED) {
            end.outcome = outcome_of_stop(lease.stopping);
        } else if (!rest) {
            end.outcome = LEASE_OUTCOME_PREEMPTED;
        }
    }
    const AfterLease after = what_follows(step.state().jobs.at(job.value), end.outcome);
    charge_lease(step, id,
                 work_is_given_back(lease, end.outcome) ? lease.last_checkpoint : step.now(),
                 LastCharge::yes);
    step.emit([&](Event& event) {
        LeaseEnded& ended = *event.mutable_lease_ended();
        ended.set_lease_id(id.value);
        ended.set_outcome(end.outcome);
        ended.set_exit_code(end.exit_code);
        ended.set_signal(end.signal);
    });
    if (after == AfterLease::goes_on) {
        go_on(step, job, *rest);
    } else if (after == AfterLease::runs_again) {
        requeue(step, job, end.outcome);
    } else {
        end_job(step, job,
                {.state = state_after(end.outcome),
                 .exit_code = end.exit_code,
                 .signal = end.signal,
                 .reason = end.message});
    }
}

void apply_lease_ended(State& state, const LeaseEnded& event) {
    Lease& lease = state.leases.at(event.lease_id());
    Job& job = state.jobs.at(lease.job.value);
    Org& org = state.orgs.at(job.org.value);
    SUAN_ASSERT(org.jobs_running > 0);
    --org.jobs_running;
    ++org.jobs_waiting;
    if (event.outcome() == LEASE_OUTCOME_LAUNCH_FAILED) ++job.launch_failures;
    job.lease = LeaseId{};
    job.state = JOB_STATE_WAITING;
    job.exit_code = event.exit_code();
    job.signal = event.signal();
    if (event.outcome() != LEASE_OUTCOME_RESIZED) release_holds(state, job);
    for (const sched::Slot& slot : lease.placement)
        drop_lease(state.nodes.at(slot.node.value), lease.id);
    Pool& pool = state.pools.at(job.pool.value);
    pool.scheduler.lease_ended(lease.id);
    if (is_whole_run(job, lease, event.outcome()) && pool.limits.expected_permille != 0)
        pool.run_times.learn(run_key(job), state.now - lease.started);
    state.forget(lease);
    state.leases.erase(event.lease_id());
    state.touch(job);
}

void apply_lease_progress(State& state, const LeaseProgress& event) {
    Lease& lease = state.leases.at(event.lease_id());
    Job& job = state.jobs.at(lease.job.value);
    if (event.checkpoint()) {
        lease.last_checkpoint = state.now;
        state.pools.at(job.pool.value).scheduler.lease_checkpointed(lease.id, state.now);
    } else {
        job.progress_permille = event.permille();
    }
    state.touch(job);
    state.touch(lease);
}

Verdict decide_lease_report(Step& step, const LeaseReport& report) {
    if (!is_system(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only executors report on leases");
    }
    const Lease* lease = step.state().leases.find(report.lease_id());
    if (lease == nullptr) return std::nullopt;  // late or doubled: it has ended already
    const LeaseId id = lease->id;
    switch (report.kind()) {
        case LeaseReport::KIND_STARTED:
            if (!lease->running)
                step.emit([&](Event& e) { e.mutable_lease_running()->set_lease_id(id.value); });
            return std::nullopt;
        case LeaseReport::KIND_CHECKPOINTED:
        case LeaseReport::KIND_PROGRESS: {
            const bool checkpoint = report.kind() == LeaseReport::KIND_CHECKPOINTED;
            step.emit([&](Event& event) {
                event.mutable_lease_progress()->set_lease_id(id.value);
                event.mutable_lease_progress()->set_permille(
                    std::min(1'000U, report.progress_permille()));
                event.mutable_lease_progress()->set_checkpoint(checkpoint);
            });
            return std::nullopt;
        }
        case LeaseReport::KIND_ENDED: {
            LeaseOutcome outcome = report.outcome();
            // A stopped lease ends for the reason it was stopped for, unless it had completed by
            // itself.
            if (lease->stopping != STOP_REASON_UNSPECIFIED && outcome != LEASE_OUTCOME_COMPLETED) {
                outcome = outcome_of_stop(lease->stopping);
            }
            end_lease(step, id,
                      {.outcome = outcome,
                       .exit_code = report.exit_code(),
                       .signal = report.signal(),
                       .message = report.message()});
            return std::nullopt;
        }
        default:
            return reject(RejectionCode::invalid_field, "kind",
                          "kind must be started, ended, checkpointed or progress");
    }
}

}  // namespace suan::core
