// Tables of placement. A world is drawn as racks of nodes, "....####|........ / ##......":
// a rack a slash, a node a bar, '.' a free device, '#' a held one, 'x' before a node closes it.
#include "sched/capacity.hpp"

#include <gtest/gtest.h>

#include <string>

namespace suan::sched {
namespace {

struct Drawn {
    Capacity capacity;
    std::vector<std::string> nodes;
};

Drawn draw(const std::string& text) {
    Drawn out;
    std::uint32_t rack = 0;
    std::vector<Slot> held;
    std::vector<NodeId> closed;
    std::string node;
    const auto finish_node = [&] {
        if (node.empty()) return;
        const NodeId id{static_cast<std::uint32_t>(out.nodes.size() + 1)};
        if (node[0] == 'x') closed.push_back(id);
        if (node[0] == 'x') node.erase(0, 1);
        out.capacity.add_node(id, rack, static_cast<std::uint32_t>(node.size()));
        Slot slot{id, 0, 0, 1'000};
        for (std::size_t i = 0; i < node.size(); ++i) {
            if (node[i] == '#') slot.device_mask |= 1ULL << i;
        }
        if (slot.device_mask != 0) held.push_back(slot);
        out.nodes.push_back(node);
        node.clear();
    };
    for (const char c : text) {
        if (c == '|' || c == '/') finish_node();
        if (c == '/') ++rack;
        if (c == '.' || c == '#' || c == 'x') node += c;
    }
    finish_node();
    out.capacity.rebuild();
    for (const Slot& slot : held)
        out.capacity.acquire(slot);
    for (const NodeId id : closed)
        out.capacity.set_gate(id, NodeGate::down);
    return out;
}

// "2:0-3 5:1" is node 2 devices 0 to 3 and node 5 device 1; "-" is nowhere.
std::string put(Drawn& world, Shape shape, Packing packing) {
    world.capacity.check_invariants();
    const auto fit = world.capacity.find(ViewName::idle, shape, shape.tasks_max, packing);
    EXPECT_EQ(fit.has_value(), world.capacity.holds(ViewName::idle, shape, packing));
    if (!fit) return "-";
    std::string out;
    for (const Slot& slot : fit->placement) {
        world.capacity.acquire(slot);  // asserts that the devices are free
        if (!out.empty()) out += ' ';
        out += std::to_string(slot.node.value) + ":";
        for (int i = 0; i < 64; ++i) {
            if ((slot.device_mask >> i & 1) != 0) out += std::to_string(i);
        }
    }
    world.capacity.check_invariants();
    return out;
}

Shape shape(std::uint32_t tasks, std::uint32_t devices, Topology topology = Topology::any) {
    return Shape{tasks, tasks, devices, 1'000, topology};
}

struct Case {
    const char* world;
    Shape shape;
    const char* expected;
};

TEST(Placement, TightPacksNodeThenRackThenFewestRacks) {
    const Case cases[] = {
        {"....", shape(1, 1), "1:0"},
        {"....|..##", shape(1, 1), "2:0"},        // the fullest node that holds it
        {"....|..##|.###", shape(1, 2), "2:01"},  // still the fullest
        {"....|....", shape(1, 2), "1:01"},       // ties by the smallest id
        {"###.|#.##", shape(1, 2), "-"},          // one task lies on one node
        {"###.|#.##", shape(2, 1), "1:3 2:1"},    // a gang may spread
        {"####/####", shape(1, 1), "-"},
        {"x....|..##", shape(1, 1), "2:0"},  // a closed node takes nothing
        {"x....|####", shape(1, 1), "-"},
        {"....|.... / ....|..##", shape(4, 2), "1:0123 2:0123"},
        {"....|.... / ....|..##", shape(3, 2), "3:0123 4:01"},  // the rack with least left over
        {"....|.... / ....|....", shape(2, 4), "1:0123 2:0123"},
        {"..##|.... / ....|..##", shape(5, 2), "1:01 2:0123 3:0123"},
        {"....|..## / ....", shape(2, 2, Topology::one_node), "1:0123"},
        {"..##|..## / ..##", shape(2, 2, Topology::one_node), "-"},
        {"..##|..## / ..##", shape(2, 2, Topology::one_rack), "1:01 2:01"},
        {"..##|#### / ..##", shape(2, 2, Topology::one_rack), "-"},
        {".###|...#", shape(1, 3), "2:012"},
        {"...|...", shape(2, 2), "1:01 2:01"},  // odd devices are no task
        {"...|...", shape(3, 2), "-"},
        {"........|......##", shape(3, 4), "1:01234567 2:0123"},
    };
    for (const Case& c : cases) {
        Drawn world = draw(c.world);
        EXPECT_EQ(put(world, c.shape, Packing::tight), c.expected) << c.world;
    }
}

TEST(Placement, ConsolidatedWaitsForWholeNodes) {
    const Case cases[] = {
        {"....|..##", shape(2, 1), "2:01"},
        {"..##|..##", shape(4, 1), "-"},            // one node could hold it, so it waits for one
        {"....|..##", shape(6, 1), "1:0123 2:01"},  // one whole node and the remainder
        {"....|....", shape(6, 1), "1:0123 2:01"},
        {"....|...#", shape(8, 1), "-"},
        {"....|...#|....", shape(8, 1), "1:0123 3:0123"},
        {"...#|...#|...#", shape(6, 1), "-"},
        {"....|.###|..##|...#", shape(6, 1), "1:0123 3:01"},
    };
    for (const Case& c : cases) {
        Drawn world = draw(c.world);
        EXPECT_EQ(put(world, c.shape, Packing::consolidated), c.expected) << c.world;
    }
}

// docs/rules/fragments.md
TEST(Placement, FragmentsKeepHolesThatOthersAskFor) {
    Drawn world = draw(".....###|......##");
    Demand& demand = world.capacity.demand();
    demand.reset(8);
    demand.add(shape(1, 2), 1);
    EXPECT_EQ(put(world, shape(1, 2), Packing::fragments), "1:01");  // the fullest
    world = draw(".....###|......##");
    world.capacity.demand().reset(8);
    world.capacity.demand().add(shape(1, 2), 1);
    world.capacity.demand().add(shape(2, 2), 1);                     // a gang of 4
    EXPECT_EQ(put(world, shape(1, 2), Packing::fragments), "2:01");  // 4 are left there
    EXPECT_EQ(put(world, shape(2, 2), Packing::fragments), "2:2345");
    EXPECT_EQ(put(world, shape(1, 2), Packing::tight), "1:01");
}

// The last piece of a gang is put as a task of its own would be.
TEST(Placement, FragmentsPutTheLastPieceOfAGang) {
    Drawn world = draw("........|.....###|......##");
    world.capacity.demand().reset(8);
    world.capacity.demand().add(shape(1, 4), 1);
    EXPECT_EQ(put(world, shape(5, 2), Packing::fragments), "1:01234567 3:01");
    world = draw("........|.....###|......##");
    EXPECT_EQ(put(world, shape(5, 2), Packing::tight), "1:01234567 2:01");
}

TEST(Placement, FragmentsOfSharedDevices) {
    Drawn world = draw("..|..");
    const Shape half{1, 1, 1, 500, Topology::any};
    world.capacity.demand().reset(2);
    world.capacity.demand().add(half, 1);
    world.capacity.demand().add(shape(1, 2), 1);
    EXPECT_EQ(put(world, half, Packing::fragments), "1:0");
    EXPECT_EQ(put(world, half, Packing::fragments), "1:0");  // beside it: node 2 stays whole
    EXPECT_EQ(put(world, shape(1, 2), Packing::fragments), "2:01");
    // 0.6 fits beside 0.4; where 0.7 is asked for often, it goes where 0.3 is free instead.
    world = draw(".|.");
    const auto part = [](std::uint32_t milli) { return Shape{1, 1, 1, milli, Topology::any}; };
    world.capacity.acquire(Slot{NodeId{1}, 1, 1, 300});
    world.capacity.acquire(Slot{NodeId{2}, 1, 1, 600});
    world.capacity.demand().reset(1);
    world.capacity.demand().add(part(700), 1);
    EXPECT_EQ(put(world, part(400), Packing::fragments), "2:0");
}

TEST(Placement, ElasticGangTakesWhatFits) {
    Drawn world = draw("....|..##");
    const auto fit = world.capacity.find(ViewName::idle, Shape{1, 9, 2, 1'000, Topology::any}, 9,
                                         Packing::tight);
    ASSERT_TRUE(fit);
    EXPECT_EQ(fit->tasks, 3U);
}

TEST(Placement, FractionsFillSharedDevicesFirst) {
    Drawn world = draw("..|..");
    const auto half = Shape{1, 1, 1, 500, Topology::any};
    const auto third = Shape{1, 1, 1, 300, Topology::any};
    EXPECT_EQ(put(world, half, Packing::tight), "1:0");
    EXPECT_EQ(put(world, Shape{1, 1, 1, 700, Topology::any}, Packing::tight), "1:1");
    EXPECT_EQ(put(world, third, Packing::tight), "1:1");  // the fullest device that holds it
    EXPECT_EQ(put(world, half, Packing::tight), "1:0");
    EXPECT_EQ(put(world, half, Packing::tight), "2:0");
    EXPECT_EQ(put(world, shape(1, 2), Packing::tight), "-");  // a partly used device is not whole
    EXPECT_EQ(put(world, shape(1, 1), Packing::tight), "2:1");
}

TEST(Placement, FractionsOfAGangLieOnDevicesOfTheirOwn) {
    Drawn world = draw("..|..");
    EXPECT_EQ(put(world, Shape{2, 2, 1, 400, Topology::any}, Packing::tight), "1:01");
    EXPECT_EQ(put(world, Shape{4, 4, 1, 600, Topology::any}, Packing::tight), "1:01 2:01");
    EXPECT_EQ(put(world, Shape{3, 3, 1, 400, Topology::one_node}, Packing::tight), "-");
}

TEST(Placement, NodesMayBeAddedInAnyOrder) {
    Capacity capacity;
    capacity.add_node(NodeId{9}, 2, 4);
    capacity.add_node(NodeId{3}, 1, 2);
    capacity.add_node(NodeId{1}, 2, 4);
    capacity.rebuild();
    capacity.check_invariants();
    const auto fit = capacity.find(ViewName::idle, shape(2, 3), 2, Packing::tight);
    ASSERT_TRUE(fit);
    EXPECT_EQ(fit->placement[0].node, NodeId{1});
    EXPECT_EQ(fit->placement[1].node, NodeId{9});
}

}  // namespace
}  // namespace suan::sched
