#include "sched/random_world.hpp"

#include <iterator>

namespace suan::sched::testing {

World random_centre(Random& random, Rules rules) {
    World world(rules);
    const std::uint32_t devices = 1U << (1 + random.below(3));
    const std::uint32_t nodes = 2 + random.below(6);
    for (std::uint32_t n = 1; n <= nodes; ++n)
        world.node(n, random.below(3), devices);
    const std::int64_t total = 1'000LL * devices * nodes;
    for (std::uint32_t org = 1; org <= 4; ++org) {
        Share share{total / 4 * random.below(2), 1 + random.below(3), INT64_MAX};
        if (random.below(4) == 0) share.limit_milli = total / 2;
        world.share(org, share);
    }
    return world;
}

WaitingJob random_job(Random& random, Extras extras) {
    WaitingJob job = gang(1 + random.below(4), 1 + random.below(4), 1 + random.below(4));
    job.project = ProjectId{1 + random.below(2)};
    job.member = MemberId{1 + random.below(2)};
    job.priority = static_cast<std::int32_t>(random.below(3));
    job.walltime = Duration::minutes(1 + random.below(60));
    if (random.below(2) == 0) job.expected = Duration::minutes(random.below(40));
    job.shape.topology = static_cast<Topology>(random.below(3));
    if (random.below(4) == 0) job.shape.tasks_max += random.below(4);
    if (random.below(6) == 0) job.tier = Tier::reserved;
    if (extras == Extras::none) return job;
    if (random.below(5) == 0) job.tier = Tier::spot;
    if (random.below(4) == 0) {
        job.shape.devices_per_task = 1;
        job.shape.milli = 100 * (1 + random.below(9));
    }
    return job;
}

void submit_random(World& world, Random& random, Extras extras) {
    const WaitingJob job = random_job(random, extras);
    const Share& share = world.shares.at(job.org);
    const std::int64_t asked = job.shape.milli_devices(job.shape.tasks_min);
    const bool hopeless = !world.pool.can_ever_fit(job.shape) || asked > share.limit_milli ||
                          (job.tier == Tier::reserved && asked > share.deserved_milli);
    if (!hopeless || random.below(10) == 0) world.submit(job);
}

void random_step(World& world, Random& random, Extras extras) {
    switch (random.below(9)) {
        case 8:
            if (!world.running.empty()) world.checkpoint(world.running.begin()->first);
            break;
        case 0:
        case 1:
        case 2:
            if (world.waiting.size() < 30) submit_random(world, random, extras);
            break;
        case 3:
        case 4:
            if (!world.running.empty()) {
                auto it = world.running.begin();
                std::advance(it, random.below(static_cast<std::uint32_t>(world.running.size())));
                world.end(it->first);
            }
            break;
        case 5:
            if (!world.waiting.empty() && random.below(3) == 0) {
                world.cancel(world.waiting.begin()->first);
            }
            break;
        case 6:
            world.to(world.now.us / 1'000'000 + random.below(400));
            break;
        default:
            world.finish_stopping();
    }
}

namespace {

Rules older_rules(Random& random) {
    Rules rules;
    rules.usage_half_life = Duration::minutes(30);
    rules.order = static_cast<Rules::Order>(random.below(6) == 0 ? 1 + random.below(2) : 0);
    rules.backfill = static_cast<Rules::Backfill>(random.below(5) == 0 ? 1 : 0);
    rules.preemption = static_cast<Rules::Preemption>(random.below(3) == 0 ? 1 : 0);
    rules.reservations_max = random.below(4);
    rules.min_runtime = Duration::minutes(random.below(6));
    rules.resize_within = Duration::minutes(random.below(3));
    return rules;
}

void add_newer(Random& random, Rules& rules) {
    rules.expected_behind_milli = random.below(3) * 1'500;
    rules.ends = static_cast<Rules::Ends>(random.below(2));
    rules.gang_nodes_min = 1 + random.below(2);
    rules.reserve_after = Duration::minutes(random.below(3) * 4);
    rules.overdue_after = Duration::minutes(5 + random.below(3) * 500);
    rules.reclaim_ratio_milli = random.below(3) * 1'000;
    rules.reclaim_after = Duration::minutes(random.below(3) * 4);
    if (random.below(2) == 0) rules.reclaim_within = Duration::minutes(20);
    rules.stops_max = random.below(3);
    rules.spot_ratio_milli = random.below(3) * 500;
    if (random.below(2) == 0) rules.spot_within = Duration::minutes(15);
}

}  // namespace

Rules random_rules(Random& random) {
    Rules rules = older_rules(random);
    if (random.below(2) != 0) add_newer(random, rules);
    return rules;
}

Rules newer_rules(Random& random) {
    Rules rules = older_rules(random);
    add_newer(random, rules);
    return rules;
}

}  // namespace suan::sched::testing
