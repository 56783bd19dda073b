#include "sched/fragments.hpp"

#include "base/assert.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>

namespace suan::sched {

namespace {
constexpr std::int64_t nowhere = INT64_MAX;
constexpr std::uint32_t whole = limits::milli_per_device;
// Expected losses that differ by less than this are taken as equal, and the fullest node is chosen:
// F knows nothing of what a whole free node is worth beyond the shapes seen. Of 30 to 300 tried on
// the openb lists this one fills most (docs/rules/fragments.md).
constexpr std::int64_t equal_milli = 130;
}  // namespace

std::uint32_t Fragments::add_node(const Room& room) {
    SUAN_ASSERT(room.devices <= limits::devices_per_node_max);
    SUAN_ASSERT(room.model < 32);
    Node node;
    node.room = room;
    node.free_sum = std::int64_t{room.devices} * whole;
    std::fill_n(node.free.begin(), room.devices, static_cast<std::uint16_t>(whole));
    nodes_.push_back(node);
    costs_.clear();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void Fragments::seen(const Need& need) {
    ++seen_[need];
    if (++seen_total_ < choose_again_at_) return;
    choose_shapes();
    // Often while little is known; later the shapes change slowly.
    choose_again_at_ = seen_total_ + std::max<std::uint32_t>(1, seen_total_ / 4);
    if (seen_total_ < samples_max) return;
    seen_total_ = 0;
    for (auto at = seen_.begin(); at != seen_.end();) {
        at->second /= 2;
        seen_total_ += at->second;
        at = at->second == 0 ? seen_.erase(at) : std::next(at);
    }
    choose_again_at_ = seen_total_ + seen_total_ / 4;
}

// The most frequent shapes that make up 95 % of what was seen.
void Fragments::choose_shapes() {
    typical_.clear();
    for (const auto& [need, count] : seen_)
        typical_.push_back({need, count});
    std::stable_sort(typical_.begin(), typical_.end(),
                     [](const Typical& a, const Typical& b) { return a.weight > b.weight; });
    std::int64_t covered = 0;
    std::size_t kept = 0;
    while (kept < typical_.size() && covered * 100 < std::int64_t{seen_total_} * 95)
        covered += typical_[kept++].weight;
    typical_.resize(kept);
    weight_ = seen_total_;
    ++shapes_version_;
    const auto taken = [](const Need& need) { return need.devices == 0 ? 0 : need.milli; };
    levels_.clear();
    for (const Typical& shape : typical_)
        levels_.push_back(taken(shape.need));
    std::sort(levels_.begin(), levels_.end());
    levels_.erase(std::unique(levels_.begin(), levels_.end()), levels_.end());
    for (Typical& shape : typical_) {
        const auto at = std::lower_bound(levels_.begin(), levels_.end(), taken(shape.need));
        shape.level = static_cast<std::uint32_t>(at - levels_.begin());
    }
}

bool Fragments::hosts(const Node& node, const Need& need) {
    const Room& room = node.room;
    if (need.cpu_milli > room.cpu_milli || need.memory_mib > room.memory_mib) return false;
    if (need.models != 0 && (need.models >> room.model & 1U) == 0) return false;
    std::uint32_t devices = 0;
    for (std::uint32_t d = 0; d < room.devices && devices < need.devices; ++d)
        devices += node.free[d] >= need.milli ? 1U : 0U;
    return devices >= need.devices;
}

std::int64_t Fragments::fragment(const Node& node) const {
    struct Usable {
        std::uint32_t devices = 0;   // that have enough left
        std::int64_t too_small = 0;  // milli-devices free on the others
    };
    boost::container::small_vector<Usable, 64> usable(levels_.size());
    for (std::size_t level = 0; level < levels_.size(); ++level) {
        for (std::uint32_t d = 0; d < node.room.devices; ++d) {
            const bool enough = node.free[d] >= levels_[level];
            usable[level].devices += enough ? 1 : 0;
            usable[level].too_small += enough ? 0 : node.free[d];
        }
    }
    std::int64_t sum = 0;
    for (const Typical& shape : typical_) {
        const Need& need = shape.need;
        const Usable& here = usable[shape.level];
        const bool hosted = here.devices >= need.devices && need.cpu_milli <= node.room.cpu_milli &&
                            need.memory_mib <= node.room.memory_mib &&
                            (need.models == 0 || (need.models >> node.room.model & 1U) != 0);
        sum += shape.weight * (hosted ? here.too_small : node.free_sum);
    }
    return sum;
}

std::int64_t Fragments::fragment(std::uint32_t node) const {
    return fragment(nodes_[node]);
}

std::uint64_t Fragments::whole_devices(const Node& node, std::uint32_t count) {
    std::uint64_t mask = 0;
    for (std::uint32_t d = 0; d < node.room.devices && count > 0; ++d) {
        if (node.free[d] != whole) continue;
        mask |= 1ULL << d;
        --count;
    }
    return mask;
}

void Fragments::move(Node& node, const Need& need, std::uint64_t mask, int sign) {
    Room& room = node.room;
    if (room.cpu_milli != INT64_MAX) room.cpu_milli -= sign * need.cpu_milli;
    if (room.memory_mib != INT64_MAX) room.memory_mib -= sign * need.memory_mib;
    const int milli = sign * static_cast<int>(need.milli);
    for (std::uint32_t d = 0; d < room.devices; ++d) {
        if ((mask >> d & 1) == 0) continue;
        node.free[d] = static_cast<std::uint16_t>(node.free[d] - milli);
        node.free_sum -= milli;
        SUAN_ASSERT(node.free[d] <= whole);
    }
    SUAN_ASSERT(room.cpu_milli >= 0 && room.memory_mib >= 0);
    ++node.version;
}

void Fragments::reckon(Costs& costs, const Need& need, std::uint32_t at) {
    const Node& node = nodes_[at];
    costs.version[at] = node.version;
    costs.cost[at] = nowhere;
    if (!hosts(node, need)) return;
    const std::int64_t before = fragment(node);
    Node after = node;
    if (need.devices != 1 || need.milli == whole) {
        move(after, need, whole_devices(node, need.devices), 1);
        costs.cost[at] = fragment(after) - before;
        return;
    }
    for (std::uint32_t d = 0; d < node.room.devices; ++d) {
        if (node.free[d] < need.milli) continue;
        // Devices that are equally free cost the same; the first stands for them.
        const auto* first = std::find(node.free.begin(), node.free.begin() + d, node.free[d]);
        if (first != node.free.begin() + d) continue;
        after = node;
        move(after, need, 1ULL << d, 1);
        const std::int64_t cost = fragment(after) - before;
        if (cost >= costs.cost[at]) continue;
        costs.cost[at] = cost;
        costs.device[at] = static_cast<std::uint8_t>(d);
    }
}

std::optional<Spot> Fragments::choose(const Need& need) {
    Costs& costs = costs_[need];
    if (costs.cost.empty()) {
        costs.cost.resize(nodes_.size());
        costs.version.resize(nodes_.size());
        costs.device.resize(nodes_.size());
    }
    if (costs.shapes_version != shapes_version_) {
        std::fill(costs.version.begin(), costs.version.end(), 0);
        costs.shapes_version = shapes_version_;
    }
    std::optional<std::uint32_t> best;
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
        if (costs.version[n] != nodes_[n].version) reckon(costs, need, n);
        if (costs.cost[n] == nowhere) continue;
        const auto key = [&](std::uint32_t i) {
            return std::pair{costs.cost[i] / (weight_ * equal_milli), nodes_[i].free_sum};
        };
        if (!best || key(n) < key(*best)) best = n;
    }
    if (!best) return std::nullopt;
    const bool part = need.devices == 1 && need.milli < whole;
    return Spot{*best,
                part ? 1ULL << costs.device[*best] : whole_devices(nodes_[*best], need.devices)};
}

void Fragments::take(const Need& need, const Spot& spot) {
    move(nodes_[spot.node], need, spot.device_mask, 1);
}

void Fragments::give_back(const Need& need, const Spot& spot) {
    move(nodes_[spot.node], need, spot.device_mask, -1);
}

}  // namespace suan::sched
