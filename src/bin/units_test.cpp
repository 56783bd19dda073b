#include "bin/units.hpp"

#include <gtest/gtest.h>

namespace suan::bin {
namespace {

struct SpanCase {
    const char* text;
    std::int64_t seconds;  // -1: refused
};

TEST(Units, SlurmTimesAreReadInEveryForm) {
    const SpanCase cases[] = {{"5", 300},          {"5:30", 330},
                              {"1:02:03", 3'723},  {"2-3", 183'600},
                              {"2-3:04", 183'840}, {"2-03:04:05", 183'845},
                              {"1:2:3:4", -1},     {"", -1},
                              {"-5", -1},          {"1-", -1},
                              {"x", -1},           {"5:", -1},
                              {"400-0", -1},       {"1-1:1:1:1", -1},
                              {"00:00", -1}};
    for (const SpanCase& c : cases) {
        const auto limit = parse_slurm_time(c.text);
        if (c.seconds < 0) {
            EXPECT_FALSE(limit) << c.text;
            continue;
        }
        ASSERT_TRUE(limit) << c.text;
        EXPECT_EQ((*limit)->us, c.seconds * 1'000'000) << c.text;
    }
}

TEST(Units, NoLimitIsNoTime) {
    for (const char* text : {"0", "UNLIMITED", "infinite", "-1"}) {
        const auto limit = parse_slurm_time(text);
        ASSERT_TRUE(limit) << text;
        EXPECT_FALSE(limit->has_value()) << text;
    }
}

TEST(Units, SpansAreReadInWordsAndClocks) {
    const SpanCase cases[] = {
        {"90s", 90},      {"1h30m", 5'400}, {"2d", 172'800}, {"45", 45}, {"01:30:00", 5'400},
        {"30:00", 1'800}, {"1m1h", -1},     {"1h1h", -1},    {"h", -1},  {"", -1},
        {"-1s", -1},      {"99999d", -1},   {"1.5h", -1}};
    for (const SpanCase& c : cases) {
        const auto span = parse_duration(c.text);
        if (c.seconds < 0) {
            EXPECT_FALSE(span) << c.text;
            continue;
        }
        ASSERT_TRUE(span) << c.text;
        EXPECT_EQ(span->us, c.seconds * 1'000'000) << c.text;
    }
}

TEST(Units, BytesAreReadWithAndWithoutLetters) {
    EXPECT_EQ(*parse_bytes("512", 1 << 20), 512ULL << 20);
    EXPECT_EQ(*parse_bytes("4G", 1), 4ULL << 30);
    EXPECT_EQ(*parse_bytes("1TiB", 1), 1ULL << 40);
    EXPECT_EQ(*parse_bytes("3k", 1), 3'072U);
    for (const char* text : {"", "G", "4X", "4GG", "-1", "999999999T"})
        EXPECT_FALSE(parse_bytes(text, 1)) << text;
}

TEST(Units, YuanAreExact) {
    EXPECT_EQ(*parse_yuan("1,200.50"), 1'200'500'000);
    EXPECT_EQ(*parse_yuan("0.000001"), 1);
    EXPECT_EQ(*parse_yuan("-3"), -3'000'000);
    EXPECT_EQ(*parse_yuan("1000000000"), 1'000'000'000'000'000);
    for (const char* text : {"", ".5", "1.", "0.0000001", "1e3", "1000000001", "--1", "1.2.3"})
        EXPECT_FALSE(parse_yuan(text)) << text;
}

TEST(Units, MoneyIsShownWithoutRounding) {
    EXPECT_EQ(yuan_text(0), "0.00");
    EXPECT_EQ(yuan_text(1), "0.000001");
    EXPECT_EQ(yuan_text(1'234'567'890'000), "1,234,567.89");
    EXPECT_EQ(yuan_text(-1'500'000), "-1.50");
    EXPECT_EQ(yuan_text(123'456), "0.123456");
    EXPECT_EQ(yuan_text(INT64_MIN), "-9,223,372,036,854.775808");
}

TEST(Units, MoneyShownIsMoneyRead) {
    for (const std::int64_t n : {0LL, 1LL, -1LL, 99'999'999LL, 123'456'789'012LL})
        EXPECT_EQ(*parse_yuan(yuan_text(n)), n);
}

TEST(Units, IndicesAreListsRangesAndSteps) {
    EXPECT_EQ(parse_indices("0-3")->indices, (std::vector<std::uint32_t>{0, 1, 2, 3}));
    EXPECT_EQ(parse_indices("1,3,5-9:2")->indices, (std::vector<std::uint32_t>{1, 3, 5, 7, 9}));
    EXPECT_EQ(parse_indices("9,1")->indices, (std::vector<std::uint32_t>{1, 9}));
    const auto bounded = parse_indices("0-19%4");
    EXPECT_EQ(bounded->indices.size(), 20U);
    EXPECT_EQ(bounded->running_max, 4U);
    for (const char* text :
         {"", "a", "3-1", "1-5:0", "1,,2", "1%", "1%0", "1,1", "0-100000", "5:2", "-1"})
        EXPECT_FALSE(parse_indices(text)) << text;
}

TEST(Units, TimesWithAZoneAreExact) {
    const Time now{1'000'000'000'000'000};
    EXPECT_EQ(parse_time("2026-12-01T08:30:00Z", now)->us, 1'796'113'800LL * 1'000'000);
    EXPECT_EQ(parse_time("2026-12-01T16:30:00+08:00", now)->us, 1'796'113'800LL * 1'000'000);
    EXPECT_EQ(parse_time("now+90m", now)->us, now.us + 5'400'000'000LL);
    EXPECT_EQ(parse_time("now", now)->us, now.us);
    for (const char* text :
         {"", "2026-13-01", "2026-02-30", "2026-12-01T25:00", "tomorrow?", "12:00"})
        EXPECT_FALSE(parse_time(text, now)) << text;
}

TEST(Units, SpansAndDevicesAreShown) {
    EXPECT_EQ(span_text(0), "00:00:00");
    EXPECT_EQ(span_text(93'784'000), "1d 02:03:04");
    EXPECT_EQ(devices_text(8'000), "8");
    EXPECT_EQ(devices_text(500), "0.5");
    EXPECT_EQ(devices_text(3'920'000), "3,920");
    EXPECT_EQ(device_hours_text(3'600'000'000), "1.0000");
    EXPECT_EQ(device_hours_text(3'599'999'999), "0.9999");
}

}  // namespace
}  // namespace suan::bin
