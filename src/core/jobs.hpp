// Jobs from submission to their end: admission, arrays, dependencies, holding, cancelling. Internal
// to src/core. Their runs are in leases.hpp.
#pragma once

#include "core/step.hpp"

namespace suan::core {

// `done` is set when the submission is a retry of an earlier one.
struct SubmitVerdict {
    Verdict rejection;
    std::optional<IdempotentRequest> done;
};
SubmitVerdict decide_submit_job(Step& step, const SubmitJob& command);

// What a submission must satisfy before money is asked for, and the job that it describes.
struct Asked {
    Verdict rejection;
    Job job;
    PriceSheetId sheet;
    PriceLine price;
};
Verdict check_submitter(const Step& step, const SubmitJob& command);
Asked check_asked(const Step& step, const SubmitJob& command);
Verdict decide_cancel_job(Step& step, const CancelJob& command);
Verdict decide_hold_job(Step& step, const HoldJob& command);
Verdict decide_release_job(Step& step, const ReleaseJob& command);

// Jobs that the actor may cancel, hold, release or bid for: his own, or of his org for an admin.
Verdict check_may_change(const Step& step, std::uint64_t id);
// It does not wait for money any more.
void drop_from_unfunded(State& state, const Job& job);

// A dependency met or not, for a job or array that has ended.
bool satisfied(DependencyKind kind, bool succeeded);
// What is known of a dependency: its array or job still runs, or how it ended.
enum class Known { open, succeeded, failed, unknown };
Known look_up(const State& state, JobId id);

// Ends a job that runs no lease, and lets what waits for it know.
struct JobEnd {
    JobState state = JOB_STATE_COMPLETED;
    std::int32_t exit_code = 0;
    std::uint32_t signal = 0;
    std::string reason;
};
void end_job(Step& step, JobId job, const JobEnd& end);
// Its begin time has come: into the queue if nothing else keeps it out.
void begin_job(Step& step, JobId job);
// A timer for when it has waited for its topology for as long as it wanted to.
void relax_job(Step& step, JobId job, Time due);

// Nothing keeps it out of the queue but, perhaps, the missing money.
bool ready_but_for_money(const Job& job, Time now);
// Nothing keeps it out of the queue but, perhaps, a bid that is too low.
bool may_bid(const Job& job, Time now);
bool ready(const Job& job, Time now);

void apply_job_admitted(State& state, const Entry& entry, const JobAdmitted& event);
void apply_job_eligible(State& state, const JobEligible& event);
void apply_job_relaxed(State& state, const JobRelaxed& event);
void apply_job_ended(State& state, const JobEnded& event);
void apply_job_held(State& state, const JobHeld& event);
void apply_job_released(State& state, const JobReleased& event);
void apply_job_requeued(State& state, const JobRequeued& event);
void apply_job_funded(State& state, const JobFunded& event);
void apply_job_unfunded(State& state, const JobUnfunded& event);
void apply_job_reserved(State& state, const JobReserved& event);
void apply_job_unreserved(State& state, const JobUnreserved& event);

// The shape that its place must have now: any topology will do for one that is relaxed.
sched::Shape shape_now(const Job& job);
// What the scheduler is told of a job that waits.
sched::WaitingJob waiting_job(const Job& job);
// Whose runs those of the job are learnt with.
sched::RunKey run_key(const Job& job);
// What the pool's rules let one expect of its run; 0: nothing is known.
Duration expected_run(const Pool& pool, const Job& job);

// Into and out of the pool's queue. What is expected of its run is looked up on the way in, unless
// it comes in as it is.
void enqueue(State& state, Job& job);
void enqueue_as_it_is(State& state, Job& job);
void dequeue(State& state, Job& job);

}  // namespace suan::core
