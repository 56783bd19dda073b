// What bench/quantum runs as the peer in double precision: Qulacs, its circuit optimised to blocks
// of two qubits (its best for these circuits). Built outside the tree against Qulacs' own libraries
// (build.sh); no part of Suan.
//   qulacs_peer THREADS FILE    seconds of the fastest of some updates of the state
// FILE is a circuit in qsim's format: rx, ry, rz, h, cz, cnot and the like.
#include <cppsim/circuit.hpp>
#include <cppsim/circuit_optimizer.hpp>
#include <cppsim/state.hpp>

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace {

// Qulacs turns the other way: its RX(a) is exp(+i a X / 2).
bool add(QuantumCircuit& circuit, const std::string& name, std::istream& rest) {
    unsigned a = 0;
    unsigned b = 0;
    double angle = 0;
    rest >> a;
    if (name == "h") return circuit.add_H_gate(a), true;
    if (name == "t") return circuit.add_T_gate(a), true;
    if (name == "x") return circuit.add_X_gate(a), true;
    if (name == "cz") return rest >> b, circuit.add_CZ_gate(a, b), true;
    if (name == "cnot" || name == "cx") return rest >> b, circuit.add_CNOT_gate(a, b), true;
    rest >> angle;
    if (name == "rx") return circuit.add_RX_gate(a, -angle), true;
    if (name == "ry") return circuit.add_RY_gate(a, -angle), true;
    if (name == "rz") return circuit.add_RZ_gate(a, -angle), true;
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    omp_set_num_threads(std::atoi(argv[1]));
    std::ifstream file(argv[2]);
    unsigned qubits = 0;
    file >> qubits;
    QuantumCircuit circuit(qubits);
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::size_t moment = 0;
        std::string name;
        if (!(words >> moment >> name)) continue;
        if (!add(circuit, name, words)) {
            std::fprintf(stderr, "qulacs_peer: gate %s\n", name.c_str());
            return 2;
        }
    }
    QuantumCircuitOptimizer().optimize(&circuit, 2);
    QuantumState state(qubits);
    double best = 0;
    for (int round = 0; round < 7; ++round) {
        state.set_zero_state();
        const auto start = std::chrono::steady_clock::now();
        circuit.update_quantum_state(&state);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (round > 0) best = best == 0 ? took.count() : std::min(best, took.count());
    }
    std::printf("peer %.6f\n", best);
    return 0;
}
