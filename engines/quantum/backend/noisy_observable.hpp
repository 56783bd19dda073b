// Observables on a backend, as a machine measures them: for each Pauli string the circuit, the
// qubits turned so that the string reads in the computational basis, and the mean parity of shots.
#pragma once

#include "quantum/backend/noisy_run.hpp"

namespace suan::quantum {

// One result for each of options.run.observables. With readout mitigation each bit's confusion is
// divided out of the parity; with zero-noise extrapolation a straight line through noise factors 1,
// 2 and 3 is continued to 0. `error` is the standard deviation that the shots leave.
// invalid: the program measures or resets, or an observable is wrong.
Result<std::vector<NoisyObservable>> observe_on_backend(const Elaborator& program,
                                                        const Backend& backend,
                                                        const NoisyOptions& options,
                                                        unsigned threads);

}  // namespace suan::quantum
