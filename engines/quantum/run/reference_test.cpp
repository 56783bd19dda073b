// Every shared program against its reference distribution.
#include "quantum/run/run.hpp"
#include "quantum/run/shared_testing.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <cmath>

namespace suan::quantum {
namespace {

RunOptions exact_options() {
    RunOptions options;
    options.exact = true;
    options.isa = best_isa();
    options.memory_bytes_max = std::uint64_t{4} << 30;
    return options;
}

// The largest difference to the reference; infinite where the run failed.
double difference(const std::filesystem::path& file, const RunOptions& options,
                  const boost::json::object& reference) {
    Threads threads(2);
    auto program = parse(file.string(), text_of(file));
    EXPECT_TRUE(program) << program.error().context;
    if (!program) return INFINITY;
    auto result = run_program(std::move(*program), options, threads);
    EXPECT_TRUE(result) << result.error().context;
    if (!result) return INFINITY;
    std::map<std::string, double> ours;
    for (const auto& [key, p] : result->tally.probabilities)
        ours[key_text(key, result->tally.bits)] = p;
    double most = 0;
    for (const auto& [key, value] : reference.at("probabilities").as_object()) {
        most = std::max(most, std::abs(value.to_number<double>() - ours[std::string(key)]));
        ours.erase(std::string(key));
    }
    if (reference.at("full").as_bool())
        for (const auto& [key, p] : ours)
            most = std::max(most, p);
    EXPECT_EQ(result->over_qubits, reference.at("over").as_string() == "qubits");
    return most;
}

TEST(References, every_shared_program_has_its_distribution_in_double_and_single_precision) {
    SUAN_NEEDS_CIRCUITS();
    const auto references = files_below(shared_circuits(), ".ref.json");
    EXPECT_GE(references.size(), 100U);
    for (const auto& path : references) {
        const std::string name = path.string();
        const auto file = name.substr(0, name.size() - 9) + ".qasm";
        const auto reference = boost::json::parse(text_of(path)).as_object();
        RunOptions options = exact_options();
        // The references are rounded to twelve digits.
        EXPECT_LT(difference(file, options, reference), 2e-12) << file;
        options.precision = Precision::single;
        EXPECT_LT(difference(file, options, reference), 1e-5) << file;
    }
}

TEST(References, every_method_that_can_run_a_small_program_agrees) {
    SUAN_NEEDS_CIRCUITS();
    for (const auto& path : files_below(shared_circuits(), ".ref.json")) {
        const std::string name = path.string();
        const auto file = name.substr(0, name.size() - 9) + ".qasm";
        const auto reference = boost::json::parse(text_of(path)).as_object();
        const auto qubits = reference.at("qubits").to_number<int>();
        RunOptions options = exact_options();
        options.method = Method::mps;
        if (qubits <= 10) {
            EXPECT_LT(difference(file, options, reference), 1e-9) << file;
        }
        options.method = Method::density;
        if (qubits <= 5) {
            EXPECT_LT(difference(file, options, reference), 1e-10) << file;
        }
    }
}

TEST(References, programs_that_must_be_refused_are_with_the_line) {
    SUAN_NEEDS_CIRCUITS();
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"openqasm2/examples/invalid_gate_no_found.qasm", ":5:1: "},
        {"qiskit/python/example_fail.qasm", ":2:1: "},
        {"qasmbench/small/vqe_uccsd_n4.qasm", ":225:9: "},
        {"qasmbench/small/vqe_uccsd_n4_transpiled.qasm", ": "},
    };
    for (const auto& [name, where] : bad) {
        const auto file = shared_circuits() / name;
        Threads threads(1);
        auto program = parse(file.string(), text_of(file));
        std::string message;
        if (program) {
            auto result = run_program(std::move(*program), exact_options(), threads);
            ASSERT_FALSE(result) << name;
            message = result.error().context;
        } else {
            message = program.error().context;
        }
        EXPECT_NE(message.find(where), std::string::npos) << message;
        EXPECT_NE(message.find("^"), std::string::npos) << message;
    }
}

}  // namespace
}  // namespace suan::quantum
