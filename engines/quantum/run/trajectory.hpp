// Noisy shots of a program without measurements in the middle, sharing what they have in common.
//
// Every channel has a probability that it may do something: a Pauli channel's own, and gamma of a
// damping, above which its no-jump operator diag(1, sqrt(1 - gamma)) is certain. A shot draws the
// first channel at which that happens. Shots without one share a single state, in which all
// dampings are no-jump; with the error rates of real machines that is most of them. The others
// start from a copy of that state near their channel, draw what happens, and go on alone. The
// distribution is exactly that of the channels.
#pragma once

#include "quantum/run/channel.hpp"
#include "quantum/run/simulator.hpp"

namespace suan::quantum {

struct TrajectoryOptions {
    std::uint64_t shots = 1024;
    std::uint64_t seed = 1;
    SimulatorOptions simulator;
    unsigned threads = 1;
    std::uint32_t checkpoints_max = 16;
};

struct TrajectoryResult {
    std::vector<std::uint64_t> basis;  // of each shot, qubit q in bit q
    std::uint64_t shared = 0;          // shots that no channel touched
};

// ops: gates and channels only, on at most 40 qubits. The same result on any number of threads.
Result<TrajectoryResult> run_trajectories(std::span<const Op> ops, std::uint32_t qubits,
                                          const TrajectoryOptions& options);

}  // namespace suan::quantum
