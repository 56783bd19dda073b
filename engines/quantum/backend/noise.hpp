// What a backend's calibration does to a scheduled program, as channels between its operations:
// relaxation during gates and while idling (T1, T2), depolarising by gate error. Reading out comes
// with a confusion of its own, which is applied to the bits.
#pragma once

#include "quantum/backend/transpile.hpp"

namespace suan::quantum {

// A circuit that is all of a program, or a part of one that goes on: its qubits idle to its end,
// and in a later part from its start, where they otherwise rest in |0> before their first
// operation.
enum class NoiseSpan : std::uint8_t { alone, first, later };

// Operations with channels. Measurements stay where they are.
std::vector<Op> with_noise(const Transpiled& circuit, const Backend& backend,
                           NoiseSpan span = NoiseSpan::alone);

// The relaxation of a qubit over a time: damping by 1 - e^(-t/T1), and Z with probability
// (1 - e^(-t/Tphi))/2 where 1/Tphi = 1/T2 - 1/(2 T1). Appended; nothing for no time.
void add_relaxation(std::vector<Op>& out, std::uint32_t qubit, double seconds, double t1_s,
                    double t2_s);

}  // namespace suan::quantum
