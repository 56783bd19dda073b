// Gates into gates on two qubits, into the basis, and fewer of them.
#include "quantum/backend/transpile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace suan::quantum {

namespace {

constexpr double pi = std::numbers::pi;

class Decomposer {
public:
    explicit Decomposer(std::vector<Op>& out) : out_(out) {}

    void op(const Op& op);

private:
    void one(GateKind kind, std::uint32_t q, double a = 0) {
        out_.push_back(make_gate(kind, {q}, {a, 0, 0}));
    }
    void cz(std::uint32_t a, std::uint32_t b) {
        out_.push_back(make_gate(GateKind::z, {a, b}, {}, 1));
    }
    void cx(std::uint32_t c, std::uint32_t t) {
        one(GateKind::h, t);
        cz(c, t);
        one(GateKind::h, t);
    }
    void controlled_phase(std::uint32_t c, std::uint32_t t, double angle) {
        one(GateKind::p, c, angle / 2);
        one(GateKind::p, t, angle / 2);
        cx(c, t);
        one(GateKind::p, t, -angle / 2);
        cx(c, t);
    }
    void controlled(const Op& op);
    void toffoli(std::uint32_t a, std::uint32_t b, std::uint32_t t);
    void many(const Op& op);
    void pair(const Op& op);

    std::vector<Op>& out_;
};

void Decomposer::controlled(const Op& op) {
    const std::uint32_t c = op.qubits[0];
    const std::uint32_t t = op.qubits[1];
    if (op.gate == GateKind::id) return;
    if (op.gate == GateKind::z) return cz(c, t);
    if (op.gate == GateKind::x) return cx(c, t);
    if (op.gate == GateKind::p) return controlled_phase(c, t, op.params[0]);
    // e^(ia) P(phi) RY(theta) P(lambda), each part controlled; the phases join around.
    const Euler e = euler_of(matrix_of(op.gate, op.params));
    const auto phase = [&](double angle) {
        if (std::abs(std::remainder(angle, 2 * pi)) > 1e-14) controlled_phase(c, t, angle);
    };
    if (std::abs(e.phase) > 1e-14) one(GateKind::p, c, e.phase);
    phase(e.lambda);
    if (std::abs(e.theta) > 1e-14) {
        cz(c, t);
        one(GateKind::ry, t, -e.theta / 2);
        cz(c, t);
        one(GateKind::ry, t, e.theta / 2);
    }
    phase(e.phi);
}

// The six-cx form (Nielsen and Chuang, figure 4.9).
void Decomposer::toffoli(std::uint32_t a, std::uint32_t b, std::uint32_t t) {
    one(GateKind::h, t);
    cx(b, t);
    one(GateKind::tdg, t);
    cx(a, t);
    one(GateKind::t, t);
    cx(b, t);
    one(GateKind::tdg, t);
    cx(a, t);
    one(GateKind::t, b);
    one(GateKind::t, t);
    one(GateKind::h, t);
    cx(a, b);
    one(GateKind::t, a);
    one(GateKind::tdg, b);
    cx(a, b);
}

// cV cx cV^-1 cx cV with V^2 = U (Barenco and others 1995).
void Decomposer::many(const Op& gate) {
    if (gate.gate == GateKind::x && gate.controls == 2)
        return toffoli(gate.qubits[0], gate.qubits[1], gate.qubits[2]);
    Op single = gate;
    single.qubits.assign(1, gate.qubits.back());
    single.controls = 0;
    std::vector<Op> root;
    power(single, 0.5, root);
    const std::span<const std::uint32_t> others(gate.qubits.data(), gate.controls - 1);
    const auto part = [&](std::span<const std::uint32_t> controls, bool inverted) {
        for (const Op& piece : root) {
            Op next = inverted ? inverse(piece) : piece;
            next.qubits.assign(controls.begin(), controls.end());
            next.controls = static_cast<std::uint32_t>(controls.size());
            if (piece.gate == GateKind::gphase) {
                next.gate = GateKind::p;
                --next.controls;
            } else {
                next.qubits.push_back(gate.qubits.back());
            }
            op(next);
        }
    };
    Op toggle = gate;
    toggle.gate = GateKind::x;
    toggle.qubits.pop_back();
    --toggle.controls;
    part({&gate.qubits[gate.controls - 1], 1}, false);
    op(toggle);
    part({&gate.qubits[gate.controls - 1], 1}, true);
    op(toggle);
    part(others, false);
}

void Decomposer::pair(const Op& gate) {
    const std::uint32_t a = gate.qubits[gate.controls];
    const std::uint32_t b = gate.qubits[gate.controls + 1];
    if (gate.gate == GateKind::swap) {
        cx(b, a);
        Op middle = gate;
        middle.gate = GateKind::x;
        ++middle.controls;
        op(middle);
        return cx(b, a);
    }
    const auto turn = [&](double sign) {
        for (const std::uint32_t q : {a, b}) {
            if (gate.gate == GateKind::rxx) one(GateKind::ry, q, -sign * pi / 2);
            if (gate.gate == GateKind::ryy) one(GateKind::rx, q, sign * pi / 2);
        }
    };
    turn(1);
    cx(a, b);
    Op middle = gate;
    middle.gate = GateKind::rz;
    middle.qubits.erase(middle.qubits.begin() + gate.controls);
    op(middle);
    cx(a, b);
    turn(-1);
}

void Decomposer::op(const Op& gate) {
    if (gate.kind != OpKind::gate || gate.qubits.size() == 1) {
        if (gate.gate == GateKind::gphase && gate.kind == OpKind::gate)
            return one(GateKind::p, gate.qubits[0], gate.params[0]);
        out_.push_back(gate);
        return;
    }
    if (gate.gate == GateKind::gphase) {
        if (gate.qubits.empty()) return;
        Op phase = gate;
        phase.gate = GateKind::p;
        --phase.controls;
        return op(phase);
    }
    // A plain swap is left to the router, which renames qubits.
    if (gate.gate == GateKind::swap && gate.controls == 0) {
        out_.push_back(gate);
        return;
    }
    if (target_count(gate.gate) == 2) return pair(gate);
    return gate.controls == 1 ? controlled(gate) : many(gate);
}

bool diagonal(const Matrix2& m) {
    return std::abs(m[1]) < 1e-12 && std::abs(m[2]) < 1e-12;
}

constexpr Matrix2 identity = {1, 0, 0, 1};

// One pass of the optimiser; see optimise().
class Optimiser {
public:
    explicit Optimiser(std::uint32_t qubits) : pending_(qubits, identity), last_(qubits, -1) {}

    std::vector<Op> run(const std::vector<Op>& ops, int level, bool& changed);

private:
    void flush(std::uint32_t q);
    bool cancels(const Op& op) const;
    void two_qubit(const Op& op, int level, bool& changed);

    std::vector<Op> out_;
    std::vector<std::array<int, 2>> before_;  // of each operation: the last ones of its qubits
    std::vector<Matrix2> pending_;
    std::vector<int> last_;  // the latest gate on two qubits, or a barrier to cancelling (-1)
};

void Optimiser::flush(std::uint32_t q) {
    const Euler e = euler_of(pending_[q]);
    pending_[q] = identity;
    const double sum = std::remainder(e.phi + e.lambda, 2 * pi);
    if (std::abs(e.theta) < 1e-11) {
        if (std::abs(sum) > 1e-11) {
            out_.push_back(make_gate(GateKind::rz, {q}, {sum, 0, 0}));
            before_.push_back({});
        }
        return;
    }
    out_.push_back(make_gate(GateKind::u, {q}, {e.theta, e.phi, e.lambda}));
    before_.push_back({});
}

bool Optimiser::cancels(const Op& op) const {
    const int i = last_[op.qubits[0]];
    if (i < 0 || i != last_[op.qubits[1]]) return false;
    return diagonal(pending_[op.qubits[0]]) && diagonal(pending_[op.qubits[1]]);
}

void Optimiser::two_qubit(const Op& op, int level, bool& changed) {
    const std::uint32_t a = op.qubits[0];
    const std::uint32_t b = op.qubits[1];
    if (level >= 2 && cancels(op)) {
        const auto i = static_cast<std::size_t>(last_[a]);
        const bool straight = out_[i].qubits[0] == a;
        last_[a] = before_[i][straight ? 0 : 1];
        last_[b] = before_[i][straight ? 1 : 0];
        out_[i].gate = GateKind::id;
        changed = true;
        return;
    }
    // Phases pass through a cz and may meet others.
    for (const std::uint32_t q : {a, b})
        if (level < 2 || !diagonal(pending_[q])) flush(q);
    before_.push_back({last_[a], last_[b]});
    last_[a] = last_[b] = static_cast<int>(out_.size());
    out_.push_back(op);
}

std::vector<Op> Optimiser::run(const std::vector<Op>& ops, int level, bool& changed) {
    for (const Op& op : ops) {
        if (op.kind == OpKind::gate && op.qubits.size() == 1) {
            Matrix2& m = pending_[op.qubits[0]];
            m = multiply(matrix_of(op.gate, op.params), m);
            continue;
        }
        if (op.kind == OpKind::gate && op.gate == GateKind::z && op.qubits.size() == 2) {
            two_qubit(op, level, changed);
            continue;
        }
        for (const std::uint32_t q : op.qubits) {
            flush(q);
            last_[q] = -1;
        }
        out_.push_back(op);
        before_.push_back({});
    }
    for (std::uint32_t q = 0; q < pending_.size(); ++q)
        flush(q);
    std::erase_if(out_,
                  [](const Op& op) { return op.kind == OpKind::gate && op.gate == GateKind::id; });
    return std::move(out_);
}

}  // namespace

std::vector<Op> to_two_qubit(std::span<const Op> ops) {
    std::vector<Op> out;
    Decomposer decomposer(out);
    for (const Op& op : ops)
        decomposer.op(op);
    return out;
}

std::vector<Op> optimise(std::vector<Op> ops, int level) {
    if (level <= 0) return ops;
    std::uint32_t qubits = 0;
    for (const Op& op : ops)
        for (const std::uint32_t q : op.qubits)
            qubits = std::max(qubits, q + 1);
    for (bool changed = true; changed;) {
        changed = false;
        ops = Optimiser(qubits).run(ops, level, changed);
    }
    return ops;
}

// u = rz(phi + pi) sx rz(theta + pi) sx rz(lambda), up to a global phase; one sx is enough for a
// quarter turn.
std::vector<Op> to_basis(std::span<const Op> ops) {
    std::vector<Op> out;
    for (const Op& op : ops) {
        if (op.kind != OpKind::gate || op.qubits.size() != 1) {
            out.push_back(op);
            continue;
        }
        const std::uint32_t q = op.qubits[0];
        const auto rz = [&](double angle) {
            const double a = std::remainder(angle, 2 * pi);
            if (std::abs(a) > 1e-11) out.push_back(make_gate(GateKind::rz, {q}, {a, 0, 0}));
        };
        const auto sx = [&] { out.push_back(make_gate(GateKind::sx, {q})); };
        const Euler e = euler_of(matrix_of(op.gate, op.params));
        if (std::abs(e.theta) < 1e-11) {
            rz(e.phi + e.lambda);
        } else if (std::abs(e.theta - pi / 2) < 1e-11) {
            rz(e.lambda - pi / 2);
            sx();
            rz(e.phi + pi / 2);
        } else if (std::abs(e.theta - pi) < 1e-11) {
            rz(e.lambda - e.phi - pi);
            out.push_back(make_gate(GateKind::x, {q}));
        } else {
            rz(e.lambda);
            sx();
            rz(e.theta + pi);
            sx();
            rz(e.phi + pi);
        }
    }
    return out;
}

CircuitSize size_of(std::span<const Op> ops) {
    CircuitSize size;
    std::vector<std::size_t> depth;
    for (const Op& op : ops) {
        if (op.kind == OpKind::barrier || op.kind == OpKind::delay) continue;
        std::size_t level = 0;
        for (const std::uint32_t q : op.qubits) {
            if (depth.size() <= q) depth.resize(q + 1);
            level = std::max(level, depth[q]);
        }
        for (const std::uint32_t q : op.qubits)
            depth[q] = level + 1;
        if (op.kind == OpKind::gate) ++size.gates;
        if (op.kind == OpKind::gate && op.qubits.size() >= 2) ++size.two_qubit;
        size.depth = std::max(size.depth, level + 1);
    }
    return size;
}

std::string to_qasm3(std::span<const Op> ops, std::uint32_t measurements) {
    std::string text = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n";
    if (measurements > 0) text += fmt::format("bit[{}] m;\n", measurements);
    for (const Op& op : ops) {
        std::string qubits;
        for (const std::uint32_t q : op.qubits)
            qubits += fmt::format("{}${}", qubits.empty() ? "" : ", ", q);
        if (op.kind == OpKind::measure)
            text += fmt::format("m[{}] = measure {};\n", op.measurement, qubits);
        else if (op.kind == OpKind::reset)
            text += fmt::format("reset {};\n", qubits);
        else if (op.kind == OpKind::barrier)
            text += fmt::format("barrier {};\n", qubits);
        else if (op.kind == OpKind::delay)
            text += fmt::format("delay[{}ns] {};\n", op.params[0] * 1e9, qubits);
        else if (op.controls == 1)
            text += fmt::format("cz {};\n", qubits);
        else if (op.gate == GateKind::rz)
            text += fmt::format("rz({:.17g}) {};\n", op.params[0], qubits);
        else
            text += fmt::format("{} {};\n", name_of(op.gate), qubits);
    }
    return text;
}

}  // namespace suan::quantum
