// IdIndex: from a 64-bit key to a 32-bit slot number, by open addressing.
//
// It is only ever asked for one key, never walked, so its layout cannot leak into a decision.
// Keys are any 64-bit values; a slot number is below `none`. Copies are deep. Not thread-safe.
#pragma once

#include "base/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace suan::sched {

class IdIndex {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    std::uint32_t find(std::uint64_t key) const {
        if (size_ == 0) return none;
        for (std::size_t at = home(key);; at = (at + 1) & mask()) {
            const Entry& entry = entries_[at];
            if (entry.slot == none || entry.key == key) return entry.slot;
        }
    }

    void insert(std::uint64_t key, std::uint32_t slot) {
        SUAN_ASSERT(slot != none);
        if (entries_.empty() || size_ >= entries_.size() / 4 * 3) grow();
        place(key, slot);
        ++size_;
    }

    void erase(std::uint64_t key) {
        SUAN_ASSERT(size_ > 0);
        std::size_t hole = home(key);
        while (entries_[hole].key != key || entries_[hole].slot == none) {
            SUAN_ASSERT(entries_[hole].slot != none);
            hole = (hole + 1) & mask();
        }
        close(hole);
        --size_;
    }

    std::size_t size() const { return size_; }

private:
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t slot = none;
    };

    std::size_t mask() const { return entries_.size() - 1; }
    // Fibonacci hashing: the high bits of the product are well mixed for counters.
    std::size_t home(std::uint64_t key) const {
        return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> shift_);
    }
    void place(std::uint64_t key, std::uint32_t slot) {
        std::size_t at = home(key);
        while (entries_[at].slot != none) {
            SUAN_ASSERT(entries_[at].key != key);
            at = (at + 1) & mask();
        }
        entries_[at] = Entry{key, slot};
    }
    // Moves later entries of the same run back, so that no tombstones are needed.
    void close(std::size_t hole) {
        for (std::size_t at = (hole + 1) & mask(); entries_[at].slot != none;
             at = (at + 1) & mask()) {
            const std::size_t distance = (at - home(entries_[at].key)) & mask();
            if (distance >= ((at - hole) & mask())) {
                entries_[hole] = entries_[at];
                hole = at;
            }
        }
        entries_[hole].slot = none;
    }
    void grow() {
        std::vector<Entry> old(entries_.empty() ? 16 : entries_.size() * 2);
        shift_ = entries_.empty() ? 60 : shift_ - 1;
        old.swap(entries_);
        for (const Entry& entry : old) {
            if (entry.slot != none) place(entry.key, entry.slot);
        }
    }

    std::vector<Entry> entries_;
    std::size_t size_ = 0;
    unsigned shift_ = 60;
};

}  // namespace suan::sched
