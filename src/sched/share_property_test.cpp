// What shares guarantee (docs/rules/shares.md), over random centres and loads lived through in
// virtual time.
#include "sched/life.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace suan::sched {
namespace {

using testing::Arrival;
using testing::gang;
using testing::Life;
using testing::Random;
using testing::World;

constexpr Duration grace = Duration::seconds(30);

// All tasks of a centre have as many devices as this, which divides every node: a task fits on any
// devices that are free, so that nothing is lost to fragments.
struct Plan {
    World world;
    std::uint32_t quantum = 1;
    std::uint32_t devices = 0;
    std::vector<Arrival> arrivals;
};

Rules rules_of(Random& random) {
    Rules rules;
    rules.min_runtime = Duration::minutes(random.below(4));
    rules.usage_half_life = Duration::hours(1 + random.below(6));
    return rules;
}

// 2 to 5 nodes of 4 or 8 devices, three or four orgs that deserve all of them together.
Plan centre_of(Random& random) {
    Plan plan{World(rules_of(random)), 1U << random.below(3), 0, {}};
    const std::uint32_t of_node = random.below(2) == 0 ? 4 : 8;
    const std::uint32_t nodes = 2 + random.below(4);
    for (std::uint32_t n = 1; n <= nodes; ++n)
        plan.world.node(n, n % 2, of_node);
    plan.devices = nodes * of_node;
    const std::uint32_t orgs = 3 + random.below(2);
    std::uint32_t left = plan.devices / plan.quantum;
    for (std::uint32_t org = 1; org <= orgs; ++org) {
        const std::uint32_t tasks = org == orgs ? left : random.below(left + 1);
        left -= tasks;
        const Share share{std::int64_t{tasks} * plan.quantum * 1'000, 1 + random.below(3),
                          INT64_MAX};
        plan.world.share(org, share);
    }
    return plan;
}

// Bursts of jobs of one task, so that devices are lent and asked back all the time. Wall times are
// said, not known: up to four times what a job runs; priorities are as high as anyone likes.
void load(Random& random, Plan& plan, int bursts) {
    const auto orgs = static_cast<std::uint32_t>(plan.world.shares.size());
    Time at;
    for (int burst = 0; burst < bursts; ++burst) {
        at = at + Duration::seconds(random.below(3'600));
        const std::uint32_t org = 1 + random.below(orgs);
        const std::uint32_t jobs = 1 + random.below(2 * plan.devices / plan.quantum);
        for (std::uint32_t i = 0; i < jobs; ++i) {
            WaitingJob job = gang(plan.quantum, 1, org);
            const Duration run = Duration::seconds(60 + random.below(7'200));
            job.walltime = Duration{run.us * (1 + random.below(4))};
            plan.arrivals.push_back({at, job, run});
        }
    }
}

bool meets(const Placement& a, const Placement& b) {
    for (const Slot& x : a) {
        for (const Slot& y : b) {
            if (x.node == y.node && (x.device_mask & y.device_mask) != 0) return true;
        }
    }
    return false;
}

// Devices that are being freed for other jobs of the org.
std::int64_t coming_milli(const Life& life, OrgId org, JobId but) {
    std::int64_t sum = 0;
    for (const Reservation& reservation : life.world().pool.reservations()) {
        const auto job = life.world().waiting.find(reservation.job);
        if (job == life.world().waiting.end() || job->second.org != org) continue;
        if (reservation.job == but) continue;
        const bool is_coming = std::any_of(
            life.world().running.begin(), life.world().running.end(), [&](const auto& r) {
                return r.second.stopping && meets(r.second.placement, reservation.placement);
            });
        if (!is_coming) continue;
        sum += job->second.shape.milli_devices(job->second.shape.tasks_min);
    }
    return sum;
}

// The waiting jobs that their orgs' shares could serve: since when, and how many of them there were
// at once.
class Entitled {
public:
    void look(const Life& life) {
        const auto held = life.held_milli(Tier::reserved, Tier::standard);
        std::map<JobId, Wait> still;
        for (const auto& [id, job] : life.world().waiting) {
            if (job.tier == Tier::spot) continue;
            const auto of_org = held.find(job.org);
            const std::int64_t has = of_org == held.end() ? 0 : of_org->second;
            const std::int64_t asked = job.shape.milli_devices(job.shape.tasks_min);
            const std::int64_t deserved = life.world().shares.at(job.org).deserved_milli;
            if (has + coming_milli(life, job.org, id) + asked > deserved) continue;
            const auto before = waits_.find(id);
            still[id] = before == waits_.end() ? Wait{life.now(), 0} : before->second;
        }
        for (auto& [id, wait] : still)
            wait.others = std::max(wait.others, still.size());
        waits_ = std::move(still);
    }
    // The first that has waited for more than `round` for each `at_once` of them.
    std::optional<JobId> late(Time now, Duration round, std::size_t at_once) const {
        for (const auto& [id, wait] : waits_) {
            const auto rounds = static_cast<std::int64_t>((wait.others + at_once - 1) / at_once);
            if ((now - wait.since).us > round.us * rounds) return id;
        }
        return std::nullopt;
    }

private:
    struct Wait {
        Time since;
        std::size_t others = 0;
    };
    std::map<JobId, Wait> waits_;
};

// docs/rules/shares.md: what an org deserves and asks for comes within the reclaim time.
TEST(Shares, AShareIsServedWithinTheReclaimTime) {
    std::int64_t reclaimed = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 17};
        Plan plan = centre_of(random);
        load(random, plan, 20);
        const Rules& rules = plan.world.rules;
        Life life(plan.world, plan.arrivals, grace);
        Entitled entitled;
        while (life.turn()) {
            entitled.look(life);
            const auto late =
                entitled.late(life.now(), rules.min_runtime + grace, rules.reservations_max);
            ASSERT_FALSE(late) << "job " << late->value << " at " << life.now().us / 1'000'000;
        }
        ASSERT_TRUE(life.world().waiting.empty());
        reclaimed += life.world().preemptions;
    }
    EXPECT_GT(reclaimed, 500);
}

// The org's jobs on as many devices as it deserves, alone, where every run takes `longer`.
Life on_its_own(const Plan& plan, OrgId org, Duration longer) {
    World alone(plan.world.rules);
    const std::int64_t deserved = plan.world.shares.at(org).deserved_milli;
    for (std::int64_t n = 1; n <= deserved / 1'000 / plan.quantum; ++n)
        alone.node(static_cast<std::uint32_t>(n), 0, plan.quantum);
    alone.share(org.value, plan.world.shares.at(org));
    std::vector<Arrival> arrivals;
    for (const Arrival& arrival : plan.arrivals) {
        if (arrival.job.org != org) continue;
        arrivals.push_back(arrival);
        arrivals.back().run = arrival.run + longer;
        arrivals.back().job.walltime = arrival.job.walltime + longer;
    }
    return {std::move(alone), std::move(arrivals), grace};
}

// Seconds from submission to end, of all jobs of an org.
std::int64_t seconds_of(const Life& life, OrgId org) {
    std::int64_t sum = 0;
    for (const auto& [id, at] : life.ended) {
        const WaitingJob& job = life.jobs.at(id);
        if (job.org == org) sum += (at - job.queued).us / 1'000'000;
    }
    return sum;
}

// docs/rules/shares.md: an org's jobs take no longer than they would on its own slice if each ran
// longer by the reclaim time, but for the runs that it lost on lent devices and a tenth.
TEST(Shares, NoOrgDoesWorseThanOnItsOwnSlice) {
    std::int64_t all_together = 0;
    std::int64_t all_alone = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 29};
        Plan plan = centre_of(random);
        load(random, plan, 25);
        Life together(plan.world, plan.arrivals, grace);
        while (together.turn()) {
        }
        for (const auto& [org, share] : plan.world.shares) {
            if (share.deserved_milli == 0) continue;
            Life alone = on_its_own(plan, org, plan.world.rules.min_runtime + grace);
            while (alone.turn()) {
            }
            const std::int64_t own = seconds_of(alone, org);
            const std::int64_t shared = seconds_of(together, org);
            const auto lost = together.lost.find(org);
            const std::int64_t lost_s =
                lost == together.lost.end() ? 0 : lost->second.us / 1'000'000;
            EXPECT_LE(shared * 10, own * 11 + lost_s * 10) << "org " << org.value;
            all_together += shared;
            all_alone += own;
        }
    }
    EXPECT_LT(all_together * 2, all_alone);
}

// What an org might try. Nothing of it is true.
WaitingJob claimed(Random& random, WaitingJob job) {
    job.project = ProjectId{1 + random.below(6)};
    job.member = MemberId{1 + random.below(6)};
    job.priority = static_cast<std::int32_t>(random.below(1'000));
    job.walltime = Duration{job.walltime.us * (1 + random.below(10))};
    return job;
}

struct Rivals {
    World world;
    std::uint32_t orgs = 0;
    std::uint32_t devices = 0;
};

// Borrowers of equal or unequal weight, who deserve nothing.
Rivals rivals_of(Random& random) {
    Rules rules;
    rules.usage_half_life = Duration::hours(24 * 365);
    rules.usage_horizon = Duration::minutes(30 + random.below(90));
    Rivals out{World(rules), 2 + random.below(3), 4 + 4 * random.below(2)};
    out.world.node(1, 0, out.devices);
    for (std::uint32_t org = 1; org <= out.orgs; ++org)
        out.world.share(org, {0, 1 + random.below(3), INT64_MAX});
    return out;
}

// docs/rules/shares.md: of orgs that always have work waiting, none is served more than another,
// for its weight, by more than all devices serve in the horizon and two of the longest runs. Org 1
// lies about everything.
TEST(Shares, NobodyEnviesAndNobodyGainsByLying) {
    constexpr std::int64_t longest_s = 3'600;
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random{seed * 43};
        Rivals rivals = rivals_of(random);
        Life life(rivals.world, {}, grace);
        const auto submit = [&](std::uint32_t org) {
            const std::int64_t run_s = 60 + random.below(org == 2 ? 600 : longest_s - 59);
            WaitingJob job = gang(1, 1, org);
            job.walltime = Duration::seconds(longest_s);
            if (org == 1) job = claimed(random, job);
            life.submit(job, Duration::seconds(run_s));
        };
        for (std::uint32_t org = 1; org <= rivals.orgs; ++org) {
            for (std::uint32_t i = 0; i < 2 * rivals.devices; ++i)
                submit(org);
        }
        life.look();
        while (life.now() < Time{} + Duration::hours(24 * 3) && life.turn()) {
            for (const JobId id : life.ended_now)
                submit(life.jobs.at(id).org.value);
            life.look();
        }
        const std::int64_t bound_ms =
            std::int64_t{rivals.devices} * 1'000 *
            (rivals.world.rules.usage_horizon.us / 1'000 + 2 * longest_s * 1'000);
        for (const auto& [i, mine] : life.held_ms) {
            for (const auto& [j, theirs] : life.held_ms) {
                const std::int64_t wi = rivals.world.shares.at(i).weight;
                const std::int64_t wj = rivals.world.shares.at(j).weight;
                EXPECT_LE(theirs / wj - mine / wi, bound_ms / std::min(wi, wj))
                    << i.value << " envies " << j.value;
            }
        }
    }
}

}  // namespace
}  // namespace suan::sched
