#include "sched/market_ahead.hpp"

#include "sched/clearing.hpp"

#include <algorithm>
#include <set>

namespace suan::sched {

std::vector<JobId> MarketAhead::waiting() const {
    std::vector<JobId> out;
    for (const auto& [id, job] : waiting_)
        out.push_back(id);
    return out;
}

void MarketAhead::asks(const WaitingJob& job) {
    if (in_.period.us > 0 && job.tier != Tier::spot)
        in_.asked[job.org] += job.shape.milli_devices(job.shape.tasks_min);
}
void MarketAhead::asks_no_more(const WaitingJob& job) {
    if (in_.period.us > 0 && job.tier != Tier::spot)
        in_.asked[job.org] -= job.shape.milli_devices(job.shape.tasks_min);
}

std::optional<Time> MarketAhead::clears_at(Time now) {
    if (due_ || waiting_.empty() || clearings_ == in_.clearings_max) return std::nullopt;
    due_ = true;
    if (clearings_ == 0 && in_.next > now) return in_.next;
    return Time{(now.us + in_.period.us - 1) / in_.period.us * in_.period.us};
}

// What is idle or in spot use, less the deserved devices that are asked for and not held.
std::int64_t MarketAhead::offered(const PoolScheduler& pool,
                                  const std::map<OrgId, std::int64_t>& spot) const {
    std::int64_t out = pool.totals().free_milli;
    for (const auto& [org, milli] : spot)
        out += milli;
    for (const auto& [org, asked] : in_.asked) {
        const OrgStanding standing = pool.standing(org);
        const auto held = spot.find(org);
        const std::int64_t firm = standing.held_milli - (held == spot.end() ? 0 : held->second);
        out -= std::max<std::int64_t>(0, std::min(standing.share.deserved_milli - firm, asked));
    }
    return std::max<std::int64_t>(0, out);
}

// The best first; among equals who runs, then the older job.
std::vector<MarketAhead::Offer> MarketAhead::offers(const std::vector<Sold>& sold,
                                                    std::int64_t offered) const {
    std::vector<Offer> out;
    for (const Sold& lease : sold) {
        if (!lease.stopping)
            out.push_back({lease.job, lease.org, lease.milli, in_.bids.at(lease.job), lease.lease});
    }
    std::sort(out.begin(), out.end(), [](const Offer& a, const Offer& b) { return a.job < b.job; });
    for (const auto& [id, job] : waiting_) {
        const std::int64_t task = job.shape.milli_devices(1);
        const std::int64_t most = std::min<std::int64_t>(job.shape.tasks_max, offered / task);
        const std::int64_t tasks = std::max<std::int64_t>(most, job.shape.tasks_min);
        out.push_back({id, job.org, tasks * task, in_.bids.at(id), LeaseId{}});
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Offer& a, const Offer& b) { return a.micro > b.micro; });
    return out;
}

MarketAhead::Outcome MarketAhead::clear(const PoolScheduler& pool, const std::vector<Sold>& sold) {
    due_ = false;
    ++clearings_;
    std::map<OrgId, std::int64_t> spot;
    for (const Sold& lease : sold)
        spot[lease.org] += lease.milli;
    const std::int64_t devices = offered(pool, spot);
    const std::vector<Offer> all = offers(sold, devices);
    std::map<OrgId, std::int64_t> room;
    std::vector<Bid> bids;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const OrgStanding standing = pool.standing(all[i].org);
        const std::int64_t firm = standing.held_milli - spot[all[i].org];
        const auto left = room.emplace(all[i].org, standing.share.limit_milli - firm).first;
        if (all[i].milli > devices || all[i].milli > left->second) continue;
        left->second -= all[i].milli;
        bids.push_back({i, all[i].milli, all[i].micro});
    }
    const Clearing clearing = clear_spot(bids, devices, in_.floor_micro);
    std::set<std::size_t> won(clearing.winners.begin(), clearing.winners.end());
    Outcome out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool wins = won.count(i) != 0;
        if (!wins && all[i].lease) out.outbid.push_back(all[i].lease);
        if (!wins || all[i].lease) continue;
        out.won.push_back(waiting_.at(all[i].job));
        waiting_.erase(all[i].job);
    }
    return out;
}

}  // namespace suan::sched
