#include "sched/clearing.hpp"

#include "base/assert.hpp"
#include "base/money.hpp"

#include <algorithm>

namespace suan::sched {

std::int64_t offer_micro(const Bid& bid) {
    SUAN_ASSERT(bid.milli >= 1);
    SUAN_ASSERT(bid.price_micro >= 0 && bid.budget_micro >= 0);
    const int128 a_device = static_cast<int128>(bid.budget_micro) * 1'000 / bid.milli;
    return a_device < bid.price_micro ? static_cast<std::int64_t>(a_device) : bid.price_micro;
}

std::int64_t cost_micro(const Bid& bid, std::int64_t price_micro) {
    const int128 cost = static_cast<int128>(price_micro) * bid.milli / 1'000;
    SUAN_ASSERT(cost <= INT64_MAX);
    return static_cast<std::int64_t>(cost);
}

Clearing clear_spot(std::span<const Bid> bids, std::int64_t supply_milli,
                    std::int64_t floor_micro) {
    SUAN_ASSERT(supply_milli >= 0 && floor_micro >= 0);
    struct Offer {
        std::int64_t price_micro;
        const Bid* bid;
    };
    std::vector<Offer> offers;
    for (const Bid& bid : bids) {
        const std::int64_t price = offer_micro(bid);
        if (price >= floor_micro && bid.milli <= supply_milli) offers.push_back({price, &bid});
    }
    std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
        return a.price_micro != b.price_micro ? a.price_micro > b.price_micro
                                              : a.bid->id < b.bid->id;
    });
    Clearing out;
    out.price_micro = floor_micro;
    for (const Offer& offer : offers) {
        if (offer.bid->milli > supply_milli - out.sold_milli) {
            out.price_micro = offer.price_micro;
            break;
        }
        out.sold_milli += offer.bid->milli;
        out.winners.push_back(offer.bid->id);
    }
    return out;
}

}  // namespace suan::sched
