// Random centres and loads, judged by code that shares nothing with the scheduler. A failure
// prints its seed.
#include "sched/random_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>

namespace suan::sched {
namespace {

using testing::Extras;
using testing::gang;
using testing::Random;
using testing::World;

std::string text(const Placement& placement) {
    std::string out;
    for (const Slot& slot : placement) {
        out += " " + std::to_string(slot.node.value) + ":" + std::to_string(slot.device_mask);
    }
    return out;
}

std::string text(const Resize& resize) {
    return "resize " + std::to_string(resize.lease.value) + text(resize.next);
}

std::string text(const Decision& decision) {
    if (const auto* start = std::get_if<Start>(&decision)) {
        return "start " + std::to_string(start->job.value) + text(start->placement);
    }
    if (const auto* reserve = std::get_if<Reserve>(&decision)) {
        return "reserve " + std::to_string(reserve->reservation.job.value) + "@" +
               std::to_string(reserve->reservation.start.us) + text(reserve->reservation.placement);
    }
    if (const auto* preempt = std::get_if<Preempt>(&decision)) {
        std::string out = "preempt " + std::to_string(preempt->job.value) + " stops";
        for (const LeaseId id : preempt->victims)
            out += " " + std::to_string(id.value);
        for (const Resize& resize : preempt->resizes)
            out += " " + text(resize);
        return out + " for" + text(preempt->reservation.placement);
    }
    if (const auto* resize = std::get_if<Resize>(&decision)) return text(*resize);
    return "unreserve " + std::to_string(std::get<Unreserve>(decision).job.value);
}

std::string text(const std::vector<Decision>& decisions) {
    std::string out;
    for (const Decision& decision : decisions)
        out += text(decision) + "\n";
    return out;
}

// Tasks of a whole-device shape that lie on devices which nothing holds and no one reserved.
std::uint32_t plainly_free(const World& world, const Shape& shape) {
    std::map<NodeId, std::uint64_t> free;
    for (const auto& [id, fact] : world.nodes) {
        if (fact.gate == NodeGate::open) free[id] = (1ULL << fact.spec.devices) - 1;
    }
    for (const auto& [id, lease] : world.running) {
        for (const Slot& slot : lease.placement)
            free[slot.node] &= ~slot.device_mask;
        for (const Slot& slot : lease.next)
            free[slot.node] &= ~slot.device_mask;
    }
    for (const Reservation& reservation : world.pool.reservations()) {
        for (const Slot& slot : reservation.placement)
            free[slot.node] &= ~slot.device_mask;
    }
    std::map<std::uint32_t, std::uint32_t> groups;
    for (const auto& [id, mask] : free) {
        const auto tasks = static_cast<std::uint32_t>(std::popcount(mask)) / shape.devices_per_task;
        std::uint32_t group = 0;
        if (shape.topology == Topology::one_rack) group = world.nodes.at(id).spec.rack;
        if (shape.topology == Topology::one_node) group = id.value;
        groups[group] += tasks;
    }
    std::uint32_t most = 0;
    for (const auto& [group, tasks] : groups)
        most = std::max(most, tasks);
    return most;
}

void expect_work_conserving(const World& world) {
    std::map<OrgId, std::int64_t> held;
    std::map<OrgId, std::int64_t> reserved;
    for (const auto& [id, lease] : world.running) {
        const std::uint32_t tasks = std::max(lease.tasks, tasks_of(lease.next));
        const std::int64_t milli = lease.shape.milli_devices(tasks);
        held[lease.org] += milli;
        if (lease.tier == Tier::reserved) reserved[lease.org] += milli;
    }
    for (const auto& [id, job] : world.waiting) {
        if (job.shape.milli != 1'000) continue;
        const Share& share = world.shares.at(job.org);
        const std::int64_t asked = job.shape.milli_devices(job.shape.tasks_min);
        if (held[job.org] + asked > share.limit_milli) continue;
        const bool over_share = reserved[job.org] + asked > share.deserved_milli;
        if (job.tier == Tier::reserved && over_share) continue;
        EXPECT_LT(plainly_free(world, job.shape), job.shape.tasks_min) << "job " << id.value;
        EXPECT_FALSE(world.pool.explain(id, world.now).empty()) << "job " << id.value;
    }
}

TEST(Property, HistoryNeverChangesADecision) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed};
        World world = random_centre(random, random_rules(random));
        for (int step = 0; step < 120; ++step) {
            random_step(world, random, Extras::fractions_and_spot);
            World twin = world;
            twin.pool = world.rebuilt();
            ASSERT_EQ(twin.pool.order(100), world.pool.order(100));
            const bool idle = !world.pool.wants_pass();
            const std::string ours = text(world.schedule());
            ASSERT_EQ(text(twin.schedule()), ours) << "step " << step;
            if (idle) {
                ASSERT_EQ(ours, "");
            }
            world.audit();
            // At rest, a scheduler that knows the facts alone finds nothing to do either.
            PoolScheduler fresh = world.rebuilt();
            fresh.begin_pass(world.now);
            const auto more = fresh.next();
            ASSERT_FALSE(more.has_value()) << "step " << step << ": " << text(*more);
            if (world.rules.backfill == Rules::Backfill::on) expect_work_conserving(world);
            if (HasFailure()) return;
        }
    }
}

// Between two facts nothing changes but the time. A pass that was not asked for would decide
// nothing, whatever the rules: what a hub decides, its log executed again must decide, and the
// other way round.
TEST(Property, TimeAloneDecidesOnlyWhenItWasSaid) {
    int woken = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 7};
        World world = random_centre(random, newer_rules(random));
        for (int step = 0; step < 40; ++step) {
            for (int i = 0; i < 3; ++i)
                random_step(world, random, Extras::fractions_and_spot);
            world.schedule();
            for (int i = 0; i < 6; ++i) {
                world.to(world.now.us / 1'000'000 + 1 + random.below(step % 2 == 0 ? 30 : 900));
                if (world.pool.wants_pass()) {
                    woken += static_cast<int>(world.schedule().size());
                    continue;
                }
                PoolScheduler fresh = world.rebuilt();
                fresh.begin_pass(world.now);
                const auto decision = fresh.next();
                ASSERT_FALSE(decision) << "step " << step << ": " << text(*decision);
            }
        }
    }
    EXPECT_GT(woken, 500);
}

// What a pass learns only saves time: asked afresh before each decision, it decides the same.
TEST(Property, APassRemembersNothingThatMatters) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 77};
        Rules rules = random_rules(random);
        rules.preemption = Rules::Preemption::off;
        World world = random_centre(random, rules);
        for (int step = 0; step < 60; ++step) {
            for (int i = 0; i < 4; ++i)
                random_step(world, random, Extras::fractions_and_spot);
            world.pool.begin_pass(world.now);
            for (bool overtaken = false; !overtaken;) {
                PoolScheduler cold = world.rebuilt();
                cold.begin_pass(world.now);
                const auto expected = cold.next();
                const auto decision = world.pool.next();
                ASSERT_EQ(decision ? text(*decision) : "", expected ? text(*expected) : "");
                if (!decision) break;
                overtaken = std::holds_alternative<Unreserve>(*decision);
                world.feed(*decision);
            }
            world.schedule();
        }
    }
}

// Ends every lease by its wall time, some before, and checks each promise when it falls due.
TEST(Property, PromisedStartsAreKept) {
    int kept = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 31};
        Rules rules;
        rules.preemption = Rules::Preemption::off;
        World world = random_centre(random, rules);
        std::map<JobId, Time> promised;
        const auto schedule = [&] {
            for (const Decision& decision : world.schedule()) {
                if (const auto* r = std::get_if<Reserve>(&decision)) {
                    promised[r->reservation.job] = r->reservation.start;
                } else if (const auto* u = std::get_if<Unreserve>(&decision)) {
                    promised.erase(u->job);
                } else if (const auto* s = std::get_if<Start>(&decision)) {
                    if (!promised.contains(s->job)) continue;
                    ASSERT_LE(world.now, promised[s->job]);
                    promised.erase(s->job);
                    ++kept;
                }
            }
            for (const auto& [job, start] : promised)
                ASSERT_GE(start, world.now);
        };
        for (int step = 0; step < 300; ++step) {
            for (int i = 0; i < 3 && world.waiting.size() < 40; ++i) {
                submit_random(world, random, Extras::none);
            }
            schedule();
            if (world.running.empty()) continue;
            const auto soonest = std::min_element(
                world.running.begin(), world.running.end(),
                [](const auto& a, const auto& b) { return a.second.ends_by < b.second.ends_by; });
            auto ends = soonest->first;
            if (random.below(3) == 0) {
                ends = world.running.rbegin()->first;  // early
            } else {
                world.to(soonest->second.ends_by.us / 1'000'000);
            }
            world.end(ends);
            if (HasFatalFailure()) return;
        }
    }
    EXPECT_GT(kept, 300);
}

// With the same jobs for ever, preemption comes to rest, whatever the rules: nobody stops whoever
// was served by it. So do resizes, though leases save checkpoints all the time.
TEST(Property, PreemptionsEnd) {
    std::int64_t preemptions = 0;
    std::int64_t resizes = 0;
    std::int64_t of_gangs = 0;
    for (std::uint64_t seed = 1; seed <= 160; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 13};
        Rules rules = testing::random_rules(random);
        rules.order = Rules::Order::fair;
        rules.preemption = Rules::Preemption::on;
        rules.min_runtime = Duration::minutes(random.below(2));
        rules.usage_half_life = Duration::minutes(20);
        rules.resize_within = Duration::minutes(random.below(3));
        World world = random_centre(random, rules);
        std::int64_t last = 0;
        for (int round = 0; round < 300; ++round) {
            if (round % 2 == 0 && round < 150) {
                submit_random(world, random, Extras::fractions_and_spot);
            }
            if (round % 12 == 0 && round < 150 && !world.running.empty())
                world.end(world.running.begin()->first);
            world.to(world.now.us / 1'000'000 + 61);
            for (const auto& [id, lease] : world.running) {
                if (random.below(3) == 0) world.checkpoint(id);
            }
            for (const Decision& decision : world.schedule()) {
                const auto* preempt = std::get_if<Preempt>(&decision);
                if (preempt == nullptr) continue;
                for (const LeaseId victim : preempt->victims)
                    of_gangs += world.running.at(victim).placement.size() > 1 ? 1 : 0;
            }
            world.finish_stopping();
            world.schedule();
            world.audit();
            if (round == 250) last = world.preemptions + world.resizes;
        }
        EXPECT_EQ(world.preemptions + world.resizes, last);
        preemptions += world.preemptions;
        resizes += world.resizes;
    }
    EXPECT_GT(preemptions, 150);
    EXPECT_GT(resizes, 50);
    EXPECT_GT(of_gangs, 20);
}

// Two jobs of one org once counted the same missing device each: the org came to hold more than it
// deserves, became a victim itself, and two owners took devices from each other for ever.
TEST(Property, OwnersNeverTakeDevicesInTurns) {
    std::int64_t seen = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 101};
        Rules rules;
        rules.min_runtime = Duration{};
        World world = random_centre(random, rules);
        for (std::uint32_t org = 1; org <= 4; ++org)
            world.share(
                org, {world.shares.at(OrgId{org}).deserved_milli, 1 + random.below(3), INT64_MAX});
        for (int step = 0; step < 150; ++step) {
            if (world.waiting.size() < 60) {
                const std::uint32_t org = 1 + random.below(4);
                for (std::uint32_t i = 0; i <= random.below(8); ++i)
                    world.submit(gang(1, 1, org));
            }
            world.to(world.now.us / 1'000'000 + 60);
            if (!world.running.empty() && random.below(2) == 0)
                world.end(world.running.begin()->first);
            int rounds = 0;
            for (std::int64_t before = -1; before != world.preemptions; ++rounds) {
                ASSERT_LT(rounds, 200);
                before = world.preemptions;
                world.schedule();
                world.finish_stopping();
                world.schedule();
            }
        }
        seen += world.preemptions;
    }
    EXPECT_GT(seen, 100);
}

// Three equal borrowers with endless jobs. The second splits itself into six members of three
// projects, the third says of every job that it is short: neither gains, to 5 %.
TEST(Property, NoGainFromSplittingOrFromCallingJobsShort) {
    Rules rules;
    rules.usage_half_life = Duration::hours(6);
    rules.expected_behind_milli = 3'000;
    rules.ends = Rules::Ends::by_expected;
    World world(rules);
    world.node(1, 0, 8);
    const auto job_of = [](std::uint32_t org, std::uint32_t turn) {
        WaitingJob job = gang(1, 1, org);
        job.expected = Duration::minutes(org == 3 ? 1 : 60);
        if (org == 2) {
            job.project = ProjectId{1 + turn % 3};
            job.member = MemberId{1 + turn % 2};
        }
        return job;
    };
    std::map<std::uint32_t, std::int64_t> served;
    for (std::uint32_t org = 1; org <= 3; ++org) {
        world.share(org, {0, 1, INT64_MAX});
        for (std::uint32_t i = 0; i < 12; ++i)
            world.submit(job_of(org, i));
    }
    Random random{5};
    for (std::uint32_t step = 0; step < 4'000; ++step) {
        world.schedule();
        world.to(world.now.us / 1'000'000 + 60);
        auto it = world.running.begin();
        std::advance(it, random.below(8));
        const std::uint32_t org = it->second.org.value;
        if (step > 1'000) served[org] += (world.now - it->second.started).us / 1'000'000;
        world.end(it->first);
        world.submit(job_of(org, step));
    }
    for (std::uint32_t org = 2; org <= 3; ++org)
        EXPECT_LT(served[org] * 100, served[1] * 105) << org;
}

TEST(Property, BorrowersShareByWeightInTheLongRun) {
    Rules rules;
    rules.usage_half_life = Duration::hours(6);
    World world(rules);
    world.node(1, 0, 8);
    const std::int64_t weights[] = {0, 1, 3, 4};
    for (std::uint32_t org = 1; org <= 3; ++org) {
        world.share(org, {0, static_cast<std::uint32_t>(weights[org]), INT64_MAX});
        for (int i = 0; i < 12; ++i)
            world.submit(gang(1, 1, org));
    }
    std::map<std::uint32_t, std::int64_t> served;
    Random random{5};
    for (int step = 0; step < 4'000; ++step) {
        world.schedule();
        world.to(world.now.us / 1'000'000 + 60);
        auto it = world.running.begin();
        std::advance(it, random.below(8));
        const std::uint32_t org = it->second.org.value;
        if (step > 1'000) served[org] += (world.now - it->second.started).us / 1'000'000;
        world.end(it->first);
        world.submit(gang(1, 1, org));
    }
    const std::int64_t total = served[1] + served[2] + served[3];
    for (std::uint32_t org = 1; org <= 3; ++org) {
        EXPECT_NEAR(static_cast<double>(served[org] * 8) / static_cast<double>(total),
                    static_cast<double>(weights[org]), 0.4);
    }
}

}  // namespace
}  // namespace suan::sched
