#include "sim/whatif/history.hpp"

#include <algorithm>

namespace suan::sim {

History::History(const std::vector<Entry>& log) {
    for (const Entry& entry : log)
        read(entry);
    for (const auto& [id, job] : jobs_) {
        for (const PastRun& run : job.runs) {
            if (run.lasted) run_times_.learn(job.key, *run.lasted);
        }
    }
}

void History::submitted(const Entry& entry, const JobAdmitted& event) {
    const SubmitJob& submit = entry.command().submit_job();
    const JobSpec& spec = submit.spec();
    PastJob made;
    made.key.org = OrgId{submit.org_id()};
    made.key.member = MemberId{submit.member_id()};
    made.key.name = sched::name_number(spec.name());
    made.key.devices = std::max(1U, spec.tasks()) * std::max(1U, spec.devices_per_task());
    made.walltime = Duration::milliseconds(spec.walltime_ms() == 0 ? Duration::hours(1).us / 1'000
                                                                   : spec.walltime_ms());
    jobs_[event.job_id()] = std::move(made);
}

void History::read(const Entry& entry) {
    const Time now{entry.time_us()};
    for (const Event& event : entry.events()) {
        if (event.has_job_admitted()) submitted(entry, event.job_admitted());
        if (event.has_job_started()) {
            const JobStarted& started = event.job_started();
            PastJob& job = jobs_[started.job_id()];
            leases_[started.lease_id()] = {started.job_id(), job.runs.size()};
            PastRun run;
            run.started = now;
            job.runs.push_back(std::move(run));
        }
        if (event.has_lease_stopping()) {
            const auto found = leases_.find(event.lease_stopping().lease_id());
            if (found == leases_.end()) continue;
            PastRun& run = jobs_[found->second.first].runs[found->second.second];
            if (!run.stopped) run.stopped = now;
        }
    }
    if (!entry.command().has_lease_report()) return;
    const LeaseReport& report = entry.command().lease_report();
    const auto found = leases_.find(report.lease_id());
    if (found == leases_.end()) return;
    PastRun& run = jobs_[found->second.first].runs[found->second.second];
    const bool after_stop = run.stopped.has_value();
    run.reports.push_back({now - (after_stop ? *run.stopped : run.started), after_stop, report});
    const bool by_itself =
        report.kind() == LeaseReport::KIND_ENDED && !after_stop &&
        (report.outcome() == LEASE_OUTCOME_COMPLETED || report.outcome() == LEASE_OUTCOME_FAILED);
    if (!by_itself) return;
    run.lasted = now - run.started;
    run.outcome = report.outcome();
    run.exit_code = report.exit_code();
}

const PastJob* History::job(std::uint64_t id) const {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
}

History::Natural History::natural(std::uint64_t id) const {
    const PastJob* of = job(id);
    if (of == nullptr) return {};
    for (auto run = of->runs.rbegin(); run != of->runs.rend(); ++run) {
        if (run->lasted) return {*run->lasted, run->outcome, run->exit_code, true};
    }
    const auto learned = run_times_.estimate(of->key, of->walltime, Duration{}, 500);
    return {learned.remaining, LEASE_OUTCOME_COMPLETED, 0, false};
}

}  // namespace suan::sim
