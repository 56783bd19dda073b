#include "sched/clearing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace suan::sched {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// docs/rules/spot-market.md
TEST(Clearing, WorkedExample) {
    const std::vector<Bid> bids{{1, 8'000, 900'000},
                                {2, 4'000, 1'500'000},
                                {3, 8'000, 2'000'000, 9'600'000},
                                {4, 2'000, 700'000}};
    const Clearing clearing = clear_spot(bids, 16'000, 500'000);
    EXPECT_THAT(clearing.winners, ElementsAre(2, 3));
    EXPECT_EQ(clearing.price_micro, 900'000);
    EXPECT_EQ(clearing.sold_milli, 12'000);
    EXPECT_EQ(cost_micro(bids[1], clearing.price_micro), 3'600'000);
    EXPECT_EQ(cost_micro(bids[2], clearing.price_micro), 7'200'000);
}

TEST(Clearing, WithRoomForAllThePriceIsTheFloor) {
    const std::vector<Bid> bids{{1, 1'000, 900}, {2, 1'000, 500}, {3, 1'000, 499}};
    const Clearing clearing = clear_spot(bids, 8'000, 500);
    EXPECT_THAT(clearing.winners, ElementsAre(1, 2));
    EXPECT_EQ(clearing.price_micro, 500);
    EXPECT_THAT(clear_spot(bids, 0, 0).winners, IsEmpty());
}

TEST(Clearing, ABidForMoreThanThereIsDoesNotBlockTheOthers) {
    const std::vector<Bid> bids{{1, 9'000, 2'000'000}, {2, 1'000, 900'000}};
    const Clearing clearing = clear_spot(bids, 8'000, 500'000);
    EXPECT_THAT(clearing.winners, ElementsAre(2));
    EXPECT_EQ(clearing.price_micro, 500'000);
}

class Clearings : public ::testing::Test {
protected:
    std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_()) % n; }
    std::vector<Bid> random_bids() {
        std::vector<Bid> out;
        const std::int64_t count = below(12);
        for (std::int64_t i = 0; i < count; ++i) {
            Bid bid{static_cast<std::uint64_t>(i + 1), 100 * (1 + below(40)), below(20) * 100};
            if (below(3) == 0) bid.budget_micro = below(6'000);
            out.push_back(bid);
        }
        return out;
    }
    static bool won(const Clearing& clearing, std::uint64_t id) {
        return std::find(clearing.winners.begin(), clearing.winners.end(), id) !=
               clearing.winners.end();
    }
    std::minstd_rand random_{7};
};

TEST_F(Clearings, NobodyPaysMoreThanItBidOrHasAndNobodyWhoLostOfferedMore) {
    int losers = 0;
    for (int round = 0; round < 3'000; ++round) {
        const std::vector<Bid> bids = random_bids();
        const std::int64_t supply = below(80) * 100;
        const std::int64_t floor = below(6) * 100;
        const Clearing clearing = clear_spot(bids, supply, floor);
        ASSERT_GE(clearing.price_micro, floor);
        std::int64_t sold = 0;
        for (const Bid& bid : bids) {
            if (won(clearing, bid.id)) {
                sold += bid.milli;
                ASSERT_LE(clearing.price_micro, bid.price_micro);
                ASSERT_LE(cost_micro(bid, clearing.price_micro), bid.budget_micro);
            } else {
                ++losers;
                ASSERT_TRUE(offer_micro(bid) <= clearing.price_micro || bid.milli > supply);
            }
        }
        ASSERT_EQ(sold, clearing.sold_milli);
        ASSERT_LE(sold, supply);
    }
    EXPECT_GT(losers, 1'000);
}

TEST_F(Clearings, RaisingABidNeverLosesAndTheOrderOfBidsDoesNotMatter) {
    int raised = 0;
    for (int round = 0; round < 3'000; ++round) {
        std::vector<Bid> bids = random_bids();
        const std::int64_t supply = below(80) * 100;
        const Clearing before = clear_spot(bids, supply, 100);
        std::vector<Bid> shuffled = bids;
        std::shuffle(shuffled.begin(), shuffled.end(), random_);
        const Clearing again = clear_spot(shuffled, supply, 100);
        ASSERT_EQ(again.winners, before.winners);
        ASSERT_EQ(again.price_micro, before.price_micro);
        for (std::size_t i = 0; i < bids.size(); ++i) {
            if (!won(before, bids[i].id)) continue;
            const Bid kept = bids[i];
            bids[i].price_micro += 1 + below(500);
            ASSERT_TRUE(won(clear_spot(bids, supply, 100), kept.id));
            bids[i] = kept;
            ++raised;
        }
    }
    EXPECT_GT(raised, 1'000);
}

}  // namespace
}  // namespace suan::sched
