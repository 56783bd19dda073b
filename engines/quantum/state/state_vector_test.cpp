#include "quantum/state/state_vector.hpp"

#include "quantum/state/naive_testing.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace suan::quantum {
namespace {

// The largest difference of amplitudes, after the global phase has been taken out.
template <typename Real>
double difference(StateVector<Real>& state, const std::vector<Complex>& wanted) {
    Complex overlap = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        overlap += std::conj(wanted[i]) * state.amplitude(i);
    const Complex phase = std::abs(overlap) > 0 ? overlap / std::abs(overlap) : 1;
    double most = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        most = std::max(most, std::abs(state.amplitude(i) - phase * wanted[i]));
    return most;
}

std::vector<Isa> isas() {
    std::vector<Isa> all;
    for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
        if (has_isa(isa)) all.push_back(isa);
    return all;
}

template <typename Real>
void check_random(std::uint32_t qubits, std::size_t gates, std::uint64_t seed, double tolerance) {
    for (const Isa isa : isas()) {
        Threads threads(2);
        auto state = StateVector<Real>::create(qubits, isa, threads);
        ASSERT_TRUE(state);
        Naive naive(qubits);
        std::mt19937_64 random(seed);
        std::vector<Op> ops;
        for (std::size_t i = 0; i < gates; ++i) {
            ops.push_back(random_gate(random, qubits));
            naive.apply(ops.back());
        }
        // In pieces, so that frames and scales are carried over.
        const std::span<const Op> all(ops);
        state->apply(all.first(gates / 3));
        state->apply(all.subspan(gates / 3));
        EXPECT_LT(difference(*state, naive.amplitudes()), tolerance)
            << name_of(isa) << " " << qubits << " qubits, seed " << seed;
        EXPECT_NEAR(state->total(), 1, tolerance);
    }
}

TEST(StateVector, every_kind_of_gate_on_every_qubit_agrees_with_the_matrix) {
    for (const Isa isa : isas()) {
        Threads threads(1);
        for (std::uint32_t kind = 0; kind < 21; ++kind) {
            for (std::uint32_t target = 0; target < 6; ++target) {
                for (std::uint32_t controls = 0; controls < 3; ++controls) {
                    Op op;
                    op.gate = static_cast<GateKind>(kind);
                    op.controls = controls;
                    op.params = {0.7, -1.9, 2.6};
                    const std::uint32_t needed = controls + target_count(op.gate);
                    for (std::uint32_t i = 0; i < needed; ++i)
                        op.qubits.push_back((target + i) % 6);
                    auto state = StateVector<double>::create(6, isa, threads);
                    Naive naive(6);
                    std::vector<Op> ops;
                    for (std::uint32_t q = 0; q < 6; ++q)
                        ops.push_back(make_gate(GateKind::u, {q}, {0.4 + q, 0.3 * q, 1.1 - q}));
                    ops.push_back(op);
                    for (const Op& one : ops)
                        naive.apply(one);
                    state->apply(ops);
                    EXPECT_LT(difference(*state, naive.amplitudes()), 1e-12)
                        << name_of(op.gate) << " target " << target << " controls " << controls;
                }
            }
        }
    }
}

TEST(StateVector, random_circuits_agree_with_the_naive_simulator) {
    for (std::uint32_t qubits = 1; qubits <= 13; ++qubits)
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
            check_random<double>(qubits, 120, seed, 1e-11);
            check_random<float>(qubits, 120, seed, 2e-5);
        }
}

TEST(StateVector, states_larger_than_a_block_agree_too) {
    check_random<double>(18, 90, 1, 1e-11);
    check_random<float>(19, 90, 2, 2e-5);
}

TEST(StateVector, a_controlled_x_pair_around_phases_is_the_same_as_without_the_shortcut) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 300; ++round) {
        // Few qubits and few kinds make the pattern frequent.
        std::vector<Op> ops;
        for (int i = 0; i < 30; ++i) {
            const auto a = static_cast<std::uint32_t>(random() % 4);
            const auto b = static_cast<std::uint32_t>((a + 1 + random() % 3) % 4);
            switch (random() % 7) {
                case 0:
                    ops.push_back(make_gate(GateKind::rz, {a}, {0.3 + i * 0.1, 0, 0}));
                    break;
                case 1:
                    ops.push_back(make_gate(GateKind::z, {a, b}, {}, 1));
                    break;
                case 2:
                    ops.push_back(make_gate(GateKind::h, {a}));
                    break;
                case 3:
                    ops.push_back(make_gate(GateKind::x, {a}));
                    break;
                default:
                    ops.push_back(make_gate(GateKind::x, {a, b}, {}, 1));
            }
        }
        Threads threads(1);
        auto state = StateVector<double>::create(4, best_isa(), threads);
        Naive naive(4);
        for (const Op& op : ops)
            naive.apply(op);
        state->apply(ops);
        ASSERT_LT(difference(*state, naive.amplitudes()), 1e-12) << "round " << round;
    }
}

TEST(StateVector, a_many_controlled_gate_reads_flipped_bits) {
    Threads threads(1);
    auto state = StateVector<double>::create(9, best_isa(), threads);
    Naive naive(9);
    std::vector<Op> ops;
    for (std::uint32_t q = 0; q < 8; ++q) {
        ops.push_back(make_gate(GateKind::h, {q}));
        ops.push_back(make_gate(GateKind::rz, {q}, {0.1 * q, 0, 0}));
        ops.push_back(make_gate(GateKind::x, {q}));
    }
    ops.push_back(make_gate(GateKind::x, {0, 1, 2, 3, 4, 5, 6, 7, 8}, {}, 8));
    ops.push_back(make_gate(GateKind::h, {3}));
    for (const Op& op : ops)
        naive.apply(op);
    state->apply(ops);
    EXPECT_LT(difference(*state, naive.amplitudes()), 1e-12);
}

TEST(StateVector, projecting_and_reading_probabilities_follow_flips_and_swaps) {
    Threads threads(1);
    for (std::uint32_t qubits : {3U, 9U, 14U}) {
        auto state = StateVector<double>::create(qubits, best_isa(), threads);
        const std::vector<Op> ops = {
            make_gate(GateKind::ry, {0}, {1.2, 0, 0}), make_gate(GateKind::x, {1}),
            make_gate(GateKind::x, {0, qubits - 1}, {}, 1), make_gate(GateKind::swap, {0, 1})};
        state->apply(ops);
        const double p = std::sin(0.6) * std::sin(0.6);
        EXPECT_NEAR(state->probability_one(0), 1, 1e-12);
        EXPECT_NEAR(state->probability_one(1), p, 1e-12);
        EXPECT_NEAR(state->probability_one(qubits - 1), p, 1e-12);
        state->project(1, true);
        EXPECT_NEAR(state->total(), p, 1e-12);
        state->normalise();
        EXPECT_NEAR(state->probability_one(qubits - 1), 1, 1e-12);
    }
}

TEST(StateVector, draws_follow_the_numbers) {
    Threads threads(1);
    auto state = StateVector<float>::create(2, best_isa(), threads);
    const std::vector<Op> ops = {make_gate(GateKind::ry, {0}, {2 * std::asin(0.5), 0, 0})};
    state->apply(ops);
    std::vector<std::uint64_t> drawn;
    const std::vector<double> numbers = {0.0, 0.74, 0.76, 0.999999999};
    state->draw(numbers, drawn);
    ASSERT_EQ(drawn.size(), 4U);
    EXPECT_EQ(state->logical(drawn[0]), 0U);
    EXPECT_EQ(state->logical(drawn[1]), 0U);
    EXPECT_EQ(state->logical(drawn[2]), 1U);
    EXPECT_EQ(state->logical(drawn[3]), 1U);
}

TEST(StateVector, pauli_expectations_have_their_textbook_values) {
    Threads threads(1);
    auto state = StateVector<double>::create(2, best_isa(), threads);
    const std::vector<Op> ops = {make_gate(GateKind::h, {0}), make_gate(GateKind::x, {0, 1}, {}, 1),
                                 make_gate(GateKind::p, {0}, {0.4, 0, 0})};
    state->apply(ops);
    EXPECT_NEAR(state->pauli(0, 3), 1, 1e-12);               // ZZ
    EXPECT_NEAR(state->pauli(3, 0), std::cos(0.4), 1e-12);   // XX
    EXPECT_NEAR(state->pauli(3, 3), -std::cos(0.4), 1e-12);  // YY
    EXPECT_NEAR(state->pauli(3, 1), std::sin(0.4), 1e-12);   // YX
    EXPECT_NEAR(state->pauli(0, 1), 0, 1e-12);
}

}  // namespace
}  // namespace suan::quantum
