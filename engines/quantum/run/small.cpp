#include "quantum/run/small.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace suan::quantum {

namespace {

constexpr std::uint32_t guide_entries = 1U << pick_bits;

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
    std::array<std::uint32_t, 64> words{};
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const std::uint64_t bits = random();
        words[i] = static_cast<std::uint32_t>(bits) | 1;  // no generator begins with zeros only
        words[i + 1] = static_cast<std::uint32_t>(bits >> 32);
    }
    kernels<float>(isa_).pick(counts_.data(), sums_.data(), guide_.data(), step, words.data(),
                              shots);
}

SmallCounts SmallRunner::run(std::uint32_t qubits, std::span<const Op> ops, std::uint32_t shots,
                             std::uint64_t seed) {
    SUAN_ASSERT(qubits >= 1 && qubits <= small_qubits_max);
    auto& slot = states_[qubits];
    if (!slot) {
        auto made = StateVector<float>::create(qubits, isa_, alone_);
        SUAN_ASSERT(made.has_value());
        slot = std::move(*made);
    } else {
        slot->reset();
    }
    slot->apply(ops);
    Random random(seed);
    draw(*slot, shots, random);
    // The basis state of an index, from two tables of half its bits.
    const std::uint32_t low_bits = qubits / 2;
    const std::uint32_t low_size = 1U << low_bits;
    names_.resize(low_size + (std::size_t{1} << (qubits - low_bits)));
    const auto zero = static_cast<std::uint32_t>(slot->logical(0));
    names_[0] = zero;
    names_[low_size] = 0;
    for (std::uint32_t bit = 0; bit < qubits; ++bit) {
        const auto name = static_cast<std::uint32_t>(slot->logical(std::uint64_t{1} << bit)) ^ zero;
        std::uint32_t* const table = names_.data() + (bit < low_bits ? 0 : low_size);
        const std::uint32_t half = 1U << (bit < low_bits ? bit : bit - low_bits);
        for (std::uint32_t i = 0; i < half; ++i)
            table[half + i] = table[i] ^ name;
    }
    // Written where the last one was not seen: no branch that could be guessed wrong.
    const std::uint32_t size = 1U << qubits;
    seen_.resize(size + 1);
    std::size_t seen = 0;
    for (std::uint32_t high = 0; high < size; high += low_size) {
        const std::uint32_t name = names_[low_size + (high >> low_bits)];
        for (std::uint32_t i = 0; i < low_size; ++i) {
            const std::uint32_t count = counts_[high + i];
            seen_[seen] = {names_[i] ^ name, count};
            seen += count != 0 ? 1 : 0;
        }
    }
    return {seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(seen)};
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
