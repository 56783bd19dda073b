// Quotes, forecasts, help and versions of the rules over HTTP.
#include "api/testing.hpp"

#include <gtest/gtest.h>

namespace suan::api {
namespace {

class PlansTest : public ApiTest {
protected:
    static std::uint64_t id_of(const Answer& answer) {
        return json_lib::value_to<std::uint64_t>(answer.at("/id"));
    }
    void rules(const std::string& more) {
        ok(op, "POST", "/v1/rules",
           R"({"name":"v1","file_sm3":")" + std::string(64, 'a') + R"(",)" + more + "}");
    }
};

TEST_F(PlansTest, AQuoteSaysWhenAndHowMuch) {
    const Answer quote =
        ok(user, "POST", "/v1/quotes", R"({"job":{"pool":"big","tasks":1,"walltime_ms":3600000}})");
    EXPECT_EQ(quote.at("/forecast/basis").as_string(), "starts_now");
    const Answer refused =
        ask(user, "POST", "/v1/quotes", R"({"job":{"pool":"big","tasks":1},"binding":true})");
    EXPECT_GE(refused.status, 400) << refused.body;  // the pool gives none
}

TEST_F(PlansTest, ABindingQuoteIsTakenUpByItsSubmission) {
    rules(R"("pools":[{"pool":"big","rules":{"quote_compensation_permille":100}}])");
    const std::string work = R"("pool":"big","tasks":1,"walltime_ms":3600000)";
    const Answer quote =
        ok(user, "POST", "/v1/quotes", R"({"job":{)" + work + R"(},"binding":true})");
    EXPECT_EQ(quote.status, 201);
    const std::uint64_t id = id_of(quote);
    ok(user, "POST", "/v1/jobs", "{" + work + fmt::format(R"(,"quote_id":{}}})", id));
    const Answer again =
        ask(user, "POST", "/v1/jobs", "{" + work + fmt::format(R"(,"quote_id":{}}})", id));
    EXPECT_GE(again.status, 400);
    EXPECT_NE(again.body.find("quote_id"), std::string::npos);
}

TEST_F(PlansTest, AQuoteForABidWaitsForAClearingAndKeepsToTheFloor) {
    rules(R"("pools":[{"pool":"big","rules":{"spot_period_ms":300000}}],)"
          R"("prices":[{"pool":"big","tier":"spot","micro_yuan_per_device_hour":1000000}])");
    const auto quote = [&](std::int64_t bid) {
        return ask(user, "POST", "/v1/quotes",
                   fmt::format(R"({{"job":{{"pool":"big","tasks":1,"walltime_ms":3600000,)"
                               R"("tier":"spot","bid_micro_yuan":{}}}}})",
                               bid));
    };
    const Answer low = quote(999'999);
    EXPECT_EQ(low.status, 400) << low.body;
    EXPECT_NE(low.body.find("bid_micro_yuan"), std::string::npos) << low.body;
    const Answer enough = quote(2'000'000);
    ASSERT_EQ(enough.status, 200) << enough.body;
    EXPECT_NE(enough.at("/forecast/basis").as_string(), "starts_now");
    EXPECT_EQ(enough.at("/price_micro_yuan_per_device_hour").as_int64(), 2'000'000);
}

TEST_F(PlansTest, AWaitingJobIsToldWhatHelps) {
    const std::uint64_t id =
        id_of(ok(user, "POST", "/v1/jobs", R"({"pool":"big","tasks":1,"held":true})"));
    const Answer why = ok(user, "GET", fmt::format("/v1/jobs/{}/why", id));
    EXPECT_EQ(why.at("/reasons/0/code").as_string(), "JobHeldUser");
    EXPECT_EQ(why.at("/helps/0/kind").as_string(), "release");
    EXPECT_TRUE(why.at("/helps/0/starts_now").as_bool());
}

TEST_F(PlansTest, VersionsOfTheRulesAreListed) {
    rules(R"("prices":[{"pool":"big","micro_yuan_per_device_hour":5}])");
    const Answer list = ok(user, "GET", "/v1/rules");
    EXPECT_EQ(list.at("/rules/0/name").as_string(), "v1");
    EXPECT_EQ(list.at("/rules/0/state").as_string(), "in_force");
    const Answer twice = ask(
        op, "POST", "/v1/rules",
        R"({"name":"v1","file_sm3":")" + std::string(64, 'a') + R"(","prices":[{"pool":"big"}]})");
    EXPECT_EQ(twice.status, 409) << twice.body;
}

TEST_F(PlansTest, ForecastsPublishHowGoodTheyAre) {
    const Answer stats = ok(user, "GET", "/v1/stats/forecast");
    EXPECT_EQ(stats.status, 200);
    const Answer metrics = ask(op, "GET", "/metrics");
    EXPECT_NE(metrics.body.find("suan_forecast_coverage_ratio"), std::string::npos);
}

}  // namespace
}  // namespace suan::api
