// The circuits of bench/quantum, ours and as text for qsim.
#pragma once

#include "quantum/circuit/circuit.hpp"

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

struct Circuit {
    std::uint32_t qubits = 0;
    std::vector<Op> ops;
};

inline constexpr double pi = std::numbers::pi;

// Layers of RY, RZ and a chain of CZ.
inline Circuit ansatz(std::uint32_t n, int layers, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> angle(-3, 3);
    Circuit c{n, {}};
    for (int layer = 0; layer < layers; ++layer) {
        for (std::uint32_t q = 0; q < n; ++q)
            c.ops.push_back(make_gate(GateKind::ry, {q}, {angle(random), 0, 0}));
        for (std::uint32_t q = 0; q < n; ++q)
            c.ops.push_back(make_gate(GateKind::rz, {q}, {angle(random), 0, 0}));
        for (std::uint32_t q = 0; q + 1 < n; ++q)
            c.ops.push_back(make_gate(GateKind::z, {q, q + 1}, {}, 1));
    }
    return c;
}

// A random product state, then the transform without its final swaps.
inline Circuit fourier(std::uint32_t n) {
    std::mt19937_64 random(2);
    std::uniform_real_distribution<double> angle(-3, 3);
    Circuit c{n, {}};
    for (std::uint32_t q = 0; q < n; ++q) {
        c.ops.push_back(make_gate(GateKind::ry, {q}, {angle(random), 0, 0}));
        c.ops.push_back(make_gate(GateKind::rz, {q}, {angle(random), 0, 0}));
    }
    for (std::uint32_t i = n; i-- > 0;) {
        c.ops.push_back(make_gate(GateKind::h, {i}));
        for (std::uint32_t j = i; j-- > 0;)
            c.ops.push_back(make_gate(GateKind::p, {j, i}, {pi / std::exp2(i - j), 0, 0}, 1));
    }
    return c;
}

inline Circuit ghz(std::uint32_t n) {
    Circuit c{n, {make_gate(GateKind::h, {0})}};
    for (std::uint32_t q = 0; q + 1 < n; ++q)
        c.ops.push_back(make_gate(GateKind::x, {q, q + 1}, {}, 1));
    return c;
}

// The edges of a random graph whose vertices have three neighbours each.
inline std::vector<std::pair<std::uint32_t, std::uint32_t>> cubic_graph(std::uint32_t n) {
    std::mt19937_64 random(3);
    for (;;) {
        std::vector<std::uint32_t> ends;
        for (std::uint32_t i = 0; i < 3 * n; ++i)
            ends.push_back(i / 3);
        std::shuffle(ends.begin(), ends.end(), random);
        std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
        for (std::size_t i = 0; i + 1 < ends.size(); i += 2)
            edges.push_back(std::minmax(ends[i], ends[i + 1]));
        std::sort(edges.begin(), edges.end());
        const bool loops = std::any_of(edges.begin(), edges.end(),
                                       [](const auto& e) { return e.first == e.second; });
        if (!loops && std::adjacent_find(edges.begin(), edges.end()) == edges.end()) return edges;
    }
}

// QAOA of maximum cut, each edge written cx rz cx.
inline Circuit qaoa(std::uint32_t n, int rounds) {
    Circuit c{n, {}};
    for (std::uint32_t q = 0; q < n; ++q)
        c.ops.push_back(make_gate(GateKind::h, {q}));
    const auto edges = cubic_graph(n % 2 == 0 ? n : n - 1);
    for (int round = 0; round < rounds; ++round) {
        for (const auto& [a, b] : edges) {
            c.ops.push_back(make_gate(GateKind::x, {a, b}, {}, 1));
            c.ops.push_back(make_gate(GateKind::rz, {b}, {0.3 + 0.2 * round, 0, 0}));
            c.ops.push_back(make_gate(GateKind::x, {a, b}, {}, 1));
        }
        for (std::uint32_t q = 0; q < n; ++q)
            c.ops.push_back(make_gate(GateKind::rx, {q}, {0.9 - 0.1 * round, 0, 0}));
    }
    return c;
}

// Random gates {T, sqrt X, sqrt Y} between patterns of CZ on a grid of four rows, as in qsim's
// circuit files (about as many gates).
inline Circuit random_grid(std::uint32_t n) {
    std::mt19937_64 random(4);
    Circuit c{n, {}};
    for (std::uint32_t q = 0; q < n; ++q)
        c.ops.push_back(make_gate(GateKind::h, {q}));
    const std::uint32_t columns = (n + 3) / 4;
    for (int layer = 0; layer < 100; ++layer) {
        std::vector<bool> paired(n, false);
        for (std::uint32_t q = 0; q < n; ++q) {
            const bool down = layer % 2 == 0;
            const std::uint32_t other = down ? q + columns : q + 1;
            const bool fits = down ? other < n : other < n && other % columns != 0;
            const std::uint32_t phase =
                (down ? q / columns : q % columns) + q / (down ? 1 : columns);
            if (!fits || phase % 4 != static_cast<std::uint32_t>(layer / 2 % 4)) continue;
            c.ops.push_back(make_gate(GateKind::z, {q, other}, {}, 1));
            paired[q] = paired[other] = true;
        }
        for (std::uint32_t q = 0; q < n; ++q) {
            if (paired[q] || random() % 2 == 0) continue;
            const auto kind = random() % 3;
            if (kind == 0) c.ops.push_back(make_gate(GateKind::t, {q}));
            if (kind == 1) c.ops.push_back(make_gate(GateKind::sx, {q}));
            if (kind == 2) c.ops.push_back(make_gate(GateKind::ry, {q}, {pi / 2, 0, 0}));
        }
    }
    return c;
}

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
