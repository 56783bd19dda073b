// Kinds: the distinct (shape, tier) pairs among waiting jobs, as small numbers.
//
// A kind below `shared_bit` has a bit of its own in the masks of the fair tree; all later ones
// share the last bit and are looked at one by one. Numbers depend on the order of arrival, so
// nothing but cost may depend on them. A kind lives while a waiting job has it.
//
// Each kind remembers, for one pass, what was learnt about it (Flag).
#pragma once

#include "base/assert.hpp"
#include "sched/types.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace suan::sched {

class Kinds {
public:
    static constexpr std::uint32_t shared_bit = 63;
    static std::uint64_t bit(std::uint32_t kind) { return 1ULL << std::min(kind, shared_bit); }

    std::uint32_t acquire(const Shape& shape, Tier tier) {
        const Key key{shape, tier};
        const auto place =
            std::lower_bound(order_.begin(), order_.end(), key,
                             [this](std::uint32_t a, const Key& b) { return kinds_[a].key < b; });
        if (place != order_.end() && kinds_[*place].key == key) {
            ++kinds_[*place].jobs;
            return *place;
        }
        std::uint32_t kind = static_cast<std::uint32_t>(kinds_.size());
        if (free_.empty()) {
            kinds_.emplace_back();
        } else {
            kind = free_.back();
            free_.pop_back();
        }
        kinds_[kind] = Kind{key, 1, 0, 0};
        order_.insert(place, kind);
        return kind;
    }

    void release(std::uint32_t kind) {
        SUAN_ASSERT(kinds_[kind].jobs > 0);
        if (--kinds_[kind].jobs > 0) return;
        order_.erase(std::find(order_.begin(), order_.end(), kind));
        free_.push_back(kind);
    }

    // Each with the number of its jobs.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const std::uint32_t kind : order_)
            visit(kinds_[kind].key.first, kinds_[kind].jobs);
    }

    const Shape& shape(std::uint32_t kind) const { return kinds_[kind].key.first; }
    Tier tier(std::uint32_t kind) const { return kinds_[kind].key.second; }

    // What a pass learnt: flags of another pass read as none.
    std::uint8_t flags(std::uint32_t kind, std::uint64_t pass) const {
        return kinds_[kind].pass == pass ? kinds_[kind].flags : std::uint8_t{0};
    }
    void flag(std::uint32_t kind, std::uint64_t pass, std::uint8_t value) {
        kinds_[kind].flags = static_cast<std::uint8_t>(flags(kind, pass) | value);
        kinds_[kind].pass = pass;
    }

private:
    using Key = std::pair<Shape, Tier>;
    struct Kind {
        Key key;
        std::uint32_t jobs = 0;
        std::uint64_t pass = 0;
        std::uint8_t flags = 0;
    };
    std::vector<Kind> kinds_;
    std::vector<std::uint32_t> order_;  // by key
    std::vector<std::uint32_t> free_;
};

}  // namespace suan::sched
