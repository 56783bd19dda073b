// Fits a program to a backend: gates into the basis {rz, sx, x, cz}, qubits onto the machine,
// swaps where two are not neighbours (SABRE: Li, Ding, Xie 2019), then fewer gates, then times.
// The distribution of outcomes stays what it was.
#pragma once

#include "quantum/backend/backend.hpp"
#include "quantum/circuit/circuit.hpp"

#include <span>
#include <vector>

namespace suan::quantum {

using Layout = std::vector<std::uint32_t>;  // where each qubit of the program lies

enum class Router : std::uint8_t { sabre, greedy };

struct TranspileOptions {
    Router router = Router::sabre;
    std::uint64_t seed = 1;
    int level = 2;  // 0: no optimisation, 1: within a qubit, 2: and across
};

struct CircuitSize {
    std::size_t gates = 0;
    std::size_t two_qubit = 0;
    std::size_t depth = 0;
};
CircuitSize size_of(std::span<const Op> ops);

struct Transpiled {
    std::vector<Op> ops;  // on the backend's qubits
    Layout initial;
    Layout final;
    std::size_t swaps = 0;
    CircuitSize before;
    CircuitSize after;
    double duration_s = 0;
    std::vector<double> start_s;  // of each operation, as late as possible
};

// `from` is where qubits lie already (for the later parts of a program); empty: choose.
Result<Transpiled> transpile(std::span<const Op> ops, std::uint32_t qubits, const Backend& backend,
                             const TranspileOptions& options, const Layout& from = {});

// Controls and gates on two qubits become cz and gates on one; the rest stays.
std::vector<Op> to_two_qubit(std::span<const Op> ops);
// One-qubit gates become rz and sx.
std::vector<Op> to_basis(std::span<const Op> ops);
// Removes pairs that cancel and joins gates on one qubit.
std::vector<Op> optimise(std::vector<Op> ops, int level);

// As a program of OpenQASM 3 on physical qubits.
std::string to_qasm3(std::span<const Op> ops, std::uint32_t measurements);

}  // namespace suan::quantum
