#include "quantum/backend/transpile.hpp"

#include "quantum/backend/route.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::quantum {

namespace {

constexpr int trials = 8;  // of different first placements

// A connected piece of the machine, grown from `start` by the neighbour with the most contacts.
Layout grown(const Machine& machine, std::uint32_t qubits, std::uint32_t start) {
    std::vector<bool> taken(machine.qubits, false);
    Layout layout = {start};
    taken[start] = true;
    while (layout.size() < qubits) {
        std::uint32_t best = UINT32_MAX;
        std::size_t most = 0;
        for (const std::uint32_t q : layout)
            for (const std::uint32_t n : machine.neighbours[q]) {
                if (taken[n]) continue;
                std::size_t contacts = 0;
                for (const std::uint32_t m : machine.neighbours[n])
                    contacts += taken[m] ? 1 : 0;
                if (best == UINT32_MAX || contacts > most || (contacts == most && n < best)) {
                    best = n;
                    most = contacts;
                }
            }
        layout.push_back(best);
        taken[best] = true;
    }
    return layout;
}

std::vector<Op> pairs_of(std::span<const Op> ops, bool backwards) {
    std::vector<Op> out;
    for (const Op& op : ops)
        if (op.kind == OpKind::gate && op.qubits.size() == 2) out.push_back(op);
    if (backwards) std::reverse(out.begin(), out.end());
    return out;
}

// SABRE's first placement: route there and back, and take where the qubits end up.
Routed best_route(std::span<const Op> ops, std::uint32_t qubits, const Machine& machine,
                  const TranspileOptions& options, Layout& initial) {
    const auto forth = pairs_of(ops, false);
    const auto back = pairs_of(ops, true);
    Routed best;
    for (int trial = 0; trial < trials; ++trial) {
        Random random(options.seed, static_cast<std::uint64_t>(trial));
        const auto start =
            static_cast<std::uint32_t>(trial == 0 ? 0 : random.below(machine.qubits));
        Layout layout = grown(machine, qubits, start);
        for (int turn = 0; trial > 0 && turn < 2; ++turn) {
            layout = route_sabre(forth, layout, machine, random).layout;
            layout = route_sabre(back, layout, machine, random).layout;
        }
        Routed routed = route_sabre(ops, layout, machine, random);
        if (trial == 0 || routed.swaps < best.swaps) {
            best = std::move(routed);
            initial = layout;
        }
        if (best.swaps == 0) break;
    }
    return best;
}

double duration_of(const Op& op, const Backend& backend) {
    switch (op.kind) {
        case OpKind::measure:
            return backend.readout_s;
        case OpKind::reset:
            return backend.reset_s;
        case OpKind::delay:
            return op.params[0];
        case OpKind::gate:
            if (op.qubits.size() == 2) return backend.two_qubit_s;
            return op.gate == GateKind::rz ? 0 : backend.one_qubit_s;
        default:
            return 0;
    }
}

// As late as possible: times are counted from the end.
void schedule(Transpiled& out, const Backend& backend) {
    std::vector<double> busy(backend.qubits.size(), 0);
    out.start_s.assign(out.ops.size(), 0);
    for (std::size_t i = out.ops.size(); i > 0; --i) {
        const Op& op = out.ops[i - 1];
        double end = 0;
        for (const std::uint32_t q : op.qubits)
            end = std::max(end, busy[q]);
        const double start = end + duration_of(op, backend);
        for (const std::uint32_t q : op.qubits)
            busy[q] = start;
        out.start_s[i - 1] = start;
        out.duration_s = std::max(out.duration_s, start);
    }
    for (double& start : out.start_s)
        start = out.duration_s - start;
}

}  // namespace

Result<Transpiled> transpile(std::span<const Op> ops, std::uint32_t qubits, const Backend& backend,
                             const TranspileOptions& options, const Layout& from) {
    if (qubits > backend.qubits.size())
        return Error{ErrorCode::exhausted,
                     fmt::format("the program has {} qubits; backend {} has {}", qubits,
                                 backend.name, backend.qubits.size())};
    for (const Op& op : ops)
        if (op.kind == OpKind::gate && op.controls > 10)
            return Error{ErrorCode::exhausted,
                         "a gate with more than 10 controls is too long for a backend"};
    Machine machine;
    machine.qubits = static_cast<std::uint32_t>(backend.qubits.size());
    machine.neighbours = backend.neighbours();
    machine.distances = backend.distances();
    Transpiled out;
    out.before = size_of(ops);
    std::vector<Op> two = to_two_qubit(ops);
    two = optimise(std::move(two), options.level);
    Routed routed;
    if (!from.empty()) {
        out.initial = from;
        Random random(options.seed);
        routed = options.router == Router::sabre ? route_sabre(two, from, machine, random)
                                                 : route_greedy(two, from, machine);
    } else if (options.router == Router::greedy) {
        out.initial = grown(machine, qubits, 0);
        routed = route_greedy(two, out.initial, machine);
    } else {
        routed = best_route(two, qubits, machine, options, out.initial);
    }
    out.final = std::move(routed.layout);
    out.swaps = routed.swaps;
    // The router's swaps are three cx, some of whose parts cancel.
    std::vector<Op> swaps_out;
    for (const Op& op : routed.ops) {
        if (op.kind != OpKind::gate || op.gate != GateKind::swap) {
            swaps_out.push_back(op);
            continue;
        }
        const std::uint32_t a = op.qubits[0];
        const std::uint32_t b = op.qubits[1];
        const std::vector<Op> three = {make_gate(GateKind::x, {a, b}, {}, 1),
                                       make_gate(GateKind::x, {b, a}, {}, 1),
                                       make_gate(GateKind::x, {a, b}, {}, 1)};
        for (const Op& cx : to_two_qubit(three))
            swaps_out.push_back(cx);
    }
    out.ops = to_basis(optimise(std::move(swaps_out), options.level));
    out.after = size_of(out.ops);
    schedule(out, backend);
    return out;
}

}  // namespace suan::quantum
