#include "quantum/backend/noisy_shots.hpp"

#include "quantum/run/trajectory.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::quantum {

namespace {

// Only the qubits in use, numbered from 0; says which those are.
std::vector<std::uint32_t> compact(std::vector<Op>& ops) {
    std::vector<std::uint32_t> used;
    for (const Op& op : ops)
        if (op.kind != OpKind::barrier) used.insert(used.end(), op.qubits.begin(), op.qubits.end());
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    std::erase_if(
        ops, [](const Op& op) { return op.kind == OpKind::barrier || op.kind == OpKind::delay; });
    for (Op& op : ops)
        for (std::uint32_t& q : op.qubits)
            q = static_cast<std::uint32_t>(std::lower_bound(used.begin(), used.end(), q) -
                                           used.begin());
    return used;
}

Result<TrajectoryResult> run_shots(const std::vector<Op>& ops, std::uint32_t qubits,
                                   const NoisyOptions& options, unsigned threads) {
    TrajectoryOptions trajectory;
    trajectory.shots = options.run.shots;
    trajectory.seed = options.run.seed;
    trajectory.threads = threads;
    trajectory.simulator.precision = options.run.precision.value_or(Precision::single);
    trajectory.simulator.isa = options.run.isa;
    trajectory.simulator.memory_bytes_max = options.run.memory_bytes_max;
    const std::uint64_t needed =
        bytes_needed(Method::statevector, qubits, trajectory.simulator, threads);
    if (qubits > 40 || needed > options.run.memory_bytes_max)
        return Error{ErrorCode::exhausted,
                     fmt::format("{} qubits in use need more than the {} MiB of memory allowed",
                                 qubits, options.run.memory_bytes_max >> 20)};
    return run_trajectories(ops, qubits, trajectory);
}

}  // namespace

Backend scaled(Backend backend, double factor) {
    for (QubitCalibration& q : backend.qubits) {
        q.gate_error = std::min(0.75, q.gate_error * factor);
        q.t1_s /= std::max(factor, 1e-12);
        q.t2_s /= std::max(factor, 1e-12);
    }
    for (Coupling& one : backend.couplings)
        one.error = std::min(0.9, one.error * factor);
    return backend;
}

Result<NoisyShots> noisy_shots(std::span<const Op> ops, std::uint32_t qubits,
                               const Backend& backend, const NoisyOptions& options,
                               unsigned threads) {
    NoisyShots out;
    auto transpiled = transpile(ops, qubits, backend, options.transpile);
    if (!transpiled) return std::move(transpiled).error();
    out.transpiled = std::move(*transpiled);
    std::vector<Op> noisy = options.noise_factor > 0
                                ? with_noise(out.transpiled, scaled(backend, options.noise_factor))
                                : out.transpiled.ops;
    const std::vector<std::uint32_t> used = compact(noisy);
    std::vector<std::uint32_t> sources;  // the simulated qubit behind each measurement
    for (const Op& op : noisy) {
        if (op.kind != OpKind::measure) continue;
        if (sources.size() <= op.measurement) sources.resize(op.measurement + 1);
        sources[op.measurement] = op.qubits[0];
    }
    for (const std::uint32_t q : sources)
        out.machine.push_back(used[q]);
    std::erase_if(noisy, [](const Op& op) { return op.kind == OpKind::measure; });
    auto shots = run_shots(noisy, static_cast<std::uint32_t>(std::max<std::size_t>(used.size(), 1)),
                           options, threads);
    if (!shots) return std::move(shots).error();
    out.shared = shots->shared;
    for (std::uint64_t i = 0; i < shots->basis.size(); ++i) {
        Key key = make_key(std::max<std::size_t>(sources.size(), 1));
        Random random(~options.run.seed, i + 1);
        for (std::size_t m = 0; m < sources.size(); ++m) {
            const bool value = (shots->basis[i] >> sources[m] & 1) != 0;
            const QubitCalibration& q = backend.qubits[out.machine[m]];
            const double flip = value ? q.readout_1_as_0 : q.readout_0_as_1;
            set_key_bit(key, m, random.uniform() < flip * options.noise_factor ? !value : value);
        }
        out.bits.push_back(std::move(key));
    }
    return out;
}

}  // namespace suan::quantum
