#include "sched/fragments.hpp"

#include <gtest/gtest.h>

namespace suan::sched {
namespace {

Need part(std::uint32_t milli) {
    Need need;
    need.devices = 1;
    need.milli = milli;
    return need;
}
Need whole(std::uint32_t devices) {
    Need need;
    need.devices = devices;
    return need;
}

// The worked example of docs/rules/fragments.md: two nodes of two devices, where half the tasks ask
// for 0.5 of a device and half for two whole ones.
TEST(Fragments, WorkedExample) {
    Fragments room;
    room.add_node({2});
    room.add_node({2});
    room.seen(part(500));
    room.seen(whole(2));
    // Nothing is lost yet: both shapes can use all of both nodes.
    EXPECT_EQ(room.fragment(0), 0);
    // 0.5 on node 0 leaves 1.5 there that no pair can use: 1 x 1,500 milli lost.
    const auto first = room.choose(part(500));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->node, 0U);
    EXPECT_EQ(first->device_mask, 1U);
    room.take(part(500), *first);
    EXPECT_EQ(room.fragment(0), 1'500);
    // The second 0.5 goes beside it (F falls to 1,000), not to node 1 (F would grow by 1,500) nor
    // to the other device (F falls to 1,000 as well: the lower device is taken).
    const auto second = room.choose(part(500));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->node, 0U);
    room.take(part(500), *second);
    EXPECT_EQ(room.fragment(0), 1'000);
    // So the pair still finds node 1.
    const auto pair = room.choose(whole(2));
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->node, 1U);
    EXPECT_EQ(pair->device_mask, 3U);
}

TEST(Fragments, ProcessorsMemoryAndModelsAreHardLimits) {
    Fragments room;
    room.add_node({8, 4'000, 1'024, 0});
    room.add_node({8, 8'000, 1'024, 1});
    Need need = whole(1);
    need.cpu_milli = 5'000;
    EXPECT_EQ(room.choose(need)->node, 1U);
    need.models = 1U << 0;
    EXPECT_FALSE(room.choose(need));
    need.cpu_milli = 4'000;
    EXPECT_EQ(room.choose(need)->node, 0U);
    need.memory_mib = 2'048;
    EXPECT_FALSE(room.choose(need));
}

TEST(Fragments, WhatIsGivenBackCanBeTakenAgain) {
    Fragments room;
    room.add_node({1});
    const auto spot = room.choose(part(700));
    ASSERT_TRUE(spot);
    room.take(part(700), *spot);
    EXPECT_FALSE(room.choose(part(400)));
    room.give_back(part(700), *spot);
    EXPECT_TRUE(room.choose(part(400)));
    EXPECT_EQ(room.free_milli(0), 1'000);
}

// A kept cost must never outlive the facts it was reckoned from: a long-lived object chooses as one
// made anew from the same shapes and nodes.
TEST(Fragments, WhatIsKeptNeverChangesAChoice) {
    std::uint64_t random = 7;
    const auto below = [&random](std::uint32_t n) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((random >> 33) % n);
    };
    const std::array<Need, 5> shapes{part(200), part(500), whole(1), whole(2), whole(4)};
    Fragments old;
    for (int n = 0; n < 6; ++n)
        old.add_node({4, 6'000});
    std::vector<std::pair<Need, Spot>> held;
    std::vector<Need> asked;
    for (int step = 0; step < 400; ++step) {
        if (!held.empty() && below(3) == 0) {
            const std::size_t at = below(static_cast<std::uint32_t>(held.size()));
            old.give_back(held[at].first, held[at].second);
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
            continue;
        }
        Need need = shapes[below(5)];
        need.cpu_milli = 500 * (1 + below(2));
        asked.push_back(need);
        old.seen(need);
        Fragments fresh;
        for (int n = 0; n < 6; ++n)
            fresh.add_node({4, 6'000});
        for (const Need& seen : asked)
            fresh.seen(seen);
        for (const auto& [taken, spot] : held)
            fresh.take(taken, spot);
        const auto ours = old.choose(need);
        const auto theirs = fresh.choose(need);
        ASSERT_EQ(ours.has_value(), theirs.has_value());
        if (!ours) continue;
        ASSERT_EQ(ours->node, theirs->node);
        ASSERT_EQ(ours->device_mask, theirs->device_mask);
        old.take(need, *ours);
        held.emplace_back(need, *ours);
    }
}

}  // namespace
}  // namespace suan::sched
