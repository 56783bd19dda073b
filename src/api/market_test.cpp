// The spot market and bids over HTTP.
#include "api/testing.hpp"

#include <gtest/gtest.h>

namespace suan::api {
namespace {

class MarketTest : public ApiTest {
protected:
    void open_market() {
        ok(op, "POST", "/v1/prices",
           R"({"name":"spot","lines":[{"pool":"big","tier":"spot","micro_yuan_per_device_hour":500000}]})");
        ok(op, "PUT", "/v1/pools/big/rules", R"({"spot_period_ms":300000})");
    }
    std::uint64_t bid(std::int64_t micro_yuan) {
        const Answer made =
            ok(user, "POST", "/v1/jobs",
               fmt::format(
                   R"({{"pool":"big","tier":"spot","devices_per_task":8,"bid_micro_yuan":{}}})",
                   micro_yuan));
        return json_lib::value_to<std::uint64_t>(made.at("/id"));
    }
    static std::int64_t number(const Answer& answer, const char* pointer) {
        const auto& value = answer.at(pointer);
        return value.is_string() ? std::stoll(std::string(value.as_string()))
                                 : value.to_number<std::int64_t>();
    }
    // The hub has cleared so often.
    void wait_for_clearing(std::int64_t clearings) {
        world_.clock.advance(Duration::minutes(5));
        Command tick;
        tick.mutable_tick();
        world_.ask(tick);
        EXPECT_EQ(number(ok(user, "GET", "/v1/pools/big/spot"), "/spot/clearings"), clearings);
    }
};

TEST_F(MarketTest, APoolWithoutOneSaysSo) {
    const Answer spot = ok(user, "GET", "/v1/pools/big/spot");
    EXPECT_FALSE(spot.at("/spot/open").as_bool());
    EXPECT_EQ(ask(user, "GET", "/v1/pools/none/spot").status, 404);
}

TEST_F(MarketTest, PricesBidsAndAdviceAreTold) {
    open_market();
    const Answer low =
        ask(user, "POST", "/v1/jobs", R"({"pool":"big","tier":"spot","bid_micro_yuan":499999})");
    EXPECT_EQ(low.status, 400) << low.body;
    EXPECT_NE(low.body.find("bid_micro_yuan"), std::string::npos);
    const std::uint64_t high = bid(2'000'000);
    const std::uint64_t less = bid(900'000);
    wait_for_clearing(1);
    const Answer spot = ok(user, "GET", "/v1/pools/big/spot?limit=5");
    EXPECT_EQ(number(spot, "/spot/micro_yuan_per_device_hour"), 900'000);
    EXPECT_EQ(number(spot, "/spot/floor_micro_yuan"), 500'000);
    EXPECT_EQ(number(spot, "/clearings/0/offered_milli"), 8'000);
    EXPECT_EQ(number(spot, "/clearings/0/sold_milli"), 8'000);
    const Answer job = ok(user, "GET", fmt::format("/v1/jobs/{}", high));
    EXPECT_EQ(number(job, "/price_micro_yuan_per_device_hour"), 900'000) << "not its bid";
    const Answer why = ok(user, "GET", fmt::format("/v1/jobs/{}/why", less));
    EXPECT_EQ(why.at("/reasons/0/code").as_string(), "SpotBid");
    EXPECT_EQ(why.at("/helps/0/kind").as_string(), "bid");
    EXPECT_EQ(number(why, "/helps/0/amount"), 2'010'000);
    ok(user, "POST", fmt::format("/v1/jobs/{}/bid", less), R"({"bid_micro_yuan":2010000})");
    EXPECT_EQ(
        ask(user, "POST", fmt::format("/v1/jobs/{}/bid", high), R"({"bid_micro_yuan":2010000})")
            .status,
        409);
    EXPECT_EQ(
        ask(foreign, "POST", fmt::format("/v1/jobs/{}/bid", less), R"({"bid_micro_yuan":2010000})")
            .status,
        404);
    const Answer metrics = ask(op, "GET", "/metrics");
    EXPECT_NE(metrics.body.find("suan_spot_price_yuan{pool=\"big\"} 0.900000"), std::string::npos);
    wait_for_clearing(2);
    EXPECT_EQ(number(ok(user, "GET", "/v1/pools/big/spot"), "/spot/micro_yuan_per_device_hour"),
              2'000'000);
}

}  // namespace
}  // namespace suan::api
