// One channel on one state vector: what a trajectory does where a channel stands.
#pragma once

#include "quantum/run/channel.hpp"
#include "quantum/run/random.hpp"
#include "quantum/state/state_vector.hpp"

#include <cmath>

namespace suan::quantum {

// The probability that a channel may do something; above it, it is quiet: its no-jump operator.
double strength(const Op& op);

template <typename Real>
void apply_quiet(StateVector<Real>& state, const Op& op) {
    if (channel_of(op) == Channel::damping)
        state.add_factor(op.qubits[0], std::sqrt(1 - op.params[0]));
}

// 0: none, 1: X, 2: Y, 3: Z.
template <typename Real>
void apply_pauli(StateVector<Real>& state, std::uint32_t qubit, std::uint64_t which) {
    if (which == 1) state.add_op(make_gate(GateKind::x, {qubit}));
    if (which == 2) state.add_op(make_gate(GateKind::y, {qubit}));
    if (which == 3) state.add_op(make_gate(GateKind::z, {qubit}));
}

// What a channel does that is not quiet.
template <typename Real>
void apply_jump(StateVector<Real>& state, const Op& op, Random& random) {
    const std::uint32_t q = op.qubits[0];
    switch (channel_of(op)) {
        case Channel::damping:
            state.flush();
            if (random.uniform() < state.probability_one(q)) {
                state.project(q, true);
                state.normalise();
                state.add_op(make_gate(GateKind::x, {q}));
            } else {
                apply_quiet(state, op);
            }
            break;
        case Channel::pauli: {
            const double u = random.uniform() * strength(op);
            apply_pauli(state, q, u < op.params[0] ? 1 : (u < op.params[0] + op.params[1] ? 2 : 3));
            break;
        }
        case Channel::depolarising: {
            const std::uint64_t which = 1 + random.below(15);
            apply_pauli(state, q, which % 4);
            apply_pauli(state, op.qubits[1], which / 4);
            break;
        }
    }
}

}  // namespace suan::quantum
