// The state vector of up to 40 qubits, in single or double precision. Not normalised by itself:
// probabilities are relative to total().
//
// One object is used by one thread at a time; it spreads its own work over the Threads it was
// given. Results do not depend on how many there are.
#pragma once

#include "base/result.hpp"
#include "quantum/state/lower.hpp"
#include "quantum/state/plan.hpp"
#include "quantum/state/threads.hpp"

#include <memory>
#include <span>

namespace suan::quantum {

// Memory whose rows begin at 64 bytes, in huge pages where that pays.
class Memory {
public:
    Memory() = default;
    // Zeros; null where the system has none left.
    static Memory zeros(std::size_t bytes);
    Memory(Memory&& other) noexcept;
    Memory& operator=(Memory&& other) noexcept;
    ~Memory();

    void* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }

private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

template <typename Real>
class StateVector {
public:
    // |0...0>. exhausted: there is not enough memory.
    static Result<StateVector> create(std::uint32_t qubits, Isa isa, Threads& threads);
    static std::uint64_t bytes_needed(std::uint32_t qubits, unsigned threads);

    std::uint32_t qubits() const { return qubits_; }
    void reset();
    // Both have the same size.
    void copy_from(const StateVector& other);

    // Gates; other operations are left out.
    void apply(std::span<const Op> ops);
    // Where the qubit is 1, the amplitude is multiplied by `factor`; with the next gates.
    void add_factor(std::uint32_t qubit, double factor);
    void add_op(const Op& op) { lowering().add(op); }
    // Works off what has been added.
    void flush();

    // The sum of all |amplitude|^2, 1 but for rounding after unitary gates.
    double total();
    double probability_one(std::uint32_t qubit);
    // Keeps the part where the qubit has this value; not normalised.
    void project(std::uint32_t qubit, bool value);
    // Divides by the norm.
    void normalise();

    // The stored index of a drawn amplitude for each number in [0, 1), which must ascend.
    void draw(std::span<const double> ascending, std::vector<std::uint64_t>& indices);
    // The logical basis state of a stored index, qubit q in bit q.
    std::uint64_t logical(std::uint64_t index) const;
    // |amplitude|^2 of every stored index, not normalised. At least 16 entries are written: those
    // beyond 2^qubits are zeros.
    void probabilities(std::vector<float>& out);
    // Calls visit(basis state, |amplitude|^2) for all that are not zero.
    template <typename Visit>
    void for_each(Visit&& visit) {
        flush();
        const std::uint64_t size = std::uint64_t{1} << qubits_;
        for (std::uint64_t i = 0; i < size; ++i) {
            const double p = std::norm(stored(i)) * scale_ * scale_;
            if (p != 0) visit(logical(i), p);
        }
    }
    // The amplitude of a basis state, up to a global phase.
    Complex amplitude(std::uint64_t basis);
    // <P> of a product of Pauli matrices: x and z have the bits of X and Z, both of Y.
    double pauli(std::uint64_t x, std::uint64_t z);

private:
    struct Worker {
        Memory block;
        Memory table;
        std::vector<CrossTerm> active;
        std::vector<Factor> scalars;
    };

    StateVector(std::uint32_t qubits, Isa isa, Threads& threads);
    Lowering& lowering();
    Complex stored(std::uint64_t index) const;
    std::uint64_t stored_index(std::uint64_t basis) const;
    void run_stage(const Stage& stage);
    void build_tables(const Stage& stage);
    void run_block(Worker& worker, Real* block, const Stage& stage, std::uint64_t fixed);
    void run_round(Worker& worker, Real* block, const Round& round, const Real* base,
                   std::uint64_t fixed);
    bool collect(Worker& worker, const Round& round, std::uint64_t fixed) const;
    const Real* table_for(Worker& worker, const Round& round, const Real* base,
                          std::uint32_t high) const;
    void rotate_high(Real* block, const Round& round) const;
    void block_sums();
    PlanShape plan_shape() const;
    void build_offsets(const Stage& stage);

    std::uint32_t qubits_ = 0;
    unsigned bits_ = 0;  // at least lane_bits
    const Kernels<Real>* kernels_ = nullptr;
    Threads* threads_ = nullptr;
    Memory amps_;
    double scale_ = 1;        // the amplitudes are scale_ times what is stored
    std::uint64_t live_ = 0;  // bits that may be 1
    std::unique_ptr<Frame> frame_;
    std::unique_ptr<Lowering> lowering_;
    std::vector<Step> steps_;
    std::unique_ptr<Plan> plan_;
    Memory tables_;
    std::vector<std::size_t> offsets_;
    std::vector<Worker> workers_;
    std::vector<double> sums_;  // of runs of amplitudes, see block_sums()
};

extern template class StateVector<float>;
extern template class StateVector<double>;

}  // namespace suan::quantum
