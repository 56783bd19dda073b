#include "sim/fault/machines.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::sim {

void Machines::start(const core::Job& job, const core::Lease& lease, Time now) {
    advance(now);
    const std::uint64_t id = lease.id.value;
    if (++seen_[id] > 1) {
        broken_ = fmt::format("lease {} of job {} was started a second time", id, job.id.value);
        return;
    }
    // A hub whose clock jumps gives up the stop of a lease before the machine has carried it out.
    const bool jumps = faults_.is_on(Fault::clock_forward);
    for (const auto& [other, run] : running_) {
        if (run.job == job.id.value && !jumps)
            broken_ = fmt::format("job {} was started under lease {} while lease {} still runs",
                                  run.job, id, other);
    }
    if (faults_.happens(Fault::launch_fails, 60)) {
        Run failed;
        failed.outcome = LEASE_OUTCOME_LAUNCH_FAILED;
        return end(id, failed, now);
    }
    const std::int64_t delay =
        faults_.happens(Fault::executor_slow, 300) ? 1'000 * std::int64_t(rng_.below(20'000)) : 0;
    Run run;
    run.job = job.id.value;
    // From a tenth of the wall time to a little over it.
    const std::int64_t permille = 100 + std::int64_t(rng_.below(1'000));
    run.ends = now + Duration{delay + job.walltime.us / 1'000 * permille};
    if (rng_.below(8) == 0) {
        run.outcome = LEASE_OUTCOME_FAILED;
        run.exit_code = 1 + std::int32_t(rng_.below(3));
    }
    run.checkpoint_interval = job.checkpoint_interval;
    run.next_checkpoint = now + run.checkpoint_interval;
    running_[id] = run;
    LeaseReport started;
    started.set_lease_id(id);
    started.set_kind(LeaseReport::KIND_STARTED);
    send(std::move(started), now + Duration{delay});
}

void Machines::stop(std::uint64_t lease, Duration grace, Time now) {
    const auto found = running_.find(lease);
    if (found == running_.end()) return;
    Run& run = found->second;
    // Within the grace it ends by itself or checkpoints; then it is killed.
    const Time killed = now + Duration{std::int64_t(rng_.below(1'001)) * (grace.us / 1'000)};
    if (run.ends <= killed) return;
    run.ends = killed;
    run.outcome = LEASE_OUTCOME_CANCELLED;
    run.exit_code = 0;
}

Machines::Found Machines::adopt(std::uint64_t lease, Time now) {
    if (faults_.happens(Fault::executor_forgets, 100)) {
        running_.erase(lease);
        Run lost;
        lost.outcome = LEASE_OUTCOME_LOST;
        end(lease, lost, now);
        return Found::ended;
    }
    if (running_.count(lease) != 0) return Found::running;
    const auto ended = ended_.find(lease);
    if (ended == ended_.end()) return Found::never_started;
    end(lease, ended->second, now);
    return Found::ended;
}

void Machines::kill_unknown(const std::vector<std::uint64_t>& known) {
    for (auto run = running_.begin(); run != running_.end();) {
        const bool keep = std::find(known.begin(), known.end(), run->first) != known.end();
        run = keep ? std::next(run) : running_.erase(run);
    }
}

void Machines::send(LeaseReport report, Time now) {
    const bool is_end = report.kind() == LeaseReport::KIND_ENDED;
    if (!is_end && faults_.happens(Fault::report_lost, 200)) return;
    if (is_end && faults_.happens(Fault::report_lost, 30)) return;
    Time at = now;
    if (faults_.happens(Fault::report_late, 200))
        at = at + Duration::milliseconds(std::int64_t(rng_.below(120'000)));
    if (faults_.happens(Fault::report_reordered, 200))
        at = at + Duration::milliseconds(std::int64_t(rng_.below(2'000)));
    if (faults_.happens(Fault::report_doubled, 200))
        on_the_way_.emplace(at + Duration::milliseconds(std::int64_t(rng_.below(60'000))), report);
    on_the_way_.emplace(at, std::move(report));
}

void Machines::end(std::uint64_t lease, const Run& run, Time now) {
    ended_[lease] = run;
    LeaseReport ended;
    ended.set_lease_id(lease);
    ended.set_kind(LeaseReport::KIND_ENDED);
    ended.set_outcome(run.outcome);
    ended.set_exit_code(run.exit_code);
    send(std::move(ended), now);
}

void Machines::advance(Time now) {
    for (auto at = running_.begin(); at != running_.end();) {
        Run& run = at->second;
        while (run.checkpoint_interval.us > 0 && run.next_checkpoint <= std::min(now, run.ends)) {
            LeaseReport mark;
            mark.set_lease_id(at->first);
            mark.set_kind(LeaseReport::KIND_CHECKPOINTED);
            send(std::move(mark), run.next_checkpoint);
            run.next_checkpoint = run.next_checkpoint + run.checkpoint_interval;
        }
        if (run.ends > now) {
            ++at;
            continue;
        }
        end(at->first, run, run.ends);
        at = running_.erase(at);
    }
}

std::vector<LeaseReport> Machines::reports_until(Time now) {
    advance(now);
    std::vector<LeaseReport> out;
    while (!on_the_way_.empty() && on_the_way_.begin()->first <= now) {
        out.push_back(std::move(on_the_way_.begin()->second));
        on_the_way_.erase(on_the_way_.begin());
    }
    return out;
}

Time Machines::next_at() const {
    Time at = on_the_way_.empty() ? time_max : on_the_way_.begin()->first;
    for (const auto& [lease, run] : running_) {
        at = std::min(at, run.ends);
        if (run.checkpoint_interval.us > 0) at = std::min(at, run.next_checkpoint);
    }
    return at;
}

}  // namespace suan::sim
