// What bench/quantum runs as the peer for many small circuits and for noise: qsim's own library, at
// its best settings. Built outside the tree against qsim's sources (build.sh); no part of Suan.
//   qsim_peer small THREADS FILE...         circuits a second: each fused, run and sampled 1,024
//                                           times on one thread; reading the files is left out
//   qsim_peer noisy THREADS SHOTS FILE      seconds a trajectory: damping and dephasing of 2e-4
//                                           after each gate on each of its qubits
#include "lib/channels_qsim.h"
#include "lib/circuit_qsim_parser.h"
#include "lib/formux.h"
#include "lib/fuser_mqubit.h"
#include "lib/io_file.h"
#include "lib/operation.h"
#include "lib/qtrajectory.h"
#include "lib/run_qsim.h"
#include "lib/seqfor.h"
#include "lib/simmux.h"
#include "lib/util_cpu.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Circuit = qsim::Circuit<qsim::Operation<float>>;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Circuit read(const char* path) {
    Circuit circuit;
    if (!qsim::CircuitQsimParser<qsim::IOFile>::FromFile(1'000'000, path, circuit)) std::exit(2);
    return circuit;
}

template <typename For>
struct Factory {
    using Simulator = qsim::Simulator<For>;
    using StateSpace = typename Simulator::StateSpace;
    StateSpace CreateStateSpace() const { return StateSpace(threads); }
    Simulator CreateSimulator() const { return Simulator(threads); }
    unsigned threads;
};

using Fuser = qsim::MultiQubitGateFuser<qsim::IO>;

void run_small(const std::vector<Circuit>& circuits, std::atomic<std::size_t>& next) {
    using F = Factory<qsim::SequentialFor>;
    using Runner = qsim::QSimRunner<qsim::IO, Fuser, F>;
    const F factory{1};
    const auto space = factory.CreateStateSpace();
    Runner::Parameter param;
    param.max_fused_size = 2;  // 3 is slower on circuits of this size
    param.seed = 1;
    param.verbosity = 0;
    for (std::size_t i = next++; i < circuits.size(); i = next++) {
        auto state = space.Create(circuits[i].num_qubits);
        space.SetStateZero(state);
        if (!Runner::Run(param, factory, circuits[i], state)) std::exit(1);
        if (space.Sample(state, 1024, static_cast<unsigned>(i)).size() != 1024) std::exit(1);
    }
}

int small(unsigned threads, int count, char** files) {
    std::vector<Circuit> circuits;
    for (int i = 0; i < count; ++i)
        circuits.push_back(read(files[i]));
    const auto start = Clock::now();
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> workers;
    for (unsigned i = 1; i < threads; ++i)
        workers.emplace_back([&] { run_small(circuits, next); });
    run_small(circuits, next);
    for (std::thread& worker : workers)
        worker.join();
    std::printf("peer %.9g\n", count / seconds_since(start));
    return 0;
}


int noisy(unsigned threads, unsigned shots, const char* file) {
    using F = Factory<qsim::For>;
    using Runner = qsim::QSimRunner<qsim::IO, Fuser, F>;
    using Trajectories = qsim::QuantumTrajectorySimulator<qsim::IO, Runner>;
    const Circuit clean = read(file);
    Circuit circuit;
    circuit.num_qubits = clean.num_qubits;
    for (const auto& op : clean.ops) {
        const unsigned time = qsim::OpTime(op);
        circuit.ops.push_back(op);
        qsim::OpBaseOperation(circuit.ops.back()).time = 3 * time;
        for (const unsigned q : qsim::OpBaseOperation(op).qubits)
            circuit.ops.push_back(
                qsim::AmplitudeDampingChannel<float>::Create(3 * time + 1, q, 2e-4));
        for (const unsigned q : qsim::OpBaseOperation(op).qubits)
            circuit.ops.push_back(qsim::PhaseDampingChannel<float>::Create(3 * time + 2, q, 2e-4));
    }
    const F factory{threads};
    const auto space = factory.CreateStateSpace();
    const auto simulator = factory.CreateSimulator();
    Trajectories::Parameter param;
    param.max_fused_size = 3;
    param.verbosity = 0;
    std::size_t drawn = 0;
    const auto start = Clock::now();
    const bool good = Trajectories::RunBatch(
        param, circuit, 0, shots, space, simulator,
        [&](std::uint64_t r, const auto& state, const auto&) {
            drawn += space.Sample(state, 1, static_cast<unsigned>(r)).size();
        });
    const double seconds = seconds_since(start);
    if (!good || drawn != shots) return 1;
    std::printf("peer %.9g\n", seconds / shots);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    qsim::SetFlushToZeroAndDenormalsAreZeros();
    const std::string mode = argc > 3 ? argv[1] : "";
    const auto threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 1);
    if (mode == "small") return small(threads, argc - 3, argv + 3);
    if (mode == "noisy" && argc == 5)
        return noisy(threads, static_cast<unsigned>(std::atoi(argv[3])), argv[4]);
    std::fprintf(stderr, "qsim_peer small THREADS FILE... | noisy THREADS SHOTS FILE\n");
    return 2;
}
