// The rules that are off unless a pool asks for them; the worked examples of docs/rules/.
#include "sched/scheduler.hpp"
#include "sched/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

namespace suan::sched {
namespace {

using ::testing::ElementsAre;
using testing::gang;
using testing::World;

constexpr std::int64_t device = 1'000;

World nodes_of_eight(std::uint32_t nodes, const Rules& rules) {
    World world(rules);
    for (std::uint32_t n = 1; n <= nodes; ++n)
        world.node(n, 0, 8);
    return world;
}

WaitingJob expecting(WaitingJob job, std::int64_t seconds) {
    job.expected = Duration::seconds(seconds);
    return job;
}

// docs/rules/expected-run.md
TEST(ExpectedRun, LongJobsMakeWayAndAgeAllTheSame) {
    Rules rules;
    rules.expected_behind_milli = 3'000;
    World world = nodes_of_eight(1, rules);
    world.submit(gang(8, 1));
    world.schedule();
    const JobId longer = world.submit(expecting(gang(8, 1), 1'000));  // stands at 3,000 s
    world.to(2'000);
    const JobId shorter = world.submit(expecting(gang(8, 1), 100));  // stands at 2,300 s
    world.to(2'900);
    const JobId late = world.submit(expecting(gang(8, 1), 100));  // stands at 3,200 s
    EXPECT_THAT(world.pool.order(10), ElementsAre(shorter, longer, late));
    rules.expected_behind_milli = 0;
    world.pool.set_rules(rules);
    EXPECT_THAT(world.pool.order(10), ElementsAre(longer, shorter, late));
}

TEST(ExpectedRun, ADeadlineSaysWhereAJobStands) {
    World world = nodes_of_eight(1, {});
    world.submit(gang(8, 1));
    world.schedule();
    WaitingJob relaxed = gang(8, 1);
    relaxed.latest_start = Time{} + Duration::seconds(5'000);
    WaitingJob pressed = gang(8, 1);
    pressed.latest_start = Time{} + Duration::seconds(1'000);
    const JobId first = world.submit(relaxed);
    const JobId second = world.submit(pressed);
    EXPECT_THAT(world.pool.order(10), ElementsAre(second, first));
}

// docs/rules/reservations.md
TEST(Reservations, OnlyGangsOfSeveralNodesThatWaitedHoldOne) {
    Rules rules;
    rules.gang_nodes_min = 2;
    rules.reserve_after = Duration::hours(4);
    World world = nodes_of_eight(2, rules);
    world.submit(gang(1, 1));
    world.schedule();
    const JobId gang_of_two = world.submit(gang(8, 2));
    world.schedule();
    EXPECT_FALSE(world.pool.reservation_of(gang_of_two));
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::hours(4));
    world.to(4 * 3'600);
    world.schedule();
    EXPECT_TRUE(world.pool.reservation_of(gang_of_two));
}

TEST(Reservations, ByExpectedEndsAShortJobPassesAndASlippedOneIsPlannedAnew) {
    Rules rules;
    rules.ends = Rules::Ends::by_expected;
    World world = nodes_of_eight(1, rules);
    WaitingJob running = expecting(gang(4, 1), 3'600);
    running.walltime = Duration::hours(100);
    world.submit(running);
    world.schedule();
    const JobId head = world.submit(gang(8, 1));
    world.schedule();
    ASSERT_TRUE(world.pool.reservation_of(head));
    EXPECT_EQ(world.pool.reservation_of(head)->start, Time{} + Duration::seconds(3'600));
    WaitingJob late = expecting(gang(1, 1), 7'200);
    late.walltime = Duration::hours(100);
    const JobId too_long = world.submit(late);
    late.expected = Duration::seconds(600);
    const JobId short_enough = world.submit(late);
    world.schedule();
    EXPECT_FALSE(world.runs(too_long));
    EXPECT_TRUE(world.runs(short_enough));
    // Nothing ended at 3,600 s. At 4,200 s what ran that long is taken to run as long again.
    world.to(4'200);
    world.schedule();
    ASSERT_TRUE(world.pool.reservation_of(head));
    EXPECT_EQ(world.pool.reservation_of(head)->start, Time{} + Duration::seconds(8'400));
}

TEST(Overdue, ABorrowerThatWaitedTooLongGoesBeforeOtherBorrowersNotBeforeOwners) {
    Rules rules;
    rules.overdue_after = Duration::hours(12);
    rules.reservations_max = 0;
    World world = nodes_of_eight(1, rules);
    world.share(3, {8 * device, 1, INT64_MAX});
    world.pool.add_use(OrgId{1}, ProjectId{1}, MemberId{1}, 1'000'000'000'000, world.now);
    world.submit(gang(8, 1, 4));
    world.schedule();
    const JobId waits = world.submit(gang(8, 1, 1));
    world.to(12 * 3'600);
    const JobId fresh = world.submit(gang(8, 1, 2));
    const JobId owner = world.submit(gang(8, 1, 3));
    for (const JobId next : {owner, waits, fresh}) {
        world.end(world.running.begin()->first);
        world.schedule();
        EXPECT_TRUE(world.runs(next)) << next.value;
    }
}

// Org 3 holds 8 and deserves 4. Orgs 1 and 2 ask for 4 each: one of them gets what is lent, and
// what is left is org 3's own.
TEST(Preemption, WhatIsLeavingAlreadyIsNotCountedAsLent) {
    Rules rules;
    rules.min_runtime = Duration{};
    World world = nodes_of_eight(1, rules);
    for (std::uint32_t org = 1; org <= 3; ++org)
        world.share(org, {4 * device, 1, INT64_MAX});
    for (int i = 0; i < 8; ++i)
        world.submit(gang(1, 1, 3));
    world.schedule();
    world.submit(gang(4, 1, 1));
    world.submit(gang(4, 1, 2));
    world.schedule();
    world.finish_stopping();
    EXPECT_EQ(world.preemptions, 1);
    EXPECT_EQ(world.running.size(), 4U);
}

// docs/rules/shares.md: on the first node org 2 has leases of 1, 1 and 3 devices, two more than its
// share. Without the largest of those that stop it must hold more than it deserves, so it may lose
// 1 and 3: in the order of their ids, 1 and 1 would use up what may be taken.
TEST(Preemption, ASetIsFoundWhereTheFirstOnesUseUpWhatMayBeTaken) {
    Rules rules;
    rules.min_runtime = Duration{};
    World world = nodes_of_eight(2, rules);
    world.share(1, {5 * device, 1, INT64_MAX});
    world.share(2, {3 * device, 1, INT64_MAX});
    world.share(3, {8 * device, 1, INT64_MAX});
    const auto put = [&](std::uint32_t org, std::uint32_t node, std::uint64_t mask) {
        const auto devices = static_cast<std::uint32_t>(std::popcount(mask));
        const JobId job = world.submit(gang(devices, 1, org));
        world.feed(Start{job, 1, {Slot{NodeId{node}, 1, mask, 1'000}}});
    };
    put(2, 1, 0b1);
    put(2, 1, 0b10);
    put(2, 1, 0b11100);
    put(1, 1, 0b100000);
    put(3, 1, 0b11000000);
    put(3, 2, 0b111111);
    const JobId owner = world.submit(gang(4, 1, 1));
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
    world.finish_stopping();
    world.schedule();
    EXPECT_TRUE(world.runs(owner));
}

// docs/rules/shares.md: the devices are promised for when the last of those in the way is old
// enough, and what the others leave meanwhile is not lent again.
TEST(Preemption, DevicesOfYoungLeasesAreKeptUntilTheyAreOldEnough) {
    World world = nodes_of_eight(1, Rules{});
    world.share(1, {8 * device, 1, INT64_MAX});
    world.submit(gang(4, 1, 2));
    world.to(60);
    world.submit(gang(4, 1, 2));
    world.schedule();
    const JobId owner = world.submit(gang(8, 1, 1));
    const JobId other = world.submit(gang(4, 1, 3));
    world.schedule();
    const auto kept = world.pool.reservation_of(owner);
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(kept->start, Time{} + Duration::seconds(360));
    world.to(100);
    world.end(world.running.begin()->first);
    world.schedule();
    EXPECT_FALSE(world.runs(other));
    world.to(360);
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
    world.finish_stopping();
    world.schedule();
    EXPECT_TRUE(world.runs(owner));
}

// docs/rules/reclaim.md
TEST(Reclaim, CostsAtMostSoMuchOfTheWorkWaitedFor) {
    Rules rules;
    rules.reclaim_ratio_milli = 2'000;
    rules.min_runtime = Duration{};
    World world = nodes_of_eight(2, rules);
    world.share(1, {16 * device, 1, INT64_MAX});
    world.submit(gang(8, 2, 2));
    world.schedule();
    world.to(3'600);
    const JobId owner = world.submit(gang(8, 2, 1));
    world.schedule();
    EXPECT_EQ(world.preemptions, 0);
    // 3,600 s + t were lost if it were stopped, 2 t may be: at t = 3,600 s.
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::seconds(7'200));
    world.to(7'200);
    EXPECT_TRUE(world.pool.wants_pass());
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
    world.finish_stopping();
    world.schedule();
    EXPECT_TRUE(world.runs(owner));
}

TEST(Reclaim, WaitsForTheReclaimTimeAndThenForNoPrice) {
    Rules rules;
    rules.reclaim_ratio_milli = 1;
    rules.reclaim_after = Duration::hours(1);
    rules.reclaim_within = Duration::hours(2);
    rules.min_runtime = Duration{};
    World world = nodes_of_eight(1, rules);
    world.share(1, {8 * device, 1, INT64_MAX});
    world.submit(gang(8, 1, 2));
    world.schedule();
    world.submit(gang(8, 1, 1));
    world.schedule();
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::hours(1));
    world.to(3'600);
    world.schedule();
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::hours(2));
    world.to(7'200);
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
}

TEST(Reclaim, AJobStoppedOftenEnoughIsImmune) {
    Rules rules;
    rules.stops_max = 1;
    rules.min_runtime = Duration{};
    World world = nodes_of_eight(1, rules);
    world.share(1, {8 * device, 1, INT64_MAX});
    const JobId borrower = world.submit(gang(8, 1, 2));
    world.schedule();
    world.to(60);
    const JobId owner = world.submit(gang(8, 1, 1));
    world.schedule();
    world.finish_stopping();
    world.schedule();
    ASSERT_TRUE(world.runs(owner));
    world.end(world.lease_of(owner));
    world.schedule();
    ASSERT_TRUE(world.runs(borrower));
    world.to(6'000);
    world.submit(gang(8, 1, 1));
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
}

// docs/rules/spot.md
TEST(Spot, IsStoppedWhenItsCheckpointIsFreshOrTheJobCanWaitNoLonger) {
    Rules rules;
    rules.spot_ratio_milli = 500;
    rules.min_runtime = Duration{};
    World world = nodes_of_eight(1, rules);
    WaitingJob spot = gang(8, 1, 2);
    spot.tier = Tier::spot;
    world.submit(spot);
    world.schedule();
    world.to(1'200);
    WaitingJob strict = gang(4, 1, 1);
    strict.latest_start = Time{} + Duration::seconds(3'000);
    const JobId job = world.submit(strict);
    world.schedule();
    EXPECT_EQ(world.preemptions, 0);
    // 8 x (1,200 + t) is never within 0.5 x 4 x t: it is stopped at the job's latest start.
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::seconds(3'000));
    EXPECT_FALSE(world.pool.wants_pass());
    // It saves its work at 2,400 s: nothing is lost by stopping it there.
    world.to(2'400);
    world.checkpoint(world.running.begin()->first);
    EXPECT_TRUE(world.pool.wants_pass());
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
    world.finish_stopping();
    world.schedule();
    EXPECT_TRUE(world.runs(job));
}

TEST(Spot, MakesWayAtTheLatestStartWhateverItCosts) {
    Rules rules;
    rules.spot_ratio_milli = 1;
    rules.spot_within = Duration::hours(1);
    rules.min_runtime = Duration{};
    World world = nodes_of_eight(2, rules);
    WaitingJob spot = gang(8, 1, 2);
    spot.tier = Tier::spot;
    world.submit(spot);
    world.submit(spot);
    world.schedule();
    world.to(60);
    WaitingJob strict = gang(8, 1, 1);
    strict.latest_start = Time{} + Duration::seconds(1'000);
    world.submit(strict);
    world.submit(gang(8, 1, 1));
    world.schedule();
    EXPECT_EQ(world.preemptions, 0);
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::seconds(1'000));
    world.to(1'000);
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::seconds(3'660));
    world.to(3'660);
    world.schedule();
    EXPECT_EQ(world.preemptions, 2);
}

}  // namespace
}  // namespace suan::sched
