// Fragments: where a task goes so that the least is lost for the tasks that will come.
//
// Fragmentation gradient descent (Weng et al., "Beware of Fragmentation", ATC'23). A node's
// fragment is what a task drawn from the workload is expected to be unable to use there:
//
//   F(node) = sum over shapes m of weight(m) * idle devices that m cannot use on the node
//
// which is all of them where m does not fit (devices, processors, memory, model), else those
// devices whose free part is smaller than what m takes of each. A task goes where F grows least,
// reckoned in steps of 0.13 of a device; ties go to the node with the least left free, then to
// the lowest position and device.
//
// The workload is what was asked before: counts by shape, halved when they reach `samples_max`, of
// which the most frequent that make up 95 % count, as in the paper. Integers only.
//
// Incremental: what a task of a shape would cost on a node is kept until the node changes or the
// shapes do, so a choice looks at a word a node and reckons only the nodes that changed. Many
// shapes take the same of a device: what is too small for it is summed up once for all of them.
#pragma once

#include "base/limits.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace suan::sched {

// What one task takes of its node.
struct Need {
    std::uint32_t devices = 0;                       // 0: none, it only takes processors and memory
    std::uint32_t milli = limits::milli_per_device;  // of each; below it, devices is 1
    std::int64_t cpu_milli = 0;
    std::int64_t memory_mib = 0;
    std::uint32_t models = 0;  // bit set of the device models that will do; 0: any

    friend auto operator<=>(const Need&, const Need&) = default;
};

struct Room {
    std::uint32_t devices = 0;
    std::int64_t cpu_milli = INT64_MAX;  // INT64_MAX: not counted
    std::int64_t memory_mib = INT64_MAX;
    std::uint32_t model = 0;  // its bit number
};

struct Spot {
    std::uint32_t node = 0;  // position
    std::uint64_t device_mask = 0;
};

class Fragments {
public:
    static constexpr std::uint32_t samples_max = 1U << 20;

    std::uint32_t add_node(const Room& room);
    std::size_t nodes() const { return nodes_.size(); }
    // One task more of the workload.
    void seen(const Need& need);
    // The best place, or nothing where the task fits nowhere. Not const: it keeps what it reckons.
    std::optional<Spot> choose(const Need& need);
    void take(const Need& need, const Spot& spot);
    void give_back(const Need& need, const Spot& spot);
    // Milli-devices that are free on a node, and F of it in weight x milli-devices.
    std::int64_t free_milli(std::uint32_t node) const { return nodes_[node].free_sum; }
    std::int64_t fragment(std::uint32_t node) const;
    std::size_t shapes() const { return typical_.size(); }

private:
    struct Node {
        Room room;  // what is left
        std::int64_t free_sum = 0;
        std::uint64_t version = 1;
        std::array<std::uint16_t, limits::devices_per_node_max> free{};
    };
    struct Typical {
        Need need;
        std::int64_t weight = 0;
        std::uint32_t level = 0;  // in levels_
    };
    // What a shape would cost on each node.
    struct Costs {
        std::vector<std::int64_t> cost;
        std::vector<std::uint64_t> version;
        std::vector<std::uint8_t> device;
        std::uint64_t shapes_version = 0;
    };

    static bool hosts(const Node& node, const Need& need);
    std::int64_t fragment(const Node& node) const;
    void reckon(Costs& costs, const Need& need, std::uint32_t at);
    void choose_shapes();
    static void move(Node& node, const Need& need, std::uint64_t mask, int sign);
    static std::uint64_t whole_devices(const Node& node, std::uint32_t count);

    std::vector<Node> nodes_;
    std::map<Need, std::uint32_t> seen_;
    std::uint32_t seen_total_ = 0;
    std::uint32_t choose_again_at_ = 1;
    std::vector<Typical> typical_;
    std::vector<std::uint32_t> levels_;  // what shapes take of a device, each amount once; 0: none
    std::int64_t weight_ = 1;            // of all that was seen when the shapes were chosen
    std::uint64_t shapes_version_ = 1;
    std::map<Need, Costs> costs_;
};

}  // namespace suan::sched
