// What the last month would have cost under a drafted price sheet, over HTTP.
#include "api/testing.hpp"

#include <gtest/gtest.h>

namespace suan::api {
namespace {

class RepricingTest : public ApiTest {
protected:
    Answer whatif(const std::string& body) { return ask(op, "POST", "/v1/prices/whatif", body); }
    static std::int64_t number(const Answer& answer, const char* pointer) {
        return answer.at(pointer).to_number<std::int64_t>();
    }
    static std::string at_price(std::int64_t micro_yuan, const std::string& more = "") {
        return fmt::format(R"({{"lines":[{{"pool":"big","micro_yuan_per_device_hour":{}}}]{}}})",
                           micro_yuan, more);
    }
};

TEST_F(RepricingTest, TheLastMonthIsPricedAgainAndNothingIsPublished) {
    run_for(Duration::minutes(30));  // 1 device at 1 yuan an hour
    const Answer same = whatif(at_price(1'000'000));
    ASSERT_EQ(same.status, 200) << same.body;
    const std::int64_t charged = number(same, "/was_micro_yuan");
    EXPECT_GE(charged, 500'000);
    EXPECT_EQ(number(same, "/would_be_micro_yuan"), charged);
    const Answer twice = whatif(at_price(2'000'000));
    EXPECT_EQ(number(twice, "/was_micro_yuan"), charged);
    EXPECT_NEAR(static_cast<double>(number(twice, "/would_be_micro_yuan")),
                2.0 * static_cast<double>(charged), 1.0);
    EXPECT_EQ(twice.at("/lines/0/pool").as_string(), "big");
    EXPECT_EQ(twice.at("/lines/0/tier").as_string(), "standard");
    EXPECT_EQ(twice.at("/orgs/0/org").as_string(), "acme");
    EXPECT_EQ(number(twice, "/kept_micro_yuan"), 0);
    EXPECT_EQ(ok(op, "GET", "/v1/prices").at("/sheets").as_array().size(), 1U);
}

TEST_F(RepricingTest, ATimeWithoutChargesCostsNothing) {
    run_for(Duration::minutes(30));
    const Answer early = whatif(at_price(2'000'000, R"(,"from_us":1,"until_us":2)"));
    ASSERT_EQ(early.status, 200) << early.body;
    EXPECT_EQ(number(early, "/charges"), 0);
    EXPECT_TRUE(early.at("/orgs").as_array().empty());
}

TEST_F(RepricingTest, WhatIsWrongIsNamed) {
    const auto field = [&](const std::string& body) {
        const Answer refused = whatif(body);
        EXPECT_GE(refused.status, 400) << refused.body;
        return std::string(refused.at("/error/field").as_string());
    };
    EXPECT_EQ(field("{}"), "lines");
    EXPECT_EQ(field(R"({"lines":[{"pool":"none"}]})"), "lines[0].pool");
    EXPECT_EQ(field(at_price(-1)), "lines[0].micro_yuan_per_device_hour");
    EXPECT_EQ(field(at_price(1, R"(,"from_us":5,"until_us":4)")), "from_us");
    EXPECT_EQ(field(at_price(1, R"(,"from_us":1,"until_us":2678400000002)")), "from_us");
    EXPECT_EQ(field(at_price(1, R"(,"until_us":-1)")), "until_us");
}

}  // namespace
}  // namespace suan::api
