// Many small circuits at once: each on one thread, states and work space kept from one to the next,
// no planning worth the name, and shots drawn by a table instead of one by one.
#pragma once

#include "quantum/circuit/circuit.hpp"
#include "quantum/run/random.hpp"
#include "quantum/state/state_vector.hpp"

#include <optional>
#include <span>
#include <vector>

namespace suan::quantum {

inline constexpr std::uint32_t small_qubits_max = 16;

struct SmallCircuit {
    std::uint32_t qubits = 0;
    std::vector<Op> ops;  // gates only; all qubits are measured at the end
};

// Basis states, in no order, and how often each was drawn.
using SmallCounts = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

class SmallRunner {
public:
    explicit SmallRunner(Isa isa) : isa_(isa), alone_(1) {}

    // The counts of `shots` shots; at most small_qubits_max qubits. Operations that are not gates
    // are left out.
    SmallCounts run(std::uint32_t qubits, std::span<const Op> ops, std::uint32_t shots,
                    std::uint64_t seed);
    SmallCounts run(const SmallCircuit& circuit, std::uint32_t shots, std::uint64_t seed) {
        return run(circuit.qubits, circuit.ops, shots, seed);
    }

private:
    void draw(StateVector<float>& state, std::uint32_t shots, Random& random);

    Isa isa_;
    Threads alone_;
    std::vector<std::optional<StateVector<float>>> states_{small_qubits_max + 1};
    std::vector<float> sums_;
    std::vector<std::uint32_t> guide_;
    std::vector<std::uint32_t> counts_;
    std::vector<std::uint32_t> names_;
    SmallCounts seen_;
};

// Circuit i uses stream i of the seed: the counts do not depend on the number of threads.
std::vector<SmallCounts> run_small(std::span<const SmallCircuit> circuits, std::uint32_t shots,
                                   std::uint64_t seed, Isa isa, Threads& threads);

}  // namespace suan::quantum
