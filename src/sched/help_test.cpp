// Changes that help: tables of small pools, and the property that every answer is what a real copy
// of the pool does after the same change, and that asking leaves no trace.
#include "sched/help.hpp"

#include "sched/feasible.hpp"
#include "sched/random_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace suan::sched {
namespace {

using testing::Feasible;
using testing::gang;
using testing::Random;
using testing::World;

const Help* of_kind(const std::vector<Help>& helps, HelpKind kind) {
    const auto found =
        std::find_if(helps.begin(), helps.end(), [&](const Help& h) { return h.kind == kind; });
    return found == helps.end() ? nullptr : &*found;
}

// Two racks of one node of eight each; half of both nodes is held.
World half_full() {
    World world;
    world.node(1, 0, 8);
    world.node(2, 1, 8);
    for (int i = 0; i < 3; ++i)
        world.submit(gang(4, 1, 2));
    world.schedule();
    world.end(LeaseId{2});  // it lay beside the first
    return world;
}

TEST(Help, TheSameTasksFartherApartIsTheSmallestChange) {
    World world;
    world.node(1, 0, 8);
    world.node(2, 1, 8);
    WaitingJob big = gang(8, 2);
    big.shape.topology = Topology::one_rack;
    const JobId job = world.submit(big);
    world.schedule();
    ASSERT_FALSE(world.runs(job));
    const auto helps = find_help(world.pool, job, world.now);
    ASSERT_FALSE(helps.empty());
    EXPECT_EQ(helps.front().kind, HelpKind::topology);
    EXPECT_EQ(helps.front().job.shape.topology, Topology::any);
    EXPECT_EQ(helps.front().outcome.kind, Outcome::Kind::starts);
}

TEST(Help, TheSameDevicesInSmallerTasksStart) {
    World world = half_full();
    const JobId job = world.submit(gang(8, 1));
    world.schedule();
    ASSERT_FALSE(world.runs(job));
    const std::vector<Help> helps = find_help(world.pool, job, world.now);
    const Help* split = of_kind(helps, HelpKind::split);
    ASSERT_NE(split, nullptr);
    EXPECT_EQ(split->job.shape.tasks_max, 2U);
    EXPECT_EQ(split->job.shape.devices_per_task, 4U);
    EXPECT_EQ(split->outcome.kind, Outcome::Kind::starts);
}

TEST(Help, AsManyTasksAsStartAreOffered) {
    World world;
    for (std::uint32_t node = 1; node <= 5; ++node)
        world.node(node, 0, 8);
    world.submit(gang(8, 2, 2));
    world.schedule();
    const JobId job = world.submit(gang(8, 5));
    world.schedule();
    const auto helps = find_help(world.pool, job, world.now);
    const Help* fewer = of_kind(helps, HelpKind::tasks);
    ASSERT_NE(fewer, nullptr);
    EXPECT_EQ(fewer->job.shape.tasks_max, 3U);
}

TEST(Help, AWallTimeThatEndsBeforeAPromiseIsOffered) {
    World world;
    world.node(1, 0, 8);
    world.submit(gang(4, 1, 2));  // ends by 1 h
    world.schedule();
    world.submit(gang(8, 1, 3));  // reserved from 1 h on
    world.schedule();
    world.to(600);
    WaitingJob filler = gang(4, 1);
    filler.walltime = Duration::hours(2);
    const JobId job = world.submit(filler);
    world.schedule();
    ASSERT_FALSE(world.runs(job));
    const std::vector<Help> helps = find_help(world.pool, job, world.now);
    const Help* shorter = of_kind(helps, HelpKind::walltime);
    ASSERT_NE(shorter, nullptr);
    EXPECT_EQ(shorter->job.walltime, Duration::minutes(50));
    EXPECT_EQ(shorter->outcome.kind, Outcome::Kind::starts);
}

TEST(Help, AHigherLimitIsOfferedByWhatIsMissing) {
    World world;
    world.node(1, 0, 8);
    Share limited;
    limited.limit_milli = 4'000;
    world.share(1, limited);
    world.submit(gang(3, 1));
    const JobId job = world.submit(gang(3, 1));
    world.schedule();
    const std::vector<Help> helps = find_help(world.pool, job, world.now);
    const Help* limit = of_kind(helps, HelpKind::limit);
    ASSERT_NE(limit, nullptr);
    EXPECT_EQ(limit->amount, 2'000);
    EXPECT_EQ(limit->outcome.kind, Outcome::Kind::starts);
}

TEST(Help, DrainedNodesAreOfferedBackOneByOne) {
    World world;
    for (std::uint32_t node = 1; node <= 3; ++node)
        world.node(node, 0, 8);
    world.gate(2, NodeGate::draining);
    world.gate(3, NodeGate::down);
    const JobId job = world.submit(gang(8, 2));
    world.schedule();
    const std::vector<Help> helps = find_help(world.pool, job, world.now);
    const Help* nodes = of_kind(helps, HelpKind::nodes);
    ASSERT_NE(nodes, nullptr);
    EXPECT_EQ(nodes->amount, 1);
}

TEST(Help, AnotherTierMayStopOthers) {
    World world;
    world.node(1, 0, 8);
    WaitingJob spot = gang(8, 1, 2);
    spot.tier = Tier::spot;
    world.submit(spot);
    world.schedule();
    world.to(3'600);
    WaitingJob mine = gang(8, 1);
    mine.tier = Tier::spot;
    const JobId job = world.submit(mine);
    world.schedule();
    ASSERT_FALSE(world.runs(job));
    const std::vector<Help> helps = find_help(world.pool, job, world.now);
    const Help* tier = of_kind(helps, HelpKind::tier);
    ASSERT_NE(tier, nullptr);
    EXPECT_EQ(tier->job.tier, Tier::standard);
    EXPECT_EQ(tier->outcome.kind, Outcome::Kind::stopping);
}

// ---- Against a copy that is really changed.

WaitingJob random_job(Random& random) {
    WaitingJob job = gang(1 + random.below(4), 1 + random.below(4), 1 + random.below(4));
    job.project = ProjectId{1 + random.below(2)};
    job.priority = static_cast<std::int32_t>(random.below(3));
    job.walltime = Duration::minutes(1 + random.below(60));
    job.shape.topology = static_cast<Topology>(random.below(3));
    job.tier = static_cast<Tier>(random.below(3));
    if (random.below(4) == 0) job.shape.tasks_max += random.below(4);
    if (random.below(6) == 0) {
        job.shape.devices_per_task = 1;
        job.shape.milli = 100 * (1 + random.below(9));
    }
    return job;
}

Change random_change(Random& random, const World& world, const WaitingJob& job) {
    Change change;
    change.job = random_job(random);
    change.job->id = job.id;
    change.job->org = job.org;
    change.job->queued = job.queued;
    if (random.below(3) == 0) change.job = job;
    if (random.below(3) == 0) {
        Share share = world.shares.at(job.org);
        if (share.limit_milli != INT64_MAX) share.limit_milli += 1'000 * random.below(8);
        share.deserved_milli += 1'000 * random.below(4);
        change.share = std::pair(job.org, share);
    }
    for (const auto& [id, fact] : world.nodes) {
        if (fact.gate != NodeGate::open && random.below(2) == 0) change.reopened.push_back(id);
    }
    return change;
}

// The same change on a world of its own, scheduled until nothing changes.
Outcome really(World world, const WaitingJob& job, const Change& change) {
    if (change.share) world.share(change.share->first.value, change.share->second);
    for (const NodeId node : change.reopened)
        world.gate(node.value, NodeGate::open);
    if (world.waiting.count(job.id) != 0) world.cancel(job.id);
    world.waiting[job.id] = *change.job;  // with its place: submit() would give time 0 another one
    world.pool.enqueue(*change.job);
    for (int passes = 0; passes < 100; ++passes) {
        world.pool.begin_pass(world.now);
        while (auto decision = world.pool.next()) {
            world.feed(*decision);
        }
        if (world.runs(job.id))
            return {Outcome::Kind::starts, world.now,
                    world.running.at(world.lease_of(job.id)).tasks,
                    spread_of(world.pool, world.running.at(world.lease_of(job.id)).placement)};
        if (!world.pool.wants_pass()) break;
    }
    const auto held = world.pool.reservation_of(job.id);
    if (!held) return {Outcome::Kind::waits, world.now, 0, {}};
    if (Feasible(world).is_pending(*held))
        return {Outcome::Kind::stopping, world.now, change.job->shape.tasks_min, {}};
    return {Outcome::Kind::reserved, held->start, change.job->shape.tasks_min, {}};
}

std::string facts(const PoolScheduler& pool) {
    std::string out;
    for (const JobId job : pool.order(1'000))
        out += std::to_string(job.value) + " ";
    for (const Reservation& r : pool.reservations())
        out += "r" + std::to_string(r.job.value) + "@" + std::to_string(r.start.us) + " ";
    const PoolTotals totals = pool.totals();
    out += std::to_string(totals.free_milli) + "/" + std::to_string(totals.running_leases);
    for (const UseRecord& use : pool.uses())
        out += " u" + std::to_string(use.inflated_use);
    out += pool.wants_pass() ? " wants" : " rests";
    return out;
}

void random_life(World& world, Random& random, std::int64_t& clock) {
    switch (random.below(6)) {
        case 0:
        case 1:
        case 2:
            if (world.waiting.size() < 20) world.submit(random_job(random));
            break;
        case 3:
            if (!world.running.empty()) world.end(world.running.begin()->first);
            break;
        case 4: {
            const std::uint32_t node =
                1 + random.below(static_cast<std::uint32_t>(world.nodes.size()));
            world.gate(node, random.below(2) == 0 ? NodeGate::open : NodeGate::draining);
            break;
        }
        default:
            clock += random.below(900);
            world.to(clock);
            break;
    }
    world.schedule();
    if (random.below(3) == 0) world.finish_stopping();
    world.schedule();
}

TEST(HelpProperty, EveryTrialIsWhatARealChangeDoesAndLeavesNoTrace) {
    int compared = 0;
    int started = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        Random random{seed};
        World world = random_centre(random, Rules{});
        std::int64_t clock = 0;
        for (int step = 0; step < 60; ++step) {
            random_life(world, random, clock);
            if (world.waiting.empty()) continue;
            auto it = world.waiting.begin();
            std::advance(it, random.below(static_cast<std::uint32_t>(world.waiting.size())));
            const WaitingJob job = it->second;
            const Change change = random_change(random, world, job);
            const std::string before = facts(world.pool);
            const Outcome tried = try_change(world.pool, job.id, change, world.now);
            ASSERT_EQ(facts(world.pool), before) << "seed " << seed << " step " << step;
            world.pool.check_invariants();
            if (tried.kind == Outcome::Kind::unknown) continue;
            const Outcome real = really(world, job, change);
            ASSERT_EQ(static_cast<int>(tried.kind), static_cast<int>(real.kind))
                << "seed " << seed << " step " << step << " job " << job.id.value;
            ASSERT_EQ(tried.start, real.start) << "seed " << seed << " step " << step;
            ASSERT_EQ(tried.tasks, real.tasks) << "seed " << seed << " step " << step;
            ++compared;
            started += tried.kind == Outcome::Kind::starts ? 1 : 0;
        }
        // Asking has not changed what is decided.
        World asked = world;
        for (const auto& [id, job] : world.waiting)
            static_cast<void>(find_help(asked.pool, id, asked.now));
        ASSERT_EQ(facts(asked.pool), facts(world.pool)) << "seed " << seed;
    }
    EXPECT_GT(compared, 2'000);
    EXPECT_GT(started, 200);
}

TEST(HelpProperty, EveryHelpHelpsAndIsTheFirstOfItsKind) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random{seed};
        World world = random_centre(random, Rules{});
        std::int64_t clock = 0;
        for (int step = 0; step < 40; ++step)
            random_life(world, random, clock);
        for (const auto& [id, job] : world.waiting) {
            HelpKind last{};
            for (const Help& help : find_help(world.pool, id, world.now)) {
                ASSERT_GT(static_cast<int>(help.kind), static_cast<int>(last));
                last = help.kind;
                if (help.kind >= HelpKind::limit) continue;
                const Outcome real =
                    really(world, job, {.job = help.job, .share = {}, .reopened = {}});
                ASSERT_EQ(static_cast<int>(help.outcome.kind), static_cast<int>(real.kind))
                    << "seed " << seed << " job " << id.value;
            }
        }
    }
}

}  // namespace
}  // namespace suan::sched
