// Made-up workloads, the same on every machine for the same options: an own integer generator
// (xoshiro256**, seeded by splitmix64), integer ratios and tables, no floating point.
//
// * Organisations differ in size: org k submits in proportion to 1 / (k + 1) (Zipf), projects and
//   members of one org evenly.
// * Durations are drawn from bands, evenly inside a band. The default bands follow Philly's spread:
//   half below 20 minutes, one in a hundred above three days.
// * Gaps between submissions are exponential (from a table), stretched so that
//   sum(devices x milli x duration) over the span of submissions is `load_per_mille` of `devices`.
#pragma once

#include "sim/traces/trace.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::sim {

// xoshiro256** of Blackman and Vigna, https://prng.di.unimi.it/xoshiro256starstar.c
class Rng {
public:
    explicit Rng(std::uint64_t seed);
    std::uint64_t next();
    // From 0 to bound - 1; 1 <= bound <= 2^32 (asserted). The bias is below 2^-32 x bound.
    std::uint64_t below(std::uint64_t bound);
    // Whether an event of this probability happens.
    enum class Chance : std::uint8_t { no, yes };
    Chance per_mille(std::uint32_t probability);

private:
    std::uint64_t state_[4];
};

struct GangWeight {
    std::uint32_t devices = 1;
    std::uint32_t weight = 1;
};

struct DurationBand {
    std::int64_t min_s = 1;  // included
    std::int64_t max_s = 1;  // included
    std::uint32_t weight = 1;
};

struct TierWeight {
    Tier tier = Tier::standard;
    std::uint32_t weight = 1;
};

struct GenerateOptions {
    std::uint64_t seed = 1;
    std::uint32_t jobs = 10'000;         // 1..trace_rows_max
    std::uint32_t orgs = 47;             // 1..orgs_max
    std::uint32_t projects_per_org = 4;  // 1..projects_per_org_max
    std::uint32_t members_per_org = 16;  // 1..members_per_org_max
    std::vector<std::string> pools;      // jobs spread evenly; empty leaves them to any pool
    std::uint32_t devices = 3'920;       // what the load refers to
    std::uint32_t load_per_mille = 850;
    std::uint32_t devices_per_node = 8;
    std::vector<GangWeight> gangs{{1, 600}, {2, 120}, {4, 110}, {8, 120},
                                  {16, 30}, {32, 12}, {64, 6},  {128, 2}};
    std::vector<DurationBand> durations{{1, 9, 30},
                                        {10, 59, 100},
                                        {60, 299, 180},
                                        {300, 1'199, 200},
                                        {1'200, 3'599, 170},
                                        {3'600, 21'599, 170},
                                        {21'600, 86'399, 110},
                                        {86'400, 259'199, 30},
                                        {259'200, 864'000, 10}};
    std::vector<TierWeight> tiers{{Tier::reserved, 200}, {Tier::standard, 650}, {Tier::spot, 150}};
    std::uint32_t shared_per_mille =
        0;  // of the jobs with one device, ask for 100..900 milli of it
    std::uint32_t failed_per_mille = 50;  // end with exit code 1
    std::uint32_t overrun_per_mille = 0;  // ask for less wall time than they need
};

// `options` out of the ranges given, or without a positive weight, are a bug (asserted). A gang of
// more devices than a node is cut by split_gang(). Ids are "job-1", "job-2", ... by submission.
Trace generate(const GenerateOptions& options);

}  // namespace suan::sim
