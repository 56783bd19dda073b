// RunAhead: the scheduler of one pool in virtual time, on a copy, with expected run times, until
// those that wait now have started. It is the same PoolScheduler that decides for real; what is
// simplified is said here:
//   * nobody submits anything more, and money never runs out;
//   * a run lasts as long as was expected of it, and at most its wall time;
//   * a lease that is told to stop gives its devices back after `grace`, and its job waits again;
//   * use is counted when a lease ends and every `meter` of virtual time;
//   * the spot market clears by the bids that are made now, and only while one of them waits for it
//     (market_ahead.hpp).
//
// Steps are bounded (starts_max), never time. Pure; not thread-safe.
#pragma once

#include "sched/market_ahead.hpp"
#include "sched/scheduler.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace suan::sched {

// A job that may not stand in the queue yet. One that bids has to win a clearing first.
struct Later {
    WaitingJob job;
    Time begin;                   // not before
    std::uint32_t waits_for = 0;  // how many `follows` name it
};
struct Follows {  // `job` waits for the end of `after`
    JobId after;
    JobId job;
};
// A topology that is not required for ever: until `at`, or for `wait` from when its job comes into
// the queue.
struct Relaxing {
    Time at;  // 0: it is not in the queue yet
    Duration wait;
};
struct Running {
    LeaseId lease;
    JobId job;
    OrgId org;
    ProjectId project;
    MemberId member;
    std::int64_t milli_devices = 0;
    Time ends;           // expected
    Time counted_until;  // use is in the scheduler up to here
    Time goes_on_until =
        {};  // of one that is being resized: its run's end; 0: it ends with its lease
};

struct AheadInput {
    Time now;
    std::vector<Running> running;
    std::vector<Later> later;
    std::vector<Follows> follows;
    std::vector<std::pair<JobId, Duration>> runs;  // expected, of all that wait; by job id
    std::map<JobId, Relaxing> relaxing;
    AheadMarket market;
    Duration grace = Duration::seconds(30);
    Duration meter = Duration::hours(4);
    std::uint32_t starts_max = 200'000;
    JobId until;  // stop when this one has started; none: when all have
};

struct AheadResult {
    std::vector<std::pair<JobId, Time>> starts;  // first start of each job, by job id
    Time reached;                                // where the run ended
    bool complete = false;                       // everything that could start has
    std::vector<JobId> unsold;  // no clearing within the run was won by these, by job id
};

AheadResult run_ahead(PoolScheduler pool, AheadInput input);

}  // namespace suan::sched
