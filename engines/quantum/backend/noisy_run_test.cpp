#include "quantum/backend/noisy_run.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace suan::quantum {
namespace {

// Three qubits in a line that never err.
Backend quiet_line() {
    Backend b;
    b.name = "quiet";
    b.one_qubit_s = 35e-9;
    b.two_qubit_s = 70e-9;
    b.readout_s = 1e-6;
    b.reset_s = 1e-6;
    for (int i = 0; i < 3; ++i) {
        QubitCalibration q;
        q.t1_s = q.t2_s = 1e6;
        b.qubits.push_back(q);
    }
    b.couplings = {{0, 1, 0}, {1, 2, 0}};
    return b;
}

NoisyOptions options_for(std::uint64_t shots) {
    NoisyOptions options;
    options.run.shots = shots;
    options.run.isa = best_isa();
    options.run.memory_bytes_max = std::uint64_t{1} << 30;
    return options;
}

Result<NoisyResult> run_text(const std::string& body, const Backend& backend,
                             const NoisyOptions& options, unsigned threads = 2) {
    auto program = parse("p", "OPENQASM 3; include \"stdgates.inc\"; " + body);
    EXPECT_TRUE(program) << program.error().context;
    Threads workers(threads);
    return run_on_backend(std::move(*program), backend, options, workers);
}

double frequency(const NoisyResult& result, std::uint64_t key) {
    const auto& counts = result.run.tally.counts;
    const auto found = counts.find(Key{key});
    return found == counts.end()
               ? 0
               : static_cast<double>(found->second) / static_cast<double>(result.run.shots);
}

constexpr const char* teleport =
    "qubit[3] q; bit a; bit b; bit c; ry(1.1) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0]; "
    "a = measure q[0]; b = measure q[1]; if (b) { x q[2]; } if (a) { z q[2]; } ry(-1.1) q[2]; "
    "c = measure q[2];";

TEST(NoisyRun, a_program_that_decides_on_outcomes_runs_on_a_backend) {
    auto result = run_text(teleport, quiet_line(), options_for(4000));
    ASSERT_TRUE(result) << result.error().context;
    // The state arrives whole: c is 0, whatever a and b were.
    for (const auto& [key, n] : result->run.tally.counts)
        EXPECT_EQ(key[0] >> 2, 0U);
    for (const std::uint64_t ab : {0U, 1U, 2U, 3U})
        EXPECT_NEAR(frequency(*result, ab), 0.25, 0.04);
}

TEST(NoisyRun, decisions_follow_what_was_read_and_not_what_was) {
    Backend b = quiet_line();
    for (QubitCalibration& q : b.qubits)
        q.readout_0_as_1 = 0.2;
    auto result =
        run_text("qubit[2] q; bit a; bit b; a = measure q[0]; if (a) { x q[1]; } b = measure q[1];",
                 b, options_for(100'000));
    ASSERT_TRUE(result) << result.error().context;
    // a reads 1 by error, then q[1] is flipped and read rightly.
    EXPECT_NEAR(frequency(*result, 0b11), 0.2, 0.006);
    EXPECT_NEAR(frequency(*result, 0b10), 0.8 * 0.2, 0.006);
    EXPECT_NEAR(frequency(*result, 0b01), 0, 1e-12);
}

TEST(NoisyRun, a_qubit_decays_while_another_is_read) {
    Backend b = quiet_line();
    for (QubitCalibration& q : b.qubits) {
        q.t1_s = 2e-6;
        q.t2_s = 4e-6;
    }
    // The second part begins when the first is over: q[1] waits for the readout of q[0].
    auto result = run_text(
        "qubit[2] q; bit a; bit b; h q[0]; x q[1]; barrier q; a = measure q[0]; "
        "if (a) { x q[0]; } x q[1]; x q[1]; barrier q; b = measure q[1];",
        b, options_for(40'000));
    ASSERT_TRUE(result) << result.error().context;
    const double ones = frequency(*result, 0b10) + frequency(*result, 0b11);
    EXPECT_LT(ones, std::exp(-0.9e-6 / 2e-6));
    EXPECT_GT(ones, std::exp(-1.5e-6 / 2e-6));
}

TEST(NoisyRun, a_reset_gives_zero_again) {
    auto result = run_text("qubit q; bit a; bit b; h q; a = measure q; reset q; b = measure q;",
                           quiet_line(), options_for(10'000));
    ASSERT_TRUE(result) << result.error().context;
    EXPECT_NEAR(frequency(*result, 0), 0.5, 0.02);
    EXPECT_NEAR(frequency(*result, 1), 0.5, 0.02);
}

TEST(NoisyRun, decisions_give_the_same_counts_on_any_number_of_threads) {
    Backend b = quiet_line();
    for (QubitCalibration& q : b.qubits)
        q.gate_error = q.readout_0_as_1 = q.readout_1_as_0 = 0.03;
    auto one = run_text(teleport, b, options_for(3000), 1);
    auto three = run_text(teleport, b, options_for(3000), 3);
    ASSERT_TRUE(one && three);
    EXPECT_EQ(one->run.tally.counts, three->run.tally.counts);
}

TEST(NoisyRun, observables_shrink_by_the_error_put_in_and_mitigation_undoes_it) {
    Backend b = quiet_line();
    for (QubitCalibration& q : b.qubits) {
        q.gate_error = 0.01;
        q.readout_0_as_1 = 0.02;
        q.readout_1_as_0 = 0.06;
    }
    const std::string ten =
        "qubit q; x q; x q; barrier q; x q; barrier q; x q; barrier q; x q; barrier q; x q; "
        "barrier q; "
        "x q; barrier q; x q; barrier q; x q; barrier q; x q;";
    NoisyOptions options = options_for(200'000);
    options.transpile.level = 0;
    options.run.observables = {"Z"};
    // X or Y happens with 2/3 of a gate's error and turns Z around.
    const double ideal = std::pow(1 - 4.0 / 3 * 0.01, 10);
    auto raw = run_text(ten, b, options);
    ASSERT_TRUE(raw) << raw.error().context;
    const double read = (1 - 0.02 - 0.06) * ideal + (0.06 - 0.02);
    EXPECT_NEAR(raw->observables[0].value, read, 5 * raw->observables[0].error);
    EXPECT_NEAR(raw->observables[0].error, std::sqrt((1 - read * read) / 200'000), 1e-4);
    options.mitigate_readout = true;
    auto corrected = run_text(ten, b, options);
    EXPECT_NEAR(corrected->observables[0].value, ideal, 5 * corrected->observables[0].error);
    options.extrapolate = true;
    auto extrapolated = run_text(ten, b, options);
    ASSERT_EQ(extrapolated->observables[0].points.size(), 3U);
    // A straight line through an exponential leaves its second order.
    EXPECT_NEAR(extrapolated->observables[0].value, 1, 0.03);
    EXPECT_LT(std::abs(1 - extrapolated->observables[0].value), (1 - ideal) / 2);
    EXPECT_GT(extrapolated->observables[0].error, corrected->observables[0].error);
}

TEST(NoisyRun, a_bell_pair_is_correlated_in_every_basis) {
    NoisyOptions options = options_for(2000);
    options.run.observables = {"XX", "ZZ", "YY", "0.5*XX - 0.5*YY + II"};
    auto result = run_text("qubit[2] q; h q[0]; cx q[0], q[1];", quiet_line(), options);
    ASSERT_TRUE(result) << result.error().context;
    EXPECT_EQ(result->observables[0].value, 1);
    EXPECT_EQ(result->observables[1].value, 1);
    EXPECT_EQ(result->observables[2].value, -1);
    EXPECT_EQ(result->observables[3].value, 2);
}

TEST(NoisyRun, what_does_not_go_together_is_refused) {
    NoisyOptions options = options_for(10);
    EXPECT_FALSE(run_text("qubit q; h q;", quiet_line(), options));
    options.extrapolate = true;
    EXPECT_FALSE(run_text("qubit q; bit c; c = measure q;", quiet_line(), options));
    options.extrapolate = false;
    options.run.observables = {"Z"};
    EXPECT_FALSE(run_text("qubit q; bit c; c = measure q;", quiet_line(), options));
    options.run.observables = {};
    options.mitigate_readout = true;
    EXPECT_FALSE(run_text(teleport, quiet_line(), options));
    options.mitigate_readout = false;
    options.run.shots = 0;
    EXPECT_FALSE(run_text("qubit q; bit c; c = measure q;", quiet_line(), options));
}

}  // namespace
}  // namespace suan::quantum
