// Which running leases could move so that a gang fits. A proposal: it changes nothing, and nobody
// carries it out by itself.
#pragma once

#include "sched/scheduler.hpp"

#include <optional>
#include <vector>

namespace suan::sched {

struct Move {
    LeaseId lease;
    Placement from;
    Placement to;
    Duration since_checkpoint;   // work that it has not saved
    std::int64_t lost_milli_ms;  // the same times its devices, in milli-device-milliseconds
};

struct Moves {
    enum class Outcome : std::uint8_t {
        fits_already = 0,
        moves = 1,      // it fits after them
        not_found = 2,  // no set of moves was found
    };
    Outcome outcome = Outcome::not_found;
    Shape gang;                  // tasks_min == tasks_max: what the answer is about
    std::uint32_t fits_now = 0;  // tasks of it that fit without a move, at most UINT32_MAX
    std::uint32_t fits_after = 0;
    std::vector<Move> moves;  // in an order in which each fits when those before it are done
    Placement placement;      // of the gang afterwards
    std::int64_t lost_milli_ms() const;
};

struct Defrag {
    Shape gang;  // whole devices; tasks_min == tasks_max
    // Leases that may move, by id: those that save checkpoints. Others stay where they are.
    std::vector<LeaseId> movable;
};

// Moves that make the gang fit on idle devices that no reservation names, with little work lost:
// for each place it may be put (node, rack, pool, as its topology says) the nodes that become free
// most cheaply are cleared, and moves that turn out not to be needed are left out. Not the least of
// all sets: that is a bin packing. Steps are bounded by leases times nodes.
Moves propose_moves(const PoolScheduler& pool, const Defrag& ask, Time now);

// The same for the most tasks that moves make fit; tasks_min and tasks_max of `gang` are ignored.
Moves propose_moves_for_largest(const PoolScheduler& pool, const Defrag& ask, Time now);

}  // namespace suan::sched
