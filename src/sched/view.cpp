#include "sched/capacity.hpp"
#include "sched/ordered.hpp"

#include <algorithm>
#include <bit>

namespace suan::sched {

void View::resize(std::span<const std::uint32_t> rack_of, std::uint32_t devices_max) {
    const std::size_t nodes = rack_of.size();
    const std::size_t racks = nodes == 0 ? 0 : std::size_t{rack_of.back()} + 1;
    devices_max_ = devices_max;
    words_ = static_cast<std::uint32_t>((nodes + 63) / 64);
    free_.assign(nodes, 0);
    free_counts_.assign(nodes, 0);
    bits_.assign(std::size_t{words_} * (devices_max + 1), 0);
    rack_counts_.assign(racks * (devices_max + 1), 0);
    rack_free_.assign(racks, 0);
    counts_.fill(0);
    free_devices_ = 0;
}

void View::set(std::uint32_t position, std::uint32_t rack, std::uint64_t free) {
    const std::uint32_t before = free_counts_[position];
    const std::uint32_t after = count_bits(free);
    free_[position] = free;
    if (before == after) return;
    free_counts_[position] = static_cast<std::uint8_t>(after);
    const std::uint64_t bit = 1ULL << (position % 64);
    const std::size_t word = position / 64;
    const std::size_t row = std::size_t{rack} * (devices_max_ + 1);
    if (before > 0) {
        bits_[std::size_t{before} * words_ + word] &= ~bit;
        --counts_[before];
        --rack_counts_[row + before];
    }
    if (after > 0) {
        bits_[std::size_t{after} * words_ + word] |= bit;
        ++counts_[after];
        ++rack_counts_[row + after];
    }
    rack_free_[rack] += after - before;
    free_devices_ += after;
    free_devices_ -= before;
}

std::uint32_t View::first_with(std::uint32_t devices, std::uint32_t from, std::uint32_t to) const {
    if (from >= to) return nil;
    const std::uint64_t* row = bits_.data() + std::size_t{devices} * words_;
    std::uint32_t word = from / 64;
    std::uint64_t bits = row[word] & (~0ULL << (from % 64));
    for (;;) {
        if (bits != 0) {
            const std::uint32_t found =
                word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
            return found < to ? found : nil;
        }
        if (++word * 64 >= to) return nil;
        bits = row[word];
    }
}

std::uint64_t View::tasks_in_pool(std::uint32_t devices_per_task) const {
    std::uint64_t tasks = 0;
    for (std::uint32_t k = devices_per_task; k <= devices_max_; ++k) {
        if (counts_[k] > 0) tasks += std::uint64_t{counts_[k]} * (k / devices_per_task);
    }
    return tasks;
}

std::uint64_t View::tasks_in_rack(std::uint32_t rack, std::uint32_t devices_per_task) const {
    std::uint64_t tasks = 0;
    for (std::uint32_t k = devices_per_task; k <= devices_max_; ++k) {
        const std::uint32_t count = rack_nodes_with(rack, k);
        if (count > 0) tasks += std::uint64_t{count} * (k / devices_per_task);
    }
    return tasks;
}

std::uint32_t View::tasks_in_node(std::uint32_t devices_per_task) const {
    for (std::uint32_t k = devices_max_; k >= devices_per_task; --k) {
        if (counts_[k] > 0) return k / devices_per_task;
    }
    return 0;
}

}  // namespace suan::sched
