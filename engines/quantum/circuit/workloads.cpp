#include "quantum/circuit/workloads.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace suan::quantum::workloads {

namespace {

constexpr double pi = std::numbers::pi;

// The edges of a random graph whose vertices have three neighbours each.
std::vector<std::pair<std::uint32_t, std::uint32_t>> cubic_graph(std::uint32_t n) {
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

}  // namespace

Circuit ansatz(std::uint32_t n, int layers, std::uint64_t seed) {
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

Circuit fourier(std::uint32_t n) {
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

Circuit ghz(std::uint32_t n) {
    Circuit c{n, {make_gate(GateKind::h, {0})}};
    for (std::uint32_t q = 0; q + 1 < n; ++q)
        c.ops.push_back(make_gate(GateKind::x, {q, q + 1}, {}, 1));
    return c;
}

Circuit qaoa(std::uint32_t n, int rounds) {
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

Circuit random_grid(std::uint32_t n) {
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

Circuit clifford(std::uint32_t n, int layers) {
    std::mt19937_64 random(6);
    Circuit c{n, {}};
    for (int layer = 0; layer < layers; ++layer) {
        for (std::uint32_t i = 0; i < n; ++i)
            c.ops.push_back(make_gate(random() % 2 == 0 ? GateKind::h : GateKind::s, {i}));
        for (std::uint32_t i = layer % 2; i + 1 < n; i += 2)
            c.ops.push_back(make_gate(GateKind::x, {i, i + 1}, {}, 1));
    }
    return c;
}

std::vector<Circuit> small_ones(std::size_t count) {
    std::vector<Circuit> circuits;
    for (std::size_t i = 0; i < count; ++i) {
        const auto n = static_cast<std::uint32_t>(5 + i % 8);
        switch (i / 8 % 5) {
            case 0:
                circuits.push_back(fourier(n));
                break;
            case 1:
                circuits.push_back(ghz(n));
                break;
            case 2:
                circuits.push_back(ansatz(n, 5, i));
                break;
            case 3:
                circuits.push_back(qaoa(n, 2));
                break;
            default:
                circuits.push_back(ansatz(n, 8, i));
        }
    }
    return circuits;
}

}  // namespace suan::quantum::workloads
