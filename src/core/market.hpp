// The spot market of a pool (docs/rules/spot-market.md): what spot jobs pay where the pool's rules
// name a period. Internal to src/core.
//
// A spot job bids the most that it pays for a device hour, and that much is held for it. Each
// period the devices that the guaranteed shares leave are sold to the best bids at one price
// (sched/clearing.hpp). Who wins may start and pays that price, whatever it bid; who runs and does
// not win is stopped; who waits and does not win stays out of the queue. Nothing here places a job
// or takes devices: the scheduler does, with firm jobs first as ever.
//
// The market sleeps while the pool has no spot job, so an idle pool leaves nothing in the log.
#pragma once

#include "core/step.hpp"

#include <optional>
#include <set>
#include <vector>

namespace suan::core {

struct WaitReason;

struct SpotBid {
    JobId job;
    OrgId org;
    std::int64_t milli = 0;  // milli-devices, all or none
    Money offer;             // most for a device hour
    bool runs = false;
    // It won before and has not found a place yet. It takes nothing from the others, so a gang that
    // fits nowhere leaves no device idle, and may go on looking while it offers the price.
    bool seeks = false;
};

// The market as a clearing sees it.
struct SpotBook {
    Money floor;
    std::int64_t offered_milli = 0;
    std::vector<SpotBid> bids;           // who runs first, then by id: the order among equal offers
    std::map<OrgId, std::int64_t> room;  // milli-devices up to the org's limit, of those with one
};
// What is idle or in spot use, less the deserved devices that are asked for and not yet held.
SpotBook spot_book(const State& state, const Pool& pool, Time now);

struct SpotSale {
    Money price;
    std::int64_t sold_milli = 0;
    std::set<JobId> won;
};
SpotSale spot_sale(const SpotBook& book);

// The smallest bid with which the job would win the market as it is; none where no bid would.
std::optional<Money> smallest_winning_bid(const SpotBook& book, JobId job);

// Where a job's bid stands, for people.
struct BidStanding {
    Money bid;
    Money price;           // of the newest clearing
    bool cleared = false;  // there was one
    Time next;             // clearing
    std::int64_t offered_milli = 0;
    bool wins = false;              // as things are now
    std::optional<Money> smallest;  // in whole 0.01 yuan, that would win now
};
BidStanding bid_standing(const State& state, const Job& job);
WaitReason why_bidding(const State& state, const Job& job);
std::string next_clearing_text(const State& state, const Job& job);

// The pool's clearing is due.
void spot_due(Step& step, PoolId pool, Time due);

Verdict decide_change_bid(Step& step, const ChangeBid& command);

// A submission: the job pays what it bids at most, the floor where it names no bid.
Verdict take_bid(const Pool& pool, Job& job, Money floor);
// What the run of a spot job costs from its start; none: the job's own price.
std::optional<Money> price_at_start(const State& state, const Job& job);
// The price sheet's line; 0 without one.
Money spot_floor(const State& state, PoolId pool);

// What the market must know of: jobs that come and end, others that ask for devices, new rules.
void spot_job_comes(State& state, const Job& job);
void spot_job_ends(State& state, const Job& job);
enum class Asks : std::uint8_t { begins, ends };
void note_asked(Pool& pool, const Job& job, Asks asks);
void spot_rules_changed(State& state, Pool& pool);

void apply_spot_cleared(State& state, const SpotCleared& event);
void apply_spot_closed(State& state, const SpotClosed& event);
void apply_job_outbid(State& state, const JobOutbid& event);
void apply_lease_priced(State& state, const LeasePriced& event);
void apply_bid_changed(State& state, const Entry& entry, const BidChanged& event);

// To a snapshot and back; false: the record cannot be.
void spot_market_to(const SpotMarket& market, PoolRecord& record);
bool restore_spot_market(State& state, Pool& pool, const PoolRecord& record);

}  // namespace suan::core
