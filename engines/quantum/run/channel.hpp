// Noise as operations: OpKind::channel, with the channel in `measurement`, its strengths in
// `params`.
//   damping       params[0] = gamma: |1> decays to |0>
//   pauli         params = probabilities of X, Y, Z
//   depolarising  params[0] = p: one of the 15 Pauli products of two qubits, each p/15
#pragma once

#include "quantum/circuit/circuit.hpp"

#include <vector>

namespace suan::quantum {

enum class Channel : std::uint32_t { damping, pauli, depolarising };

using Kraus = std::vector<Matrix2>;

Op make_channel(Channel channel, std::initializer_list<std::uint32_t> qubits,
                std::array<double, 3> params);

inline Channel channel_of(const Op& op) {
    return static_cast<Channel>(op.measurement);
}

// The Kraus operators of each one-qubit channel of the operation; none for depolarising.
std::vector<Kraus> kraus_of(const Op& op);

}  // namespace suan::quantum
