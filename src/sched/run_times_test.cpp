#include "sched/run_times.hpp"

#include <gtest/gtest.h>

namespace suan::sched {
namespace {

RunKey who(std::uint32_t org, std::uint32_t member, std::int64_t devices) {
    return {OrgId{org}, MemberId{member}, devices * 1'000};
}

TEST(RunTimes, KnowNothingAtFirst) {
    EXPECT_FALSE(RunTimes{}.expected(who(1, 1, 8), 500));
}

// The worked example of docs/rules/expected-run.md.
TEST(RunTimes, WorkedExample) {
    RunTimes learnt;
    for (const std::int64_t seconds : {40, 70, 100, 5'000})
        learnt.learn(who(1, 1, 8), Duration::seconds(seconds));
    // Half of four runs took no longer than the bucket of 70 s, which begins at 64 s.
    EXPECT_EQ(learnt.expected(who(1, 1, 8), 500), Duration::seconds(64));
    EXPECT_EQ(learnt.expected(who(1, 1, 8), 1'000), Duration::seconds(4'096));
}

TEST(RunTimes, TheNarrowestLevelWithEnoughRunsAnswers) {
    RunTimes learnt;
    for (int i = 0; i < 8; ++i)
        learnt.learn(who(1, 1, 8), Duration::seconds(1'024));
    for (int i = 0; i < 2; ++i)
        learnt.learn(who(1, 2, 8), Duration::seconds(2));
    EXPECT_EQ(learnt.expected(who(1, 2, 8), 500), Duration::seconds(1'024));  // of the org
    EXPECT_EQ(learnt.expected(who(2, 1, 8), 500), Duration::seconds(1'024));  // of the pool
    EXPECT_EQ(learnt.expected(who(2, 1, 1), 500), Duration::seconds(1'024));  // of all sizes
    for (int i = 0; i < 2; ++i)
        learnt.learn(who(1, 2, 8), Duration::seconds(2));
    EXPECT_EQ(learnt.expected(who(1, 2, 8), 500), Duration::seconds(2));
}

TEST(RunTimes, ThePastFades) {
    RunTimes learnt;
    for (int i = 0; i < 1'000; ++i)
        learnt.learn(who(1, 1, 1), Duration::hours(100));
    for (int i = 0; i < 100; ++i)
        learnt.learn(who(1, 1, 1), Duration::seconds(8));
    EXPECT_EQ(learnt.expected(who(1, 1, 1), 500), Duration::seconds(8));
}

TEST(RunTimes, BucketsAreHalfOctaves) {
    EXPECT_EQ(RunTimes::bucket_of(Duration{1}), 0U);
    EXPECT_EQ(RunTimes::bucket_of(Duration::seconds(1)), 0U);
    EXPECT_EQ(RunTimes::bucket_of(Duration{1'414'213}), 1U);
    EXPECT_EQ(RunTimes::bucket_of(Duration::seconds(2)), 2U);
    EXPECT_EQ(RunTimes::bucket_of(Duration::hours(24 * 366)), 49U);
    EXPECT_EQ(RunTimes::bucket_of(Duration{INT64_MAX}), run_time_buckets - 1);
    for (std::size_t b = 0; b < run_time_buckets; ++b)
        EXPECT_EQ(RunTimes::bucket_of(RunTimes::lower_edge(b)), b);
}

}  // namespace
}  // namespace suan::sched
