// A program on a simulated backend: transpiled, noisy, read out with errors; and what can be done
// against them.
#pragma once

#include "quantum/backend/noise.hpp"
#include "quantum/run/run.hpp"

namespace suan::quantum {

struct NoisyOptions {
    RunOptions run;
    TranspileOptions transpile;
    bool mitigate_readout = false;
    bool extrapolate = false;  // observables to no noise, by runs at noise factors 1, 2 and 3
    double noise_factor = 1;   // 0: no noise; times and errors are multiplied by it
};

struct NoisyPoint {
    double noise_factor = 1;
    double value = 0;
    double error = 0;
};

struct NoisyObservable {
    std::string text;
    double value = 0;  // at noise 0 if extrapolated
    double error = 0;  // one standard deviation of the shots
    std::vector<NoisyPoint> points;
};

struct NoisyResult {
    RunResult run;
    Transpiled transpiled;
    std::uint64_t shared_shots = 0;
    std::map<Key, double> mitigated;  // quasi-probabilities, if asked for
    std::vector<NoisyObservable> observables;
};

// Counts of a program that measures; observables of one that does not. invalid: it is neither, or
// what is asked for does not go with it.
Result<NoisyResult> run_on_backend(Program program, const Backend& backend,
                                   const NoisyOptions& options, Threads& threads);

// Inverts independent confusions of each bit on the outcomes that were seen (to 16 bits).
std::map<Key, double> mitigate_readout(const std::map<Key, std::uint64_t>& counts, std::size_t bits,
                                       const std::vector<QubitCalibration>& calibrations);

// The value at noise 0 of a straight line through values at noise factors (Richardson, first
// order).
double extrapolate(const std::vector<std::pair<double, double>>& values);

// What a run will need, before it is submitted.
struct Estimate {
    std::uint32_t qubits = 0;
    std::uint64_t shots = 0;
    std::string method;
    std::uint64_t bytes = 0;
    double seconds = 0;
    double yuan = 0;
    CircuitSize size;
};
Result<Estimate> estimate(Program program, const Backend* backend, const NoisyOptions& options,
                          unsigned threads);

std::string to_json(const NoisyResult& result, const Backend& backend, std::size_t top);

}  // namespace suan::quantum
