#include "sim/traces/trace.hpp"

#include <gtest/gtest.h>

namespace suan::sim {
namespace {

TEST(SplitGang, makes_equal_tasks_that_pack_a_node) {
    const auto split = [](std::uint64_t devices) { return split_gang(devices, 8); };
    for (std::uint32_t devices = 1; devices <= 8; ++devices) {
        EXPECT_EQ(split(devices), (GangShape{1, devices}));
    }
    EXPECT_EQ(split(12), (GangShape{3, 4}));
    EXPECT_EQ(split(16), (GangShape{2, 8}));
    EXPECT_EQ(split(20), (GangShape{5, 4}));
    EXPECT_EQ(split(24), (GangShape{3, 8}));
    EXPECT_EQ(split(13), (GangShape{13, 1}));
    EXPECT_EQ(split(128), (GangShape{16, 8}));
    EXPECT_EQ(split_gang(12, 16), (GangShape{1, 12}));
    EXPECT_EQ(split_gang(12, 1), (GangShape{12, 1}));
}

TEST(Trace, header_number_reads_the_leading_integer) {
    Trace trace;
    trace.header = {{"MaxProcs", "many"}, {"MaxProcs", "1024 (since May)"}};
    EXPECT_EQ(trace.header_number("MaxProcs"), 1'024);
    EXPECT_EQ(trace.header_number("MaxNodes"), std::nullopt);
}

}  // namespace
}  // namespace suan::sim
