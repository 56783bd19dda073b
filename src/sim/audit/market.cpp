// Spot markets, cleared again from the entries alone: who bid, what was left to sell, the one
// price, and what became of each bidder.
#include "sim/audit/model.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

struct Bid {
    std::uint64_t job = 0;
    std::uint32_t org = 0;
    std::int64_t milli = 0;
    std::int64_t offer = 0;
    bool runs = false;
    bool seeks = false;  // let in before, and still without a place
};

struct Sale {
    std::int64_t price = 0;
    std::int64_t sold = 0;
    std::set<std::uint64_t> won;
};

std::int64_t milli_of(const JobSpec& spec, std::uint32_t tasks) {
    return static_cast<std::int64_t>(tasks) * spec.devices_per_task() * spec.milli_per_device();
}

bool goes_first(const Bid& a, const Bid& b) {
    if (a.offer != b.offer) return a.offer > b.offer;
    if (a.runs != b.runs) return a.runs;
    return a.job < b.job;
}

// The best bids until one does not fit: that one makes the price.
Sale sell(std::vector<Bid> bids, std::int64_t offered, std::int64_t floor,
          std::map<std::uint32_t, std::int64_t> room) {
    std::sort(bids.begin(), bids.end(), goes_first);
    Sale sale{floor, 0, {}};
    for (const Bid& bid : bids) {
        if (bid.seeks || bid.milli > offered) continue;
        const auto left = room.find(bid.org);
        if (left != room.end() && bid.milli > left->second) continue;
        if (left != room.end()) left->second -= bid.milli;
        if (bid.offer < floor) continue;
        if (bid.milli > offered - sale.sold) {
            sale.price = bid.offer;
            break;
        }
        sale.sold += bid.milli;
        sale.won.insert(bid.job);
    }
    for (const Bid& bid : bids) {
        if (bid.seeks && bid.offer >= sale.price) sale.won.insert(bid.job);
    }
    return sale;
}

}  // namespace

void Auditor::Impl::market_event(const Event& event) {
    if (event.has_spot_cleared()) return spot_cleared(event.spot_cleared());
    if (event.has_spot_closed()) return spot_closed(event.spot_closed());
    if (event.has_job_outbid()) return job_outbid(event.job_outbid());
    if (event.has_lease_priced()) return lease_priced(event.lease_priced());
    bid_changed(event.bid_changed());
}

void Auditor::Impl::market_rules(std::uint32_t pool) {
    AuditPool& of = pools[pool];
    if (of.rules.spot_period_ms() != 0) of.market.open = true;
}

void Auditor::Impl::take_bid(AuditJob& of) {
    if (of.spec.tier() != TIER_SPOT || !pools[of.spec.pool_id()].market.open) return;
    of.bidding = true;
    if (of.spec.bid_micro_yuan() == 0) return;
    if (of.spec.bid_micro_yuan() < of.price.micro_yuan)
        violate(Rule::market_wrong, "a bid below the floor");
    of.price.micro_yuan = of.spec.bid_micro_yuan();
}

void Auditor::Impl::price_start(const AuditJob& of, const JobStarted& event) {
    const AuditMarket& market = pools[of.spec.pool_id()].market;
    std::int64_t price = of.price.micro_yuan;
    if (of.spec.tier() == TIER_SPOT)
        price = market.open ? market.price : std::min(price, of.listed);
    const std::int64_t said = event.has_micro_yuan_per_device_hour()
                                  ? event.micro_yuan_per_device_hour()
                                  : of.price.micro_yuan;
    if (said != price || price > of.price.micro_yuan)
        violate(Rule::market_wrong,
                fmt::format("job {} starts at {}, it bids {} and the price is {}", event.job_id(),
                            said, of.price.micro_yuan, price));
    leases.at(event.lease_id()).prices = {{now, said}};
}

std::int64_t Auditor::Impl::cost(const AuditJob& its, const AuditLease& of,
                                 std::int64_t until) const {
    const std::int64_t milli = milli_of(its.spec, of.tasks);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < of.prices.size() && of.prices[i].first <= until; ++i) {
        const std::int64_t end =
            i + 1 < of.prices.size() ? std::min(until, of.prices[i + 1].first) : until;
        const std::int64_t ms =
            (end - of.started) / 1'000 - (of.prices[i].first - of.started) / 1'000;
        sum += cost_floor(milli * ms, of.prices[i].second);
    }
    return sum;
}

bool Auditor::Impl::runs_on(const AuditJob& of) const {
    const auto lease = leases.find(of.lease);
    if (lease == leases.end() || lease->second.ends_by <= now) return false;
    const StopReason stopping = lease->second.stopping;
    return stopping == STOP_REASON_UNSPECIFIED || stopping == STOP_REASON_RESIZED;
}

// Idle devices and those of spot, less the deserved ones that are asked for.
std::int64_t Auditor::Impl::spot_offered(std::uint32_t pool) const {
    std::int64_t offered = 0;
    for (const auto& [id, node] : nodes) {
        if (node.pool != pool || node.state != NODE_STATE_OPEN) continue;
        offered += std::int64_t{node.devices} * 1'000;
        for (const auto& [device, used] : node.used_milli)
            offered -= used;
    }
    std::map<std::uint32_t, std::int64_t> firm, asked;
    for (const std::uint64_t id : alive) {
        const AuditJob& of = jobs.at(id);
        if (of.spec.pool_id() != pool) continue;
        const auto lease = leases.find(of.lease);
        const bool spot = of.spec.tier() == TIER_SPOT;
        if (lease != leases.end())
            (spot ? offered : firm[of.asked.org_id()]) += milli_of(of.spec, lease->second.tasks);
        if (!spot && of.queued) asked[of.asked.org_id()] += milli_of(of.spec, of.spec.tasks_min());
    }
    for (const auto& [org, milli] : asked) {
        const auto share = orgs.at(org).shares.find(pool);
        if (share == orgs.at(org).shares.end()) continue;
        offered -= std::clamp<std::int64_t>(share->second.deserved - firm[org], 0, milli);
    }
    return std::max<std::int64_t>(0, offered);
}

void Auditor::Impl::spot_cleared(const SpotCleared& event) {
    AuditPool& pool = pools[event.pool_id()];
    const std::int64_t offered = spot_offered(event.pool_id());
    std::vector<Bid> bids;
    std::map<std::uint32_t, std::int64_t> firm, room;
    for (const std::uint64_t id : alive) {
        const AuditJob& of = jobs.at(id);
        if (of.spec.pool_id() != event.pool_id()) continue;
        const std::uint32_t org = of.asked.org_id();
        const bool runs = runs_on(of);
        const auto lease = leases.find(of.lease);
        if (of.spec.tier() != TIER_SPOT) {
            if (lease != leases.end()) firm[org] += milli_of(of.spec, lease->second.tasks);
            continue;
        }
        AuditJob let_in = of;
        let_in.bidding = false;
        if (!runs && !(has_place(id, of) && why_not_ready(id, let_in).empty())) continue;
        const std::int64_t most = std::clamp<std::int64_t>(offered / milli_of(of.spec, 1),
                                                           of.spec.tasks_min(), of.spec.tasks());
        const auto tasks = runs ? lease->second.tasks : static_cast<std::uint32_t>(most);
        bids.push_back(
            {id, org, milli_of(of.spec, tasks), of.price.micro_yuan, runs, !runs && !of.bidding});
        const auto share = orgs.at(org).shares.find(event.pool_id());
        if (share != orgs.at(org).shares.end() && share->second.limit != 0)
            room[org] = share->second.limit;
    }
    for (auto& [org, left] : room)
        left -= firm[org];
    const std::int64_t floor = pool.prices[TIER_SPOT].micro_yuan;
    const Sale sale = sell(bids, offered, floor, room);
    if (!pool.market.open || event.micro_yuan_per_device_hour() != sale.price ||
        event.floor_micro_yuan() != floor || event.offered_milli() != offered ||
        event.sold_milli() != sale.sold || event.bids() != bids.size() ||
        event.won() != sale.won.size()) {
        violate(Rule::market_wrong,
                fmt::format("{} bids for {} milli-devices clear at {}: {} sold, {} win",
                            bids.size(), offered, sale.price, sale.sold, sale.won.size()));
    }
    pool.market.price = sale.price;
    pool.market.won = sale.won;
    pool.market.cleared = true;
}

void Auditor::Impl::spot_closed(const SpotClosed& event) {
    AuditPool& pool = pools[event.pool_id()];
    if (!pool.market.open || pool.rules.spot_period_ms() != 0)
        violate(Rule::market_wrong, "the rules keep this market open");
    pool.market.open = false;
    pool.market.cleared = false;  // earlier in this entry: who lost is in again
    pool.market.won.clear();
    for (const std::uint64_t id : alive) {
        AuditJob& of = jobs.at(id);
        if (of.spec.pool_id() == event.pool_id()) of.bidding = false;
    }
}

void Auditor::Impl::check_won(std::uint64_t id, const AuditJob& of, bool won) {
    const AuditMarket& market = pools[of.spec.pool_id()].market;
    if (!market.cleared || (market.won.count(id) != 0) != won)
        violate(Rule::market_wrong,
                fmt::format("job {} did not {} the clearing", id, won ? "win" : "lose"));
}

void Auditor::Impl::job_outbid(const JobOutbid& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    check_won(event.job_id(), *of, false);
    of->bidding = true;
    of->queued = false;
}

void Auditor::Impl::lease_priced(const LeasePriced& event) {
    AuditLease* of = lease(event.lease_id());
    if (of == nullptr) return;
    const AuditJob& its = jobs.at(of->job);
    check_won(of->job, its, true);
    const std::int64_t price = pools[its.spec.pool_id()].market.price;
    if (event.micro_yuan_per_device_hour() != price)
        violate(Rule::market_wrong, fmt::format("the price is {} for all", price));
    of->prices.emplace_back(now, price);
}

void Auditor::Impl::bid_changed(const BidChanged& event) {
    AuditJob* of = job(event.job_id());
    if (of == nullptr) return;
    const AuditPool& pool = pools[of->spec.pool_id()];
    const std::int64_t bid = current->command().change_bid().micro_yuan();
    if (of->spec.tier() != TIER_SPOT || !pool.market.open || of->lease != 0)
        violate(Rule::market_wrong, fmt::format("job {} cannot bid now", event.job_id()));
    release(*of);
    of->price.micro_yuan = bid;
    hold(event.job_id(), *of, event.holds(), hold_amount(*of));
    if (!of->funded || bid < pool.market.price) of->bidding = true;
    of->funded = true;
    if (of->bidding) of->queued = false;
}

// Of a pool that was cleared in this entry: who won is in, who lost is out, and all who run pay the
// one price, which is within their bids.
void Auditor::Impl::check_clearings_done() {
    for (auto& [pool_id, pool] : pools) {
        if (!pool.market.cleared) continue;
        for (const std::uint64_t id : alive) {
            const AuditJob& of = jobs.at(id);
            if (of.spec.pool_id() != pool_id || of.spec.tier() != TIER_SPOT) continue;
            const bool won = pool.market.won.count(id) != 0;
            if (won == of.bidding)
                violate(Rule::market_wrong, fmt::format("job {} {} and is {}", id,
                                                        won ? "won" : "lost", won ? "out" : "in"));
            if (!won || !runs_on(of)) continue;
            if (leases.at(of.lease).prices.back().second != pool.market.price ||
                pool.market.price > of.price.micro_yuan)
                violate(Rule::market_wrong,
                        fmt::format("job {} pays {}, the price is {}", id,
                                    leases.at(of.lease).prices.back().second, pool.market.price));
        }
        pool.market.cleared = false;
        pool.market.won.clear();
    }
}

}  // namespace suan::sim
