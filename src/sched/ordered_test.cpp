#include "sched/ordered.hpp"

#include "sched/id_index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace suan::sched {
namespace {

struct Items {
    std::vector<Links> all;
    std::vector<std::uint32_t> value;
    Links& links(std::uint32_t n) { return all[n]; }
    const Links& links(std::uint32_t n) const { return all[n]; }
    bool less(std::uint32_t a, std::uint32_t b) const {
        return value[a] != value[b] ? value[a] < value[b] : a < b;
    }
};

std::uint64_t scramble(std::uint64_t& state) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return state >> 33;
}

TEST(Ordered, WalksInOrderUnderInsertsAndErases) {
    Items items{std::vector<Links>(300), std::vector<std::uint32_t>(300)};
    std::set<std::pair<std::uint32_t, std::uint32_t>> reference;
    std::uint32_t root = nil;
    std::uint64_t seed = 1;
    std::vector<bool> in(300);
    for (int step = 0; step < 20'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(scramble(seed) % 300);
        if (in[slot]) {
            ordered::erase(items, root, slot);
            reference.erase({items.value[slot], slot});
        } else {
            items.value[slot] = static_cast<std::uint32_t>(scramble(seed) % 50);
            ordered::insert(items, root, slot);
            reference.insert({items.value[slot], slot});
        }
        in[slot] = !in[slot];
        if (step % 97 != 0) continue;
        std::uint32_t at = ordered::first(items, root);
        for (const auto& [value, expected] : reference) {
            ASSERT_EQ(at, expected);
            at = ordered::next(items, at);
        }
        ASSERT_EQ(at, nil);
    }
}

TEST(IdIndex, AgreesWithAMapUnderInsertsAndErases) {
    IdIndex index;
    std::map<std::uint64_t, std::uint32_t> reference;
    std::uint64_t seed = 7;
    for (std::uint32_t step = 0; step < 50'000; ++step) {
        const std::uint64_t key = scramble(seed) % 700;
        if (reference.contains(key)) {
            index.erase(key);
            reference.erase(key);
        } else {
            index.insert(key, step);
            reference[key] = step;
        }
        const std::uint64_t probe = scramble(seed) % 700;
        const auto found = reference.find(probe);
        ASSERT_EQ(index.find(probe), found == reference.end() ? IdIndex::none : found->second);
        ASSERT_EQ(index.size(), reference.size());
    }
}

}  // namespace
}  // namespace suan::sched
