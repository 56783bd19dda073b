// What a backend's calibration does to a scheduled program, as channels between its operations:
// relaxation during gates and while idling (T1, T2), depolarising by gate error. Reading out comes
// with a confusion of its own, which is applied to the bits.
#pragma once

#include "quantum/backend/transpile.hpp"

namespace suan::quantum {

// Operations with channels. Measurements stay where they are.
std::vector<Op> with_noise(const Transpiled& circuit, const Backend& backend);

// The relaxation of a qubit over a time: damping by 1 - e^(-t/T1), and Z with probability
// (1 - e^(-t/Tphi))/2 where 1/Tphi = 1/T2 - 1/(2 T1). Appended; nothing for no time.
void add_relaxation(std::vector<Op>& out, std::uint32_t qubit, double seconds, double t1_s,
                    double t2_s);

}  // namespace suan::quantum
