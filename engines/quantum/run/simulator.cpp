#include "quantum/run/simulator.hpp"

#include "quantum/state/state_vector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suan::quantum {

namespace {

constexpr std::uint32_t distribution_bits_max = 26;

template <typename Real>
class StateVectorSimulator : public Simulator {
public:
    StateVectorSimulator(StateVector<Real> state, Isa isa, Threads& threads)
        : state_(std::move(state)), isa_(isa), threads_(threads) {}

    bool apply(const Op& op) override {
        state_.add_op(op);
        return true;
    }
    double probability_one(std::uint32_t qubit) override { return state_.probability_one(qubit); }
    void project(std::uint32_t qubit, bool value, double) override {
        state_.project(qubit, value);
        state_.normalise();
    }
    std::unique_ptr<Simulator> clone() override {
        state_.flush();
        auto other = StateVector<Real>::create(state_.qubits(), isa_, threads_);
        if (!other) return nullptr;
        other->copy_from(state_);
        return std::make_unique<StateVectorSimulator>(std::move(*other), isa_, threads_);
    }
    void sample(std::span<const std::uint32_t> qubits, std::uint64_t shots, Random& random,
                std::vector<Key>& out) override {
        std::vector<double> numbers(shots);
        for (double& number : numbers)
            number = random.uniform();
        std::sort(numbers.begin(), numbers.end());
        std::vector<std::uint64_t> indices;
        indices.reserve(shots);
        state_.draw(numbers, indices);
        for (const std::uint64_t index : indices) {
            const std::uint64_t basis = state_.logical(index);
            Key key = make_key(qubits.size());
            for (std::size_t i = 0; i < qubits.size(); ++i)
                key[0] |= (basis >> qubits[i] & 1) << i;
            out.push_back(std::move(key));
        }
    }
    Result<void> distribution(std::span<const std::uint32_t> qubits, const Visit& visit) override {
        if (qubits.size() > distribution_bits_max)
            return Error{ErrorCode::exhausted,
                         fmt::format("the probabilities of {} bits are too many: at most {}",
                                     qubits.size(), distribution_bits_max)};
        std::vector<double> all(std::size_t{1} << qubits.size());
        const double total = state_.total();
        state_.for_each([&](std::uint64_t basis, double p) {
            std::size_t at = 0;
            for (std::size_t i = 0; i < qubits.size(); ++i)
                at |= (basis >> qubits[i] & 1) << i;
            all[at] += p;
        });
        Key key = make_key(std::max<std::size_t>(qubits.size(), 1));
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i] == 0) continue;
            key[0] = i;
            visit(key, all[i] / total);
        }
        return {};
    }
    double pauli(std::span<const std::uint32_t> x, std::span<const std::uint32_t> z) override {
        std::uint64_t x_mask = 0;
        std::uint64_t z_mask = 0;
        for (const std::uint32_t q : x)
            x_mask |= std::uint64_t{1} << q;
        for (const std::uint32_t q : z)
            z_mask |= std::uint64_t{1} << q;
        return state_.pauli(x_mask, z_mask);
    }
    double error_estimate() override { return std::abs(1 - state_.total()); }
    std::uint64_t bytes() const override { return (2 * sizeof(Real)) << state_.qubits(); }

private:
    StateVector<Real> state_;
    Isa isa_;
    Threads& threads_;
};

template <typename Real>
Result<std::unique_ptr<Simulator>> make_state_vector(std::uint32_t qubits, Isa isa,
                                                     Threads& threads) {
    auto state = StateVector<Real>::create(qubits, isa, threads);
    if (!state) return std::move(state).error();
    return std::unique_ptr<Simulator>(
        std::make_unique<StateVectorSimulator<Real>>(std::move(*state), isa, threads));
}

}  // namespace

std::string_view name_of(Method method) {
    constexpr std::array<std::string_view, 5> names = {"automatic", "statevector", "stabilizer",
                                                       "mps", "density"};
    return names[static_cast<std::size_t>(method)];
}

std::uint64_t bytes_needed(Method method, std::uint32_t qubits, const SimulatorOptions& options,
                           unsigned threads) {
    switch (method) {
        case Method::stabilizer:
            return std::uint64_t{qubits} * (2 * ((qubits + 63) / 64)) * 16 + (1U << 20);
        case Method::mps:
            return std::uint64_t{qubits} * options.bond_max * options.bond_max * 32 + (1U << 20);
        case Method::density:
            return qubits > 25 ? UINT64_MAX : (std::uint64_t{16} << (2 * qubits)) + (1U << 20);
        default:
            return options.precision == Precision::single
                       ? StateVector<float>::bytes_needed(qubits, threads)
                       : StateVector<double>::bytes_needed(qubits, threads);
    }
}

Result<std::unique_ptr<Simulator>> make_simulator(Method method, std::uint32_t qubits,
                                                  const SimulatorOptions& options,
                                                  Threads& threads) {
    const std::uint64_t needed = bytes_needed(method, qubits, options, threads.count());
    if (method != Method::mps && needed > options.memory_bytes_max) {
        std::uint32_t fits = qubits;
        while (fits > 1 &&
               bytes_needed(method, fits, options, threads.count()) > options.memory_bytes_max)
            --fits;
        return Error{ErrorCode::exhausted,
                     fmt::format("{} qubits by method {} need {} MiB of memory; {} MiB are "
                                 "allowed, in which {} qubits fit",
                                 qubits, name_of(method),
                                 needed == UINT64_MAX ? std::string("far too many")
                                                      : fmt::format("{}", needed >> 20),
                                 options.memory_bytes_max >> 20, fits)};
    }
    if (method == Method::stabilizer) return make_tableau(qubits);
    if (method == Method::mps) return make_mps(qubits, options);
    if (method == Method::density) return make_density(qubits);
    return options.precision == Precision::single
               ? make_state_vector<float>(qubits, options.isa, threads)
               : make_state_vector<double>(qubits, options.isa, threads);
}

}  // namespace suan::quantum
