// What a spot job that waits for a clearing is told: the price, its bid, and the smallest that
// wins.
#include "core/market.hpp"
#include "core/transition.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {

std::optional<Money> smallest_winning_bid(const SpotBook& book, JobId job) {
    SpotBook trial = book;
    const auto own = std::find_if(trial.bids.begin(), trial.bids.end(),
                                  [&](const SpotBid& bid) { return bid.job == job; });
    if (own == trial.bids.end()) return std::nullopt;
    // Only at another's offer, or just above it, does its place among them change.
    std::vector<Money> steps{book.floor};
    for (const SpotBid& bid : book.bids) {
        if (bid.job == job || bid.offer < book.floor) continue;
        steps.push_back(bid.offer);
        steps.push_back(bid.offer + Money{1});
    }
    std::sort(steps.begin(), steps.end());
    const auto wins = [&](Money offer) {
        own->offer = offer;
        return spot_sale(trial).won.count(job) != 0;
    };
    const auto found =
        std::partition_point(steps.begin(), steps.end(), [&](Money offer) { return !wins(offer); });
    if (found == steps.end()) return std::nullopt;
    return *found;
}

namespace {

constexpr std::int64_t fen = 10'000;  // 0.01 yuan, as people bid

std::optional<Money> in_whole_fen(std::optional<Money> bid) {
    if (bid) bid->micro_yuan = (bid->micro_yuan + fen - 1) / fen * fen;
    return bid;
}

}  // namespace

BidStanding bid_standing(const State& state, const Job& job) {
    const Pool& pool = state.pools.at(job.pool.value);
    const SpotBook book = spot_book(state, pool, state.now);
    BidStanding out;
    out.bid = job.price;
    out.price = pool.spot.price();
    out.cleared = pool.spot.clearings > 0;
    out.next = pool.spot.due;
    out.offered_milli = book.offered_milli;
    const std::optional<Money> smallest = smallest_winning_bid(book, job.id);
    out.wins = smallest && *smallest <= job.price;
    out.smallest = in_whole_fen(smallest);
    return out;
}

namespace {

std::string in_text(Duration span) {
    if (span.us <= 0) return "at once";
    const std::int64_t seconds = (span.us + 999'999) / 1'000'000;
    if (seconds < 120) return fmt::format("in {} s", seconds);
    return fmt::format("in {} min", (seconds + 59) / 60);
}

}  // namespace

WaitReason why_bidding(const State& state, const Job& job) {
    const BidStanding now = bid_standing(state, job);
    const std::string& pool = state.pools.at(job.pool.value).name;
    const std::string next = in_text(now.next - state.now);
    WaitReason out;
    out.code = "SpotBid";
    out.available = now.bid.micro_yuan;
    out.needed = now.smallest.value_or(Money{}).micro_yuan;
    out.limit = now.next.us;
    if (now.wins) {
        out.message = fmt::format(
            "bids {} a device hour in the spot market of pool {}, which would win now; the next "
            "clearing is {}",
            yuan_text(now.bid), pool, next);
    } else if (now.smallest) {
        out.message = fmt::format(
            "its bid of {} a device hour is below the price: the smallest bid that would win now "
            "in the spot market of pool {} is {}; the next clearing is {}",
            yuan_text(now.bid), pool, yuan_text(*now.smallest), next);
    } else {
        out.message = fmt::format(
            "bids {} a device hour, but no bid for {} devices would win now: pool {} has {} for "
            "its spot market beside what is asked for within shares and limits; the next clearing "
            "is {}",
            yuan_text(now.bid), (job.shape.milli_devices(job.shape.tasks_min) + 999) / 1'000, pool,
            now.offered_milli / 1'000, next);
    }
    if (now.cleared) {
        out.message += fmt::format(" (the last one cleared at {})", yuan_text(now.price));
    }
    return out;
}

std::string next_clearing_text(const State& state, const Job& job) {
    const Duration until = state.pools.at(job.pool.value).spot.due - state.now;
    return fmt::format("wins the next clearing of the spot market, {}", in_text(until));
}

}  // namespace suan::core
