#include "ledger/index_table.hpp"

#include <gtest/gtest.h>

#include <map>

namespace suan::ledger {
namespace {

// Keys are their own positions; `crowd` makes neighbours and the end of the table collide.
std::uint64_t crowd(std::uint32_t key) {
    return key % 5 == 0 ? UINT64_MAX - key % 3 : key % 7;
}

std::uint32_t find(const IndexTable& table, std::uint32_t key) {
    return table.find(crowd(key), [&](std::uint32_t position) { return position % 1'000 == key; });
}

TEST(index_table, agrees_with_a_map_while_keys_collide_move_and_leave) {
    IndexTable table;
    std::map<std::uint32_t, std::uint32_t> model;
    std::uint32_t state = 1;
    for (int i = 0; i < 20'000; ++i) {
        state = state * 1'664'525 + 1'013'904'223;
        const std::uint32_t key = (state >> 8) % 60;
        const auto known = model.find(key);
        if (known == model.end()) {
            table.insert(crowd(key), key);
            model[key] = key;
        } else if ((state >> 20) % 3 == 0) {
            table.move(crowd(key), known->second, known->second + 1'000);
            known->second += 1'000;
        } else {
            table.erase(crowd(key), known->second);
            model.erase(known);
        }
        ASSERT_EQ(table.size(), model.size());
        for (std::uint32_t k = 0; k < 60; ++k) {
            const auto at = model.find(k);
            ASSERT_EQ(find(table, k), at == model.end() ? IndexTable::none : at->second);
        }
    }
}

TEST(index_table, the_seed_changes_every_hash) {
    EXPECT_NE(hash_of(0, 1, 0), hash_of(0, 1, 1));
    EXPECT_NE(hash_of(0, 1, 0), hash_of(1, 0, 0));
    EXPECT_NE(static_cast<std::uint32_t>(hash_of(0, 1, 0)),
              static_cast<std::uint32_t>(hash_of(1, 1, 0)));
}

}  // namespace
}  // namespace suan::ledger
