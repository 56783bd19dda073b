#include "quantum/run/small.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace suan::quantum {

namespace {

constexpr std::uint32_t guide_entries = 1024;  // a power of two

}  // namespace

// The cumulative sums, and for each of some equal steps the first amplitude that reaches beyond it:
// a random number then needs a look-up and a step or two.
void SmallRunner::draw(StateVector<float>& state, std::uint32_t shots, Random& random) {
    const std::size_t size = std::size_t{1} << state.qubits();
    sums_.resize(size);
    counts_.assign(size, 0);
    guide_.resize(guide_entries + 1);
    state.probabilities(sums_);
    float sum = 0;
    for (float& p : sums_)
        p = sum += p;
    const float step = sum / guide_entries;
    std::uint32_t at = 0;
    for (std::uint32_t i = 0; i < guide_entries; ++i) {
        const float reach = step * static_cast<float>(i);
        while (at + 1 < size && sums_[at] <= reach)
            ++at;
        guide_[i] = at;
    }
    for (std::uint32_t shot = 0; shot < shots; ++shot) {
        // Ten bits choose the step, thirty-two more the place in it.
        const std::uint64_t bits = random();
        const auto entry = static_cast<std::uint32_t>(bits >> 54);
        const float wanted =
            step * (static_cast<float>(entry) +
                    static_cast<float>(static_cast<std::uint32_t>(bits) >> 8) * 0x1p-24F);
        std::uint32_t found = guide_[entry];
        while (found + 1 < size && sums_[found] <= wanted)
            ++found;
        ++counts_[found];
    }
}

SmallCounts SmallRunner::run(const SmallCircuit& circuit, std::uint32_t shots,
                             std::uint64_t seed) {
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
    SmallCounts result;
    for (std::uint32_t i = 0; i < counts_.size(); ++i)
        if (counts_[i] != 0)
            result.emplace_back(static_cast<std::uint32_t>(slot->logical(i)), counts_[i]);
    std::sort(result.begin(), result.end());
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
            results[i] =
                workers[worker]->run(circuits[i], shots, seed * 0x9e3779b97f4a7c15ULL + i);
    });
    return results;
}

}  // namespace suan::quantum
