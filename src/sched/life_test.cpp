#include "sched/life.hpp"

#include <algorithm>

namespace suan::sched::testing {

JobId Life::submit(const WaitingJob& job, Duration run) {
    const JobId id = world_.submit(job);
    jobs[id] = world_.waiting.at(id);
    runs_[id] = run;
    return id;
}

Time Life::end_of(const RunningLease& lease) const {
    const Time by_itself = lease.started + runs_.at(lease.job);
    const auto told = told_.find(lease.id);
    return told == told_.end() ? by_itself : std::min(by_itself, told->second + grace_);
}

Time Life::next() const {
    Time next = time_max;
    for (const auto& [id, lease] : world_.running)
        next = std::min(next, end_of(lease));
    if (arrived_ < arrivals_.size()) next = std::min(next, arrivals_[arrived_].at);
    if (const auto wakes = world_.pool.wakes_at(); wakes && !world_.running.empty())
        next = std::min(next, *wakes);
    return next;
}

void Life::end_due() {
    std::vector<LeaseId> due;
    for (const auto& [id, lease] : world_.running) {
        if (end_of(lease) <= world_.now) due.push_back(id);
    }
    for (const LeaseId id : due) {
        const RunningLease lease = world_.running.at(id);
        const bool is_over = lease.started + runs_.at(lease.job) <= world_.now;
        world_.end(id);
        told_.erase(id);
        if (is_over) {
            ended[lease.job] = world_.now;
            ended_now.push_back(lease.job);
        } else {
            lost[lease.org] = lost[lease.org] + (world_.now - lease.started);
            world_.submit(jobs.at(lease.job));  // in its place
        }
    }
}

std::map<OrgId, std::int64_t> Life::held_milli(Tier from, Tier to) const {
    std::map<OrgId, std::int64_t> held;
    for (const auto& [id, lease] : world_.running) {
        if (lease.tier >= from && lease.tier <= to)
            held[lease.org] += lease.shape.milli_devices(lease.tasks);
    }
    return held;
}

bool Life::turn() {
    const Time at = next();
    if (at == time_max) return false;
    const std::int64_t passed_ms = std::max<std::int64_t>(0, (at - world_.now).us / 1'000);
    for (const auto& [org, milli] : held_milli(Tier::reserved, Tier::spot))
        held_ms[org] += milli * passed_ms;
    world_.now = std::max(world_.now, at);
    world_.pool.advance(world_.now);
    ended_now.clear();
    end_due();
    while (arrived_ < arrivals_.size() && arrivals_[arrived_].at <= world_.now) {
        const Arrival& arrival = arrivals_[arrived_++];
        submit(arrival.job, arrival.run);
    }
    look();
    return true;
}

void Life::look() {
    world_.schedule();
    for (const auto& [id, lease] : world_.running) {
        if (lease.stopping) told_.try_emplace(id, world_.now);
    }
}

}  // namespace suan::sched::testing
