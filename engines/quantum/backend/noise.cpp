#include "quantum/backend/noise.hpp"

#include "quantum/run/channel.hpp"

#include <algorithm>
#include <cmath>

namespace suan::quantum {

void add_relaxation(std::vector<Op>& out, std::uint32_t qubit, double seconds, double t1_s,
                    double t2_s) {
    if (seconds <= 0) return;
    const double gamma = -std::expm1(-seconds / t1_s);
    const double dephasing_rate = std::max(0.0, 1 / t2_s - 1 / (2 * t1_s));
    const double z = -std::expm1(-seconds * dephasing_rate) / 2;
    out.push_back(make_channel(Channel::damping, {qubit}, {gamma, 0, 0}));
    if (z > 0) out.push_back(make_channel(Channel::pauli, {qubit}, {0, 0, z}));
}

std::vector<Op> with_noise(const Transpiled& circuit, const Backend& backend, NoiseSpan span) {
    std::vector<Op> out;
    // Where each qubit's last operation ended; before its first it rests in |0> and nothing
    // happens.
    std::vector<double> end(backend.qubits.size(), span == NoiseSpan::later ? 0 : -1);
    const auto relax = [&](std::uint32_t q, double seconds) {
        add_relaxation(out, q, seconds, backend.qubits[q].t1_s, backend.qubits[q].t2_s);
    };
    for (std::size_t i = 0; i < circuit.ops.size(); ++i) {
        const Op& op = circuit.ops[i];
        if (op.kind == OpKind::barrier) {
            out.push_back(op);
            continue;
        }
        double length = 0;
        if (op.kind == OpKind::measure) length = span == NoiseSpan::alone ? 0 : backend.readout_s;
        if (op.kind == OpKind::gate && op.gate != GateKind::rz)
            length = op.qubits.size() == 2 ? backend.two_qubit_s : backend.one_qubit_s;
        if (op.kind == OpKind::delay) length = op.params[0];
        const double start = circuit.start_s[i];
        for (const std::uint32_t q : op.qubits) {
            if (end[q] >= 0) relax(q, start - end[q]);
            end[q] = start + length;
        }
        if (op.kind == OpKind::delay) {
            for (const std::uint32_t q : op.qubits)
                relax(q, length);
            continue;
        }
        out.push_back(op);
        if (op.kind == OpKind::reset) {
            for (const std::uint32_t q : op.qubits)
                end[q] = -1;
            continue;
        }
        if (op.kind != OpKind::gate || op.gate == GateKind::rz) continue;
        for (const std::uint32_t q : op.qubits)
            relax(q, length);
        if (op.qubits.size() == 2) {
            const double error = backend.error_between(op.qubits[0], op.qubits[1]);
            if (error > 0)
                out.push_back(make_channel(Channel::depolarising, {op.qubits[0], op.qubits[1]},
                                           {error, 0, 0}));
        } else {
            const double error = backend.qubits[op.qubits[0]].gate_error / 3;
            if (error > 0)
                out.push_back(make_channel(Channel::pauli, {op.qubits[0]}, {error, error, error}));
        }
    }
    for (std::uint32_t q = 0; span != NoiseSpan::alone && q < end.size(); ++q)
        if (end[q] >= 0) relax(q, circuit.duration_s - end[q]);
    return out;
}

}  // namespace suan::quantum
