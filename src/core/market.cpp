#include "core/market.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/jobs.hpp"
#include "core/leases.hpp"
#include "core/money.hpp"
#include "sched/clearing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

// Its lease goes on unless the market stops it.
bool runs_on(const State& state, const Job& job, Time now) {
    if (!job.lease) return false;
    const Lease& lease = state.leases.at(job.lease.value);
    const bool stops =
        lease.stopping != STOP_REASON_UNSPECIFIED && lease.stopping != STOP_REASON_RESIZED;
    return !stops && lease.ends_by > now;
}

std::int64_t held_milli(const State& state, const Job& job) {
    return job.lease ? job.shape.milli_devices(state.leases.at(job.lease.value).tasks) : 0;
}

const sched::Share* share_of(const State& state, OrgId org, PoolId pool) {
    const auto& shares = state.orgs.at(org.value).shares;
    const auto found = shares.find(pool);
    return found == shares.end() ? nullptr : &found->second;
}

// Milli-devices that each org's spot leases hold, those being stopped included.
std::map<OrgId, std::int64_t> spot_held(const State& state, const Pool& pool) {
    std::map<OrgId, std::int64_t> held;
    for (const JobId id : pool.spot.jobs) {
        const Job& job = state.jobs.at(id.value);
        held[job.org] += held_milli(state, job);
    }
    return held;
}

// As many tasks as the market could sell it, or the least that it needs.
std::int64_t asked_milli(const Job& job, std::int64_t offered_milli) {
    const std::int64_t most =
        std::min<std::int64_t>(job.shape.tasks_max, offered_milli / job.shape.milli_devices(1));
    return job.shape.milli_devices(
        static_cast<std::uint32_t>(std::max<std::int64_t>(most, job.shape.tasks_min)));
}

// Places in `book.bids`, the best offer first, of those that bid for no more devices than there are
// and that their org's limit lets run beside its better bids.
std::vector<std::size_t> within_limits(const SpotBook& book) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < book.bids.size(); ++i) {
        if (!book.bids[i].seeks) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return book.bids[a].offer > book.bids[b].offer;
    });
    std::map<OrgId, std::int64_t> room = book.room;
    std::erase_if(order, [&](std::size_t at) {
        const SpotBid& bid = book.bids[at];
        const auto left = room.find(bid.org);
        if (bid.milli > book.offered_milli) return true;
        if (left == room.end()) return false;
        if (bid.milli > left->second) return true;
        left->second -= bid.milli;
        return false;
    });
    return order;
}

Time next_clearing(Time now, Duration period) {
    return Time{(now.us / period.us + 1) * period.us};
}

void set_spot_due(State& state, Pool& pool, Time due) {
    pool.spot.due = due;
    if (due != Time{}) state.timers.push({due, Timer::Kind::spot, pool.id.value});
}

// What a clearing means for one job.
void tell(Step& step, const Job& job, const SpotSale& sale) {
    if (sale.won.count(job.id) != 0) {
        if (job.bidding) {
            step.emit([&](Event& e) { e.mutable_job_eligible()->set_job_id(job.id.value); });
        } else if (job.lease &&
                   step.state().leases.at(job.lease.value).price.per_device_hour != sale.price) {
            step.emit([&](Event& event) {
                event.mutable_lease_priced()->set_lease_id(job.lease.value);
                event.mutable_lease_priced()->set_micro_yuan_per_device_hour(sale.price.micro_yuan);
            });
        }
    } else if (runs_on(step.state(), job, step.now())) {
        stop_lease(step, job.lease, STOP_REASON_OUTBID, JobId{});
    } else if (!job.bidding) {
        step.emit([&](Event& e) { e.mutable_job_outbid()->set_job_id(job.id.value); });
    }
}

void close_market(Step& step, PoolId id) {
    step.emit([&](Event& event) { event.mutable_spot_closed()->set_pool_id(id.value); });
    for (const JobId job_id : step.state().pools.at(id.value).spot.jobs) {
        const Job& job = step.state().jobs.at(job_id.value);
        if (job.queued || !ready(job, step.now())) continue;
        step.emit([&](Event& e) { e.mutable_job_eligible()->set_job_id(job_id.value); });
    }
}

}  // namespace

Money spot_floor(const State& state, PoolId pool) {
    const auto line = state.prices.find({pool, TIER_SPOT});
    return Money{line == state.prices.end() ? 0 : line->second.micro_yuan_per_device_hour()};
}

SpotBook spot_book(const State& state, const Pool& pool, Time now) {
    SpotBook book;
    book.floor = spot_floor(state, pool.id);
    std::map<OrgId, std::int64_t> spot = spot_held(state, pool);
    const auto firm_held = [&](OrgId org) {
        return pool.scheduler.standing(org).held_milli - spot[org];
    };
    book.offered_milli = pool.scheduler.totals().free_milli;
    for (const auto& [org, milli] : spot)
        book.offered_milli += milli;
    for (const auto& [org, asked] : pool.spot.asked) {
        const sched::Share* share = share_of(state, org, pool.id);
        if (share == nullptr) continue;
        const std::int64_t missing = share->deserved_milli - firm_held(org);
        book.offered_milli -= std::max<std::int64_t>(0, std::min(missing, asked));
    }
    book.offered_milli = std::max<std::int64_t>(0, book.offered_milli);
    for (const JobId id : pool.spot.jobs) {
        const Job& job = state.jobs.at(id.value);
        const bool runs = runs_on(state, job, now);
        if (!runs && !may_bid(job, now)) continue;
        const std::int64_t milli =
            runs ? held_milli(state, job) : asked_milli(job, book.offered_milli);
        book.bids.push_back({id, job.org, milli, job.price, runs, !runs && !job.bidding});
        const sched::Share* share = share_of(state, job.org, pool.id);
        if (share != nullptr && share->limit_milli != INT64_MAX)
            book.room.emplace(job.org, share->limit_milli - firm_held(job.org));
    }
    std::stable_partition(book.bids.begin(), book.bids.end(),
                          [](const SpotBid& bid) { return bid.runs; });
    return book;
}

SpotSale spot_sale(const SpotBook& book) {
    std::vector<sched::Bid> bids;
    for (const std::size_t at : within_limits(book)) {
        const SpotBid& bid = book.bids[at];
        bids.push_back({at, bid.milli, bid.offer.micro_yuan});
    }
    const sched::Clearing clearing =
        sched::clear_spot(bids, book.offered_milli, book.floor.micro_yuan);
    SpotSale sale;
    sale.price = Money{clearing.price_micro};
    sale.sold_milli = clearing.sold_milli;
    for (const std::uint64_t at : clearing.winners)
        sale.won.insert(book.bids[at].job);
    for (const SpotBid& bid : book.bids) {
        if (bid.seeks && bid.offer >= sale.price) sale.won.insert(bid.job);
    }
    return sale;
}

void spot_due(Step& step, PoolId id, Time due) {
    const Pool& pool = step.state().pools.at(id.value);
    // A stale timer must do nothing: a restored state does not have it.
    if (pool.spot.due != due) return;
    if (pool.limits.spot_period == Duration{}) return close_market(step, id);
    // Vouchers that have expired by now pay until their end, at the price of then.
    const std::set<JobId> jobs = pool.spot.jobs;
    for (const JobId job : jobs) {
        if (step.state().jobs.at(job.value).lease) expire_vouchers_under(step, job);
    }
    const SpotBook book = spot_book(step.state(), pool, step.now());
    const SpotSale sale = spot_sale(book);
    step.emit([&](Event& event) {
        SpotCleared& cleared = *event.mutable_spot_cleared();
        cleared.set_pool_id(id.value);
        cleared.set_micro_yuan_per_device_hour(sale.price.micro_yuan);
        cleared.set_floor_micro_yuan(book.floor.micro_yuan);
        cleared.set_offered_milli(book.offered_milli);
        cleared.set_sold_milli(sale.sold_milli);
        cleared.set_bids(static_cast<std::uint32_t>(book.bids.size()));
        cleared.set_won(static_cast<std::uint32_t>(sale.won.size()));
    });
    for (const JobId job : jobs)
        tell(step, step.state().jobs.at(job.value), sale);
}

void apply_spot_cleared(State& state, const SpotCleared& event) {
    Pool& pool = state.pools.at(event.pool_id());
    SpotMarket& market = pool.spot;
    market.history.push_back({state.now, state.seq, event});
    ++market.clearings;
    if (market.history.size() > limits::spot_history_kept) market.history.pop_front();
    const bool sleeps = market.jobs.empty();
    set_spot_due(state, pool, sleeps ? Time{} : next_clearing(state.now, pool.limits.spot_period));
}

void apply_spot_closed(State& state, const SpotClosed& event) {
    Pool& pool = state.pools.at(event.pool_id());
    pool.spot.open = false;
    set_spot_due(state, pool, Time{});
    for (const JobId id : pool.spot.jobs) {
        Job& job = state.jobs.at(id.value);
        job.bidding = false;
        state.touch(job);
    }
}

void apply_job_outbid(State& state, const JobOutbid& event) {
    Job& job = state.jobs.at(event.job_id());
    dequeue(state, job);
    job.bidding = true;
    state.touch(job);
}

void apply_lease_priced(State& state, const LeasePriced& event) {
    Lease& lease = state.leases.at(event.lease_id());
    const Job& job = state.jobs.at(lease.job.value);
    const Money price{event.micro_yuan_per_device_hour()};
    SUAN_ASSERT(price <= job.price);
    change_price(job, lease, price, state.now);
    state.touch(lease);
}

Verdict take_bid(const Pool& pool, Job& job, Money floor) {
    job.price = floor;
    if (job.tier != sched::Tier::spot || !pool.spot.open) return std::nullopt;
    job.bidding = true;
    if (job.bid == Money{}) return std::nullopt;
    if (job.bid < floor) {
        return reject(
            RejectionCode::invalid_field, "bid_micro_yuan",
            fmt::format("the bid is {}, but spot devices of pool {} are not sold below {} "
                        "a device hour: bid at least that, or leave the bid out",
                        yuan_text(job.bid), pool.name, yuan_text(floor)));
    }
    job.price = job.bid;
    return std::nullopt;
}

std::optional<Money> price_at_start(const State& state, const Job& job) {
    if (job.tier != sched::Tier::spot) return std::nullopt;
    const SpotMarket& market = state.pools.at(job.pool.value).spot;
    if (market.open) return std::min(market.price(), job.price);
    // Submitted to a market that has closed: the sheet's price of then, not what it bid.
    for (const PriceLine& line : state.sheets.at(job.sheet.value).lines) {
        const Money price{line.micro_yuan_per_device_hour()};
        if (line.line() == job.price_line && price < job.price) return price;
    }
    return std::nullopt;
}

void spot_job_comes(State& state, const Job& job) {
    if (job.tier != sched::Tier::spot || job.has_ended()) return;
    Pool& pool = state.pools.at(job.pool.value);
    pool.spot.jobs.insert(job.id);
    if (pool.spot.open && pool.spot.due == Time{})
        set_spot_due(state, pool, next_clearing(state.now, pool.limits.spot_period));
}

void spot_job_ends(State& state, const Job& job) {
    if (job.tier == sched::Tier::spot) state.pools.at(job.pool.value).spot.jobs.erase(job.id);
}

void note_asked(Pool& pool, const Job& job, Asks asks) {
    if (job.tier == sched::Tier::spot) return;
    const std::int64_t milli = job.shape.milli_devices(job.shape.tasks_min);
    std::int64_t& asked = pool.spot.asked[job.org];
    asked += asks == Asks::begins ? milli : -milli;
    SUAN_ASSERT(asked >= 0);
    if (asked == 0) pool.spot.asked.erase(job.org);
}

void spot_rules_changed(State& state, Pool& pool) {
    const Duration period = pool.limits.spot_period;
    const bool wanted = period != Duration{};
    if (!wanted && !pool.spot.open) return;
    if (pool.spot.open != wanted || pool.spot.due == Time{}) {
        // The next tick opens or closes it.
        pool.spot.open = true;
        const bool idle = wanted && pool.spot.jobs.empty();
        return set_spot_due(state, pool, idle ? Time{} : state.now);
    }
    const Time next = next_clearing(state.now, period);
    if (next < pool.spot.due) set_spot_due(state, pool, next);
}

Verdict decide_change_bid(Step& step, const ChangeBid& command) {
    if (Verdict bad = check_may_change(step, command.job_id())) return bad;
    const State& state = step.state();
    const Job& job = state.jobs.at(command.job_id());
    const Pool& pool = state.pools.at(job.pool.value);
    if (Verdict bad = check_amount(command.micro_yuan(), "micro_yuan")) return bad;
    if (job.tier != sched::Tier::spot || !pool.spot.open) {
        return reject(RejectionCode::wrong_state, "job_id",
                      "only spot jobs of a pool with a spot market bid");
    }
    if (job.state != JOB_STATE_WAITING) {
        return reject(RejectionCode::wrong_state, "job_id",
                      "only a waiting job can bid anew: what a running one pays was settled by the "
                      "bid that it started with");
    }
    Job changed = job;
    changed.bid = Money{command.micro_yuan()};
    if (Verdict bad = take_bid(pool, changed, spot_floor(state, pool.id))) {
        bad->field = "micro_yuan";
        return bad;
    }
    if (changed.price == job.price && job.funded) return std::nullopt;
    HoldPlanner planner(state, job.org, job.project, step.now());
    planner.count_as_free(job);
    std::vector<HoldPart> holds;
    if (Verdict bad =
            planner.plan(changed, hold_amount(job.shape, job.walltime, changed.price), holds)) {
        return bad;
    }
    step.emit([&](Event& event) {
        event.mutable_bid_changed()->set_job_id(job.id.value);
        holds_to(holds, *event.mutable_bid_changed()->mutable_holds());
    });
    return std::nullopt;
}

void apply_bid_changed(State& state, const Entry& entry, const BidChanged& event) {
    Job& job = state.jobs.at(event.job_id());
    release_holds(state, job);
    job.bid = job.price = Money{entry.command().change_bid().micro_yuan()};
    place_holds(state, job, event.holds());
    if (!job.funded) {
        job.funded = true;
        drop_from_unfunded(state, job);
        job.bidding = true;
    }
    // Below the price it has to win again.
    if (job.price < state.pools.at(job.pool.value).spot.price()) job.bidding = true;
    if (job.bidding) dequeue(state, job);
    state.touch(job);
}

void spot_market_to(const SpotMarket& market, PoolRecord& record) {
    if (!market.open && market.clearings == 0) return;
    SpotMarketRecord& out = *record.mutable_spot();
    out.set_open(market.open);
    out.set_due_us(market.due.us);
    out.set_clearings(market.clearings);
    for (const SpotMarket::Clearing& clearing : market.history) {
        SpotClearingRecord& one = *out.add_history();
        one.set_time_us(clearing.at.us);
        one.set_seq(clearing.seq);
        *one.mutable_cleared() = clearing.cleared;
    }
}

bool restore_spot_market(State& state, Pool& pool, const PoolRecord& record) {
    const SpotMarketRecord& from = record.spot();
    const bool can_be = from.due_us() >= 0 && (from.open() || from.due_us() == 0) &&
                        (from.open() || pool.limits.spot_period == Duration{}) &&
                        static_cast<std::size_t>(from.history_size()) <= limits::spot_history_kept;
    if (!can_be) return false;
    pool.spot.open = from.open();
    pool.spot.clearings = from.clearings();
    for (const SpotClearingRecord& one : from.history()) {
        if (one.cleared().pool_id() != pool.id.value) return false;
        pool.spot.history.push_back({Time{one.time_us()}, one.seq(), one.cleared()});
    }
    set_spot_due(state, pool, Time{from.due_us()});
    return true;
}

}  // namespace suan::core
