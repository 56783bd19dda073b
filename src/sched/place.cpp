// Placing tasks: the questions that Capacity answers. See capacity.hpp for the rules.
#include "base/limits.hpp"
#include "sched/capacity.hpp"
#include "sched/ordered.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace suan::sched {

namespace {

std::uint32_t clamp_tasks(std::uint64_t tasks) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(tasks, UINT32_MAX));
}

void sort_by_node(Placement& placement) {
    std::sort(placement.begin(), placement.end(),
              [](const Slot& a, const Slot& b) { return a.node < b.node; });
}

bool is_fraction(const Shape& shape) {
    return shape.milli < limits::milli_per_device;
}

}  // namespace

std::uint32_t Capacity::rack_end(std::uint32_t rack) const {
    return rack + 1 < rack_begins_.size() ? rack_begins_[rack + 1]
                                          : static_cast<std::uint32_t>(nodes_.size());
}

std::uint32_t Capacity::tasks_whole(const View& view, const Shape& shape) const {
    switch (shape.topology) {
        case Topology::one_node:
            return view.tasks_in_node(shape.devices_per_task);
        case Topology::one_rack: {
            std::uint64_t most = 0;
            for (std::uint32_t rack = 0; rack < view.racks(); ++rack) {
                most = std::max(most, view.tasks_in_rack(rack, shape.devices_per_task));
            }
            return clamp_tasks(most);
        }
        case Topology::any:
            break;
    }
    return clamp_tasks(view.tasks_in_pool(shape.devices_per_task));
}

// Consolidation counts whole nodes of the pool, so a gang that must stay in a rack packs tightly.
static bool consolidates(const Shape& shape, Packing packing) {
    return packing == Packing::consolidated && shape.topology != Topology::one_rack;
}

std::uint32_t Capacity::tasks_that_fit(ViewName name, const Shape& shape, Packing packing) const {
    if (nodes_.empty()) return 0;
    if (is_fraction(shape)) return tasks_fraction(name, shape);
    if (!consolidates(shape, packing)) return tasks_whole(at(name), shape);
    if (holds_consolidated(at(name), shape, shape.tasks_max)) return shape.tasks_max;
    return holds_consolidated(at(name), shape, shape.tasks_min) ? shape.tasks_min : 0;
}

bool Capacity::holds(ViewName name, const Shape& shape, Packing packing) const {
    if (nodes_.empty()) return false;
    if (is_fraction(shape)) return tasks_fraction(name, shape) >= shape.tasks_min;
    if (consolidates(shape, packing)) {
        return holds_consolidated(at(name), shape, shape.tasks_min);
    }
    return tasks_whole(at(name), shape) >= shape.tasks_min;
}

bool Capacity::node_helps(NodeId node, const Shape& shape) const {
    const std::uint32_t position = position_of(node);
    if (is_fraction(shape)) {
        return usable(ViewName::unreserved, position, shape.milli).count() > 0;
    }
    return count_bits(at(ViewName::unreserved).free(position)) >= shape.devices_per_task;
}

std::optional<Fit> Capacity::find(ViewName name, const Shape& shape, std::uint32_t tasks_max,
                                  Packing packing) const {
    if (tasks_max < shape.tasks_min || nodes_.empty()) return std::nullopt;
    if (shape.tasks_min == 1 && tasks_max == 1 && is_fraction(shape)) {
        return packing == Packing::fragments ? find_least_loss(name, shape.milli)
                                             : find_one_fraction(name, shape.milli);
    }
    const std::uint32_t tasks = std::min(tasks_max, tasks_that_fit(name, shape, packing));
    if (tasks < shape.tasks_min) return std::nullopt;
    if (is_fraction(shape)) return find_fraction(name, shape, tasks);
    std::optional<Fit> fit = !consolidates(shape, packing)
                                 ? find_whole(at(name), shape, tasks, packing)
                                 : find_consolidated(at(name), shape, tasks);
    if (fit) sort_by_node(fit->placement);
    return fit;
}

void Capacity::take(const View& view, std::uint32_t position, const Shape& shape,
                    std::uint32_t tasks, Placement& out) const {
    const std::uint64_t mask = lowest(view.free(position), tasks * shape.devices_per_task);
    out.push_back(Slot{nodes_[position].id, tasks, mask, limits::milli_per_device});
}

std::int64_t Capacity::loss_at(std::uint32_t idle, std::uint32_t devices, Packing packing) const {
    return packing == Packing::fragments ? demand_.loss(idle, devices) : 0;
}

// Of the nodes that hold `devices`, the one that loses least by it; among those the fullest. Or
// nil.
std::uint32_t Capacity::best_node(const View& view, std::uint32_t devices, Packing packing) const {
    std::uint32_t best = nil;
    std::int64_t least = INT64_MAX;
    for (std::uint32_t k = devices; k <= view.devices_max(); ++k) {
        if (view.nodes_with(k) == 0) continue;
        const std::int64_t loss = loss_at(k, devices, packing);
        if (loss >= least) continue;
        least = loss;
        best = k;
    }
    return best == nil ? nil : view.first_with(best, 0, static_cast<std::uint32_t>(nodes_.size()));
}

std::optional<Fit> Capacity::find_whole(const View& view, const Shape& shape, std::uint32_t tasks,
                                        Packing packing) const {
    Fit fit;
    fit.tasks = tasks;
    const std::uint32_t devices = clamp_tasks(std::uint64_t{tasks} * shape.devices_per_task);
    const std::uint32_t node = best_node(view, devices, packing);
    if (node != nil) {
        take(view, node, shape, tasks, fit.placement);
        return fit;
    }
    std::vector<std::uint8_t> taken(view.racks(), 0);
    std::uint64_t rest = tasks;
    while (rest > 0) {
        std::uint32_t rack = best_rack(view, shape.devices_per_task, rest, taken);
        if (rack == nil) rack = widest_rack(view, shape.devices_per_task, taken);
        SUAN_ASSERT(rack != nil);
        const std::uint64_t here = std::min(rest, view.tasks_in_rack(rack, shape.devices_per_task));
        fill_rack(view, rack, shape, {static_cast<std::uint32_t>(here), packing}, fit.placement);
        taken[rack] = 1;
        rest -= here;
    }
    return fit;
}

// The rack that holds the tasks with the fewest devices left over, or nil.
std::uint32_t Capacity::best_rack(const View& view, std::uint32_t devices_per_task,
                                  std::uint64_t tasks, std::span<const std::uint8_t> taken) const {
    std::uint32_t best = nil;
    for (std::uint32_t rack = 0; rack < view.racks(); ++rack) {
        if (taken[rack] != 0) continue;
        if (view.rack_free(rack) < tasks * devices_per_task) continue;
        if (best != nil && view.rack_free(rack) >= view.rack_free(best)) continue;
        if (view.tasks_in_rack(rack, devices_per_task) >= tasks) best = rack;
    }
    return best;
}

std::uint32_t Capacity::widest_rack(const View& view, std::uint32_t devices_per_task,
                                    std::span<const std::uint8_t> taken) const {
    std::uint32_t best = nil;
    std::uint64_t most = 0;
    for (std::uint32_t rack = 0; rack < view.racks(); ++rack) {
        if (taken[rack] != 0) continue;
        const std::uint64_t tasks = view.tasks_in_rack(rack, devices_per_task);
        if (tasks > most) {
            most = tasks;
            best = rack;
        }
    }
    return best;
}

// The widest nodes first, and for what remains the node that loses least, or the fullest.
void Capacity::fill_rack(const View& view, std::uint32_t rack, const Shape& shape,
                         const Piece& piece, Placement& out) const {
    std::uint32_t tasks = piece.tasks;
    const std::uint32_t per_task = shape.devices_per_task;
    const std::uint32_t end = rack_end(rack);
    std::array<std::uint32_t, 65> from{};
    from.fill(rack_begins_[rack]);
    std::uint32_t wide = view.devices_max() / per_task;  // tasks of the class in hand
    while (tasks > 0) {
        std::uint32_t node = nil;
        std::uint32_t here = tasks;
        // Classes wider than `wide` are used up, so only it and narrower ones can hold the rest.
        std::uint32_t low = tasks <= wide ? tasks * per_task : wide * per_task;
        if (tasks > wide) here = wide;
        const bool last = tasks <= wide;
        std::uint32_t of = 0;
        std::int64_t least = INT64_MAX;
        for (std::uint32_t k = low; k <= view.devices_max() && (last || node == nil); ++k) {
            if (view.rack_nodes_with(rack, k) == 0) continue;
            const std::uint32_t found = view.first_with(k, from[k], end);
            if (found == nil) continue;
            const std::int64_t loss = last ? loss_at(k, low, piece.packing) : 0;
            if (loss >= least) continue;
            least = loss;
            node = found;
            of = k;
        }
        if (node != nil) from[of] = node + 1;
        if (node == nil) {
            SUAN_ASSERT(wide > 0);
            --wide;
            continue;
        }
        take(view, node, shape, here, out);
        tasks -= here;
    }
}

bool Capacity::holds_consolidated(const View& view, const Shape& shape, std::uint32_t tasks) const {
    const std::uint32_t per_node = devices_max_ / shape.devices_per_task;
    if (per_node == 0) return false;
    if (tasks <= per_node) return view.tasks_in_node(shape.devices_per_task) >= tasks;
    if (shape.topology == Topology::one_node) return false;
    const std::uint32_t whole = tasks / per_node;
    const std::uint32_t rest = tasks % per_node;
    std::uint64_t racks_whole = view.nodes_with(devices_max_);
    if (racks_whole < whole) return false;
    if (rest == 0) return true;
    std::uint64_t holders = 0;
    for (std::uint32_t k = rest * shape.devices_per_task; k <= devices_max_; ++k) {
        holders += view.nodes_with(k);
    }
    return holders > whole;
}

std::optional<Fit> Capacity::find_consolidated(const View& view, const Shape& shape,
                                               std::uint32_t tasks) const {
    Fit fit;
    fit.tasks = tasks;
    const auto nodes = static_cast<std::uint32_t>(nodes_.size());
    const std::uint32_t per_node = devices_max_ / shape.devices_per_task;
    std::uint32_t next = 0;
    for (; tasks > per_node || (tasks == per_node && fit.placement.size() > 0); tasks -= per_node) {
        const std::uint32_t node = view.first_with(devices_max_, next, nodes);
        SUAN_ASSERT(node != nil);
        take(view, node, shape, per_node, fit.placement);
        next = node + 1;
    }
    if (tasks == 0) return fit;
    for (std::uint32_t k = tasks * shape.devices_per_task; k <= devices_max_; ++k) {
        if (view.nodes_with(k) == 0) continue;
        const std::uint32_t node = view.first_with(k, k == devices_max_ ? next : 0, nodes);
        if (node == nil) continue;
        take(view, node, shape, tasks, fit.placement);
        return fit;
    }
    return std::nullopt;
}

std::uint32_t Capacity::Usable::count() const {
    return count_bits(shared) + count_bits(idle);
}

Capacity::Usable Capacity::usable(ViewName name, std::uint32_t position,
                                  std::uint32_t milli) const {
    const Node& node = nodes_[position];
    Usable out;
    out.idle = at(name).free(position);
    if (name == ViewName::empty || node.gate != NodeGate::open) return out;
    std::uint64_t shared = node.shared;
    if (name == ViewName::unreserved) shared &= ~node.reserved;
    for (; shared != 0; shared &= shared - 1) {
        const int device = std::countr_zero(shared);
        if (used(position, device) + milli <= limits::milli_per_device)
            out.shared |= 1ULL << device;
    }
    return out;
}

std::optional<Fit> Capacity::find_one_fraction(ViewName name, std::uint32_t milli) const {
    std::uint32_t best_left = UINT32_MAX;
    Slot best;
    for (std::uint32_t word = 0; word < shared_nodes_.size(); ++word) {
        if (name == ViewName::empty) break;
        for (std::uint64_t rest = shared_nodes_[word]; rest != 0; rest &= rest - 1) {
            const std::uint32_t position =
                word * 64 + static_cast<std::uint32_t>(std::countr_zero(rest));
            std::uint64_t fits = usable(name, position, milli).shared;
            for (; fits != 0; fits &= fits - 1) {
                const int device = std::countr_zero(fits);
                const std::uint32_t left = limits::milli_per_device - used(position, device);
                if (left >= best_left) continue;
                best_left = left;
                best = Slot{nodes_[position].id, 1, 1ULL << device, milli};
            }
        }
    }
    if (best_left == UINT32_MAX) {
        const std::uint32_t node = best_node(at(name), 1, Packing::tight);
        if (node == nil) return std::nullopt;
        best = Slot{nodes_[node].id, 1, lowest(at(name).free(node), 1), milli};
    }
    return Fit{1, Placement{best}};
}

NodeFree Capacity::free_on(ViewName name, std::uint32_t position) const {
    NodeFree out;
    out.idle = count_bits(at(name).free(position));
    for (std::uint64_t rest = nodes_[position].shared; rest != 0; rest &= rest - 1)
        out.parts.push_back(limits::milli_per_device - used(position, std::countr_zero(rest)));
    return out;
}

// Every shared device with room, and of the idle ones one for each number of idle devices on a
// node.
std::optional<Fit> Capacity::find_least_loss(ViewName name, std::uint32_t milli) const {
    using Key = std::tuple<std::int64_t, std::uint64_t, std::uint32_t, int>;
    std::optional<Key> best;  // loss, free milli of the node, position, device
    const auto consider = [&](std::uint32_t position, int device, const NodeFree& before,
                              const NodeFree& after) {
        const std::int64_t loss = demand_.steps(demand_.fragment(after) - demand_.fragment(before));
        std::uint64_t left = std::uint64_t{after.idle} * limits::milli_per_device;
        for (const std::uint32_t part : after.parts)
            left += part;
        const Key key{loss, left, position, device};
        if (!best || key < *best) best = key;
    };
    const auto consider_idle = [&](std::uint32_t position, const NodeFree& before) {
        NodeFree after = before;
        --after.idle;
        after.parts.push_back(limits::milli_per_device - milli);
        consider(position, std::countr_zero(at(name).free(position)), before, after);
    };
    for (std::uint32_t word = 0; name != ViewName::empty && word < shared_nodes_.size(); ++word) {
        for (std::uint64_t rest = shared_nodes_[word]; rest != 0; rest &= rest - 1) {
            const std::uint32_t position =
                word * 64 + static_cast<std::uint32_t>(std::countr_zero(rest));
            const NodeFree before = free_on(name, position);
            const std::uint64_t fits = usable(name, position, milli).shared;
            std::size_t at_part = 0;
            for (std::uint64_t all = nodes_[position].shared; all != 0; all &= all - 1, ++at_part) {
                const int device = std::countr_zero(all);
                if ((fits >> device & 1) == 0) continue;
                NodeFree after = before;
                after.parts[at_part] -= milli;
                consider(position, device, before, after);
            }
            if (before.idle > 0) consider_idle(position, before);
        }
    }
    const auto nodes = static_cast<std::uint32_t>(nodes_.size());
    for (std::uint32_t k = 1; k <= at(name).devices_max(); ++k) {
        if (at(name).nodes_with(k) == 0) continue;
        const std::uint32_t position = at(name).first_with(k, 0, nodes);
        consider_idle(position, free_on(name, position));
    }
    if (!best) return std::nullopt;
    const auto& [loss, left, position, device] = *best;
    return Fit{1, Placement{Slot{nodes_[position].id, 1, 1ULL << device, milli}}};
}

std::uint32_t Capacity::tasks_fraction(ViewName name, const Shape& shape) const {
    std::uint64_t best = 0;
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        const bool new_rack = i > 0 && nodes_[i].rack_index != nodes_[i - 1].rack_index;
        if (shape.topology == Topology::one_node ||
            (shape.topology == Topology::one_rack && new_rack)) {
            best = std::max(best, sum);
            sum = 0;
        }
        sum += usable(name, i, shape.milli).count();
    }
    return clamp_tasks(std::max(best, sum));
}

// Fractions of a gang lie on devices of their own on each node: the fullest shared devices first.
Slot Capacity::fraction_slot(ViewName name, std::uint32_t position, std::uint32_t milli,
                             std::uint32_t tasks) const {
    const Usable devices = usable(name, position, milli);
    std::vector<std::tuple<std::uint32_t, int>> shared;  // (free milli, device)
    for (std::uint64_t rest = devices.shared; rest != 0; rest &= rest - 1) {
        const int device = std::countr_zero(rest);
        shared.emplace_back(limits::milli_per_device - used(position, device), device);
    }
    std::sort(shared.begin(), shared.end());
    Slot slot{nodes_[position].id, tasks, 0, milli};
    std::uint32_t rest = tasks;
    for (std::size_t i = 0; i < shared.size() && rest > 0; ++i, --rest) {
        slot.device_mask |= 1ULL << std::get<1>(shared[i]);
    }
    slot.device_mask |= lowest(devices.idle, rest);
    return slot;
}

// Nodes of one group (node, rack or pool) in order of the tasks they hold, the widest first, with
// the last one as full as possible.
std::optional<Fit> Capacity::find_fraction(ViewName name, const Shape& shape,
                                           std::uint32_t tasks) const {
    struct Group {
        std::uint64_t holds = 0;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    const auto nodes = static_cast<std::uint32_t>(nodes_.size());
    std::vector<std::uint32_t> counts(nodes);
    for (std::uint32_t i = 0; i < nodes; ++i)
        counts[i] = usable(name, i, shape.milli).count();
    Group best;
    const auto consider = [&](std::uint32_t begin, std::uint32_t end) {
        std::uint64_t holds = 0;
        for (std::uint32_t i = begin; i < end; ++i)
            holds += counts[i];
        if (holds >= tasks && (best.end == 0 || holds < best.holds)) best = {holds, begin, end};
    };
    for (std::uint32_t i = 0; i < nodes; ++i)
        consider(i, i + 1);
    for (std::uint32_t r = 0; best.end == 0 && r < rack_begins_.size(); ++r) {
        consider(rack_begins_[r], rack_end(r));
    }
    if (best.end == 0) consider(0, nodes);
    SUAN_ASSERT(best.end != 0);
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = best.begin; i < best.end; ++i)
        order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return counts[a] > counts[b]; });
    Fit fit;
    fit.tasks = tasks;
    for (std::uint32_t position : order) {
        const std::uint32_t here = std::min(tasks, counts[position]);
        if (here == 0) break;
        fit.placement.push_back(fraction_slot(name, position, shape.milli, here));
        tasks -= here;
    }
    sort_by_node(fit.placement);
    return fit;
}

}  // namespace suan::sched
