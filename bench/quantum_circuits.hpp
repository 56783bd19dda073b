// Circuits as text for qsim, and from its files.
#pragma once

#include "quantum/circuit/workloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <numbers>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace suan::bench {

using quantum::GateKind;
using quantum::make_gate;
using quantum::Op;
using quantum::workloads::ansatz;
using quantum::workloads::Circuit;
using quantum::workloads::clifford;
using quantum::workloads::fourier;
using quantum::workloads::ghz;
using quantum::workloads::qaoa;
using quantum::workloads::random_grid;
using quantum::workloads::small_ones;

inline constexpr double pi = std::numbers::pi;

// A circuit file of qsim, cut to its first `n` qubits; no gates if it cannot be read.
inline Circuit read_qsim(const std::string& path, std::uint32_t n) {
    std::ifstream file(path);
    std::uint32_t all = 0;
    file >> all;
    Circuit c{n, {}};
    std::uint64_t time = 0;
    for (std::string name; file >> time >> name;) {
        std::uint32_t a = 0;
        std::uint32_t b = 0;
        file >> a;
        if (name == "cz" || name == "is") file >> b;
        if (a >= n || b >= n) continue;
        if (name == "h") c.ops.push_back(make_gate(GateKind::h, {a}));
        if (name == "t") c.ops.push_back(make_gate(GateKind::t, {a}));
        if (name == "x_1_2") c.ops.push_back(make_gate(GateKind::sx, {a}));
        if (name == "y_1_2") c.ops.push_back(make_gate(GateKind::ry, {a}, {pi / 2, 0, 0}));
        if (name == "cz") c.ops.push_back(make_gate(GateKind::z, {a, b}, {}, 1));
    }
    return c;
}

inline std::string qsim_gate(const Op& op) {
    const auto& q = op.qubits;
    if (op.gate == GateKind::z && op.controls == 1) return fmt::format("cz {} {}", q[0], q[1]);
    if (op.gate == GateKind::x && op.controls == 1) return fmt::format("cnot {} {}", q[0], q[1]);
    if (op.gate == GateKind::p && op.controls == 1)
        return fmt::format("cp {} {} {}", q[0], q[1], op.params[0]);
    if (op.gate == GateKind::sx) return fmt::format("x_1_2 {}", q[0]);
    if (quantum::param_count(op.gate) == 1)
        return fmt::format("{} {} {}", name_of(op.gate), q[0], op.params[0]);
    return fmt::format("{} {}", name_of(op.gate), q[0]);
}

// The circuit as qsim reads it, gates by moments.
inline void write_qsim(const std::string& path, const Circuit& circuit) {
    std::vector<std::size_t> busy(circuit.qubits, 0);
    std::vector<std::pair<std::size_t, std::string>> lines;
    for (const Op& op : circuit.ops) {
        std::size_t moment = 0;
        for (const std::uint32_t q : op.qubits)
            moment = std::max(moment, busy[q]);
        for (const std::uint32_t q : op.qubits)
            busy[q] = moment + 1;
        lines.emplace_back(moment, qsim_gate(op));
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::ofstream file(path);
    file << circuit.qubits << "\n";
    for (const auto& [moment, text] : lines) {
        const auto space = text.find(' ');
        file << moment << " " << text.substr(0, space) << text.substr(space) << "\n";
    }
}

}  // namespace suan::bench
