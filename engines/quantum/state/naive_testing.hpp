// The simplest simulator there is, for tests: applies each gate's matrix amplitude by amplitude.
#pragma once

#include "quantum/circuit/circuit.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace suan::quantum {

class Naive {
public:
    explicit Naive(std::uint32_t qubits) : amps_(std::size_t{1} << qubits) { amps_[0] = 1; }

    const std::vector<Complex>& amplitudes() const { return amps_; }

    void apply(const Op& op) {
        if (op.kind != OpKind::gate) return;
        std::size_t controls = 0;
        for (std::uint32_t i = 0; i < op.controls; ++i)
            controls |= std::size_t{1} << op.qubits[i];
        if (target_count(op.gate) == 0) {
            for (std::size_t i = 0; i < amps_.size(); ++i)
                if ((i & controls) == controls) amps_[i] *= std::polar(1.0, op.params[0]);
            return;
        }
        const std::size_t a = std::size_t{1} << op.qubits[op.controls];
        if (target_count(op.gate) == 1) {
            const Matrix2 m = matrix_of(op.gate, op.params);
            for (std::size_t i = 0; i < amps_.size(); ++i) {
                if ((i & controls) != controls || (i & a) != 0) continue;
                const Complex x = amps_[i];
                const Complex y = amps_[i | a];
                amps_[i] = m[0] * x + m[1] * y;
                amps_[i | a] = m[2] * x + m[3] * y;
            }
            return;
        }
        const std::size_t b = std::size_t{1} << op.qubits[op.controls + 1];
        const Complex c = std::cos(op.params[0] / 2);
        const Complex s = Complex{0, -1} * std::sin(op.params[0] / 2);
        for (std::size_t i = 0; i < amps_.size(); ++i) {
            if ((i & controls) != controls || (i & (a | b)) != 0) continue;
            Complex v[4] = {amps_[i], amps_[i | a], amps_[i | b], amps_[i | a | b]};
            if (op.gate == GateKind::swap) std::swap(v[1], v[2]);
            if (op.gate == GateKind::rzz)
                for (int k = 0; k < 4; ++k)
                    v[k] *= k == 0 || k == 3 ? c + s : c - s;
            if (op.gate == GateKind::rxx || op.gate == GateKind::ryy) {
                const Complex sign = op.gate == GateKind::ryy ? -1 : 1;
                const Complex w[4] = {v[0], v[1], v[2], v[3]};
                v[0] = c * w[0] + sign * s * w[3];
                v[3] = c * w[3] + sign * s * w[0];
                v[1] = c * w[1] + s * w[2];
                v[2] = c * w[2] + s * w[1];
            }
            amps_[i] = v[0];
            amps_[i | a] = v[1];
            amps_[i | b] = v[2];
            amps_[i | a | b] = v[3];
        }
    }

private:
    std::vector<Complex> amps_;
};

// A random gate of any kind, with up to two controls, on `qubits` qubits.
inline Op random_gate(std::mt19937_64& random, std::uint32_t qubits) {
    for (;;) {
        Op op;
        op.gate = static_cast<GateKind>(random() % 21);
        op.controls = random() % 3 == 0 ? static_cast<std::uint32_t>(random() % 3) : 0;
        const std::uint32_t needed = op.controls + target_count(op.gate);
        if (needed == 0 || needed > qubits) continue;
        std::vector<std::uint32_t> all(qubits);
        for (std::uint32_t i = 0; i < qubits; ++i)
            all[i] = i;
        std::shuffle(all.begin(), all.end(), random);
        op.qubits.assign(all.begin(), all.begin() + needed);
        for (double& p : op.params)
            p = std::uniform_real_distribution<double>(-7, 7)(random);
        return op;
    }
}

}  // namespace suan::quantum
