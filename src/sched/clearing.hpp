// Spot capacity for one period by sealed bids, at one price for all (docs/rules/spot-market.md).
//
// Bids stand by what they offer a device, the highest first, ties by id. They are served whole, in
// that order, until the first that does not fit; the offer of that one is the price, and never less
// than the operator's floor. A bid for more than there is at all takes no part. A bid offers the
// lower of its price and of what its budget gives for all its devices, so no winner pays more than
// it bid or has. Nobody is served past a better bid that was not: raising a bid never loses.
//
// Pure; the same bids in any order give the same clearing, so anybody can check it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace suan::sched {

struct Bid {
    std::uint64_t id = 0;                   // each once
    std::int64_t milli = 0;                 // milli-devices, 1 or more; all of them or none
    std::int64_t price_micro = 0;           // most for a device and the period, 0 or more
    std::int64_t budget_micro = INT64_MAX;  // most for the whole bid
};

struct Clearing {
    std::int64_t price_micro = 0;  // a device and period, for every winner
    std::int64_t sold_milli = 0;
    std::vector<std::uint64_t> winners;  // by offer, the highest first
};

// What a bid offers a device: its price, or what its budget gives.
std::int64_t offer_micro(const Bid& bid);
// What a bid costs at a price, rounded down.
std::int64_t cost_micro(const Bid& bid, std::int64_t price_micro);
// `supply_milli`: what the guaranteed shares leave.
Clearing clear_spot(std::span<const Bid> bids, std::int64_t supply_milli, std::int64_t floor_micro);

}  // namespace suan::sched
