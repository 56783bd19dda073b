// Routing alone: operations on at most two qubits, where to put the qubits, and the swaps between.
#pragma once

#include "quantum/backend/transpile.hpp"
#include "quantum/run/random.hpp"

namespace suan::quantum {

struct Machine {
    std::vector<std::vector<std::uint32_t>> neighbours;
    std::vector<std::uint32_t> distances;  // row by row
    std::uint32_t qubits = 0;

    std::uint32_t distance(std::uint32_t a, std::uint32_t b) const {
        return distances[a * qubits + b];
    }
};

struct Routed {
    std::vector<Op> ops;  // on the machine's qubits, with swaps
    Layout layout;        // at the end
    std::size_t swaps = 0;
};

Routed route_sabre(std::span<const Op> ops, Layout layout, const Machine& machine, Random& random);
// Walks the operations in order and moves the first qubit to the second along a shortest way.
Routed route_greedy(std::span<const Op> ops, Layout layout, const Machine& machine);

}  // namespace suan::quantum
