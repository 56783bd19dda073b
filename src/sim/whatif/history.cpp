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
    made.tasks = std::max(1U, spec.tasks());
    made.walltime = Duration::milliseconds(spec.walltime_ms() == 0 ? Duration::hours(1).us / 1'000
                                                                   : spec.walltime_ms());
    jobs_[event.job_id()] = std::move(made);
}

PastRun* History::run_of(std::uint64_t lease) {
    const auto found = leases_.find(lease);
    return found == leases_.end() ? nullptr
                                  : &jobs_[found->second.first].runs[found->second.second];
}

void History::started(const JobStarted& event, Time now) {
    PastJob& job = jobs_[event.job_id()];
    leases_[event.lease_id()] = {event.job_id(), job.runs.size()};
    PastRun run;
    run.started = now;
    run.tasks = std::max(1U, event.tasks());
    job.runs.push_back(std::move(run));
}

void History::read(const Entry& entry) {
    const Time now{entry.time_us()};
    for (const Event& event : entry.events()) {
        if (event.has_job_admitted()) submitted(entry, event.job_admitted());
        if (event.has_job_started()) started(event.job_started(), now);
        if (event.has_lease_stopping()) {
            PastRun* run = run_of(event.lease_stopping().lease_id());
            if (run != nullptr && !run->stopped) run->stopped = now;
        }
        if (event.has_lease_progress() && event.lease_progress().checkpoint()) {
            PastRun* run = run_of(event.lease_progress().lease_id());
            if (run != nullptr) run->saved = now - run->started;
        }
    }
    if (!entry.command().has_lease_report()) return;
    const LeaseReport& report = entry.command().lease_report();
    PastRun* run = run_of(report.lease_id());
    if (run == nullptr) return;
    const bool after_stop = run->stopped.has_value();
    run->reports.push_back({now - (after_stop ? *run->stopped : run->started), after_stop, report});
    const bool by_itself =
        report.kind() == LeaseReport::KIND_ENDED && !after_stop &&
        (report.outcome() == LEASE_OUTCOME_COMPLETED || report.outcome() == LEASE_OUTCOME_FAILED);
    if (!by_itself) return;
    run->lasted = now - run->started;
    run->outcome = report.outcome();
    run->exit_code = report.exit_code();
}

const PastJob* History::job(std::uint64_t id) const {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
}

History::Natural History::natural(std::uint64_t id) const {
    const PastJob* of = job(id);
    if (of == nullptr) return {};
    for (std::size_t last = of->runs.size(); last-- > 0;) {
        const PastRun& run = of->runs[last];
        if (!run.lasted) continue;
        std::int64_t task_us = run.lasted->us * run.tasks;
        for (std::size_t i = 0; i < last; ++i)
            task_us += of->runs[i].saved.us * of->runs[i].tasks;
        return {{Duration{task_us}, 1}, run.outcome, run.exit_code, true};
    }
    const auto learned = run_times_.estimate(of->key, of->walltime, Duration{}, 500);
    return {{learned.remaining, of->tasks}, LEASE_OUTCOME_COMPLETED, 0, false};
}

}  // namespace suan::sim
