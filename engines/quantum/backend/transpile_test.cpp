#include "quantum/backend/transpile.hpp"

#include "quantum/backend/noisy_run.hpp"
#include "quantum/run/shared_testing.hpp"
#include "quantum/run/walker.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace suan::quantum {
namespace {

Backend machine(const std::string& name) {
    auto backend = load_backend(backend_folder(), name);
    EXPECT_TRUE(backend) << backend.error().context;
    return std::move(*backend);
}

TEST(Backends, all_three_load_and_wrong_ones_are_refused_with_line_and_field) {
    EXPECT_EQ(list_backends(backend_folder()),
              (std::vector<std::string>{"grid72", "heavy136", "line20"}));
    EXPECT_EQ(machine("line20").qubits.size(), 20U);
    EXPECT_EQ(machine("grid72").qubits.size(), 72U);
    EXPECT_EQ(machine("heavy136").qubits.size(), 136U);
    EXPECT_FALSE(load_backend(backend_folder(), "none"));
    const std::string good = text_of(std::string(std::getenv("SUAN_SOURCE_DIR")) +
                                     "/engines/quantum/backends/line20.yaml");
    const auto broken = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        auto backend = parse_backend("b.yaml", text);
        return backend ? std::string("accepted") : backend.error().context;
    };
    EXPECT_NE(broken("two_qubit: 60", "two_qubit: soon").find("field 'two_qubit'"),
              std::string::npos);
    EXPECT_NE(broken("[0, 1,", "[0, 99,").find("b.yaml:"), std::string::npos);
    EXPECT_NE(broken("[0, 1,", "[0, 0,").find("two different qubits"), std::string::npos);
    EXPECT_NE(broken("t2_us: 269.9", "t2_us: 9999").find("at most twice"), std::string::npos);
    EXPECT_NE(broken("name: line20", "nom: line20").find("'name' is missing"), std::string::npos);
}

// The probabilities of a program, run as it is or on a backend's qubits without noise.
std::map<Key, double> probabilities(const std::string& file, const Backend* backend,
                                    const TranspileOptions& options) {
    auto program = parse(file, text_of(file));
    EXPECT_TRUE(program);
    auto elaborated = Elaborator::create(std::move(*program), {});
    EXPECT_TRUE(elaborated) << elaborated.error().context;
    Threads threads(2);
    WalkOptions walk_options;
    walk_options.exact = true;
    const std::uint32_t qubits = backend == nullptr
                                     ? elaborated->qubits()
                                     : static_cast<std::uint32_t>(backend->qubits.size());
    walk_options.qubits_run = qubits;
    if (backend != nullptr)
        walk_options.prepare = [&](const std::vector<Op>& ops,
                                   Layout& layout) -> Result<std::vector<Op>> {
            auto done = transpile(ops, elaborated->qubits(), *backend, options, layout);
            if (!done) return std::move(done).error();
            for (const Op& op : done->ops) {
                if (op.kind != OpKind::gate || op.qubits.size() != 2) continue;
                EXPECT_LT(backend->error_between(op.qubits[0], op.qubits[1]), 1.0) << file;
            }
            layout = done->final;
            return std::move(done->ops);
        };
    walk_options.make = [&] {
        SimulatorOptions simulator;
        simulator.precision = Precision::dual;
        simulator.isa = best_isa();
        simulator.memory_bytes_max = std::uint64_t{1} << 30;
        return make_simulator(Method::statevector, qubits, simulator, threads);
    };
    auto tally = walk(*elaborated, walk_options);
    EXPECT_TRUE(tally) << tally.error().context;
    return tally ? tally->probabilities : std::map<Key, double>{};
}

// The 20-qubit line, cut to its first qubits so that every circuit is quick to simulate.
Backend short_line(std::uint32_t qubits) {
    Backend line = machine("line20");
    line.qubits.resize(qubits);
    std::erase_if(line.couplings,
                  [&](const Coupling& one) { return one.a >= qubits || one.b >= qubits; });
    return line;
}

TEST(Transpile, never_changes_the_distribution_of_a_shared_program) {
    SUAN_NEEDS_CIRCUITS();
    std::size_t checked = 0;
    for (const auto& path : files_below(shared_circuits(), ".ref.json")) {
        const std::string name = path.string();
        const std::string file = name.substr(0, name.size() - 9) + ".qasm";
        auto program = parse(file, text_of(file));
        auto elaborated = Elaborator::create(std::move(*program), {});
        if (!elaborated || elaborated->qubits() > 12) continue;
        const Backend line = short_line(std::max(2U, elaborated->qubits()));
        const auto wanted = probabilities(file, nullptr, {});
        for (const Router router : {Router::sabre, Router::greedy}) {
            TranspileOptions options;
            options.router = router;
            auto ours = probabilities(file, &line, options);
            for (const auto& [key, p] : wanted)
                EXPECT_NEAR(ours[key], p, 1e-9) << file;
        }
        ++checked;
    }
    EXPECT_GT(checked, 80U);
}

TEST(Transpile, uses_the_basis_only_and_sabre_swaps_less_than_a_greedy_router) {
    SUAN_NEEDS_CIRCUITS();
    const Backend line = machine("line20");
    std::size_t sabre = 0;
    std::size_t greedy = 0;
    for (const auto& path : files_below(shared_circuits() / "qasmbench" / "small", ".qasm")) {
        auto program = parse(path.string(), text_of(path));
        auto elaborated = Elaborator::create(std::move(*program), {});
        if (!elaborated) continue;
        TranspileOptions options;
        auto done = transpile(elaborated->first().ops, elaborated->qubits(), line, options);
        ASSERT_TRUE(done);
        for (const Op& op : done->ops) {
            if (op.kind != OpKind::gate) continue;
            const bool single =
                op.qubits.size() == 1 &&
                (op.gate == GateKind::rz || op.gate == GateKind::sx || op.gate == GateKind::x);
            EXPECT_TRUE(single || (op.gate == GateKind::z && op.controls == 1)) << path;
        }
        sabre += done->swaps;
        options.router = Router::greedy;
        greedy += transpile(elaborated->first().ops, elaborated->qubits(), line, options)->swaps;
    }
    EXPECT_LT(sabre, greedy);
}

TEST(Transpile, cancels_what_cancels) {
    const std::vector<Op> ops = {make_gate(GateKind::h, {0}),
                                 make_gate(GateKind::z, {0, 1}, {}, 1),
                                 make_gate(GateKind::rz, {0}, {0.5, 0, 0}),
                                 make_gate(GateKind::z, {1, 0}, {}, 1),
                                 make_gate(GateKind::rz, {0}, {-0.5, 0, 0}),
                                 make_gate(GateKind::h, {0})};
    EXPECT_TRUE(optimise(ops, 2).empty());
    EXPECT_EQ(size_of(ops).two_qubit, 2U);
}

TEST(Transpile, a_program_that_does_not_fit_is_refused_with_what_would) {
    const Backend line = machine("line20");
    auto done = transpile({}, 21, line, {});
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().context.find("backend line20 has 20"), std::string::npos);
}

TEST(Mitigation, readout_errors_are_inverted) {
    std::vector<QubitCalibration> two(2);
    for (QubitCalibration& q : two) {
        q.readout_0_as_1 = 0.02;
        q.readout_1_as_0 = 0.06;
    }
    // A Bell state's distribution through the confusion, in a million shots.
    std::map<Key, std::uint64_t> counts;
    const double p00 = 0.5 * 0.98 * 0.98 + 0.5 * 0.06 * 0.06;
    const double p11 = 0.5 * 0.94 * 0.94 + 0.5 * 0.02 * 0.02;
    counts[Key{0}] = static_cast<std::uint64_t>(p00 * 1e6);
    counts[Key{3}] = static_cast<std::uint64_t>(p11 * 1e6);
    counts[Key{1}] = counts[Key{2}] = static_cast<std::uint64_t>((1 - p00 - p11) / 2 * 1e6);
    auto fixed = mitigate_readout(counts, 2, two);
    EXPECT_NEAR(fixed[Key{0}], 0.5, 1e-5);
    EXPECT_NEAR(fixed[Key{3}], 0.5, 1e-5);
    EXPECT_NEAR(fixed[Key{1}], 0, 1e-5);
}

TEST(Mitigation, a_straight_line_is_followed_to_no_noise) {
    EXPECT_NEAR(extrapolate({{1, 0.9}, {2, 0.8}, {3, 0.7}}), 1.0, 1e-12);
}

TEST(NoisyRun, readout_errors_alone_have_their_frequency) {
    Backend line = short_line(2);
    for (QubitCalibration& q : line.qubits) {
        q.gate_error = 0;
        q.t1_s = q.t2_s = 1e3;
        q.readout_0_as_1 = 0.1;
        q.readout_1_as_0 = 0.3;
    }
    line.couplings[0].error = 0;
    auto program = parse("p",
                         "OPENQASM 3; include \"stdgates.inc\"; qubit[2] q; bit[2] c; x q[1]; "
                         "c = measure q;");
    NoisyOptions options;
    options.run.shots = 100'000;
    options.run.isa = best_isa();
    options.run.memory_bytes_max = std::uint64_t{1} << 30;
    Threads threads(2);
    auto result = run_on_backend(std::move(*program), line, options, threads);
    ASSERT_TRUE(result) << result.error().context;
    const auto& counts = result->run.tally.counts;
    EXPECT_NEAR(static_cast<double>(counts.at(Key{2})), 1e5 * 0.9 * 0.7, 700);
    EXPECT_NEAR(static_cast<double>(counts.at(Key{0})), 1e5 * 0.9 * 0.3, 700);
    EXPECT_NEAR(static_cast<double>(counts.at(Key{1})), 1e5 * 0.1 * 0.3, 350);
}

}  // namespace
}  // namespace suan::quantum
