#include "quantum/run/small.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace suan::quantum {

namespace {

constexpr std::uint32_t guide_entries = 1024;  // as many as ten bits choose from

// Running sums: in eight parts side by side, so that no addition waits for the one before.
void add_up(std::vector<float>& p) {
    constexpr std::size_t parts = 8;
    const std::size_t size = p.size() / parts;
    std::array<float, parts> sum{};
    for (std::size_t i = 0; i < size; ++i)
        for (std::size_t k = 0; k < parts; ++k)
            p[k * size + i] = sum[k] += p[k * size + i];
    float before = 0;
    for (std::size_t k = 0; k < parts; ++k) {
        for (std::size_t i = 0; i < size; ++i)
            p[k * size + i] += before;
        before += sum[k];
    }
}

}  // namespace

// For each of some equal steps of the running sum, the first amplitude that reaches beyond it: a
// random number then needs a look-up and a step or two.
void SmallRunner::draw(StateVector<float>& state, std::uint32_t shots, Random& random) {
    state.probabilities(sums_);
    const auto size = static_cast<std::uint32_t>(sums_.size());
    counts_.assign(size + 16, 0);
    add_up(sums_);
    const float total = sums_.back();
    const float step = total / guide_entries;
    // An amplitude may begin no earlier than where its predecessor's sum lies: rounded up, so that
    // the search never starts beyond the right one.
    guide_.assign(guide_entries + 2, 0);
    const float scale = (1 + 1e-6F) / step;
    for (std::uint32_t i = 0; i < size; ++i)
        guide_[std::min(static_cast<std::uint32_t>(sums_[i] * scale) + 1, guide_entries + 1)] =
            i + 1;
    for (std::uint32_t i = 1; i <= guide_entries; ++i)
        guide_[i] = std::max(guide_[i], guide_[i - 1]);
    // Rounding may carry a number to the very end, where it belongs to the last likely amplitude.
    std::uint32_t last = size - 1;
    while (last > 0 && sums_[last - 1] == total)
        --last;
    std::fill(sums_.begin() + last, sums_.end(), INFINITY);
    sums_.resize(size + 16, INFINITY);
    entries_.resize(shots);
    wanted_.resize(shots);
    for (std::uint32_t shot = 0; shot < shots; ++shot) {
        // Ten bits choose the step, twenty-four more the place in it.
        const std::uint64_t bits = random();
        entries_[shot] = static_cast<std::uint32_t>(bits >> 54);
        wanted_[shot] =
            step * (static_cast<float>(entries_[shot]) +
                    static_cast<float>(static_cast<std::uint32_t>(bits) >> 8) * 0x1p-24F);
    }
    kernels<float>(isa_).pick(counts_.data(), sums_.data(), guide_.data(), entries_.data(),
                              wanted_.data(), shots);
}

SmallCounts SmallRunner::run(const SmallCircuit& circuit, std::uint32_t shots, std::uint64_t seed) {
    SUAN_ASSERT(circuit.qubits >= 1 && circuit.qubits <= small_qubits_max);
    auto& slot = states_[circuit.qubits];
    if (!slot) {
        auto made = StateVector<float>::create(circuit.qubits, isa_, alone_);
        SUAN_ASSERT(made.has_value());
        slot = std::move(*made);
    } else {
        slot->reset();
    }
    slot->apply(circuit.ops);
    Random random(seed);
    draw(*slot, shots, random);
    // The basis state of an index, from two tables of half its bits.
    const std::uint32_t low_bits = circuit.qubits / 2;
    const std::uint32_t low_size = 1U << low_bits;
    names_.resize(low_size + (std::size_t{1} << (circuit.qubits - low_bits)));
    const std::uint64_t zero = slot->logical(0);
    for (std::uint32_t i = 0; i < low_size; ++i)
        names_[i] = static_cast<std::uint32_t>(slot->logical(i));
    for (std::uint32_t i = low_size; i < names_.size(); ++i)
        names_[i] = static_cast<std::uint32_t>(
            slot->logical(std::uint64_t{i - low_size} << low_bits) ^ zero);
    SmallCounts result;
    result.reserve(std::min<std::size_t>(shots, std::size_t{1} << circuit.qubits));
    for (std::uint32_t i = 0; i < (1U << circuit.qubits); ++i)
        if (counts_[i] != 0)
            result.emplace_back(names_[i % low_size] ^ names_[low_size + i / low_size], counts_[i]);
    return result;
}

std::vector<SmallCounts> run_small(std::span<const SmallCircuit> circuits, std::uint32_t shots,
                                   std::uint64_t seed, Isa isa, Threads& threads) {
    std::vector<SmallCounts> results(circuits.size());
    std::vector<std::unique_ptr<SmallRunner>> workers;
    for (unsigned i = 0; i < threads.count(); ++i)
        workers.push_back(std::make_unique<SmallRunner>(isa));
    // A few circuits at a time, so that threads do not meet at the counter.
    constexpr std::size_t group = 8;
    threads.run((circuits.size() + group - 1) / group, [&](unsigned worker, std::size_t piece) {
        const std::size_t to = std::min(circuits.size(), (piece + 1) * group);
        for (std::size_t i = piece * group; i < to; ++i)
            results[i] = workers[worker]->run(circuits[i], shots, seed * 0x9e3779b97f4a7c15ULL + i);
    });
    return results;
}

}  // namespace suan::quantum
