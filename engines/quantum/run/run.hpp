// A task: programs, how to run them, and what came out, as the result file says it
// (docs/formats/quantum-result.md).
#pragma once

#include "quantum/run/walker.hpp"

#include <optional>
#include <string>

namespace suan::quantum {

struct Observable {
    std::string text;  // "0.5*ZZI + XIX", highest qubit first
    struct Term {
        double factor = 1;
        std::vector<std::uint32_t> x;
        std::vector<std::uint32_t> z;
    };
    std::vector<Term> terms;
};

// invalid: names the place in the text that is wrong. The program's size decides how long terms
// must be.
Result<Observable> parse_observable(const std::string& text, std::uint32_t qubits);

struct RunOptions {
    Method method = Method::automatic;
    std::optional<Precision> precision;
    Isa isa = Isa::portable;
    bool exact = false;
    std::uint64_t shots = 1024;
    std::uint64_t seed = 1;
    bool keep_order = false;
    std::uint64_t memory_bytes_max = 0;
    std::uint32_t bond_max = 256;
    double truncation_max = 1e-16;
    std::vector<std::string> observables;
    std::map<std::string, double, std::less<>> inputs;
    std::function<void(double)> progress;
};

struct ObservableResult {
    std::string text;
    double value = 0;
    double error = 0;  // one standard deviation that `shots` measurements would have
};

struct RunResult {
    std::string program;
    std::string sm3;  // of the program's text, hexadecimal
    std::uint32_t qubits = 0;
    std::vector<BitRegister> registers;
    bool over_qubits = false;
    Method method = Method::statevector;
    std::string method_reason;
    Precision precision = Precision::single;
    std::string isa;
    std::uint64_t seed = 0;
    std::uint64_t shots = 0;
    bool exact = false;
    unsigned threads = 1;
    std::size_t ops = 0;
    Tally tally;
    std::vector<ObservableResult> observables;
    double parse_seconds = 0;
    double run_seconds = 0;
};

// How a program would be run.
struct Choice {
    Method method = Method::statevector;
    Precision precision = Precision::single;
    std::string reason;
    std::uint64_t bytes = 0;
};
Result<Choice> choose(Elaborator& program, const RunOptions& options, unsigned threads);

// Counts of the first segment's gates; true if a stabilizer can do all of them.
bool is_clifford(std::span<const Op> ops);

// Whether nothing of the segment depends on a measurement: each qubit's is its last operation.
bool ends_with_measurements(const Segment& segment);

// A program that has been checked and taken apart, before its run.
struct PreparedRun {
    Elaborator program;
    RunResult result;  // what is known by now
};
Result<PreparedRun> prepare_run(Program program, const RunOptions& options);
// `runner` keeps its work space from one small program to the next; null: one for this run.
class SmallRunner;
Result<RunResult> run_prepared(PreparedRun prepared, const RunOptions& options, Threads& threads,
                               SmallRunner* runner = nullptr);

Result<RunResult> run_program(Program program, const RunOptions& options, Threads& threads);

std::string sm3_hex(std::string_view text);

// One JSON document; `top` limits how many probabilities or counts are listed (0: all).
std::string to_json(const RunResult& result, std::size_t top);

}  // namespace suan::quantum
