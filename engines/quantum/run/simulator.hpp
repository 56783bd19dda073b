// One simulation method behind one interface. A simulator holds a pure or mixed state of some
// qubits; measurements are taken by the Walker, which asks for probabilities and projects.
#pragma once

#include "base/result.hpp"
#include "quantum/circuit/circuit.hpp"
#include "quantum/run/key.hpp"
#include "quantum/run/random.hpp"
#include "quantum/state/kernels.hpp"
#include "quantum/state/threads.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace suan::quantum {

enum class Method : std::uint8_t { automatic, statevector, stabilizer, mps, density };
enum class Precision : std::uint8_t { single, dual };

std::string_view name_of(Method method);

// Called with the values of the asked qubits, first qubit in bit 0, and their probability.
using Visit = std::function<void(const Key&, double)>;

class Simulator {
public:
    virtual ~Simulator() = default;

    // Applies a gate; false: this method cannot (a stabilizer and a T gate).
    virtual bool apply(const Op& op) = 0;
    // Relative to the norm of the state, which is kept at 1.
    virtual double probability_one(std::uint32_t qubit) = 0;
    // Keeps the part where the qubit has this value, of probability p, and normalises.
    virtual void project(std::uint32_t qubit, bool value, double p) = 0;
    virtual std::unique_ptr<Simulator> clone() = 0;
    // Draws the values of these qubits together.
    virtual void sample(std::span<const std::uint32_t> qubits, std::uint64_t shots, Random& random,
                        std::vector<Key>& out) = 0;
    // All values of these qubits that have a probability. invalid: too many of them.
    virtual Result<void> distribution(std::span<const std::uint32_t> qubits,
                                      const Visit& visit) = 0;
    // <P>; x and z name the qubits under X and Z, under both for Y.
    virtual double pauli(std::span<const std::uint32_t> x, std::span<const std::uint32_t> z) = 0;
    // What the method has lost so far: 1 - norm before normalising, or the truncated weight.
    virtual double error_estimate() = 0;
    virtual std::uint64_t bytes() const = 0;
};

struct SimulatorOptions {
    Precision precision = Precision::single;
    Isa isa = Isa::portable;
    std::uint64_t memory_bytes_max = 0;
    std::uint32_t bond_max = 256;   // of a matrix product state
    double truncation_max = 1e-16;  // discarded weight of one cut
};

// The state |0...0> of a method. exhausted: it does not fit; the message says what would.
Result<std::unique_ptr<Simulator>> make_simulator(Method method, std::uint32_t qubits,
                                                  const SimulatorOptions& options,
                                                  Threads& threads);

// Memory that a method needs for its state; for matrix product states the most it may come to.
std::uint64_t bytes_needed(Method method, std::uint32_t qubits, const SimulatorOptions& options,
                           unsigned threads);

std::unique_ptr<Simulator> make_tableau(std::uint32_t qubits);
std::unique_ptr<Simulator> make_mps(std::uint32_t qubits, const SimulatorOptions& options);
std::unique_ptr<Simulator> make_density(std::uint32_t qubits);

}  // namespace suan::quantum
