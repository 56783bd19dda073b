#include "sched/defrag.hpp"

#include "base/limits.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace suan::sched {
namespace {

using Impl = PoolScheduler::Impl;

// A lease as it may be moved.
struct Lodger {
    std::uint32_t slot = 0;  // of the lease table
    LeaseId id;
    std::int64_t lost = 0;  // milli-device-milliseconds
};

// One place that the gang may be put, and the moves found for it so far.
class Clearing {
public:
    Clearing(Impl& in, const Defrag& ask, Time now) : in_(in), now_(now), gang_(ask.gang) {
        for (const LeaseId id : ask.movable) {
            const std::uint32_t slot = in_.leases.find(id);
            if (slot == IdIndex::none || in_.leases[slot].lease.stopping) continue;
            const LeaseSlot& of = in_.leases[slot];
            const std::int64_t ms =
                std::max<std::int64_t>(0, (now - of.lease.last_checkpoint).us / 1'000);
            const Lodger lodger{slot, id, of.milli() * ms};
            for (const Slot& held : of.lease.placement)
                lodgers_[in_.capacity.position_of(held.node)].push_back(lodger);
        }
        for (auto& [position, here] : lodgers_) {
            std::sort(here.begin(), here.end(), [](const Lodger& a, const Lodger& b) {
                return a.lost != b.lost ? a.lost < b.lost : a.id < b.id;
            });
        }
    }

    // Moves that make the gang fit on nodes at positions [begin, end).
    std::optional<Moves> clear(std::uint32_t begin, std::uint32_t end);

private:
    // The next node to clear: the first `count` of its lodgers go.
    struct Option {
        std::int64_t lost = 0;
        std::uint32_t seats = 0;  // tasks of the gang that it holds then
        std::uint32_t position = 0;
        std::uint32_t count = 0;
    };
    using Barred = std::set<std::pair<std::uint32_t, std::uint32_t>>;  // position, count
    std::optional<Option> best(std::uint32_t begin, std::uint32_t end, const Barred& barred,
                               std::uint32_t wanted) const;
    bool take(const Option& option);
    bool move(const Lodger& lodger);
    void keep_seats(std::uint32_t position, std::uint32_t seats);
    std::optional<Moves> replay(const std::vector<LeaseId>& order) const;
    std::uint32_t seats_of(std::uint64_t free) const {
        return count_bits(free) / gang_.devices_per_task;
    }

    Impl& in_;
    Time now_;
    Shape gang_;
    std::map<std::uint32_t, std::vector<Lodger>> lodgers_;  // by position, cheapest first
    // Of the attempt in hand.
    Capacity work_;
    Placement seats_;
    std::vector<LeaseId> moved_;
};

// The most seats for the least lost work; where nothing is lost, the fewest moves.
std::optional<Clearing::Option> Clearing::best(std::uint32_t begin, std::uint32_t end,
                                               const Barred& barred, std::uint32_t wanted) const {
    std::optional<Option> best;
    const auto better = [](const Option& a, const Option& b) {
        const int128 x = static_cast<int128>(a.lost) * b.seats;
        const int128 y = static_cast<int128>(b.lost) * a.seats;
        if (x != y) return x < y;
        const std::uint64_t m = std::uint64_t{a.count} * b.seats;
        const std::uint64_t n = std::uint64_t{b.count} * a.seats;
        if (m != n) return m < n;
        return a.seats != b.seats ? a.seats > b.seats : a.position < b.position;
    };
    for (std::uint32_t at = begin; at < end; ++at) {
        if (work_.gate(work_.id_at(at)) != NodeGate::open) continue;
        std::uint64_t free = work_.free_at(ViewName::unreserved, at);
        Option option{0, std::min(wanted, seats_of(free)), at, 0};
        if (option.seats > 0 && (!best || better(option, *best))) best = option;
        const auto here = lodgers_.find(at);
        if (here == lodgers_.end()) continue;
        for (const Lodger& lodger : here->second) {
            ++option.count;
            if (std::find(moved_.begin(), moved_.end(), lodger.id) != moved_.end()) continue;
            option.lost += lodger.lost;
            const RunningLease& lease = in_.leases[lodger.slot].lease;
            if (lease.shape.milli == limits::milli_per_device)
                free |= mask_on(lease.placement, work_.id_at(at));
            const std::uint32_t seats = std::min(wanted, seats_of(free));
            if (seats <= option.seats) continue;
            option.seats = seats;
            if (barred.count({at, option.count}) != 0) continue;
            if (!best || better(option, *best)) best = option;
        }
    }
    return best;
}

// Keeps devices of a node for the gang, so that nothing is moved onto them.
void Clearing::keep_seats(std::uint32_t position, std::uint32_t seats) {
    const std::uint64_t mask =
        lowest(work_.free_at(ViewName::unreserved, position), seats * gang_.devices_per_task);
    const Placement kept{Slot{work_.id_at(position), seats, mask, limits::milli_per_device}};
    work_.reserve(kept);
    seats_.push_back(kept.front());
}

// To idle devices elsewhere, as many of its tasks as it has now.
bool Clearing::move(const Lodger& lodger) {
    const RunningLease& lease = in_.leases[lodger.slot].lease;
    Shape shape = lease.shape;
    shape.tasks_min = shape.tasks_max = lease.tasks;
    const auto fit = work_.find(ViewName::unreserved, shape, lease.tasks, Packing::tight);
    if (!fit) return false;
    for (const Slot& slot : fit->placement)
        work_.acquire(slot);
    moved_.push_back(lodger.id);
    return true;
}

// Clears the node. False, with nothing changed: what is on it has nowhere to go.
bool Clearing::take(const Option& option) {
    const Capacity before = work_;
    const Placement seats_before = seats_;
    const std::vector<LeaseId> moved_before = moved_;
    std::vector<Lodger> going;
    if (option.count > 0) {
        const std::vector<Lodger>& here = lodgers_.at(option.position);
        for (std::uint32_t i = 0; i < option.count; ++i) {
            if (std::find(moved_.begin(), moved_.end(), here[i].id) == moved_.end())
                going.push_back(here[i]);
        }
    }
    for (const Lodger& lodger : going) {
        for (const Slot& slot : in_.leases[lodger.slot].lease.placement)
            work_.release(slot);
    }
    bool good = seats_of(work_.free_at(ViewName::unreserved, option.position)) >= option.seats;
    if (good) keep_seats(option.position, option.seats);
    // The largest first: they are the hardest to place.
    std::stable_sort(going.begin(), going.end(), [this](const Lodger& a, const Lodger& b) {
        return in_.leases[a.slot].milli() > in_.leases[b.slot].milli();
    });
    for (const Lodger& lodger : going)
        good = good && move(lodger);
    if (good) return true;
    work_ = before;
    seats_ = seats_before;
    moved_ = moved_before;
    return false;
}

// One move after the other, each to where it fits then and off the seats; then the gang itself.
// Nothing: it does not work out in this order.
std::optional<Moves> Clearing::replay(const std::vector<LeaseId>& order) const {
    Capacity work = in_.capacity;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> seats;
    for (const Slot& slot : seats_)
        seats.emplace_back(work.position_of(slot.node), slot.device_mask);
    Moves out;
    out.gang = gang_;
    for (const LeaseId id : order) {
        const LeaseSlot& of = in_.leases[in_.leases.find(id)];
        Shape shape = of.lease.shape;
        shape.tasks_min = shape.tasks_max = of.lease.tasks;
        for (const Slot& slot : of.lease.placement)
            work.release(slot);
        Placement closed;
        for (const auto& [position, mask] : seats) {
            const std::uint64_t free = work.free_at(ViewName::unreserved, position) & mask;
            if (free != 0)
                closed.push_back({work.id_at(position), 0, free, limits::milli_per_device});
        }
        work.reserve(closed);
        const auto fit = work.find(ViewName::unreserved, shape, of.lease.tasks, Packing::tight);
        work.unreserve(closed);
        if (!fit) return std::nullopt;
        for (const Slot& slot : fit->placement)
            work.acquire(slot);
        Move move;
        move.lease = id;
        move.from = of.lease.placement;
        move.to = fit->placement;
        move.since_checkpoint = std::max(now_ - of.lease.last_checkpoint, Duration{});
        move.lost_milli_ms = of.milli() * (move.since_checkpoint.us / 1'000);
        out.moves.push_back(std::move(move));
    }
    auto fit = work.find(ViewName::unreserved, gang_, gang_.tasks_min, Packing::tight);
    if (!fit) return std::nullopt;
    out.outcome = Moves::Outcome::moves;
    out.placement = std::move(fit->placement);
    Shape most = gang_;
    most.tasks_min = 1;
    out.fits_after = work.tasks_that_fit(ViewName::unreserved, most, Packing::tight);
    return out;
}

std::optional<Moves> Clearing::clear(std::uint32_t begin, std::uint32_t end) {
    work_ = in_.capacity;
    seats_.clear();
    moved_.clear();
    Barred barred;
    std::uint32_t seated = 0;
    while (seated < gang_.tasks_min) {
        const auto option = best(begin, end, barred, gang_.tasks_min - seated);
        if (!option) return std::nullopt;
        if (take(*option)) {
            seated += option->seats;
        } else {
            barred.insert({option->position, option->count});
        }
    }
    std::optional<Moves> found = replay(moved_);
    if (!found) return std::nullopt;
    // The dearest that are not needed stay after all.
    std::vector<LeaseId> order = moved_;
    std::vector<Move> dearest = found->moves;
    std::stable_sort(dearest.begin(), dearest.end(), [](const Move& a, const Move& b) {
        return a.lost_milli_ms > b.lost_milli_ms;
    });
    for (const Move& move : dearest) {
        std::vector<LeaseId> fewer = order;
        std::erase(fewer, move.lease);
        if (auto less = replay(fewer)) {
            found = std::move(less);
            order = std::move(fewer);
        }
    }
    return found;
}

}  // namespace

std::int64_t Moves::lost_milli_ms() const {
    std::int64_t sum = 0;
    for (const Move& move : moves)
        sum += move.lost_milli_ms;
    return sum;
}

Moves propose_moves(const PoolScheduler& pool, const Defrag& ask, Time now) {
    Impl& in = pool.inside();
    in.settle();
    SUAN_ASSERT(ask.gang.tasks_min == ask.gang.tasks_max);
    SUAN_ASSERT(ask.gang.tasks_min >= 1);
    SUAN_ASSERT(ask.gang.milli == limits::milli_per_device);
    Moves out;
    out.gang = ask.gang;
    Shape most = ask.gang;
    most.tasks_min = 1;
    out.fits_now = out.fits_after =
        in.capacity.tasks_that_fit(ViewName::unreserved, most, Packing::tight);
    auto now_there =
        in.capacity.find(ViewName::unreserved, ask.gang, ask.gang.tasks_max, Packing::tight);
    if (now_there) {
        out.outcome = Moves::Outcome::fits_already;
        out.placement = std::move(now_there->placement);
        return out;
    }
    if (!in.capacity.holds(ViewName::empty, ask.gang, Packing::tight)) return out;
    const auto nodes = static_cast<std::uint32_t>(in.capacity.nodes());
    Clearing clearing(in, ask, now);
    std::optional<Moves> best;
    std::uint32_t begin = 0;
    for (std::uint32_t at = 1; at <= nodes; ++at) {
        const bool node_ends = ask.gang.topology == Topology::one_node;
        const bool rack_ends = ask.gang.topology == Topology::one_rack && at < nodes &&
                               in.capacity.rack_at(at) != in.capacity.rack_at(begin);
        if (at < nodes && !node_ends && !rack_ends) continue;
        std::optional<Moves> found = clearing.clear(begin, at);
        begin = at;
        if (!found) continue;
        const auto price = [](const Moves& moves) {
            return std::pair(moves.lost_milli_ms(), moves.moves.size());
        };
        if (!best || price(*found) < price(*best)) best = std::move(found);
    }
    if (!best) return out;
    best->fits_now = out.fits_now;
    return *best;
}

Moves propose_moves_for_largest(const PoolScheduler& pool, const Defrag& ask, Time now) {
    Impl& in = pool.inside();
    in.settle();
    Shape most = ask.gang;
    most.tasks_min = most.tasks_max = 1;
    Defrag one = ask;
    one.gang = most;
    Moves best = propose_moves(pool, one, now);
    // What is tried first is what is known to fit; then by halves up to what all nodes could hold.
    std::uint32_t low = std::max(1U, best.fits_now);
    std::uint32_t high =
        std::max(low, in.capacity.tasks_that_fit(ViewName::empty, most, Packing::tight));
    if (best.outcome == Moves::Outcome::not_found) return best;
    while (true) {
        one.gang.tasks_min = one.gang.tasks_max = low + (high - low + 1) / 2;
        Moves tried = propose_moves(pool, one, now);
        if (tried.outcome != Moves::Outcome::not_found) {
            low = one.gang.tasks_min;
            best = std::move(tried);
        } else {
            high = one.gang.tasks_min - 1;
        }
        if (low >= high) break;
    }
    if (best.gang.tasks_min == low) return best;
    one.gang.tasks_min = one.gang.tasks_max = low;
    return propose_moves(pool, one, now);
}

}  // namespace suan::sched
