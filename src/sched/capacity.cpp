#include "sched/capacity.hpp"

#include "base/limits.hpp"
#include "sched/ordered.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace suan::sched {

namespace {
constexpr std::size_t idle_view = static_cast<std::size_t>(ViewName::idle);
constexpr std::size_t unreserved_view = static_cast<std::size_t>(ViewName::unreserved);
constexpr std::size_t empty_view = static_cast<std::size_t>(ViewName::empty);
}  // namespace

std::uint64_t Capacity::all(const Node& node) {
    return node.devices == 64 ? ~0ULL : (1ULL << node.devices) - 1;
}

std::uint32_t Capacity::position_of(NodeId id) const {
    const std::uint32_t position = index_.find(id.value);
    SUAN_ASSERT(position != IdIndex::none);
    return position;
}

// Milli-devices that are free on a node, whatever its gate.
std::int64_t Capacity::free_of(std::uint32_t position) const {
    const Node& node = nodes_[position];
    std::int64_t free = 1'000LL * count_bits(all(node) & ~node.whole & ~node.shared);
    for (std::uint64_t rest = node.shared; rest != 0; rest &= rest - 1) {
        free += 1'000 - used(position, std::countr_zero(rest));
    }
    return free;
}

void Capacity::add_node(NodeId id, std::uint32_t rack, std::uint32_t devices) {
    SUAN_ASSERT(id);
    SUAN_ASSERT(devices >= 1);
    SUAN_ASSERT(devices <= limits::devices_per_node_max);
    Node node;
    node.id = id;
    node.rack = rack;
    node.devices = devices;
    const auto place =
        std::upper_bound(nodes_.begin(), nodes_.end(), node, [](const Node& a, const Node& b) {
            return std::tie(a.rack, a.id) < std::tie(b.rack, b.id);
        });
    const auto position = place - nodes_.begin();
    nodes_.insert(place, node);
    constexpr auto stride = static_cast<std::ptrdiff_t>(limits::devices_per_node_max);
    if (!used_.empty()) {
        used_.insert(used_.begin() + position * stride, stride, std::uint16_t{0});
    }
    devices_max_ = std::max(devices_max_, devices);
    devices_milli_ += 1'000LL * devices;
    open_milli_ += 1'000LL * devices;
    free_milli_ += 1'000LL * devices;
    stale_ = true;
}

// Files every node again. Nodes arrive in bulk, so this waits for the first question after them.
void Capacity::rebuild() {
    stale_ = false;
    ++epoch_;
    index_ = IdIndex{};
    rack_begins_.clear();
    std::vector<std::uint32_t> rack_of;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        if (i == 0 || nodes_[i].rack != nodes_[i - 1].rack) rack_begins_.push_back(i);
        nodes_[i].rack_index = static_cast<std::uint32_t>(rack_begins_.size() - 1);
        rack_of.push_back(nodes_[i].rack_index);
        index_.insert(nodes_[i].id.value, i);
    }
    shared_nodes_.assign((nodes_.size() + 63) / 64, 0);
    for (View& view : views_)
        view.resize(rack_of, devices_max_);
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        views_[empty_view].set(i, nodes_[i].rack_index, all(nodes_[i]));
        refresh(i);
    }
}

// Brings the views up to date with one node.
void Capacity::refresh(std::uint32_t position) {
    const Node& node = nodes_[position];
    const bool open = node.gate == NodeGate::open;
    const std::uint64_t idle = open ? all(node) & ~node.whole & ~node.shared : 0;
    views_[idle_view].set(position, node.rack_index, idle);
    views_[unreserved_view].set(position, node.rack_index, idle & ~node.reserved);
    const std::uint64_t bit = 1ULL << (position % 64);
    if (open && node.shared != 0) {
        shared_nodes_[position / 64] |= bit;
    } else {
        shared_nodes_[position / 64] &= ~bit;
    }
}

void Capacity::set_gate(NodeId id, NodeGate gate) {
    const std::uint32_t position = position_of(id);
    Node& node = nodes_[position];
    const bool was = node.gate == NodeGate::open;
    const bool is = gate == NodeGate::open;
    node.gate = gate;
    if (was == is) return;
    const std::int64_t sign = is ? 1 : -1;
    open_milli_ += sign * 1'000 * node.devices;
    free_milli_ += sign * free_of(position);
    refresh(position);
}

void Capacity::copy_use_of(const Capacity& other) {
    SUAN_ASSERT(!other.stale_);
    if (epoch_ != other.epoch_ || nodes_.size() != other.nodes_.size()) {
        *this = other;
        return;
    }
    nodes_ = other.nodes_;
    used_ = other.used_;
    shared_nodes_ = other.shared_nodes_;
    views_[idle_view] = other.views_[idle_view];
    views_[unreserved_view] = other.views_[unreserved_view];
    open_milli_ = other.open_milli_;
    free_milli_ = other.free_milli_;
    if (demand_.version() != other.demand_.version()) demand_ = other.demand_;
}

Spread Capacity::spread_of(const Placement& placement) const {
    std::vector<std::uint32_t> racks;
    for (const Slot& slot : placement)
        racks.push_back(rack_at(position_of(slot.node)));
    std::sort(racks.begin(), racks.end());
    racks.erase(std::unique(racks.begin(), racks.end()), racks.end());
    return {static_cast<std::uint32_t>(placement.size()), static_cast<std::uint32_t>(racks.size())};
}

void Capacity::open_all() {
    for (const Node& node : std::vector<Node>(nodes_))
        set_gate(node.id, NodeGate::open);
}

void Capacity::acquire(const Slot& slot) {
    const std::uint32_t position = position_of(slot.node);
    Node& node = nodes_[position];
    SUAN_ASSERT(slot.device_mask != 0);
    SUAN_ASSERT((slot.device_mask & ~all(node)) == 0);
    SUAN_ASSERT((slot.device_mask & node.whole) == 0);
    if (slot.milli == limits::milli_per_device) {
        SUAN_ASSERT((slot.device_mask & node.shared) == 0);
        node.whole |= slot.device_mask;
    } else {
        if (used_.empty()) used_.resize(nodes_.size() * limits::devices_per_node_max);
        for (std::uint64_t rest = slot.device_mask; rest != 0; rest &= rest - 1) {
            std::uint16_t& used = used_[std::size_t{position} * limits::devices_per_node_max +
                                        static_cast<std::size_t>(std::countr_zero(rest))];
            used = static_cast<std::uint16_t>(used + slot.milli);
            SUAN_ASSERT(used <= limits::milli_per_device);
        }
        node.shared |= slot.device_mask;
    }
    if (node.gate == NodeGate::open) {
        free_milli_ -= std::int64_t{slot.milli} * count_bits(slot.device_mask);
    }
    refresh(position);
}

void Capacity::release(const Slot& slot) {
    const std::uint32_t position = position_of(slot.node);
    Node& node = nodes_[position];
    if (slot.milli == limits::milli_per_device) {
        SUAN_ASSERT((slot.device_mask & ~node.whole) == 0);
        node.whole &= ~slot.device_mask;
    } else {
        SUAN_ASSERT((slot.device_mask & ~node.shared) == 0);
        for (std::uint64_t rest = slot.device_mask; rest != 0; rest &= rest - 1) {
            const int device = std::countr_zero(rest);
            std::uint16_t& used = used_[std::size_t{position} * limits::devices_per_node_max +
                                        static_cast<std::size_t>(device)];
            SUAN_ASSERT(used >= slot.milli);
            used = static_cast<std::uint16_t>(used - slot.milli);
            if (used == 0) node.shared &= ~(1ULL << device);
        }
    }
    if (node.gate == NodeGate::open) {
        free_milli_ += std::int64_t{slot.milli} * count_bits(slot.device_mask);
    }
    refresh(position);
}

void Capacity::reserve(const Placement& placement) {
    for (const Slot& slot : placement) {
        const std::uint32_t position = position_of(slot.node);
        SUAN_ASSERT((nodes_[position].reserved & slot.device_mask) == 0);
        nodes_[position].reserved |= slot.device_mask;
        refresh(position);
    }
}

void Capacity::unreserve(const Placement& placement) {
    for (const Slot& slot : placement) {
        const std::uint32_t position = position_of(slot.node);
        SUAN_ASSERT((slot.device_mask & ~nodes_[position].reserved) == 0);
        nodes_[position].reserved &= ~slot.device_mask;
        refresh(position);
    }
}

bool Capacity::any_closed(const Placement& placement) const {
    return std::any_of(placement.begin(), placement.end(), [this](const Slot& slot) {
        return nodes_[position_of(slot.node)].gate != NodeGate::open;
    });
}

void Capacity::check_invariants() const {
    std::int64_t open = 0;
    std::int64_t free = 0;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        const Node& node = nodes_[i];
        SUAN_ASSERT((node.whole & node.shared) == 0);
        SUAN_ASSERT(index_.find(node.id.value) == i);
        const bool is_open = node.gate == NodeGate::open;
        const std::uint64_t idle = is_open ? all(node) & ~node.whole & ~node.shared : 0;
        SUAN_ASSERT(views_[idle_view].free(i) == idle);
        SUAN_ASSERT(views_[unreserved_view].free(i) == (idle & ~node.reserved));
        if (!is_open) continue;
        open += 1'000LL * node.devices;
        free += free_of(i);
    }
    SUAN_ASSERT(open == open_milli_);
    SUAN_ASSERT(free == free_milli_);
}

}  // namespace suan::sched
