// Leases: a job's hold on devices, from start to the last charge. Internal to src/core.
#pragma once

#include "core/funds.hpp"
#include "core/step.hpp"

namespace suan::core {

Verdict decide_lease_report(Step& step, const LeaseReport& report);

// Tells a running lease to stop; nothing when it is stopping already.
void stop_lease(Step& step, LeaseId lease, StopReason reason, JobId for_job);
// Tells one to stop so that its run goes on with other devices.
void resize_lease(Step& step, const sched::Resize& resize, JobId for_job);
// Charges it up to `to` (its wall time at most).
// Vouchers under it that have expired by now, but not yet been looked at, pay until their end.
void charge_lease(Step& step, LeaseId lease, Time to, LastCharge last);
// The same, from what is held for it whatever the time.
void charge_lease_as_held(Step& step, LeaseId lease, Time to, LastCharge last);
// A lease whose timer came: metering, wall time, or a stop that nobody confirmed.
void lease_due(Step& step, LeaseId lease, Time due);

struct LeaseEnd {
    LeaseOutcome outcome = LEASE_OUTCOME_COMPLETED;
    std::int32_t exit_code = 0;
    std::uint32_t signal = 0;
    std::string message;
};
// The devices are free again; the job ends or waits again, as the outcome and its retries say.
void end_lease(Step& step, LeaseId lease, const LeaseEnd& end);

void apply_job_started(State& state, const JobStarted& event);
void apply_lease_running(State& state, const LeaseRunning& event);
void apply_lease_stopping(State& state, const LeaseStopping& event);
void apply_lease_charged(State& state, const LeaseCharged& event);
void apply_lease_ended(State& state, const LeaseEnded& event);
void apply_lease_progress(State& state, const LeaseProgress& event);

// As the scheduler knows it; also used by a restore.
sched::RunningLease running_lease(const Job& job, const Lease& lease);

}  // namespace suan::core
