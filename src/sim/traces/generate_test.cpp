#include "sim/traces/generate.hpp"

#include "base/money.hpp"
#include "sim/traces/suan_csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace suan::sim {
namespace {

GenerateOptions small(std::uint64_t seed) {
    GenerateOptions options;
    options.seed = seed;
    options.jobs = 20'000;
    return options;
}

TEST(Rng, gives_the_sequence_of_the_published_algorithm) {
    // xoshiro256** after splitmix64(0), computed apart in Python from the authors' C code.
    Rng rng(0);
    EXPECT_EQ(rng.next(), 0x99ec5f36cb75f2b4ULL);
    EXPECT_EQ(rng.next(), 0xbf6e1f784956452aULL);
    EXPECT_EQ(rng.next(), 0x1a5f849d4933e6e0ULL);
}

TEST(Generate, the_same_seed_gives_the_same_bytes_and_another_seed_others) {
    const std::string text = to_suan_csv(generate(small(7)));
    EXPECT_EQ(to_suan_csv(generate(small(7))), text);
    EXPECT_NE(to_suan_csv(generate(small(8))), text);
}

TEST(Generate, the_offered_load_is_the_wanted_share_of_the_devices) {
    const Trace trace = generate(small(3));
    uint128 work = 0;
    for (const TraceJob& job : trace.jobs) {
        work += uint128{job.devices()} * static_cast<std::uint64_t>(job.duration_us);
    }
    const auto load_per_mille = static_cast<std::uint64_t>(
        work * 1'000 / (uint128{3'920} * static_cast<std::uint64_t>(trace.jobs.back().submit_us)));
    EXPECT_GE(load_per_mille, 849U);
    EXPECT_LE(load_per_mille, 852U);  // the span ends a gap after the last submission
}

TEST(Generate, sizes_tiers_and_orgs_follow_their_weights) {
    const Trace trace = generate(small(5));
    std::map<std::uint64_t, int> gangs;
    std::map<Tier, int> tiers;
    std::map<std::string_view, int> orgs;
    for (const TraceJob& job : trace.jobs) {
        ++gangs[job.devices()];
        ++tiers[job.tier];
        ++orgs[trace.orgs[job.org]];
        EXPECT_GE(job.walltime_us, job.duration_us);
        EXPECT_LE(job.devices_per_task, 8U);
    }
    EXPECT_EQ(gangs.size(), 8U);
    EXPECT_NEAR(gangs[1], 12'000, 400);
    EXPECT_NEAR(gangs[128], 40, 30);
    EXPECT_NEAR(tiers[Tier::reserved], 4'000, 300);
    EXPECT_EQ(orgs.size(), 47U);
    EXPECT_NEAR(orgs["org-1"], 2 * orgs["org-2"], 500);
    EXPECT_TRUE(std::is_sorted(trace.jobs.begin(), trace.jobs.end(),
                               [](auto& a, auto& b) { return a.submit_us < b.submit_us; }));
    EXPECT_EQ(trace.jobs.front().submit_us, 0);
}

}  // namespace
}  // namespace suan::sim
