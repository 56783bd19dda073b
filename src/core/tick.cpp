#include "core/tick.hpp"

#include "core/jobs.hpp"
#include "core/leases.hpp"
#include "core/ledgers.hpp"
#include "core/market.hpp"
#include "core/money.hpp"
#include "core/quotes.hpp"
#include "core/rules_file.hpp"

namespace suan::core {
namespace {

void run_timers(Step& step) {
    TimerQueue& timers = step.mutable_state().timers;
    while (const std::optional<Timer> due = timers.pop_due(step.now())) {
        const Timer& timer = *due;
        switch (timer.kind) {
            case Timer::Kind::lease:
                lease_due(step, LeaseId{timer.id}, timer.at);
                break;
            case Timer::Kind::begin:
                begin_job(step, JobId{timer.id});
                break;
            case Timer::Kind::relax:
                relax_job(step, JobId{timer.id}, timer.at);
                break;
            case Timer::Kind::voucher:
                expire_voucher(step, VoucherId{static_cast<std::uint32_t>(timer.id)});
                break;
            case Timer::Kind::ledger:
                ledger_due(step, LedgerId{static_cast<std::uint32_t>(timer.id)});
                break;
            case Timer::Kind::quote:
                quote_due(step, QuoteId{timer.id}, timer.at);
                break;
            case Timer::Kind::rules:
                rules_due(step, RulesId{static_cast<std::uint32_t>(timer.id)});
                break;
            case Timer::Kind::spot:
                spot_due(step, PoolId{static_cast<std::uint32_t>(timer.id)}, timer.at);
                break;
        }
    }
}

void fund_waiting(Step& step) {
    std::vector<OrgId> waiting(step.state().unfunded_orgs.begin(),
                               step.state().unfunded_orgs.end());
    for (const OrgId org : waiting)
        fund_waiting_jobs(step, org);
    fund_waiting_ledgers(step);
}

void reservation_to(const sched::Reservation& reservation, JobReserved& reserved) {
    reserved.set_job_id(reservation.job.value);
    reserved.set_start_us(reservation.start.us);
    placement_to(reservation.placement, reserved.mutable_slots());
}

struct Carry {
    Step& step;

    void operator()(const sched::Start& start) const {
        const State& state = step.state();
        const Job& job = state.jobs.at(start.job.value);
        step.emit([&](Event& event) {
            JobStarted& started = *event.mutable_job_started();
            started.set_job_id(start.job.value);
            started.set_lease_id(state.next_lease);
            started.set_attempt(job.attempts + 1);
            started.set_tasks(start.tasks);
            placement_to(start.placement, started.mutable_slots());
            if (const auto price = price_at_start(state, job))
                started.set_micro_yuan_per_device_hour(price->micro_yuan);
        });
    }
    void operator()(const sched::Preempt& preempt) const {
        for (const LeaseId victim : preempt.victims)
            stop_lease(step, victim, STOP_REASON_PREEMPTED, preempt.job);
        for (const sched::Resize& resize : preempt.resizes)
            resize_lease(step, resize, preempt.job);
        step.emit([&](Event& event) {
            reservation_to(preempt.reservation, *event.mutable_job_reserved());
        });
    }
    void operator()(const sched::Resize& resize) const { resize_lease(step, resize, JobId{}); }
    void operator()(const sched::Reserve& reserve) const {
        step.emit([&](Event& event) {
            reservation_to(reserve.reservation, *event.mutable_job_reserved());
        });
    }
    void operator()(const sched::Unreserve& unreserve) const {
        step.emit(
            [&](Event& event) { event.mutable_job_unreserved()->set_job_id(unreserve.job.value); });
    }
};

void run_pass(Step& step, sched::PoolScheduler& scheduler) {
    scheduler.begin_pass(step.now());
    while (std::optional<sched::Decision> decision = scheduler.next())
        std::visit(Carry{step}, *decision);
}

// What a scheduler remembers of its last pass is not in the log, so no event may follow from it: a
// tick that found nothing leaves no entry, and a re-execution does not have it. Only the decay of
// uses is seen in the state; its entry says nothing but that time has passed.
void let_uses_decay(Step& step) {
    if (step.emitted()) return;
    const State& state = step.state();
    for (std::uint32_t id = 1; id < state.next_pool; ++id) {
        const Pool& pool = state.pools.at(id);
        if (step.now() - pool.scheduler.use_base() < pool.rules.usage_half_life) continue;
        step.emit([](Event& event) { event.mutable_time_advanced(); });
        return;
    }
}

bool wants_pass(const sched::PoolScheduler& scheduler, Time now) {
    const std::optional<Time> wakes = scheduler.wakes_at();
    return scheduler.wants_pass() || (wakes && *wakes <= now);
}

}  // namespace

Verdict decide_tick(Step& step) {
    if (!is_system(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only the hub itself tells the time");
    }
    run_timers(step);
    fund_waiting(step);
    State& state = step.mutable_state();
    let_uses_decay(step);
    for (std::uint32_t id = 1; id < state.next_pool; ++id) {
        sched::PoolScheduler& scheduler = state.pools.at(id).scheduler;
        if (wants_pass(scheduler, step.now())) run_pass(step, scheduler);
    }
    return std::nullopt;
}

}  // namespace suan::core
