#include "core/reprice.hpp"

#include "base/limits.hpp"
#include "core/testing.hpp"

namespace suan::core {
namespace {

// Sheet 1 prices pool "p" (lines 1 to 3: reserved, standard, spot), sheet 2 pool "q".
struct RepriceTest : ::testing::Test {
    static constexpr std::int64_t hour = 1'000LL * 3'600'000;  // of one device, milli-device-ms
    static constexpr std::int64_t price = 7'000'001;
    TestCentre centre;
    Repricing::Lines draft;

    void SetUp() override {
        centre.pool("p", {.meter_interval_ms = 7'000, .price = price});
        centre.pool("q", {.price = price});
        centre.org("a", 1'000'000'000);
    }
    PriceLine& line(std::int64_t micro_yuan, Tier tier = TIER_STANDARD, std::uint32_t pool = 1) {
        PriceLine& out = *draft.Add();
        out.set_line(static_cast<std::uint32_t>(draft.size()));
        out.set_pool_id(pool);
        out.set_tier(tier);
        out.set_micro_yuan_per_device_hour(micro_yuan);
        return out;
    }
    void service(Service which, std::int64_t micro_yuan) {
        PriceLine& out = *draft.Add();
        out.set_line(static_cast<std::uint32_t>(draft.size()));
        out.set_service(which);
        out.set_micro_yuan_per_unit(micro_yuan);
    }
    static PastCharge charge(std::uint64_t lease, std::int64_t use, std::int64_t micro_yuan) {
        PastCharge out;
        out.org = OrgId{1};
        out.lease = LeaseId{lease};
        out.pool = PoolId{1};
        out.tier = TIER_STANDARD;
        out.sheet = PriceSheetId{1};
        out.price_line = TIER_STANDARD;
        out.milli_device_ms = use;
        out.amount = Money{micro_yuan};
        return out;
    }
    Repricing::Result of(const std::vector<PastCharge>& charges) const {
        EXPECT_FALSE(Repricing::check(centre.state, draft));
        Repricing pricing(centre.state, draft);
        for (const PastCharge& one : charges)
            pricing.add(one);
        return pricing.result();
    }
    // What a job of 3 devices was charged in `seconds`, charge by charge.
    std::vector<PastCharge> ran(std::int64_t seconds) {
        Command command = centre.submission("a", "p");
        command.mutable_submit_job()->mutable_spec()->set_tasks(3);
        const JobId job = centre.submit(std::move(command));
        for (std::int64_t second = 0; second < seconds; ++second)
            centre.tick(Duration::seconds(1));
        centre.end(job);
        std::vector<PastCharge> out;
        for (const Entry& entry : centre.log) {
            for (const Event& event : entry.events()) {
                if (!event.has_lease_charged()) continue;
                const LeaseCharged& charged = event.lease_charged();
                out.push_back(
                    charge(charged.lease_id(), charged.milli_device_ms(), charged.micro_yuan()));
            }
        }
        return out;
    }
};

TEST_F(RepriceTest, the_prices_that_hold_reproduce_what_was_charged) {
    line(price);
    const std::vector<PastCharge> charges = ran(31);
    ASSERT_GT(charges.size(), 3U);
    const Repricing::Result result = of(charges);
    EXPECT_EQ(result.all.charges, charges.size());
    // 3 devices x 30 s x 7.000001 yuan / 3,600 s, rounded down.
    EXPECT_EQ(result.all.was.micro_yuan, 175'000);
    EXPECT_EQ(result.all.would_be, result.all.was);
    EXPECT_EQ(result.kept.micro_yuan, 0);
}

TEST_F(RepriceTest, a_lease_is_rounded_once_however_often_it_was_charged) {
    line(2 * price);
    EXPECT_EQ(of(ran(31)).all.would_be.micro_yuan, 350'000);
}

TEST_F(RepriceTest, part_of_a_lease_is_priced_by_what_it_used_in_that_time) {
    line(2'000'000);
    const std::vector<PastCharge> month{charge(1, hour, price + 1), charge(2, hour, price - 1)};
    EXPECT_EQ(of(month).all.would_be.micro_yuan, 4'000'000);
}

TEST_F(RepriceTest, what_no_line_prices_and_what_no_line_priced_stay_as_they_were) {
    line(1, TIER_RESERVED);
    line(1, TIER_STANDARD, 2);
    EXPECT_EQ(of({charge(1, hour, price)}).all.would_be.micro_yuan, price);
    line(1'000'000);
    const Repricing::Result market = of({charge(1, hour, price), charge(2, hour, 3'000'000)});
    EXPECT_EQ(market.all.would_be.micro_yuan, 1'000'000 + 3'000'000);
    EXPECT_EQ(market.kept.micro_yuan, 3'000'000);
}

TEST_F(RepriceTest, work_given_back_is_given_back_at_the_new_price) {
    line(2 * price);
    const Repricing::Result result = of({charge(1, 2 * hour, 2 * price), charge(1, -hour, -price)});
    EXPECT_EQ(result.all.was.micro_yuan, price);
    EXPECT_EQ(result.all.would_be.micro_yuan, 2 * price);
}

TEST_F(RepriceTest, services_are_priced_by_their_own_unit) {
    service(SERVICE_LEDGER_TRANSFERS, 5'000);
    PastCharge transfers;
    transfers.org = OrgId{1};
    transfers.service = SERVICE_LEDGER_TRANSFERS;
    transfers.quantity = 1'999;
    transfers.amount = Money{1};
    PastCharge time = transfers;
    time.service = SERVICE_LEDGER_TIME;
    time.amount = Money{40};
    const Repricing::Result result = of({transfers, time});
    EXPECT_EQ(result.all.would_be.micro_yuan, 9'995 + 40);
    EXPECT_EQ(result.kept.micro_yuan, 40);
    EXPECT_EQ(result.by_line.at({PoolId{}, TIER_UNSPECIFIED, SERVICE_LEDGER_TRANSFERS}).charges, 1);
}

TEST_F(RepriceTest, sums_are_by_line_and_by_org) {
    line(1'000'000);
    PastCharge theirs = charge(2, hour, price);
    theirs.org = OrgId{2};
    const Repricing::Result result = of({charge(1, hour, price), theirs});
    EXPECT_EQ(result.by_org.at(OrgId{2}).would_be.micro_yuan, 1'000'000);
    EXPECT_EQ(result.by_line.at({PoolId{1}, TIER_STANDARD, SERVICE_UNSPECIFIED}).was.micro_yuan,
              2 * price);
}

TEST_F(RepriceTest, a_sum_beyond_64_bits_stops_there) {
    line(limits::money_max);
    std::vector<PastCharge> charges;
    for (std::uint64_t lease = 1; lease < 4; ++lease) {
        // 3,500 hours of 4,000 devices.
        constexpr std::int64_t use = 14'000'000 * hour;
        charges.push_back(charge(lease, use, 14'000'000 * price));
    }
    EXPECT_EQ(of(charges).all.would_be.micro_yuan, INT64_MAX);
}

TEST_F(RepriceTest, a_draft_that_could_not_be_published_is_refused) {
    EXPECT_EQ(Repricing::check(centre.state, draft)->field, "lines");
    line(-1);
    EXPECT_EQ(Repricing::check(centre.state, draft)->field, "lines[0].micro_yuan_per_device_hour");
    draft.Clear();
    line(1);
    line(2);
    EXPECT_EQ(Repricing::check(centre.state, draft)->field, "lines[1]");
}

}  // namespace
}  // namespace suan::core
