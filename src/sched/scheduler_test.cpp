// The rules of scheduler.hpp, one by one: commands in, decisions out.
#include "sched/scheduler.hpp"

#include "sched/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace suan::sched {
namespace {

using ::testing::ElementsAre;
using testing::gang;
using ::testing::IsEmpty;
using testing::World;

constexpr std::int64_t device = 1'000;

World one_node(std::uint32_t devices, const Rules& rules = {}) {
    World world(rules);
    world.node(1, 0, devices);
    return world;
}

std::vector<ReasonCode> codes(const World& world, JobId job) {
    std::vector<ReasonCode> out;
    for (const Reason& reason : world.pool.explain(job, world.now))
        out.push_back(reason.code);
    return out;
}

TEST(Order, StartsWhatFitsAndNothingElse) {
    World world = one_node(4);
    const JobId small = world.submit(gang(2, 1));
    const JobId large = world.submit(gang(4, 1));
    world.schedule();
    EXPECT_TRUE(world.runs(small));
    EXPECT_FALSE(world.runs(large));
    EXPECT_FALSE(world.pool.wants_pass());
}

TEST(Order, OrgFurthestBelowItsShareIsFirst) {
    World world = one_node(8);
    world.share(1, {4 * device, 1, INT64_MAX});
    world.share(2, {2 * device, 1, INT64_MAX});
    world.submit(gang(1, 1, 1));
    world.submit(gang(1, 1, 2));
    world.schedule();  // org 1 holds 1 of 4, org 2 holds 1 of 2
    const JobId b = world.submit(gang(1, 1, 2));
    const JobId c = world.submit(gang(1, 1, 3));
    const JobId a = world.submit(gang(1, 1, 1));
    EXPECT_THAT(world.pool.order(10), ElementsAre(a, b, c));
}

TEST(Order, BorrowersStandByUseOverWeight) {
    World world = one_node(8);
    world.share(1, {0, 1, INT64_MAX});
    world.share(2, {0, 3, INT64_MAX});
    world.pool.add_use(OrgId{1}, ProjectId{1}, MemberId{1}, 2'000, world.now);
    world.pool.add_use(OrgId{2}, ProjectId{1}, MemberId{1}, 3'000, world.now);
    const JobId a = world.submit(gang(1, 1, 1));
    const JobId b = world.submit(gang(1, 1, 2));
    EXPECT_THAT(world.pool.order(10), ElementsAre(b, a));
}

TEST(Order, UseHalvesInAHalfLife) {
    World world = one_node(8);
    world.pool.add_use(OrgId{1}, ProjectId{1}, MemberId{1}, 1'000, world.now);
    world.to(7 * 24 * 3'600);
    EXPECT_EQ(world.pool.standing(OrgId{1}).inflated_use, 500U);
    // The same use counts more when it is younger: half a half-life later, sqrt(2) times.
    world.to(7 * 24 * 3'600 + 7 * 12 * 3'600);
    world.pool.add_use(OrgId{2}, ProjectId{1}, MemberId{1}, 1'000'000, world.now);
    EXPECT_EQ(world.pool.standing(OrgId{2}).inflated_use, 1'414'213U);
}

TEST(Order, InsideAMemberTierThenPriorityThenTime) {
    World world = one_node(8);
    world.share(1, {8 * device, 1, INT64_MAX});
    WaitingJob job = gang(1, 1);
    const JobId plain = world.submit(job);
    job.priority = 5;
    const JobId urgent = world.submit(job);
    job.priority = -5;
    job.tier = Tier::reserved;
    const JobId reserved = world.submit(job);
    job.tier = Tier::spot;
    job.priority = 9;
    const JobId spot = world.submit(job);
    job = gang(1, 1);
    job.queued = Time{-1};
    const JobId requeued = world.submit(job);
    EXPECT_THAT(world.pool.order(10), ElementsAre(reserved, urgent, requeued, plain, spot));
}

TEST(Order, FifoWithoutBackfillStopsAtTheHead) {
    Rules rules;
    rules.order = Rules::Order::fifo;
    rules.backfill = Rules::Backfill::off;
    World world = one_node(4, rules);
    const JobId first = world.submit(gang(3, 1));
    const JobId head = world.submit(gang(2, 1));
    const JobId small = world.submit(gang(1, 1, 2));
    world.schedule();
    EXPECT_TRUE(world.runs(first));
    EXPECT_FALSE(world.runs(small));
    EXPECT_THAT(codes(world, small), ElementsAre(ReasonCode::priority));
    world.cancel(head);
    world.schedule();
    EXPECT_TRUE(world.runs(small));
}

TEST(Order, ShortestGoesByWallTime) {
    Rules rules;
    rules.order = Rules::Order::shortest;
    World world = one_node(4, rules);
    WaitingJob job = gang(1, 1);
    const JobId hour = world.submit(job);
    job.walltime = Duration::minutes(1);
    const JobId minute = world.submit(job);
    EXPECT_THAT(world.pool.order(10), ElementsAre(minute, hour));
}

TEST(Limits, AnOrgNeverPassesItsLimit) {
    World world = one_node(8);
    world.share(1, {0, 1, 3 * device});
    const JobId a = world.submit(gang(2, 1));
    const JobId b = world.submit(gang(2, 1));
    WaitingJob elastic = gang(1, 1);
    elastic.shape.tasks_max = 8;
    const JobId c = world.submit(elastic);
    world.schedule();
    EXPECT_TRUE(world.runs(a));
    EXPECT_FALSE(world.runs(b));
    EXPECT_EQ(world.running.at(world.lease_of(c)).tasks, 1U);  // as many as the limit leaves
    EXPECT_THAT(codes(world, b), ElementsAre(ReasonCode::share_limit));
    world.audit();
}

TEST(Limits, ReservedTierStaysInsideTheShare) {
    World world = one_node(8);
    world.share(1, {2 * device, 1, INT64_MAX});
    WaitingJob job = gang(2, 1);
    job.tier = Tier::reserved;
    const JobId a = world.submit(job);
    const JobId b = world.submit(job);
    world.schedule();
    EXPECT_TRUE(world.runs(a));
    EXPECT_THAT(codes(world, b), ElementsAre(ReasonCode::reserved_share));
}

TEST(Backfill, ShortJobsPassALongOneDoesNot) {
    World world = one_node(4);
    const JobId running = world.submit(gang(3, 1));
    world.schedule();
    const JobId head = world.submit(gang(4, 1));
    world.schedule();
    ASSERT_TRUE(world.pool.reservation_of(head));
    EXPECT_EQ(world.pool.reservation_of(head)->start, world.now + Duration::hours(1));
    WaitingJob job = gang(1, 1, 2);
    job.walltime = Duration::hours(2);
    const JobId too_long = world.submit(job);
    job.walltime = Duration::hours(1);
    const JobId in_time = world.submit(job);
    world.schedule();
    EXPECT_FALSE(world.runs(too_long));
    EXPECT_TRUE(world.runs(in_time));
    world.to(3'600);
    world.end(world.lease_of(in_time));
    world.schedule();
    EXPECT_THAT(codes(world, too_long), ElementsAre(ReasonCode::reservation));
    world.end(world.lease_of(running));
    world.schedule();
    EXPECT_TRUE(world.runs(head));
}

TEST(Backfill, AReservationIsLostWithItsNode) {
    World world;
    world.node(1, 0, 4);
    world.node(2, 0, 4);
    world.submit(gang(4, 1));
    world.submit(gang(4, 1));
    world.schedule();
    const JobId head = world.submit(gang(4, 1));
    world.schedule();
    const NodeId before = world.pool.reservation_of(head)->placement[0].node;
    world.gate(before.value, NodeGate::draining);
    world.schedule();
    ASSERT_TRUE(world.pool.reservation_of(head));
    EXPECT_NE(world.pool.reservation_of(head)->placement[0].node, before);
}

TEST(Backfill, AnOrgBelowItsShareOvertakesABorrower) {
    Rules rules;
    rules.reservations_max = 1;
    rules.preemption = Rules::Preemption::off;
    World world = one_node(4, rules);
    world.share(2, {4 * device, 1, INT64_MAX});
    world.submit(gang(4, 1, 1));
    world.schedule();
    const JobId borrower = world.submit(gang(4, 1, 1));
    world.schedule();
    EXPECT_TRUE(world.pool.reservation_of(borrower));
    const JobId owner = world.submit(gang(4, 1, 2));
    world.schedule();
    EXPECT_TRUE(world.pool.reservation_of(owner));
    EXPECT_FALSE(world.pool.reservation_of(borrower));
    EXPECT_THAT(world.schedule(), IsEmpty());
}

TEST(Preemption, AnOrgGetsItsShareBackFromABorrower) {
    World world = one_node(4);
    world.share(1, {2 * device, 1, INT64_MAX});
    world.share(2, {2 * device, 1, INT64_MAX});
    std::vector<JobId> borrowed;
    for (int i = 0; i < 4; ++i)
        borrowed.push_back(world.submit(gang(1, 1, 1)));
    world.schedule();
    const JobId owner = world.submit(gang(2, 1, 2));
    world.schedule();
    EXPECT_EQ(world.preemptions, 0);  // all leases are younger than min_runtime
    EXPECT_FALSE(world.pool.wants_pass());
    world.to(300);
    EXPECT_TRUE(world.pool.wants_pass());
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
    EXPECT_THAT(codes(world, owner), ElementsAre(ReasonCode::preempting, ReasonCode::resources));
    EXPECT_THAT(world.schedule(), IsEmpty());  // one pending preemption is enough
    world.finish_stopping();
    world.schedule();
    EXPECT_TRUE(world.runs(owner));
    EXPECT_EQ(world.pool.standing(OrgId{1}).held_milli, 2 * device);
}

// Nobody was over its share when the owner's turn came, and a start later in the same pass changed
// that. A scheduler that is told the same facts anew decides, so this one must want to.
TEST(Preemption, AStartThatMakesABorrowerWakesTheOwner) {
    Rules rules;
    rules.min_runtime = Duration{};
    World world(rules);
    world.node(1, 0, 2);
    world.node(2, 0, 2);
    world.share(1, {2 * device, 1, INT64_MAX});
    world.share(2, {2 * device, 1, INT64_MAX});
    for (const std::uint32_t closed : {2U, 1U}) {  // one lease on each node
        world.gate(closed, NodeGate::draining);
        world.submit(gang(1, 1, 1));
        world.schedule();
        world.gate(closed, NodeGate::open);
    }
    world.submit(gang(2, 1, 2));
    WaitingJob third = gang(1, 1, 1);
    third.walltime = Duration::seconds(1);  // it ends before the owner's reservation begins
    const JobId borrower = world.submit(third);
    world.schedule();
    EXPECT_TRUE(world.runs(borrower));
    EXPECT_EQ(world.preemptions, 1);
}

// The example of docs/rules/shares.md. The owner once waited behind what was promised to borrowers.
TEST(Preemption, BorrowersPromisesDoNotKeepAShareAway) {
    Rules rules;
    rules.min_runtime = Duration{};
    World world(rules);
    world.node(1, 0, 1);
    world.node(2, 0, 1);
    world.share(1, {1 * device, 1, INT64_MAX});
    world.share(2, {1 * device, 1, INT64_MAX});
    for (int i = 0; i < 4; ++i)
        world.submit(gang(1, 1, 1));
    world.schedule();
    ASSERT_EQ(world.pool.reservations().size(), 2U);
    world.to(60);
    const JobId owner = world.submit(gang(1, 1, 2));
    world.schedule();
    EXPECT_EQ(world.preemptions, 1);
    world.finish_stopping();
    world.schedule();
    EXPECT_TRUE(world.runs(owner));
}

TEST(Preemption, NobodyWithinItsShareIsStopped) {
    World world = one_node(4);
    world.share(1, {4 * device, 1, INT64_MAX});
    world.share(2, {4 * device, 1, INT64_MAX});  // more is promised than there is
    world.submit(gang(4, 1, 1));
    world.schedule();
    world.submit(gang(1, 1, 2));
    world.to(10'000);
    world.schedule();
    EXPECT_EQ(world.preemptions, 0);
}

TEST(Preemption, SpotGoesFirstAndReservedNever) {
    World world = one_node(4);
    world.share(1, {1 * device, 1, INT64_MAX});
    world.share(2, {2 * device, 1, INT64_MAX});
    WaitingJob job = gang(1, 1, 1);
    job.tier = Tier::reserved;
    const JobId reserved = world.submit(job);
    job.tier = Tier::standard;
    const JobId standard = world.submit(job);
    job.tier = Tier::spot;
    const JobId spot = world.submit(job);
    const JobId spot_too = world.submit(job);
    world.schedule();
    world.to(1'000);
    // The spot leases have more to lose, and are stopped all the same.
    world.pool.lease_checkpointed(world.lease_of(standard), world.now);
    world.submit(gang(2, 1, 2));
    const auto decisions = world.schedule();
    ASSERT_EQ(decisions.size(), 1U);
    EXPECT_THAT(std::get<Preempt>(decisions[0]).victims,
                ElementsAre(world.lease_of(spot), world.lease_of(spot_too)));
    EXPECT_TRUE(world.runs(reserved));
}

TEST(Preemption, StopsWhatLosesLeast) {
    World world = one_node(4);
    world.share(2, {2 * device, 1, INT64_MAX});
    std::vector<JobId> jobs;
    for (int i = 0; i < 4; ++i)
        jobs.push_back(world.submit(gang(1, 1, 1)));
    world.schedule();
    world.to(1'000);
    for (const int i : {1, 3}) {
        world.pool.lease_checkpointed(world.lease_of(jobs[static_cast<std::size_t>(i)]), world.now);
    }
    world.submit(gang(2, 1, 2));
    const auto decisions = world.schedule();
    ASSERT_EQ(decisions.size(), 1U);
    EXPECT_THAT(std::get<Preempt>(decisions[0]).victims,
                ElementsAre(world.lease_of(jobs[1]), world.lease_of(jobs[3])));
}

TEST(Explain, NamesEveryUnmetConditionWithItsNumbers) {
    World world;
    world.node(1, 0, 4);
    world.node(2, 1, 4);
    world.node(3, 1, 4);
    world.gate(3, NodeGate::down);
    WaitingJob job = gang(2, 4);
    job.shape.topology = Topology::one_rack;
    const JobId id = world.submit(job);
    world.schedule();
    const auto reasons = world.pool.explain(id, world.now);
    ASSERT_EQ(reasons.size(), 3U);
    EXPECT_EQ(reasons[0].code, ReasonCode::nodes_unavailable);
    EXPECT_EQ(reasons[0].available, 4 * device);
    EXPECT_EQ(reasons[1].code, ReasonCode::topology);
    EXPECT_EQ(reasons[2].code, ReasonCode::resources);
    EXPECT_EQ(reasons[2].needed, 8);
    EXPECT_EQ(reasons[2].available, 8);
    EXPECT_EQ(reasons[2].limit, 2);  // tasks that one rack holds now
}

TEST(Scheduler, CopiesAreIndependent) {
    World world = one_node(4);
    const JobId job = world.submit(gang(4, 1));
    PoolScheduler copy = world.pool;
    world.schedule();
    EXPECT_EQ(copy.totals().waiting_jobs, 1);
    EXPECT_EQ(world.pool.totals().waiting_jobs, 0);
    copy.begin_pass(world.now);
    const auto decision = copy.next();
    ASSERT_TRUE(decision);
    EXPECT_EQ(std::get<Start>(*decision).job, job);
}

// A hub logs no pass that decides nothing, and its clock may step back after one.
TEST(Scheduler, APassThatDecidesNothingLeavesNoTrace) {
    World world = one_node(4);
    world.to(100);
    world.pool.begin_pass(Time{} + Duration::seconds(900));
    EXPECT_FALSE(world.pool.next());
    WaitingJob brief = gang(4, 1);
    brief.walltime = Duration::seconds(50);
    world.submit(brief);
    const JobId blocked = world.submit(gang(4, 1));
    world.schedule();
    ASSERT_EQ(world.pool.reservations().size(), 1U);
    EXPECT_EQ(world.pool.reservations()[0].job, blocked);
    EXPECT_EQ(world.pool.reservations()[0].start, Time{} + Duration::seconds(150));
}

TEST(Scheduler, KnowsWhatNeverFits) {
    World world = one_node(4);
    world.gate(1, NodeGate::down);
    EXPECT_TRUE(world.pool.can_ever_fit(gang(4, 1).shape));
    EXPECT_FALSE(world.pool.can_ever_fit(gang(5, 1).shape));
    EXPECT_FALSE(world.pool.find(gang(1, 1).shape));
}

}  // namespace
}  // namespace suan::sched
