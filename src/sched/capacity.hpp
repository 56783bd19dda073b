// Capacity: which devices of a pool are free, and where a gang of tasks would go.
//
// Nodes stand at positions in the order (rack, node id). Three views of the same nodes are kept:
//   idle        devices that nothing holds, on open nodes
//   unreserved  the idle ones that no reservation names
//   empty       all devices of all nodes, as if nothing ran and every gate were open
// A view files each node under its number of free whole devices, as bit sets, with counts for the
// pool and for each rack, so that placing a gang reads a few words instead of all nodes.
//
// A device is free (nothing on it), held whole, or shared: shared ones count their used milli.
// Reserved devices are a mask a node; the masks of two reservations never meet.
//
// Packing::tight is the rule of scheduler.hpp; Packing::fragments is the same, but chooses between
// nodes by what the demand would lose there (demand.hpp). Packing::consolidated is the rule of the
// published first-come simulators: a gang that one node could hold waits for one node, a larger one
// takes whole free nodes and one node for the remainder.
//
// Not thread-safe, even for const members: some fill scratch space.
#pragma once

#include "base/limits.hpp"
#include "sched/demand.hpp"
#include "sched/id_index.hpp"
#include "sched/types.hpp"

#include <array>
#include <optional>
#include <span>
#include <vector>

namespace suan::sched {

// Not std::popcount: without a compiler flag for newer machines that is a call.
constexpr std::uint32_t count_bits(std::uint64_t x) {
    x -= (x >> 1) & 0x5555555555555555ULL;
    x = (x & 0x3333333333333333ULL) + ((x >> 2) & 0x3333333333333333ULL);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FULL;
    return static_cast<std::uint32_t>((x * 0x0101010101010101ULL) >> 56);
}

// The `count` lowest bits of the mask.
constexpr std::uint64_t lowest(std::uint64_t mask, std::uint32_t count) {
    std::uint64_t out = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        out |= mask & (~mask + 1);
        mask &= mask - 1;
    }
    return out;
}

enum class Packing : std::uint8_t { tight, consolidated, fragments };
enum class ViewName : std::uint8_t { idle = 0, unreserved = 1, empty = 2 };

struct Fit {
    std::uint32_t tasks = 0;
    Placement placement;
};

// One view. Positions and racks are those of Capacity.
class View {
public:
    // `rack_of` gives the rack of each position, ascending.
    void resize(std::span<const std::uint32_t> rack_of, std::uint32_t devices_max);
    void set(std::uint32_t position, std::uint32_t rack, std::uint64_t free);

    std::uint64_t free(std::uint32_t position) const { return free_[position]; }
    std::uint32_t nodes_with(std::uint32_t devices) const { return counts_[devices]; }
    std::uint32_t rack_nodes_with(std::uint32_t rack, std::uint32_t devices) const {
        return rack_counts_[std::size_t{rack} * (devices_max_ + 1) + devices];
    }
    std::uint32_t rack_free(std::uint32_t rack) const { return rack_free_[rack]; }
    std::uint32_t racks() const { return static_cast<std::uint32_t>(rack_free_.size()); }
    std::uint32_t devices_max() const { return devices_max_; }
    std::uint64_t free_devices() const { return free_devices_; }
    // The lowest position in [from, to) with exactly that many free devices, or nil.
    std::uint32_t first_with(std::uint32_t devices, std::uint32_t from, std::uint32_t to) const;

    // Tasks of `devices_per_task` that all nodes, one rack, or one node could hold.
    std::uint64_t tasks_in_pool(std::uint32_t devices_per_task) const;
    std::uint64_t tasks_in_rack(std::uint32_t rack, std::uint32_t devices_per_task) const;
    std::uint32_t tasks_in_node(std::uint32_t devices_per_task) const;

private:
    std::vector<std::uint64_t> free_;
    std::vector<std::uint8_t> free_counts_;
    std::vector<std::uint64_t> bits_;  // [devices][word]
    std::vector<std::uint32_t> rack_counts_;
    std::vector<std::uint32_t> rack_free_;
    std::array<std::uint32_t, 65> counts_{};
    std::uint64_t free_devices_ = 0;
    std::uint32_t devices_max_ = 0;
    std::uint32_t words_ = 0;
};

class Capacity {
public:
    void add_node(NodeId id, std::uint32_t rack, std::uint32_t devices);
    // Call after the last of several add_node; the other members need it.
    void rebuild();
    bool stale() const { return stale_; }
    void set_gate(NodeId id, NodeGate gate);
    // Becomes a copy of `other`, cheaply when both hold the same nodes already.
    void copy_use_of(const Capacity& other);
    void open_all();  // as if every closed node were back
    NodeGate gate(NodeId id) const { return nodes_[position_of(id)].gate; }

    // What Packing::fragments weighs. The caller tells it what waits and what runs.
    Demand& demand() { return demand_; }
    const Demand& demand() const { return demand_; }

    void acquire(const Slot& slot);
    void release(const Slot& slot);
    void reserve(const Placement& placement);
    void unreserve(const Placement& placement);

    // Where tasks of the shape go: as many as possible, at most tasks_max, or nothing when the view
    // holds fewer than shape.tasks_min.
    std::optional<Fit> find(ViewName view, const Shape& shape, std::uint32_t tasks_max,
                            Packing packing) const;
    // The same question without building the answer.
    bool holds(ViewName view, const Shape& shape, Packing packing) const;
    // The largest number of tasks that fit, whatever tasks_min says.
    std::uint32_t tasks_that_fit(ViewName view, const Shape& shape, Packing packing) const;

    // Whether a node's unreserved idle devices hold at least one task of the shape.
    bool node_helps(NodeId node, const Shape& shape) const;
    bool any_closed(const Placement& placement) const;
    std::int64_t devices_milli() const { return devices_milli_; }
    std::int64_t open_milli() const { return open_milli_; }
    std::int64_t free_milli() const { return free_milli_; }
    std::uint32_t devices_per_node_max() const { return devices_max_; }
    std::size_t nodes() const { return nodes_.size(); }
    bool knows(NodeId id) const { return index_.find(id.value) != IdIndex::none; }
    void check_invariants() const;

    Spread spread_of(const Placement& placement) const;
    std::uint32_t position_of(NodeId id) const;
    NodeId id_at(std::uint32_t position) const { return nodes_[position].id; }
    // Dense, in the order of the caller's rack numbers.
    std::uint32_t rack_at(std::uint32_t position) const { return nodes_[position].rack_index; }
    std::uint64_t free_at(ViewName view, std::uint32_t position) const {
        return views_[static_cast<std::size_t>(view)].free(position);
    }

private:
    struct Node {
        NodeId id;
        std::uint32_t rack = 0;        // as the caller numbers it
        std::uint32_t rack_index = 0;  // dense, in the order of rack numbers
        std::uint32_t devices = 0;
        NodeGate gate = NodeGate::open;
        std::uint64_t whole = 0;   // held whole
        std::uint64_t shared = 0;  // partly held
        std::uint64_t reserved = 0;
    };
    std::uint32_t used(std::uint32_t position, int device) const {
        return used_[std::size_t{position} * limits::devices_per_node_max +
                     static_cast<std::size_t>(device)];
    }
    // Devices of one node usable by fractions of `milli`, shared ones first.
    struct Usable {
        std::uint64_t shared = 0;
        std::uint64_t idle = 0;
        std::uint32_t count() const;
    };

    const View& at(ViewName view) const { return views_[static_cast<std::size_t>(view)]; }
    static std::uint64_t all(const Node& node);
    std::int64_t free_of(std::uint32_t position) const;
    void refresh(std::uint32_t position);
    std::uint32_t rack_end(std::uint32_t rack) const;

    std::optional<Fit> find_whole(const View& view, const Shape& shape, std::uint32_t tasks,
                                  Packing packing) const;
    std::uint32_t best_node(const View& view, std::uint32_t devices, Packing packing) const;
    std::int64_t loss_at(std::uint32_t idle, std::uint32_t devices, Packing packing) const;
    std::optional<Fit> find_consolidated(const View& view, const Shape& shape,
                                         std::uint32_t tasks) const;
    bool holds_consolidated(const View& view, const Shape& shape, std::uint32_t tasks) const;
    std::uint32_t tasks_whole(const View& view, const Shape& shape) const;
    std::uint32_t best_rack(const View& view, std::uint32_t devices_per_task, std::uint64_t tasks,
                            std::span<const std::uint8_t> taken) const;
    std::uint32_t widest_rack(const View& view, std::uint32_t devices_per_task,
                              std::span<const std::uint8_t> taken) const;
    struct Piece {
        std::uint32_t tasks = 0;
        Packing packing = Packing::tight;
    };
    void fill_rack(const View& view, std::uint32_t rack, const Shape& shape, const Piece& piece,
                   Placement& out) const;
    void take(const View& view, std::uint32_t position, const Shape& shape, std::uint32_t tasks,
              Placement& out) const;

    Usable usable(ViewName view, std::uint32_t position, std::uint32_t milli) const;
    std::optional<Fit> find_fraction(ViewName view, const Shape& shape, std::uint32_t tasks) const;
    std::optional<Fit> find_one_fraction(ViewName view, std::uint32_t milli) const;
    std::optional<Fit> find_least_loss(ViewName view, std::uint32_t milli) const;
    NodeFree free_on(ViewName view, std::uint32_t position) const;
    std::uint32_t tasks_fraction(ViewName view, const Shape& shape) const;
    Slot fraction_slot(ViewName view, std::uint32_t position, std::uint32_t milli,
                       std::uint32_t tasks) const;

    std::vector<Node> nodes_;                 // by (rack, id)
    std::vector<std::uint32_t> rack_begins_;  // first position of each rack
    std::vector<std::uint16_t>
        used_;  // milli of shared devices, [position][device]; empty until one is shared
    std::vector<std::uint64_t> shared_nodes_;  // bit set of positions with a shared device
    IdIndex index_;                            // node id to position
    std::array<View, 3> views_;
    Demand demand_;
    std::uint32_t devices_max_ = 0;
    std::uint64_t epoch_ = 0;  // counts rebuilds
    bool stale_ = false;       // nodes were added since the views were built
    std::int64_t devices_milli_ = 0;
    std::int64_t open_milli_ = 0;
    std::int64_t free_milli_ = 0;
};

}  // namespace suan::sched
