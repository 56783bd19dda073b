// Tableau, matrix product state, density matrix and state vector agree where they overlap.
#include "quantum/run/run.hpp"
#include "quantum/run/svd.hpp"
#include "quantum/state/naive_testing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace suan::quantum {
namespace {

SimulatorOptions options() {
    SimulatorOptions out;
    out.precision = Precision::dual;
    out.isa = best_isa();
    out.memory_bytes_max = std::uint64_t{1} << 30;
    return out;
}

Op random_clifford(std::mt19937_64& random, std::uint32_t qubits) {
    const auto a = static_cast<std::uint32_t>(random() % qubits);
    const auto b = static_cast<std::uint32_t>((a + 1 + random() % (qubits - 1)) % qubits);
    const double quarter = std::numbers::pi / 2 * static_cast<double>(random() % 8);
    switch (random() % 12) {
        case 0:
            return make_gate(GateKind::x, {a, b}, {}, 1);
        case 1:
            return make_gate(GateKind::y, {a, b}, {}, 1);
        case 2:
            return make_gate(GateKind::z, {a, b}, {}, 1);
        case 3:
            return make_gate(GateKind::swap, {a, b});
        case 4:
            return make_gate(GateKind::rzz, {a, b}, {quarter, 0, 0});
        case 5:
            return make_gate(GateKind::ryy, {a, b}, {quarter, 0, 0});
        case 6:
            return make_gate(GateKind::rxx, {a, b}, {quarter, 0, 0});
        case 7:
            return make_gate(GateKind::u, {a}, {quarter, quarter * 3, -quarter});
        case 8:
            return make_gate(GateKind::rx, {a}, {quarter, 0, 0});
        default: {
            const GateKind kinds[9] = {GateKind::h,  GateKind::s,    GateKind::sdg,
                                       GateKind::sx, GateKind::sxdg, GateKind::x,
                                       GateKind::y,  GateKind::z,    GateKind::ry};
            const GateKind kind = kinds[random() % 9];
            return make_gate(kind, {a}, {kind == GateKind::ry ? quarter : 0, 0, 0});
        }
    }
}

std::map<Key, double> distribution_of(Simulator& state, std::uint32_t qubits) {
    std::vector<std::uint32_t> all(qubits);
    for (std::uint32_t q = 0; q < qubits; ++q)
        all[q] = q;
    std::map<Key, double> out;
    EXPECT_TRUE(state.distribution(all, [&](const Key& key, double p) { out[key] += p; }));
    return out;
}

void expect_same(const std::vector<Op>& ops, std::uint32_t qubits, Method method,
                 double tolerance) {
    Threads threads(1);
    auto ours = make_simulator(method, qubits, options(), threads);
    auto wanted = make_simulator(Method::statevector, qubits, options(), threads);
    ASSERT_TRUE(ours && wanted);
    for (const Op& op : ops) {
        ASSERT_TRUE((*ours)->apply(op)) << name_of(op.gate);
        (*wanted)->apply(op);
    }
    auto a = distribution_of(**ours, qubits);
    for (const auto& [key, p] : distribution_of(**wanted, qubits))
        EXPECT_NEAR(a[key], p, tolerance) << name_of(method);
    std::mt19937_64 random(1);
    for (int i = 0; i < 12; ++i) {
        std::vector<std::uint32_t> x;
        std::vector<std::uint32_t> z;
        for (std::uint32_t q = 0; q < qubits; ++q) {
            if (random() % 2 == 0) x.push_back(q);
            if (random() % 2 == 0) z.push_back(q);
        }
        EXPECT_NEAR((*ours)->pauli(x, z), (*wanted)->pauli(x, z), tolerance) << name_of(method);
    }
    for (std::uint32_t q = 0; q < qubits; ++q)
        EXPECT_NEAR((*ours)->probability_one(q), (*wanted)->probability_one(q), tolerance);
}

TEST(Methods, a_tableau_agrees_with_the_state_vector) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 60; ++round) {
        const auto qubits = static_cast<std::uint32_t>(2 + round % 6);
        std::vector<Op> ops;
        for (int i = 0; i < 40; ++i)
            ops.push_back(random_clifford(random, qubits));
        expect_same(ops, qubits, Method::stabilizer, 1e-10);
    }
}

TEST(Methods, a_tableau_projects_like_the_state_vector) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 30; ++round) {
        Threads threads(1);
        auto a = make_tableau(5);
        auto b = make_simulator(Method::statevector, 5, options(), threads);
        for (int step = 0; step < 6; ++step) {
            for (int i = 0; i < 10; ++i) {
                const Op op = random_clifford(random, 5);
                a->apply(op);
                (*b)->apply(op);
            }
            const auto q = static_cast<std::uint32_t>(random() % 5);
            const double p = (*b)->probability_one(q);
            EXPECT_NEAR(a->probability_one(q), p, 1e-9);
            const bool value = p > 0.75 || (p > 0.25 && random() % 2 == 0);
            a->project(q, value, value ? p : 1 - p);
            (*b)->project(q, value, value ? p : 1 - p);
        }
        auto wanted = distribution_of(**b, 5);
        for (const auto& [key, p] : distribution_of(*a, 5))
            EXPECT_NEAR(wanted[key], p, 1e-9);
    }
}

TEST(Methods, a_tableau_refuses_what_is_not_clifford) {
    auto state = make_tableau(3);
    EXPECT_FALSE(state->apply(make_gate(GateKind::t, {0})));
    EXPECT_FALSE(state->apply(make_gate(GateKind::rz, {0}, {0.1, 0, 0})));
    EXPECT_FALSE(state->apply(make_gate(GateKind::x, {0, 1, 2}, {}, 2)));
    EXPECT_FALSE(state->apply(make_gate(GateKind::h, {0, 1}, {}, 1)));
}

TEST(Methods, a_matrix_product_state_and_a_density_matrix_agree_with_the_state_vector) {
    std::mt19937_64 random(4);
    for (int round = 0; round < 16; ++round) {
        const auto qubits = static_cast<std::uint32_t>(1 + round % 7);
        std::vector<Op> ops;
        for (int i = 0; i < 30; ++i)
            ops.push_back(random_gate(random, qubits));
        expect_same(ops, qubits, Method::mps, 1e-6);
        if (qubits <= 5) expect_same(ops, qubits, Method::density, 1e-9);
    }
}

TEST(Methods, a_narrow_matrix_product_state_says_what_it_lost) {
    SimulatorOptions narrow = options();
    narrow.bond_max = 2;
    auto state = make_mps(8, narrow);
    std::mt19937_64 random(5);
    for (int i = 0; i < 60; ++i)
        state->apply(random_gate(random, 8));
    EXPECT_GT(state->error_estimate(), 1e-3);
    EXPECT_LT(state->error_estimate(), 1);
}

TEST(Methods, a_thousand_qubits_are_sampled_from_a_tableau) {
    auto state = make_tableau(1000);
    state->apply(make_gate(GateKind::h, {0}));
    for (std::uint32_t q = 0; q + 1 < 1000; ++q)
        state->apply(make_gate(GateKind::x, {q, q + 1}, {}, 1));
    std::vector<std::uint32_t> all(1000);
    for (std::uint32_t q = 0; q < 1000; ++q)
        all[q] = q;
    Random random(1);
    std::vector<Key> shots;
    state->sample(all, 200, random, shots);
    std::size_t ones = 0;
    for (const Key& key : shots) {
        for (std::size_t q = 0; q < 1000; ++q)
            ASSERT_EQ(key_bit(key, q), key_bit(key, 0));
        ones += key_bit(key, 0) ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(ones), 100, 40);
}

TEST(Svd, gives_the_matrix_back) {
    std::mt19937_64 random(6);
    std::normal_distribution<double> normal;
    for (const auto& [rows, columns] :
         {std::pair<std::size_t, std::size_t>{5, 3}, {3, 7}, {4, 4}}) {
        std::vector<Complex> a(rows * columns);
        for (Complex& x : a)
            x = {normal(random), normal(random)};
        const Svd svd = decompose(a, rows, columns);
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < columns; ++c) {
                Complex sum = 0;
                for (std::size_t k = 0; k < svd.s.size(); ++k)
                    sum += svd.u[r * svd.s.size() + k] * svd.s[k] * svd.v[k * columns + c];
                EXPECT_LT(std::abs(sum - a[r * columns + c]), 1e-12);
            }
    }
}

RunOptions shots_options() {
    RunOptions out;
    out.isa = best_isa();
    out.memory_bytes_max = std::uint64_t{1} << 28;
    return out;
}

std::string refusal(const std::string& text, const RunOptions& run_options) {
    Threads threads(1);
    auto program = parse("p.qasm", text);
    if (!program) return program.error().context;
    auto result = run_program(std::move(*program), run_options, threads);
    return result ? "" : result.error().context;
}

TEST(Run, what_does_not_fit_is_refused_before_work_starts_with_what_would) {
    RunOptions run_options = shots_options();
    run_options.method = Method::statevector;
    EXPECT_NE(refusal("OPENQASM 2.0; include \"qelib1.inc\"; qreg q[35]; h q;", run_options)
                  .find("in which 24 qubits fit"),
              std::string::npos);
    run_options.method = Method::density;
    EXPECT_NE(refusal("OPENQASM 2.0; include \"qelib1.inc\"; qreg q[15]; h q;", run_options)
                  .find("in which 11 qubits fit"),
              std::string::npos);
    run_options = shots_options();
    run_options.shots = 0;
    EXPECT_NE(refusal("qubit q;", run_options).find("at least 1"), std::string::npos);
    run_options = shots_options();
    run_options.method = Method::stabilizer;
    EXPECT_NE(refusal("OPENQASM 2.0; include \"qelib1.inc\"; qreg q[2];\nt q;", run_options)
                  .find("p.qasm:2:1: this gate is beyond the method"),
              std::string::npos);
    run_options = shots_options();
    run_options.observables = {"ZQ"};
    EXPECT_NE(refusal("qubit[2] q;", run_options).find("I, X, Y or Z"), std::string::npos);
}

TEST(Run, the_same_seed_gives_the_same_counts_on_any_number_of_threads) {
    const std::string text =
        "OPENQASM 2.0; include \"qelib1.inc\"; qreg q[6]; creg c[6]; h q; cx q[0], q[3]; "
        "rx(0.7) q[2]; measure q[0] -> c[0]; if (c == 1) x q[5]; ry(1.1) q[5]; measure q -> c;";
    std::map<Key, std::uint64_t> first;
    for (const unsigned count : {1U, 2U, 4U}) {
        Threads threads(count);
        auto program = parse("p", text);
        auto result = run_program(std::move(*program), shots_options(), threads);
        ASSERT_TRUE(result) << result.error().context;
        if (count == 1) first = result->tally.counts;
        EXPECT_EQ(result->tally.counts, first);
    }
}

TEST(Run, observables_have_their_value_and_their_error) {
    RunOptions run_options = shots_options();
    run_options.observables = {"0.5*ZZ - 2*XI", "YY"};
    Threads threads(1);
    auto program =
        parse("p", "OPENQASM 2.0; include \"qelib1.inc\"; qreg q[2]; h q[0]; cx q[0], q[1];");
    auto result = run_program(std::move(*program), run_options, threads);
    ASSERT_TRUE(result) << result.error().context;
    EXPECT_NEAR(result->observables[0].value, 0.5, 1e-6);
    EXPECT_NEAR(result->observables[0].error, 2 / std::sqrt(1024.0), 1e-4);
    EXPECT_NEAR(result->observables[1].value, -1, 1e-6);
}

}  // namespace
}  // namespace suan::quantum
