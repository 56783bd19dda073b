// A World that is lived through in virtual time: jobs arrive, run as long as they really run, and
// stop `grace` after they are told to. For tests of what shares guarantee.
#pragma once

#include "sched/world.hpp"

#include <map>
#include <vector>

namespace suan::sched::testing {

struct Arrival {
    Time at;
    WaitingJob job;  // of any id and submission; they are given here
    Duration run;    // at most its wall time
};

class Life {
public:
    Life(World world, std::vector<Arrival> arrivals, Duration grace)
        : world_(std::move(world)), arrivals_(std::move(arrivals)), grace_(grace) {}

    // The next moment: ends, arrivals, then passes. False when nothing will happen any more.
    bool turn();
    // Passes only, after submit().
    void look();

    const World& world() const { return world_; }
    Time now() const { return world_.now; }
    // A job that is submitted now, beside the arrivals.
    JobId submit(const WaitingJob& job, Duration run);

    std::map<JobId, Time> ended;            // jobs that ran to their end
    std::map<JobId, WaitingJob> jobs;       // all that ever came
    std::vector<JobId> ended_now;           // in this moment
    std::map<OrgId, Duration> lost;         // runs that were stopped
    std::map<OrgId, std::int64_t> held_ms;  // milli-device-milliseconds held so far
    std::map<OrgId, std::int64_t> held_milli(Tier from, Tier to) const;

private:
    Time next() const;
    Time end_of(const RunningLease& lease) const;
    void end_due();

    World world_;
    std::vector<Arrival> arrivals_;  // by time
    Duration grace_;
    std::size_t arrived_ = 0;
    std::map<JobId, Duration> runs_;
    std::map<LeaseId, Time> told_;  // to stop, when
};

}  // namespace suan::sched::testing
