#include "sim/fault/options.hpp"

#include <gtest/gtest.h>

namespace suan::sim {
namespace {

// Fixed seeds, short: the long search is tests/e2e/simulation.sh. Each found a defect once.
TEST(Simulation, all_rules_hold_for_the_fixed_seeds) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SimulationOptions options;
        options.seed = seed;
        options.steps = 150;
        const SimulationReport report = simulate_apart(options);
        EXPECT_TRUE(report.held()) << report.text() << "\n" << report.failure;
        EXPECT_GT(report.leases, 0U) << seed;
    }
}

TEST(Simulation, one_seed_is_one_run) {
    SimulationOptions options;
    options.seed = 5;
    options.steps = 100;
    const SimulationReport once = simulate(options);
    const SimulationReport again = simulate(options);
    EXPECT_EQ(once.text(), again.text());
    EXPECT_EQ(once.state_digest, again.state_digest);
    EXPECT_NE(once.state_digest, "");
}

TEST(Simulation, a_world_without_faults_has_none) {
    SimulationOptions options;
    options.seed = 3;
    options.steps = 100;
    options.faults = 0;
    const SimulationReport report = simulate(options);
    EXPECT_TRUE(report.held()) << report.failure;
    EXPECT_EQ(report.faults, 0U);
    EXPECT_EQ(report.kills, 0U);
}

}  // namespace
}  // namespace suan::sim
