// Which tasks elastic leases give up for a head that idle devices cannot serve. See elastic.cpp.
#include "base/limits.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace suan::sched {

using Impl = PoolScheduler::Impl;

namespace {

// Leases that one head may shrink.
constexpr std::size_t shrinks_max = 64;

// The `count` highest bits of the mask.
std::uint64_t highest(std::uint64_t mask, std::uint32_t count) {
    std::uint64_t out = 0;
    for (std::uint32_t i = 0; i < count; ++i)
        out |= std::uint64_t{1} << (63 - static_cast<unsigned>(std::countl_zero(mask & ~out)));
    return out;
}

// Tasks of one lease on one node, and how many of them are given up.
struct Piece {
    std::uint32_t lease = 0;  // place in Shrinking::leases_
    Slot slot;
    std::uint32_t dropped = 0;
};

// Tries which tasks elastic leases could give up for one job, on the scratch capacity.
class Shrinking {
public:
    Shrinking(Impl& in, std::uint32_t job) : in_(in), shape_(in.shape_of(job)) {
        shape_.tasks_max = shape_.tasks_min;
    }
    void collect(Impl::When when, Impl::Sources sources);
    bool empty() const { return leases_.empty(); }
    // The attempt that loses least; what it gives up stays released on the scratch capacity.
    bool make_room();
    int128 lost() const;
    Time freshest() const;  // checkpoint of all who may be shrunk
    std::vector<Resize> resizes() const;

private:
    struct Given {
        int128 lost = 0;
        std::vector<Piece> pieces;
    };
    std::optional<Given> from(std::vector<Piece> pieces);
    std::uint32_t room(const Piece& piece) const;
    void drop(Piece& piece, std::uint32_t tasks);
    void take_back(Piece& piece);
    bool fits() const { return in_.scratch.holds(ViewName::unreserved, shape_, in_.packing()); }
    const RunningLease& lease(std::uint32_t place) const {
        return in_.leases[leases_[place]].lease;
    }
    const TreeNode& org(std::uint32_t place) const {
        return in_.tree[in_.tree[in_.leases[leases_[place]].leaf].org];
    }
    int128 lost_by(std::uint32_t place) const {
        return static_cast<int128>(in_.leases[leases_[place]].milli()) *
               std::max<std::int64_t>(0, (in_.priced_at() - lease(place).last_checkpoint).us);
    }

    Impl& in_;
    Shape shape_;
    std::vector<std::uint32_t> leases_;   // slots, by id
    std::vector<std::uint32_t> dropped_;  // tasks of each, in the attempt in hand
    Given best_;
};

void Shrinking::collect(Impl::When when, Impl::Sources sources) {
    for (const std::uint32_t slot : in_.elastic_by_id()) {
        const RunningLease& lease = in_.leases[slot].lease;
        const bool is_spot = lease.tier == Tier::spot;
        if (lease.stopping || lease.tier == Tier::reserved) continue;
        if (lease.tasks <= lease.shape.tasks_min) continue;
        if (!is_spot && sources == Impl::Sources::spot) continue;
        const TreeNode& org = in_.tree[in_.tree[in_.leases[slot].leaf].org];
        if (!is_spot && org.held_firm <= org.deserved_milli) continue;
        if (lease.last_checkpoint <= lease.started) continue;  // it saves nothing
        if (when == Impl::When::at_checkpoint && !in_.at_checkpoint(lease)) continue;
        if (!in_.old_enough(lease) || leases_.size() == shrinks_max) continue;
        leases_.push_back(slot);
    }
    dropped_.assign(leases_.size(), 0);
}

// How many tasks the piece may still give up.
std::uint32_t Shrinking::room(const Piece& piece) const {
    const RunningLease& of = lease(piece.lease);
    std::uint32_t most = piece.slot.tasks - piece.dropped;
    most = std::min(most, of.tasks - of.shape.tasks_min - dropped_[piece.lease]);
    if (of.tier == Tier::spot) return most;
    std::int64_t over = in_.staying_milli(in_.tree[in_.leases[leases_[piece.lease]].leaf].org) -
                        org(piece.lease).deserved_milli;
    for (std::uint32_t other = 0; other < leases_.size(); ++other) {
        if (lease(other).tier != Tier::spot && &org(other) == &org(piece.lease))
            over -= lease(other).shape.milli_devices(dropped_[other]);
    }
    const std::int64_t each = of.shape.milli_devices(1);
    const std::int64_t tasks = over <= 0 ? 0 : (over + each - 1) / each;
    return static_cast<std::uint32_t>(std::min<std::int64_t>(most, tasks));
}

void Shrinking::drop(Piece& piece, std::uint32_t tasks) {
    const std::uint32_t devices = lease(piece.lease).shape.devices_per_task;
    const std::uint32_t left = piece.slot.tasks - piece.dropped;
    Slot given = piece.slot;
    given.device_mask = lowest(piece.slot.device_mask, left * devices);
    given.device_mask = highest(given.device_mask, tasks * devices);
    given.tasks = tasks;
    in_.scratch.release(given);
    piece.dropped += tasks;
    dropped_[piece.lease] += tasks;
}

// The task that was given up last.
void Shrinking::take_back(Piece& piece) {
    const std::uint32_t devices = lease(piece.lease).shape.devices_per_task;
    const std::uint32_t left = piece.slot.tasks - piece.dropped + 1;
    Slot again = piece.slot;
    again.device_mask = lowest(piece.slot.device_mask, left * devices);
    again.device_mask = highest(again.device_mask, devices);
    again.tasks = 1;
    in_.scratch.acquire(again);
    --piece.dropped;
    --dropped_[piece.lease];
}

// Gives up pieces until the job fits, then takes back what turns out not to be needed. Leaves the
// scratch capacity as it was.
std::optional<Shrinking::Given> Shrinking::from(std::vector<Piece> pieces) {
    bool held = fits();
    for (Piece& piece : pieces) {
        if (held) break;
        const std::uint32_t tasks = room(piece);
        if (tasks == 0) continue;
        drop(piece, tasks);
        held = fits();
    }
    Given given;
    for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
        while (held && piece->dropped > 0) {
            take_back(*piece);
            if (fits()) continue;
            drop(*piece, 1);
            break;
        }
    }
    for (std::uint32_t place = 0; place < leases_.size(); ++place) {
        if (dropped_[place] > 0) given.lost += lost_by(place);
    }
    given.pieces = pieces;
    for (Piece& piece : pieces) {
        while (piece.dropped > 0)
            take_back(piece);
    }
    if (!held) return std::nullopt;
    return given;
}

bool Shrinking::make_room() {
    std::vector<Piece> all;
    for (std::uint32_t place = 0; place < leases_.size(); ++place) {
        const std::size_t first = all.size();
        for (const Slot& slot : lease(place).placement)
            all.push_back({place, slot, 0});
        // A node that only few tasks leave becomes free soonest.
        std::stable_sort(
            all.begin() + static_cast<std::ptrdiff_t>(first), all.end(),
            [](const Piece& a, const Piece& b) { return a.slot.tasks < b.slot.tasks; });
    }
    std::optional<Given> best;
    const auto attempt = [&](auto&& keeps) {
        std::vector<Piece> pieces;
        std::copy_if(all.begin(), all.end(), std::back_inserter(pieces), keeps);
        if (pieces.empty()) return;
        std::optional<Given> given = from(std::move(pieces));
        if (given && (!best || given->lost < best->lost)) best = std::move(given);
    };
    for (std::uint32_t place = 0; place < leases_.size(); ++place)
        attempt([place](const Piece& piece) { return piece.lease == place; });
    if (leases_.size() > 1) attempt([](const Piece&) { return true; });
    const std::uint64_t devices = std::uint64_t{shape_.tasks_min} * shape_.devices_per_task;
    if (devices <= in_.capacity.devices_per_node_max()) {
        std::vector<NodeId> nodes;
        for (const Piece& piece : all)
            nodes.push_back(piece.slot.node);
        std::sort(nodes.begin(), nodes.end());
        nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
        for (const NodeId node : nodes)
            attempt([node](const Piece& piece) { return piece.slot.node == node; });
    }
    if (!best) return false;
    best_ = std::move(*best);
    for (Piece& piece : best_.pieces) {
        const std::uint32_t tasks = std::exchange(piece.dropped, 0);
        if (tasks > 0) drop(piece, tasks);
    }
    return true;
}

int128 Shrinking::lost() const {
    return best_.lost;
}

Time Shrinking::freshest() const {
    Time newest;
    for (std::uint32_t place = 0; place < leases_.size(); ++place)
        newest = std::max(newest, lease(place).last_checkpoint);
    return newest;
}

std::vector<Resize> Shrinking::resizes() const {
    std::vector<Resize> out;
    for (std::uint32_t place = 0; place < leases_.size(); ++place) {
        if (dropped_[place] == 0) continue;
        Resize resize{lease(place).id, lease(place).placement};
        for (Slot& slot : resize.next) {
            for (const Piece& piece : best_.pieces) {
                if (piece.lease != place || piece.slot.node != slot.node) continue;
                slot.tasks -= piece.dropped;
                slot.device_mask =
                    lowest(slot.device_mask, slot.tasks * lease(place).shape.devices_per_task);
            }
        }
        const auto gone = std::remove_if(resize.next.begin(), resize.next.end(),
                                         [](const Slot& slot) { return slot.tasks == 0; });
        resize.next.erase(gone, resize.next.end());
        out.push_back(std::move(resize));
    }
    return out;
}

}  // namespace

// Room for a head by elastic leases alone.
std::optional<Preempt> Impl::plan_shrink(std::uint32_t job, When when, Sources sources) {
    if (!resizes() || elastic.empty() || tier_of(job) == Tier::spot) return std::nullopt;
    Shrinking search(*this, job);
    search.collect(when, sources);
    if (search.empty() || !capacity.holds(ViewName::empty, shape_of(job), packing()))
        return std::nullopt;
    scratch.copy_use_of(capacity);
    if (const Reservation* own = reservation_of(jobs[job].id)) scratch.unreserve(own->placement);
    if (!search.make_room()) return std::nullopt;
    Preempt out;
    out.resizes = search.resizes();
    if (out.resizes.empty()) return std::nullopt;
    if (when == When::at_once) {
        const Price price = sources == Sources::spot ? price_of_spot(job) : price_of_borrowers(job);
        const Time at = affordable_at(job, {search.lost(), search.freshest()}, price);
        if (at > now) {
            pass.young_until = std::min(pass.young_until, at);
            pass.too_dear = true;
            return std::nullopt;
        }
    }
    out.job = jobs[job].id;
    const Shape& shape = shape_of(job);
    auto fit = scratch.find(ViewName::unreserved, shape, shape.tasks_min, packing());
    SUAN_ASSERT(fit);
    out.reservation = Reservation{out.job, now, std::move(fit->placement)};
    return out;
}

// For any blocked head but spot: what an elastic lease holds above its least is lent.
std::optional<Preempt> Impl::plan_shrink_at_checkpoint(std::uint32_t job) {
    return plan_shrink(job, When::at_checkpoint, Sources::spot_and_borrowers);
}

}  // namespace suan::sched
