// MarketAhead: the clearings of a pool's spot market in a run ahead, by the rule of
// docs/rules/spot-market.md with the bids that are made now. Nobody bids more or anew.
//
// A clearing happens at the first whole period from when something changed, and only while a bid
// waits for one: what else a real clearing would do (stop a lease because a firm job asks for its
// share) the scheduler does as well, by preemption.
//
// Clearings are bounded (clearings_max), never time. Pure; not thread-safe.
#pragma once

#include "sched/scheduler.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace suan::sched {

struct AheadMarket {
    Duration period;  // 0: there is no market
    Time next;        // clearing
    std::int64_t floor_micro = 0;
    std::map<OrgId, std::int64_t> asked;  // milli-devices that firm jobs in the queue ask for
    std::map<JobId, std::int64_t> bids;   // of all spot jobs: micro-yuan a device hour
    std::uint32_t clearings_max = 1'000;
};

class MarketAhead {
public:
    // A lease that was sold by bids.
    struct Sold {
        LeaseId lease;
        JobId job;
        OrgId org;
        std::int64_t milli = 0;
        bool stopping = false;
    };
    struct Outcome {
        std::vector<WaitingJob> won;  // they may stand in the queue now
        std::vector<LeaseId> outbid;  // to be stopped
    };

    explicit MarketAhead(AheadMarket market) : in_(std::move(market)) {}

    bool bids(JobId job) const { return in_.period.us > 0 && in_.bids.count(job) != 0; }
    void comes(const WaitingJob& job) { waiting_.emplace(job.id, job); }
    bool nobody_waits() const { return waiting_.empty(); }
    std::vector<JobId> waiting() const;
    // A firm job came into the queue, or left it.
    void asks(const WaitingJob& job);
    void asks_no_more(const WaitingJob& job);

    // When to clear, given that something changed; nothing while a clearing is due, nobody bids, or
    // the bound is reached.
    std::optional<Time> clears_at(Time now);
    Outcome clear(const PoolScheduler& pool, const std::vector<Sold>& sold);

private:
    struct Offer {
        JobId job;
        OrgId org;
        std::int64_t milli = 0;
        std::int64_t micro = 0;
        LeaseId lease;  // 0: it waits
    };
    std::int64_t offered(const PoolScheduler& pool,
                         const std::map<OrgId, std::int64_t>& spot) const;
    std::vector<Offer> offers(const std::vector<Sold>& sold, std::int64_t offered) const;

    AheadMarket in_;
    std::map<JobId, WaitingJob> waiting_;
    std::uint32_t clearings_ = 0;
    bool due_ = false;
};

}  // namespace suan::sched
