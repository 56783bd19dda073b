#include "sim/traces/string_table.hpp"

#include <gtest/gtest.h>

#include <string>

namespace suan::sim {
namespace {

TEST(StringTable, numbers_texts_by_first_use_and_finds_them_again) {
    StringTable table;
    EXPECT_EQ(table.find("a"), std::nullopt);
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        EXPECT_EQ(table.intern(std::to_string(i)), i);
    }
    EXPECT_EQ(table.intern(""), 10'000U);
    EXPECT_EQ(table.intern("77"), 77U);
    EXPECT_EQ(table.find("9999"), 9'999U);
    EXPECT_EQ(table.find("10000"), std::nullopt);
    EXPECT_EQ(table[4711], "4711");
    EXPECT_EQ(table[10'000], "");
    EXPECT_EQ(table.size(), 10'001U);
}

}  // namespace
}  // namespace suan::sim
