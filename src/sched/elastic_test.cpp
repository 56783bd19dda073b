// Elastic leases: when they grow, when they shrink and for whom. docs/rules/elastic.md.
#include "sched/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace suan::sched {
namespace {

using testing::gang;
using testing::Random;
using testing::World;

Rules resizing() {
    Rules rules;
    rules.resize_within = Duration::minutes(1);
    return rules;
}

// `least` to `most` tasks of one device.
WaitingJob elastic(std::uint32_t least, std::uint32_t most, std::uint32_t org = 1) {
    WaitingJob job = gang(1, least, org);
    job.shape.tasks_max = most;
    job.walltime = Duration::hours(10);
    return job;
}

const RunningLease& lease(const World& world, JobId job) {
    return world.running.at(world.lease_of(job));
}

std::uint32_t tasks(const World& world, JobId job) {
    return world.runs(job) ? lease(world, job).tasks : 0;
}

// Saves a checkpoint, and lets all that follows from it happen.
std::vector<Decision> checkpoint(World& world, JobId job) {
    world.checkpoint(world.lease_of(job));
    std::vector<Decision> out = world.schedule();
    world.finish_stopping();
    const std::vector<Decision> more = world.schedule();
    out.insert(out.end(), more.begin(), more.end());
    world.audit();
    return out;
}

// A job of 4 to 16 one-device tasks that started on the 4 that were idle, 12 of 16 devices now
// idle.
struct Grown {
    World world{resizing()};
    JobId rigid, job;
    Grown() {
        world.node(1, 0, 8);
        world.node(2, 0, 8);
        rigid = world.submit(gang(4, 3, 2));
        world.schedule();
        job = world.submit(elastic(4, 16));
        world.schedule();
        world.to(600);
    }
};

TEST(Elastic, GrowsAtItsCheckpointIntoIdleDevices) {
    Grown on;
    EXPECT_EQ(tasks(on.world, on.job), 4U);
    on.world.end(on.world.lease_of(on.rigid));
    EXPECT_TRUE(on.world.schedule().empty());  // it has saved nothing: it would lose its work
    const Time ends_by = lease(on.world, on.job).ends_by;
    EXPECT_EQ(checkpoint(on.world, on.job).size(), 1U);
    EXPECT_EQ(tasks(on.world, on.job), 16U);
    EXPECT_EQ(lease(on.world, on.job).ends_by, ends_by);
}

TEST(Elastic, GrowsNotWhenTheRulesAreSilent) {
    Grown on;
    on.world.end(on.world.lease_of(on.rigid));
    on.world.rules.resize_within = Duration{};
    on.world.pool.set_rules(on.world.rules);
    EXPECT_TRUE(checkpoint(on.world, on.job).empty());
    const ElasticStanding standing =
        on.world.pool.elastic_standing(on.world.lease_of(on.job), on.world.now);
    EXPECT_EQ(standing.blocked, ElasticStanding::Blocked::by_rules);
}

TEST(Elastic, GrowsNotLongAfterACheckpoint) {
    Grown on;
    on.world.checkpoint(on.world.lease_of(on.job));
    EXPECT_TRUE(on.world.schedule().empty());  // nothing is idle
    on.world.to(661);
    on.world.end(on.world.lease_of(on.rigid));
    EXPECT_TRUE(on.world.schedule().empty());
    EXPECT_EQ(checkpoint(on.world, on.job).size(), 1U);
}

TEST(Elastic, GrowsNotBeforeMinRuntime) {
    World world(resizing());
    world.node(1, 0, 8);
    const JobId rigid = world.submit(gang(4, 1, 2));
    world.schedule();
    const JobId job = world.submit(elastic(2, 8));
    world.schedule();
    world.end(world.lease_of(rigid));
    world.to(299);
    EXPECT_TRUE(checkpoint(world, job).empty());
    EXPECT_EQ(world.pool.wakes_at(), Time{} + Duration::seconds(300));
    world.to(300);
    EXPECT_EQ(world.schedule().size(), 1U);
}

TEST(Elastic, LeavesWhatAWaitingJobCanStartOn) {
    Grown on;
    on.world.end(on.world.lease_of(on.rigid));
    const JobId next = on.world.submit(gang(4, 2, 2));
    checkpoint(on.world, on.job);
    EXPECT_TRUE(on.world.runs(next));
    EXPECT_EQ(tasks(on.world, on.job), 8U);  // the other 4
}

TEST(Elastic, LeavesWhatIsReserved) {
    World world(resizing());
    world.node(1, 0, 8);
    world.node(2, 0, 8);
    const JobId rigid = world.submit(gang(7, 1, 2));
    world.submit(gang(8, 1, 2));
    world.schedule();
    const JobId job = world.submit(elastic(1, 4));
    world.schedule();
    const JobId head = world.submit(gang(8, 2, 3));
    world.schedule();
    ASSERT_TRUE(world.pool.reservation_of(head));
    world.to(600);
    world.end(world.lease_of(rigid));
    EXPECT_TRUE(checkpoint(world, job).empty());
    EXPECT_EQ(world.pool.elastic_standing(world.lease_of(job), world.now).blocked,
              ElasticStanding::Blocked::no_room);
}

TEST(Elastic, WhatItGrowsIntoIsKeptForItUntilItGoesOn) {
    Grown on;
    on.world.end(on.world.lease_of(on.rigid));
    on.world.checkpoint(on.world.lease_of(on.job));
    on.world.schedule();
    const JobId late = on.world.submit(gang(4, 1, 2));
    on.world.schedule();
    EXPECT_FALSE(on.world.runs(late));
    const std::vector<Reason> why = on.world.pool.explain(late, on.world.now);
    ASSERT_FALSE(why.empty());
    EXPECT_EQ(why[0].code, ReasonCode::reservation);
    EXPECT_EQ(why[0].other, on.job.value);
    // Its owner cancels it meanwhile: the devices are for the others again.
    on.world.running.at(on.world.lease_of(on.job)).next.clear();
    on.world.pool.lease_stopping(on.world.lease_of(on.job));
    on.world.schedule();
    EXPECT_TRUE(on.world.runs(late));
    on.world.audit();
}

TEST(Elastic, GrowsWithinTheLimitOfItsOrg) {
    Grown on;
    on.world.share(1, {0, 1, 10'000});
    on.world.end(on.world.lease_of(on.rigid));
    checkpoint(on.world, on.job);
    EXPECT_EQ(tasks(on.world, on.job), 10U);
    // And nothing of the org starts beside it while it is about to.
    EXPECT_EQ(on.world.pool.standing(OrgId{1}).held_milli, 10'000);
}

TEST(Elastic, GrowsWhereItsTopologyLetsIt) {
    for (const auto& [topology, expected] :
         {std::pair{Topology::one_node, 4U}, std::pair{Topology::one_rack, 8U},
          std::pair{Topology::any, 12U}}) {
        World world(resizing());
        world.node(1, 0, 4);
        world.node(2, 0, 4);
        world.node(3, 1, 4);
        world.node(4, 1, 4);
        WaitingJob job = elastic(2, 2);
        job.shape.topology = topology;
        job.shape.tasks_max = 12;
        const JobId rigid = world.submit(gang(2, 7, 2));
        world.schedule();
        const JobId id = world.submit(job);
        world.schedule();
        ASSERT_EQ(tasks(world, id), 2U);
        world.to(600);
        world.end(world.lease_of(rigid));
        checkpoint(world, id);
        EXPECT_EQ(tasks(world, id), expected);
    }
}

TEST(Elastic, ShrinksAtItsCheckpointForABlockedHead) {
    World world(resizing());
    world.node(1, 0, 8);
    world.node(2, 0, 8);
    const JobId job = world.submit(elastic(4, 16));
    world.schedule();
    EXPECT_EQ(tasks(world, job), 16U);
    world.to(600);
    const JobId head = world.submit(gang(8, 1, 2));
    world.schedule();
    EXPECT_FALSE(world.runs(head));
    checkpoint(world, job);
    EXPECT_TRUE(world.runs(head));
    EXPECT_EQ(tasks(world, job), 8U);  // not less than is needed
    EXPECT_EQ(world.stops[job], 0U);   // it was not preempted
}

TEST(Elastic, ShrinksNotBelowItsLeastNorItsOwnersShare) {
    World world(resizing());
    world.node(1, 0, 8);
    world.share(1, {6'000, 1, INT64_MAX});
    const JobId job = world.submit(elastic(2, 8));
    world.schedule();
    world.to(600);
    const JobId head = world.submit(gang(3, 1, 2));
    world.schedule();
    EXPECT_EQ(checkpoint(world, job).size(), 0U);  // 2 are above the share, and 3 are asked for
    EXPECT_FALSE(world.runs(head));
    world.cancel(head);
    const JobId smaller = world.submit(gang(2, 1, 2));
    checkpoint(world, job);
    EXPECT_TRUE(world.runs(smaller));
    EXPECT_EQ(tasks(world, job), 6U);
}

// docs/rules/elastic.md. A rigid job of 8 and an elastic one of 4 to 8 hold 16 devices; their owner
// deserves none. Another org deserves 4 and asks for them.
TEST(Elastic, ShrinksBeforeAnyoneIsPreempted) {
    World world(resizing());
    world.node(1, 0, 8);
    world.node(2, 0, 8);
    world.share(2, {4'000, 1, INT64_MAX});
    const JobId rigid = world.submit(gang(8, 1));
    const JobId job = world.submit(elastic(4, 8));
    world.schedule();
    world.to(600);
    world.checkpoint(world.lease_of(job));
    world.to(1'200);
    world.checkpoint(world.lease_of(rigid));  // nothing of it would be lost
    const JobId owner = world.submit(gang(4, 1, 2));
    const std::vector<Decision> decisions = world.schedule();
    ASSERT_EQ(decisions.size(), 1U);
    const auto& made = std::get<Preempt>(decisions[0]);
    EXPECT_TRUE(made.victims.empty());
    ASSERT_EQ(made.resizes.size(), 1U);
    EXPECT_EQ(made.resizes[0].lease, world.lease_of(job));
    world.finish_stopping();
    world.schedule();
    EXPECT_TRUE(world.runs(rigid));
    EXPECT_TRUE(world.runs(owner));
    EXPECT_EQ(tasks(world, job), 4U);
}

// One that saves nothing would begin again from nothing: it is not resized.
TEST(Elastic, IsNotShrunkWhenItSavesNothing) {
    World world(resizing());
    world.node(1, 0, 8);
    world.share(2, {4'000, 1, INT64_MAX});
    const JobId job = world.submit(elastic(4, 8));
    world.schedule();
    world.to(600);
    world.submit(gang(4, 1, 2));
    const std::vector<Decision> decisions = world.schedule();
    ASSERT_EQ(decisions.size(), 1U);
    EXPECT_EQ(std::get<Preempt>(decisions[0]).victims, std::vector<LeaseId>{world.lease_of(job)});
}

TEST(Elastic, GoesOnAsItWasWhenItMayNotGrowAnyMore) {
    Grown on;
    on.world.end(on.world.lease_of(on.rigid));
    on.world.checkpoint(on.world.lease_of(on.job));
    on.world.schedule();
    on.world.share(1, {0, 1, 4'000});
    on.world.finish_stopping();
    EXPECT_EQ(tasks(on.world, on.job), 4U);
    on.world.audit();
}

TEST(Elastic, WaitsAgainWhenANodeOfItIsClosedMeanwhile) {
    Grown on;
    const NodeId own = lease(on.world, on.job).placement[0].node;
    on.world.end(on.world.lease_of(on.rigid));
    on.world.checkpoint(on.world.lease_of(on.job));
    on.world.schedule();
    on.world.gate(own.value, NodeGate::draining);
    on.world.finish_stopping();
    EXPECT_FALSE(on.world.runs(on.job));
    on.world.schedule();
    EXPECT_EQ(tasks(on.world, on.job), 8U);  // on the other node
}

// Whether the tasks that elastic leases hold above their least, where they may be taken for the
// job, and what is idle would be enough for it. Of jobs of one-device tasks that may lie anywhere.
bool shrinking_would_do(const World& world, const WaitingJob& job, bool reclaims) {
    std::map<OrgId, std::int64_t> held, above;
    std::int64_t free = 0, spot = 0;
    for (const auto& [id, fact] : world.nodes)
        free += fact.gate == NodeGate::open ? fact.spec.devices : 0;
    for (const auto& [id, lease] : world.running) {
        const std::int64_t devices = lease.tasks * lease.shape.devices_per_task;
        free -= std::max<std::int64_t>(devices, tasks_of(lease.next));
        if (lease.tier != Tier::spot) held[lease.org] += devices;
        const bool may = !lease.stopping && lease.last_checkpoint > lease.started &&
                         lease.started + world.rules.min_runtime <= world.now &&
                         lease.tier != Tier::reserved && lease.shape.milli == 1'000;
        if (!may) continue;
        const std::int64_t more = lease.tasks - lease.shape.tasks_min;
        if (lease.tier == Tier::spot) spot += more;
        if (lease.tier == Tier::standard && reclaims) above[lease.org] += more;
    }
    for (const Reservation& reservation : world.pool.reservations()) {
        if (reservation.job != job.id) return false;  // some of it may be promised
    }
    std::int64_t given = spot;
    for (const auto& [org, more] : above) {
        const std::int64_t over = held[org] - world.shares.at(org).deserved_milli / 1'000;
        given += std::clamp<std::int64_t>(over, 0, more);
    }
    return free + given >= std::int64_t{job.shape.tasks_min};
}

WaitingJob random_elastic(Random& random) {
    WaitingJob job = elastic(1 + random.below(4), 0, 1 + random.below(3));
    job.shape.tasks_max = job.shape.tasks_min + random.below(3) * random.below(5);
    if (random.below(5) == 0) job.tier = Tier::spot;
    return job;
}

World random_world(Random& random) {
    Rules rules = resizing();
    rules.min_runtime = Duration::minutes(random.below(3));
    World world(rules);
    const std::uint32_t nodes = 1 + random.below(4);
    for (std::uint32_t n = 1; n <= nodes; ++n)
        world.node(n, n / 2, 8);
    for (std::uint32_t org = 1; org <= 3; ++org)
        world.share(org, {8'000LL * nodes / 3 * random.below(2), 1, INT64_MAX});
    return world;
}

// Random centres of elastic jobs: sizes stay inside what was asked and devices are never held twice
// (audit), nothing grows where a waiting job could start, and nobody is preempted where shrinking
// would have made room.
TEST(ElasticProperty, ShrinksBeforeItPreemptsAndGrowsAfterAllElse) {
    std::int64_t grown = 0, shrunk = 0, preempted = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 17};
        World world = random_world(random);
        for (int step = 0; step < 150; ++step) {
            if (world.waiting.size() < 8 && random.below(3) > 0)
                world.submit(random_elastic(random));
            for (const auto& [id, lease] : world.running) {
                if (!lease.stopping && random.below(2) == 0) world.checkpoint(id);
            }
            world.pool.begin_pass(world.now);
            while (const auto decision = world.pool.next()) {
                if (std::holds_alternative<Resize>(*decision)) {
                    ++grown;
                    for (const auto& [id, job] : world.waiting)
                        ASSERT_FALSE(world.pool.explain(id, world.now).empty());
                }
                if (const auto* made = std::get_if<Preempt>(&*decision)) {
                    shrunk += static_cast<std::int64_t>(made->resizes.size());
                    preempted += static_cast<std::int64_t>(made->victims.size());
                    EXPECT_TRUE(made->resizes.empty() || made->victims.empty());
                    const WaitingJob& job = world.waiting.at(made->job);
                    bool reclaims = false;
                    for (const LeaseId victim : made->victims)
                        reclaims = reclaims || world.running.at(victim).tier != Tier::spot;
                    if (!made->victims.empty()) {
                        EXPECT_FALSE(shrinking_would_do(world, job, reclaims));
                    }
                }
                world.feed(*decision);
                world.audit();
            }
            world.schedule();
            if (random.below(2) == 0) world.finish_stopping();
            if (!world.running.empty() && random.below(4) == 0)
                world.end(world.running.begin()->first);
            world.to(world.now.us / 1'000'000 + 20 + random.below(60));
            if (HasFailure()) return;
        }
    }
    EXPECT_GT(grown, 100);
    EXPECT_GT(shrunk, 100);
    EXPECT_GT(preempted, 50);
}

// With the same jobs for ever, all of which save checkpoints, sizes come to rest.
TEST(ElasticProperty, ResizesEnd) {
    std::int64_t seen = 0;
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 19};
        World world = random_world(random);
        std::int64_t last = 0;
        for (int round = 0; round < 300; ++round) {
            if (round % 5 == 0 && round < 100) world.submit(random_elastic(random));
            world.to(world.now.us / 1'000'000 + 61);
            std::vector<LeaseId> running;
            for (const auto& [id, lease] : world.running)
                running.push_back(id);
            for (const LeaseId id : running) {
                if (world.running.count(id) == 0 || world.running.at(id).stopping) continue;
                world.checkpoint(id);
                world.schedule();
                world.finish_stopping();
                world.schedule();
            }
            world.schedule();
            world.audit();
            if (round == 220) last = world.resizes;
        }
        EXPECT_EQ(world.resizes, last);
        seen += world.resizes;
    }
    EXPECT_GT(seen, 200);
}

}  // namespace
}  // namespace suan::sched
