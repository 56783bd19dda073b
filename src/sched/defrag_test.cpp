// Proposals of moves: what they free, that each fits, and that nothing changes.
// docs/rules/defrag.md.
#include "sched/defrag.hpp"

#include "sched/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace suan::sched {
namespace {

using testing::gang;
using testing::Random;
using testing::World;

Defrag ask(const World& world, std::uint32_t devices, std::uint32_t tasks) {
    Defrag out;
    out.gang = gang(devices, tasks).shape;
    for (const auto& [id, lease] : world.running)
        out.movable.push_back(id);
    return out;
}

// Two nodes of 8 with 5 and 3 devices in use: 8 are idle, and no 8 on one node.
struct Scattered {
    World world;
    JobId five, three;
    Scattered() {
        world.node(1, 0, 8);
        world.node(2, 0, 8);
        five = world.submit(gang(5, 1));
        world.schedule();
        const JobId filler = world.submit(gang(3, 1));
        world.schedule();
        three = world.submit(gang(3, 1));
        world.schedule();
        world.end(world.lease_of(filler));
        world.to(3'600);
    }
};

// docs/rules/defrag.md
TEST(Defrag, MovesWhatLosesLeast) {
    Scattered on;
    on.world.checkpoint(on.world.lease_of(on.five));
    on.world.to(3'700);
    const Moves moves = propose_moves(on.world.pool, ask(on.world, 8, 1), on.world.now);
    ASSERT_EQ(moves.outcome, Moves::Outcome::moves);
    ASSERT_EQ(moves.moves.size(), 1U);
    EXPECT_EQ(moves.moves[0].lease, on.world.lease_of(on.five));
    EXPECT_EQ(moves.moves[0].since_checkpoint, Duration::seconds(100));
    EXPECT_EQ(moves.lost_milli_ms(), 5'000 * 100'000);  // and not 3 devices for 3,700 s
    EXPECT_EQ(moves.fits_now, 0U);
    EXPECT_EQ(moves.fits_after, 1U);
    EXPECT_EQ(moves.placement[0].node, NodeId{1});
}

TEST(Defrag, MovesOnlyThoseThatSaveTheirWork) {
    Scattered on;
    on.world.checkpoint(on.world.lease_of(on.five));
    Defrag some = ask(on.world, 8, 1);
    std::erase(some.movable, on.world.lease_of(on.five));
    const Moves moves = propose_moves(on.world.pool, some, on.world.now);
    ASSERT_EQ(moves.moves.size(), 1U);
    EXPECT_EQ(moves.moves[0].lease, on.world.lease_of(on.three));
    some.movable.clear();
    EXPECT_EQ(propose_moves(on.world.pool, some, on.world.now).outcome, Moves::Outcome::not_found);
}

TEST(Defrag, SaysWhenNothingHasToMoveAndWhenNothingHelps) {
    Scattered on;
    EXPECT_EQ(propose_moves(on.world.pool, ask(on.world, 5, 1), on.world.now).outcome,
              Moves::Outcome::fits_already);
    EXPECT_EQ(propose_moves(on.world.pool, ask(on.world, 8, 2), on.world.now).outcome,
              Moves::Outcome::not_found);  // 8 are idle in all
}

TEST(Defrag, FindsTheLargestGang) {
    Scattered on;
    const Moves moves = propose_moves_for_largest(on.world.pool, ask(on.world, 4, 1), on.world.now);
    EXPECT_EQ(moves.outcome, Moves::Outcome::moves);
    EXPECT_EQ(moves.fits_now, 1U);
    EXPECT_EQ(moves.gang.tasks_max, 2U);
}

// The moves done one by one, each on devices that are idle then and that no one reserved; then the
// gang starts. Judged by the plain facts of the world.
void expect_moves_work(World world, const Defrag& asked, const Moves& moves) {
    for (const Move& move : moves.moves) {
        RunningLease lease = world.running.at(move.lease);
        EXPECT_EQ(lease.placement, move.from);
        EXPECT_NE(std::find(asked.movable.begin(), asked.movable.end(), move.lease),
                  asked.movable.end());
        EXPECT_EQ(tasks_of(move.to), lease.tasks);
        world.pool.lease_ended(move.lease);
        lease.placement = move.to;
        std::map<std::uint32_t, int> racks;
        for (const Slot& slot : move.to) {
            EXPECT_EQ(world.nodes.at(slot.node).gate, NodeGate::open);
            ++racks[world.nodes.at(slot.node).spec.rack];
        }
        if (lease.shape.topology == Topology::one_node) {
            EXPECT_EQ(move.to.size(), 1U);
        }
        if (lease.shape.topology == Topology::one_rack) {
            EXPECT_EQ(racks.size(), 1U);
        }
        world.pool.lease_started(lease);  // aborts when a device is held twice
        world.running.at(move.lease) = lease;
        world.audit();
    }
    EXPECT_TRUE(world.pool.find(asked.gang));
    RunningLease gang;
    gang.id = LeaseId{1'000'000};
    gang.job = JobId{1'000'000};
    gang.org = OrgId{9};
    gang.project = ProjectId{1};
    gang.member = MemberId{1};
    gang.shape = moves.gang;
    gang.tasks = moves.gang.tasks_max;
    gang.placement = moves.placement;
    world.pool.lease_started(gang);
    world.running[gang.id] = gang;
    world.audit();
}

TEST(DefragProperty, AfterTheMovesTheGangFits) {
    int moved = 0, not_found = 0;
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 23};
        World world;
        const std::uint32_t nodes = 2 + random.below(6);
        for (std::uint32_t n = 1; n <= nodes; ++n)
            world.node(n, random.below(2), 8);
        for (int turn = 0; turn < 40; ++turn) {
            WaitingJob job = gang(1 + random.below(5), 1 + random.below(3), 1 + random.below(3));
            job.shape.topology = static_cast<Topology>(random.below(3));
            if (random.below(5) == 0) {
                job.shape.devices_per_task = 1;
                job.shape.milli = 250;
            }
            const JobId id = world.submit(job);
            world.schedule();
            if (!world.runs(id)) world.cancel(id);
            world.to(world.now.us / 1'000'000 + 60);
            if (random.below(2) == 0 && !world.running.empty()) {
                auto it = world.running.begin();
                std::advance(it, random.below(static_cast<std::uint32_t>(world.running.size())));
                random.below(2) == 0 ? world.end(it->first) : world.checkpoint(it->first);
            }
        }
        if (random.below(4) == 0) world.gate(1 + random.below(nodes), NodeGate::draining);
        Defrag asked = ask(world, 1 + random.below(8), 1 + random.below(3));
        asked.gang.topology = static_cast<Topology>(random.below(3));
        std::erase_if(asked.movable, [&](LeaseId) { return random.below(6) == 0; });
        const auto before = world.pool.totals().free_milli;
        const Moves moves = random.below(3) == 0
                                ? propose_moves_for_largest(world.pool, asked, world.now)
                                : propose_moves(world.pool, asked, world.now);
        EXPECT_EQ(world.pool.totals().free_milli, before);
        moved += moves.outcome == Moves::Outcome::moves ? 1 : 0;
        not_found += moves.outcome == Moves::Outcome::not_found ? 1 : 0;
        if (moves.outcome != Moves::Outcome::moves) continue;
        EXPECT_FALSE(moves.moves.empty());
        asked.gang = moves.gang;
        expect_moves_work(world, asked, moves);
        if (HasFailure()) return;
    }
    EXPECT_GT(moved, 40);
    EXPECT_GT(not_found, 20);
}

}  // namespace
}  // namespace suan::sched
