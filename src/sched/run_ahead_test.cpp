// Learned run times, and the run ahead against what the scheduler then really does.
#include "sched/run_ahead.hpp"

#include "sched/run_lengths.hpp"
#include "sched/world.hpp"

#include <gtest/gtest.h>

#include <map>

namespace suan::sched {
namespace {

using testing::gang;
using testing::Random;
using testing::World;

RunLike key(std::uint32_t org, std::uint32_t member, const char* name, std::uint32_t devices) {
    return {OrgId{org}, MemberId{member}, name_number(name), devices};
}

// The example of docs/rules/forecast.md.
TEST(RunLengths, TheExampleOfTheRulePage) {
    RunLengths times;
    for (const std::int64_t minutes : {10, 20, 30, 40, 50})
        times.learn(key(1, 1, "train", 8), Duration::minutes(minutes));
    const Duration day = Duration::hours(24);
    const RunLike same = key(1, 1, "train", 8);
    EXPECT_EQ(times.estimate(same, day, Duration{}, 500).remaining, Duration::minutes(30));
    EXPECT_EQ(times.estimate(same, day, Duration{}, 900).remaining, Duration::minutes(50));
    // After 15 minutes: of the four longer runs the second is 30 minutes, so 15 are left.
    EXPECT_EQ(times.estimate(same, day, Duration::minutes(15), 500).remaining,
              Duration::minutes(15));
    // The wall time bounds it.
    EXPECT_EQ(times.estimate(same, Duration::minutes(25), Duration{}, 500).remaining,
              Duration::minutes(25));
}

TEST(RunLengths, TheNarrowestKeyWithEnoughRunsAnswers) {
    RunLengths times;
    for (int i = 0; i < 4; ++i) {
        times.learn(key(1, 1, "train", 8), Duration::hours(2));
        times.learn(key(1, 2, "train", 8), Duration::hours(4));
        times.learn(key(2, 9, "other", 1), Duration::minutes(1));
    }
    const Duration day = Duration::hours(24);
    const auto of = [&](const RunLike& k) { return times.estimate(k, day, Duration{}, 500); };
    EXPECT_EQ(of(key(1, 1, "train", 8)).level, 0U);
    EXPECT_EQ(of(key(1, 1, "train", 8)).remaining, Duration::hours(2));
    EXPECT_EQ(of(key(1, 3, "train", 8)).level, 1U);  // the org's jobs of this name and size
    EXPECT_EQ(of(key(1, 1, "new", 8)).level, 2U);    // the member's jobs of this size
    EXPECT_EQ(of(key(1, 1, "new", 8)).remaining, Duration::hours(2));
    EXPECT_EQ(of(key(3, 1, "new", 1)).remaining, Duration::minutes(1));  // anybody's of this size
    EXPECT_EQ(of(key(3, 1, "new", 64)).level, 5U);
}

TEST(RunLengths, OnlyTheNewestRunsCount) {
    RunLengths times;
    const RunLike k = key(1, 1, "a", 1);
    for (std::size_t i = 0; i < RunLengths::samples_max; ++i)
        times.learn(k, Duration::hours(1));
    for (std::size_t i = 0; i < RunLengths::samples_max; ++i)
        times.learn(k, Duration::hours(3));
    EXPECT_EQ(times.estimate(k, Duration::hours(9), Duration{}, 1).remaining, Duration::hours(3));
}

TEST(RunLengths, WithNothingKnownThePartOfTheWallTime) {
    const RunLengths times;
    const RunEstimate half =
        times.estimate(key(1, 1, "a", 1), Duration::hours(3), Duration::hours(1), 500);
    EXPECT_EQ(half.remaining, Duration::hours(1));
    EXPECT_EQ(half.samples, 0U);
}

Duration run_of(JobId job) {
    return Duration::seconds(60 + static_cast<std::int64_t>(job.value * 7'919 % 3'000));
}

// What really happens when every job runs exactly as long as was expected.
std::map<JobId, Time> lived(World world) {
    std::map<JobId, Time> starts;
    for (int step = 0; step < 10'000 && !world.waiting.empty(); ++step) {
        Time next = time_max;
        for (const auto& [id, lease] : world.running) {
            const Duration run = lease.stopping ? Duration{} : run_of(lease.job);
            next = std::min(next, lease.started + run);
        }
        if (next == time_max) break;
        world.now = std::max(world.now, next);
        world.pool.advance(world.now);
        std::vector<LeaseId> over;
        for (const auto& [id, lease] : world.running) {
            if (lease.started + run_of(lease.job) <= world.now) over.push_back(id);
        }
        for (const LeaseId id : over)
            world.end(id);
        for (const Decision& decision : world.schedule()) {
            if (const auto* start = std::get_if<Start>(&decision))
                starts.emplace(start->job, world.now);
        }
    }
    return starts;
}

AheadInput input_of(const World& world) {
    AheadInput input;
    input.now = world.now;
    input.meter = Duration::hours(24 * 365);  // as the small world counts use: at the end
    for (const auto& [id, lease] : world.running) {
        input.running.push_back({id, lease.job, lease.org, lease.project, lease.member,
                                 lease.shape.milli_devices(lease.tasks),
                                 lease.started + run_of(lease.job), lease.started});
    }
    for (const auto& [id, job] : world.waiting)
        input.runs.emplace_back(id, run_of(id));
    return input;
}

TEST(RunAhead, WhenRunLengthsAreRightSoIsEveryStart) {
    std::size_t compared = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Random random{seed};
        Rules rules;
        rules.preemption = Rules::Preemption::off;
        World world(rules);
        for (std::uint32_t n = 1; n <= 4; ++n)
            world.node(n, n / 3, 4);
        for (std::uint32_t org = 1; org <= 3; ++org)
            world.share(org, Share{4'000 * random.below(2), 1 + random.below(3), INT64_MAX});
        for (int i = 0; i < 30; ++i) {
            WaitingJob job = gang(1 + random.below(4), 1 + random.below(3), 1 + random.below(3));
            job.walltime = Duration::hours(1 + random.below(3));
            world.submit(job);
        }
        world.schedule();
        const AheadResult ahead = run_ahead(world.pool, input_of(world));
        EXPECT_TRUE(ahead.complete);
        const std::map<JobId, Time> real = lived(world);
        ASSERT_EQ(ahead.starts.size(), real.size()) << "seed " << seed;
        for (const auto& [job, at] : ahead.starts)
            ASSERT_EQ(at, real.at(job)) << "seed " << seed << " job " << job.value;
        compared += real.size();
    }
    EXPECT_GT(compared, 200U);
}

TEST(RunAhead, LaterJobsComeAtTheirTimeAndAfterWhatTheyWaitFor) {
    World world;
    world.node(1, 0, 8);
    const JobId first = world.submit(gang(8, 1));
    world.schedule();
    ASSERT_TRUE(world.runs(first));
    AheadInput input = input_of(world);
    WaitingJob timed = gang(4, 1);
    timed.id = JobId{50};
    WaitingJob after = gang(4, 1);
    after.id = JobId{51};
    input.later.push_back({timed, world.now + Duration::hours(5), 0});
    input.later.push_back({after, Time{}, 1});
    input.follows.push_back({first, after.id});
    const AheadResult ahead = run_ahead(world.pool, std::move(input));
    ASSERT_EQ(ahead.starts.size(), 2U);
    EXPECT_EQ(ahead.starts[0].second, world.now + Duration::hours(5));
    EXPECT_EQ(ahead.starts[1].second, world.now + run_of(first));
}

TEST(RunAhead, ItEndsAtItsBoundOfStarts) {
    World world;
    world.node(1, 0, 1);
    for (int i = 0; i < 20; ++i)
        world.submit(gang(1, 1));
    world.schedule();
    AheadInput input = input_of(world);
    input.starts_max = 5;
    const AheadResult ahead = run_ahead(world.pool, std::move(input));
    EXPECT_FALSE(ahead.complete);
    EXPECT_EQ(ahead.starts.size(), 5U);
}

}  // namespace
}  // namespace suan::sched
