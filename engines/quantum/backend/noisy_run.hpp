// A program on a simulated backend: transpiled, noisy, read out with errors; and what can be done
// against them.
#pragma once

#include "quantum/backend/noise.hpp"
#include "quantum/run/run.hpp"

namespace suan::quantum {

enum class Mitigation : std::uint8_t { none, readout };

struct NoisyOptions {
    RunOptions run;
    TranspileOptions transpile;
    Mitigation mitigation = Mitigation::none;
    double noise_factor = 1;  // 0: no noise; times and errors are multiplied by it
};

struct NoisyResult {
    RunResult run;
    Transpiled transpiled;
    std::uint64_t shared_shots = 0;
    std::map<Key, double> mitigated;  // quasi-probabilities, if asked for
};

// invalid: the program measures in the middle (backends run those without noise only).
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
