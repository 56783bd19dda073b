// An open-addressing table from 64-bit hashes to 32-bit positions, with linear probing.
//
// It holds no keys: the caller compares the record at a position. Erasing shifts later entries
// back, so there are no tombstones and the table never slows down with age. Nothing is ever
// iterated, so neither hash nor seed can be seen in any result. One thread.
#pragma once

#include "base/assert.hpp"
#include "base/money.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace suan::ledger {

// The folded 128-bit product (as in wyhash, public domain). Ids are chosen by tenants, so the seed
// should be unknown to them: it keeps anybody from choosing ids that all collide.
constexpr std::uint64_t hash_of(std::uint64_t high, std::uint64_t low, std::uint64_t seed) {
    const auto fold = [](std::uint64_t a, std::uint64_t b) {
        const uint128 product = static_cast<uint128>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    };
    const std::uint64_t inner =
        fold(low ^ seed ^ 0xa0761d6478bd642fULL, high ^ 0xe7037ed1a0b428dbULL);
    return fold(inner ^ low, seed ^ 0x8ebc6af09c88c6e3ULL) ^ high;
}

class IndexTable {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    IndexTable() : entries_(16) {}

    std::size_t size() const { return size_; }

    // The position whose record `same` accepts, or none.
    template <typename Same>
    std::uint32_t find(std::uint64_t hash, Same same) const {
        const auto tag = static_cast<std::uint32_t>(hash);
        for (std::size_t at = tag & mask();; at = (at + 1) & mask()) {
            const Entry& entry = entries_[at];
            if (entry.position == none) return none;
            if (entry.tag == tag && same(entry.position)) return entry.position;
        }
    }

    // The caller has made sure that the key is not there.
    void insert(std::uint64_t hash, std::uint32_t position) {
        SUAN_ASSERT(position != none);
        if ((size_ + 1) * 2 > entries_.size()) grow();
        place(Entry{static_cast<std::uint32_t>(hash), position});
        ++size_;
    }

    // Gives the entry with `from` the position `to`.
    void move(std::uint64_t hash, std::uint32_t from, std::uint32_t to) {
        SUAN_ASSERT(to != none);
        entries_[locate(hash, from)].position = to;
    }

    void erase(std::uint64_t hash, std::uint32_t position) {
        std::size_t hole = locate(hash, position);
        for (std::size_t at = (hole + 1) & mask(); entries_[at].position != none;
             at = (at + 1) & mask()) {
            const std::size_t home = entries_[at].tag & mask();
            // The entry may fill the hole unless its home lies after the hole.
            if (((at - home) & mask()) < ((at - hole) & mask())) continue;
            entries_[hole] = entries_[at];
            hole = at;
        }
        entries_[hole] = Entry{};
        --size_;
    }

    // Loads the entry into the cache, ahead of a find, and gives a value that depends on it.
    std::uint32_t touch(std::uint64_t hash) const {
        return entries_[static_cast<std::uint32_t>(hash) & mask()].position;
    }

private:
    struct Entry {
        std::uint32_t tag =
            0;  // low half of the hash: the home, and a check before a record is read
        std::uint32_t position = none;
    };

    std::size_t mask() const { return entries_.size() - 1; }

    std::size_t locate(std::uint64_t hash, std::uint32_t position) const {
        std::size_t at = static_cast<std::uint32_t>(hash) & mask();
        while (entries_[at].position != position) {
            SUAN_ASSERT(entries_[at].position != none);
            at = (at + 1) & mask();
        }
        return at;
    }

    void place(Entry entry) {
        std::size_t at = entry.tag & mask();
        while (entries_[at].position != none)
            at = (at + 1) & mask();
        entries_[at] = entry;
    }

    void grow() {
        std::vector<Entry> old(entries_.size() * 2);
        old.swap(entries_);
        for (const Entry& entry : old) {
            if (entry.position != none) place(entry);
        }
    }

    std::vector<Entry> entries_;  // a power of two, at most half full
    std::size_t size_ = 0;
};

}  // namespace suan::ledger
