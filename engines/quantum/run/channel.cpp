#include "quantum/run/channel.hpp"

#include <cmath>

namespace suan::quantum {

Op make_channel(Channel channel, std::initializer_list<std::uint32_t> qubits,
                std::array<double, 3> params) {
    Op op;
    op.kind = OpKind::channel;
    op.measurement = static_cast<std::uint32_t>(channel);
    op.qubits.assign(qubits.begin(), qubits.end());
    op.params = params;
    return op;
}

std::vector<Kraus> kraus_of(const Op& op) {
    const double a = op.params[0];
    if (channel_of(op) == Channel::damping)
        return {{{1, 0, 0, std::sqrt(1 - a)}, {0, std::sqrt(a), 0, 0}}};
    if (channel_of(op) == Channel::depolarising) return {};
    Kraus kraus;
    const auto add = [&](GateKind kind, double p) {
        Matrix2 m = matrix_of(kind, {});
        for (Complex& entry : m)
            entry *= std::sqrt(p);
        kraus.push_back(m);
    };
    add(GateKind::id, 1 - op.params[0] - op.params[1] - op.params[2]);
    add(GateKind::x, op.params[0]);
    add(GateKind::y, op.params[1]);
    add(GateKind::z, op.params[2]);
    return {kraus};
}

}  // namespace suan::quantum
