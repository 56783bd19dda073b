// What shares guarantee to gangs (docs/rules/shares.md): whatever sets of leases can be found by
// trying them all, the scheduler finds one, and devices come back within the reclaim time.
#include "sched/feasible.hpp"
#include "sched/life.hpp"
#include "sched/random_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace suan::sched {
namespace {

using testing::Arrival;
using testing::Feasible;
using testing::gang;
using testing::Life;
using testing::Random;
using testing::World;
using testing::Young;
using Coming = Feasible::Coming;

constexpr Duration grace = Duration::seconds(30);

std::string text(const WaitingJob& job) {
    return "job " + std::to_string(job.id.value) + " of org " + std::to_string(job.org.value) +
           ", " + std::to_string(job.shape.tasks_min) + " x " +
           std::to_string(job.shape.devices_per_task) + ", topology " +
           std::to_string(static_cast<int>(job.shape.topology));
}

// After its passes: no job within its share waits for devices that could be taken back for it.
void expect_nothing_left(const World& world) {
    const Feasible facts(world);
    for (const auto& [id, job] : world.waiting) {
        if (!facts.within_share(job, Coming::freed) || !facts.has_slot(job)) continue;
        const auto own = world.pool.reservation_of(id);
        if (own && facts.is_pending(*own)) continue;
        EXPECT_FALSE(facts.room_can_be_made(job, Young::stay)) << text(job);
    }
}

// docs/rules/shares.md, 2: an org that lacks what a job of it asks for, all that is kept for its
// other jobs counted, has devices on their way to it, or there are none that could be.
void expect_share_or_on_its_way(const World& world) {
    const Feasible facts(world);
    for (const auto& [id, job] : world.waiting) {
        if (!facts.within_share(job, Coming::kept) || !facts.has_slot(job)) continue;
        const auto own = world.pool.reservation_of(id);
        const bool on_its_way =
            own && (facts.is_pending(*own) || own->start <= world.now + world.rules.min_runtime);
        EXPECT_TRUE(on_its_way || !facts.room_can_be_made(job, Young::count)) << text(job);
    }
}

Rules reclaim_rules(Random& random) {
    Rules rules;
    rules.min_runtime = Duration::minutes(random.below(4));
    rules.usage_half_life = Duration::hours(1 + random.below(6));
    rules.reservations_max = 1 + random.below(8);
    rules.stops_max = random.below(3);
    if (random.below(2) == 0) rules.resize_within = Duration::minutes(1);
    return rules;
}

// Gangs, spot, fractions, elastic leases, limits.
TEST(Shares, WhateverCouldBeTakenBackIsFound) {
    std::int64_t preemptions = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 61};
        World world = testing::random_centre(random, reclaim_rules(random));
        for (int step = 0; step < 150; ++step) {
            testing::random_step(world, random, testing::Extras::fractions_and_spot);
            world.schedule();
            expect_nothing_left(world);
            expect_share_or_on_its_way(world);
            if (::testing::Test::HasFailure()) return;
        }
        preemptions += world.preemptions;
    }
    EXPECT_GT(preemptions, 200);
    EXPECT_EQ(Feasible::tried_too_many, 0);
}

struct Plan {
    World world;
    std::vector<Arrival> arrivals;
};

// 2 to 5 nodes of 4 or 8 devices in two racks; three or four orgs that deserve all of them.
Plan centre_of(Random& random) {
    Plan plan{World(reclaim_rules(random)), {}};
    plan.world.rules.stops_max = 0;
    plan.world.rules.resize_within = Duration{};
    plan.world.pool.set_rules(plan.world.rules);
    const std::uint32_t of_node = random.below(2) == 0 ? 4 : 8;
    const std::uint32_t nodes = 2 + random.below(4);
    for (std::uint32_t n = 1; n <= nodes; ++n)
        plan.world.node(n, n % 2, of_node);
    const std::uint32_t orgs = 3 + random.below(2);
    std::uint32_t left = nodes * of_node;
    for (std::uint32_t org = 1; org <= orgs; ++org) {
        const std::uint32_t devices = org == orgs ? left : random.below(left + 1);
        left -= devices;
        plan.world.share(org, {std::int64_t{devices} * 1'000, 1 + random.below(3), INT64_MAX});
    }
    return plan;
}

// Bursts of gangs of an org, of one shape or of many.
void load(Random& random, Plan& plan, int bursts) {
    Time at;
    for (int burst = 0; burst < bursts; ++burst) {
        at = at + Duration::seconds(random.below(3'600));
        const std::uint32_t org =
            1 + random.below(static_cast<std::uint32_t>(plan.world.shares.size()));
        const std::uint32_t jobs = 1 + random.below(12);
        WaitingJob job;
        for (std::uint32_t i = 0; i < jobs; ++i) {
            if (i == 0 || random.below(3) == 0) {
                job = gang(1 + random.below(4), 1 + random.below(4), org);
                job.shape.topology = static_cast<Topology>(random.below(3));
                if (random.below(6) == 0) job.tier = Tier::spot;
                if (random.below(8) == 0) job.tier = Tier::reserved;
            }
            if (!plan.world.pool.can_ever_fit(job.shape)) continue;
            const Duration run = Duration::seconds(60 + random.below(7'200));
            job.walltime = Duration{run.us * (1 + random.below(4))};
            plan.arrivals.push_back({at, job, run});
        }
    }
}

// Since when a job has been in the position that the guarantee speaks of.
class Clocks {
public:
    void look(const World& world) {
        std::map<JobId, Time> still;
        const Feasible facts(world);
        const bool lenders_changed = note_lenders(world, facts);
        for (const auto& [id, job] : world.waiting) {
            if (!facts.within_share(job, Coming::kept) || !facts.has_slot(job)) continue;
            const auto own = world.pool.reservation_of(id);
            const bool pending = own && facts.is_pending(*own);
            if (!pending && !facts.room_can_be_made(job, Young::count)) continue;
            const auto before = since_.find(id);
            const bool again = before == since_.end() || (lenders_changed && !pending);
            still[id] = again ? world.now : before->second;
        }
        since_ = std::move(still);
    }
    const WaitingJob* late(const World& world, Duration within) const {
        for (const auto& [id, since] : since_) {
            if (world.now - since > within) return &world.waiting.at(id);
        }
        return nullptr;
    }

private:
    // An org that held more than it deserves no longer does: what it held cannot be counted on.
    bool note_lenders(const World& world, const Feasible& facts) {
        std::set<OrgId> now;
        for (const auto& [org, share] : world.shares) {
            WaitingJob any;
            any.org = org;
            if (facts.held(any) > share.deserved_milli) now.insert(org);
        }
        const bool changed =
            !std::includes(now.begin(), now.end(), lenders_.begin(), lenders_.end());
        lenders_ = std::move(now);
        return changed;
    }
    std::map<JobId, Time> since_;
    std::set<OrgId> lenders_;
};

TEST(Shares, AGangIsServedWithinTheReclaimTime) {
    std::int64_t reclaimed = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 19};
        Plan plan = centre_of(random);
        load(random, plan, 25);
        const Rules& rules = plan.world.rules;
        Life life(plan.world, plan.arrivals, grace);
        Clocks clocks;
        while (life.turn()) {
            clocks.look(life.world());
            const WaitingJob* late = clocks.late(life.world(), rules.min_runtime + grace);
            ASSERT_EQ(late, nullptr) << text(*late) << " at " << life.now().us / 1'000'000;
            expect_nothing_left(life.world());
            expect_share_or_on_its_way(life.world());
            if (::testing::Test::HasFailure()) return;
        }
        reclaimed += life.world().preemptions;
    }
    EXPECT_GT(reclaimed, 300);
    EXPECT_EQ(Feasible::tried_too_many, 0);
}

}  // namespace
}  // namespace suan::sched
