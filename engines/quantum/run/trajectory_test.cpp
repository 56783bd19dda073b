// Noise against closed forms, and trajectories against the density matrix.
#include "quantum/run/trajectory.hpp"

#include "quantum/backend/noise.hpp"
#include "quantum/state/naive_testing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace suan::quantum {
namespace {

constexpr double pi = std::numbers::pi;

TrajectoryResult shots_of(const std::vector<Op>& ops, std::uint32_t qubits, std::uint64_t shots,
                          unsigned threads = 2) {
    TrajectoryOptions options;
    options.shots = shots;
    options.seed = 5;
    options.threads = threads;
    options.simulator.isa = best_isa();
    options.simulator.memory_bytes_max = std::uint64_t{1} << 30;
    auto result = run_trajectories(ops, qubits, options);
    EXPECT_TRUE(result);
    return std::move(*result);
}

double fraction_of_ones(const TrajectoryResult& result, std::uint32_t qubit) {
    double ones = 0;
    for (const std::uint64_t basis : result.basis)
        ones += static_cast<double>(basis >> qubit & 1);
    return ones / static_cast<double>(result.basis.size());
}

constexpr std::uint64_t shots = 40'000;
// Four standard deviations of a fraction.
double tolerance(double p) {
    return 4 * std::sqrt(p * (1 - p) / static_cast<double>(shots)) + 1e-6;
}

TEST(Noise, an_excited_qubit_decays_with_t1) {
    for (const double time : {20e-6, 200e-6, 700e-6}) {
        std::vector<Op> ops = {make_gate(GateKind::x, {0})};
        for (int i = 0; i < 10; ++i)
            add_relaxation(ops, 0, time / 10, 500e-6, 300e-6);
        const double p = std::exp(-time / 500e-6);
        EXPECT_NEAR(fraction_of_ones(shots_of(ops, 1, shots), 0), p, tolerance(p)) << time;
    }
}

TEST(Noise, ramsey_fringes_decay_with_t2) {
    const double t2 = 300e-6;
    for (const double time : {30e-6, 150e-6, 400e-6}) {
        for (const double phase : {0.0, pi / 3}) {
            std::vector<Op> ops = {make_gate(GateKind::h, {0})};
            for (int i = 0; i < 10; ++i)
                add_relaxation(ops, 0, time / 10, 500e-6, t2);
            ops.push_back(make_gate(GateKind::rz, {0}, {phase, 0, 0}));
            ops.push_back(make_gate(GateKind::h, {0}));
            const double p = (1 - std::cos(phase) * std::exp(-time / t2)) / 2;
            EXPECT_NEAR(fraction_of_ones(shots_of(ops, 1, shots), 0), p, tolerance(p))
                << time << " " << phase;
        }
    }
}

TEST(Noise, randomised_benchmarking_gives_back_the_error_that_was_put_in) {
    // Random Cliffords and their inverse, each with a depolarising error: survival is
    // 1/2 + 1/2 f^m with f = 1 - 4 e / 3.
    const double error = 0.004;
    std::mt19937_64 random(8);
    for (const int length : {20, 80}) {
        double survived = 0;
        constexpr int sequences = 8;
        for (int sequence = 0; sequence < sequences; ++sequence) {
            std::vector<Op> ops;
            std::vector<Op> gates;
            for (int i = 0; i < length; ++i) {
                const GateKind kinds[4] = {GateKind::h, GateKind::s, GateKind::sx, GateKind::y};
                gates.push_back(make_gate(kinds[random() % 4], {0}));
                ops.push_back(gates.back());
                ops.push_back(make_channel(Channel::pauli, {0}, {error / 3, error / 3, error / 3}));
            }
            for (auto gate = gates.rbegin(); gate != gates.rend(); ++gate)
                ops.push_back(inverse(*gate));
            survived += 1 - fraction_of_ones(shots_of(ops, 1, shots), 0);
        }
        survived /= sequences;
        const double wanted = 0.5 + 0.5 * std::pow(1 - 4 * error / 3, length);
        EXPECT_NEAR(survived, wanted, 0.004) << length;
    }
}

TEST(Noise, trajectories_agree_with_the_density_matrix) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 4; ++round) {
        constexpr std::uint32_t n = 3;
        std::vector<Op> ops;
        auto density = make_density(n);
        for (int i = 0; i < 25; ++i) {
            ops.push_back(random_gate(random, n));
            const auto q = static_cast<std::uint32_t>(random() % n);
            ops.push_back(make_channel(Channel::damping, {q}, {0.03, 0, 0}));
            ops.push_back(make_channel(Channel::pauli, {q}, {0.01, 0.002, 0.02}));
            ops.push_back(make_channel(Channel::depolarising, {q, (q + 1) % n}, {0.02, 0, 0}));
        }
        for (const Op& op : ops)
            density->apply(op);
        const auto result = shots_of(ops, n, shots);
        std::array<double, 8> seen{};
        for (const std::uint64_t basis : result.basis)
            seen[basis] += 1.0 / static_cast<double>(shots);
        const std::uint32_t all[3] = {0, 1, 2};
        EXPECT_TRUE(density->distribution(all, [&](const Key& key, double p) {
            EXPECT_NEAR(seen[key[0]], p, tolerance(p)) << round << " " << key[0];
        }));
        EXPECT_LT(density->error_estimate(), 1e-9);
    }
}

TEST(Noise, the_number_of_threads_changes_nothing_and_quiet_shots_are_shared) {
    std::vector<Op> ops;
    for (int layer = 0; layer < 5; ++layer)
        for (std::uint32_t q = 0; q < 5; ++q) {
            ops.push_back(make_gate(GateKind::ry, {q}, {0.3 + q, 0, 0}));
            ops.push_back(make_gate(GateKind::x, {q, (q + 1) % 5}, {}, 1));
            ops.push_back(make_channel(Channel::damping, {q}, {2e-3, 0, 0}));
        }
    const auto one = shots_of(ops, 5, 2'000, 1);
    EXPECT_EQ(one.basis, shots_of(ops, 5, 2'000, 3).basis);
    // 25 channels of 0.002: 95 % of the shots see none of them.
    EXPECT_NEAR(static_cast<double>(one.shared), 2'000 * std::pow(0.998, 25), 60);
}

}  // namespace
}  // namespace suan::quantum
