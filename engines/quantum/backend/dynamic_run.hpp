// Noisy shots of a program that measures or resets in the middle, or decides on outcomes: each shot
// goes its own way through the program's segments. A segment is transpiled once, when the first
// shot gets there, from where the qubits lie by then.
#pragma once

#include "quantum/backend/noisy_run.hpp"

namespace suan::quantum {

// The tally of `options.run.shots` shots on a backend whose errors are scaled already; `transpiled`
// is the first segment's. Outcomes are read with the backend's readout errors, and the program
// decides on what was read. The same seed gives the same counts on any number of threads.
struct DynamicResult {
    Tally tally;
    Transpiled transpiled;
};
Result<DynamicResult> run_dynamic(Elaborator& program, const Backend& backend,
                                  const NoisyOptions& options, unsigned threads);

}  // namespace suan::quantum
