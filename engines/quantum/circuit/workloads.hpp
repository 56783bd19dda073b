// Circuits of the usual kinds and of any size, to measure with: `suan-quantum bench`,
// bench/quantum.
#pragma once

#include "quantum/circuit/circuit.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace suan::quantum::workloads {

struct Circuit {
    std::uint32_t qubits = 0;
    std::vector<Op> ops;
};

// Layers of RY, RZ and a chain of CZ.
Circuit ansatz(std::uint32_t n, int layers, std::uint64_t seed = 1);
// A random product state, then the Fourier transform without its final swaps.
Circuit fourier(std::uint32_t n);
Circuit ghz(std::uint32_t n);
// QAOA of maximum cut on a random graph whose vertices have three neighbours each; each edge is
// written cx rz cx.
Circuit qaoa(std::uint32_t n, int rounds);
// Random gates {T, sqrt X, sqrt Y} between patterns of CZ on a grid of four rows, as in qsim's
// circuit files (about as many gates).
Circuit random_grid(std::uint32_t n);
// Layers of H or S, and CX on neighbours.
Circuit clifford(std::uint32_t n, int layers);
// `count` circuits of 5 to 12 qubits of these kinds.
std::vector<Circuit> small_ones(std::size_t count);

}  // namespace suan::quantum::workloads
