#include "quantum/run/small.hpp"

#include "quantum/state/naive_testing.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace suan::quantum {
namespace {

TEST(Small, counts_follow_the_distribution_and_never_an_impossible_outcome) {
    std::mt19937_64 random(3);
    for (std::uint32_t qubits = 1; qubits <= 12; ++qubits) {
        SmallCircuit circuit{qubits, {}};
        Naive naive(qubits);
        for (int i = 0; i < 40; ++i) {
            circuit.ops.push_back(random_gate(random, qubits));
            naive.apply(circuit.ops.back());
        }
        constexpr std::uint32_t shots = 200'000;
        SmallRunner runner(best_isa());
        double chi2 = 0;
        double cells = 0;
        std::uint64_t total = 0;
        for (const auto& [basis, n] : runner.run(circuit, shots, 7)) {
            const double p = std::norm(naive.amplitudes()[basis]);
            EXPECT_GT(p, 1e-12) << qubits << " qubits, outcome " << basis;
            total += n;
            if (p * shots < 5) continue;
            chi2 += (n - p * shots) * (n - p * shots) / (p * shots);
            cells += 1;
        }
        EXPECT_EQ(total, shots);
        // Five standard deviations of a chi-squared variable.
        EXPECT_LT(chi2, cells + 5 * std::sqrt(2 * cells) + 10) << qubits << " qubits";
    }
}

TEST(Small, ghz_states_give_two_outcomes_in_a_million_shots) {
    SmallCircuit circuit{10, {make_gate(GateKind::h, {0})}};
    for (std::uint32_t q = 0; q < 9; ++q)
        circuit.ops.push_back(make_gate(GateKind::x, {q, q + 1}, {}, 1));
    SmallRunner runner(best_isa());
    auto counts = runner.run(circuit, 1'000'000, 1);
    std::sort(counts.begin(), counts.end());
    ASSERT_EQ(counts.size(), 2U);
    EXPECT_EQ(counts[0].first, 0U);
    EXPECT_EQ(counts[1].first, 1023U);
    EXPECT_NEAR(counts[0].second, 500'000, 2'500);
}

TEST(Small, the_number_of_threads_changes_nothing) {
    std::vector<SmallCircuit> circuits;
    std::mt19937_64 random(4);
    for (std::uint32_t i = 0; i < 50; ++i) {
        SmallCircuit circuit{2 + i % 6, {}};
        for (int k = 0; k < 20; ++k)
            circuit.ops.push_back(random_gate(random, circuit.qubits));
        circuits.push_back(std::move(circuit));
    }
    Threads one(1);
    Threads four(4);
    EXPECT_EQ(run_small(circuits, 100, 9, best_isa(), one),
              run_small(circuits, 100, 9, best_isa(), four));
}

}  // namespace
}  // namespace suan::quantum
