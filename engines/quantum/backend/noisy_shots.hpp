// Shots of a circuit that measures at its end, on a backend: fitted to it, with its noise, read
// with its errors.
#pragma once

#include "quantum/backend/noisy_run.hpp"

namespace suan::quantum {

struct NoisyShots {
    Transpiled transpiled;
    std::vector<Key> bits;               // of each shot: measurement m is bit m, as read
    std::vector<std::uint32_t> machine;  // the backend's qubit behind each measurement
    std::uint64_t shared = 0;            // shots that no error touched
};

// ops: gates, delays, barriers and, last on their qubits, measurements numbered from 0 without
// gaps. exhausted: the qubits in use do not fit the memory.
Result<NoisyShots> noisy_shots(std::span<const Op> ops, std::uint32_t qubits,
                               const Backend& backend, const NoisyOptions& options,
                               unsigned threads);

// The calibration with all errors multiplied; readout is left alone.
Backend scaled(Backend backend, double factor);

}  // namespace suan::quantum
