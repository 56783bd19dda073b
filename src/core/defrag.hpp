// What moving running jobs would free in a pool, and its price: a question, answered on a copy.
// docs/rules/defrag.md
#pragma once

#include "core/state.hpp"
#include "sched/defrag.hpp"

#include <map>
#include <vector>

namespace suan::core {

// A pool as it stands, and what its running jobs are worth: a copy that is independent of the
// State.
struct DefragInput {
    Time now;
    sched::PoolScheduler scheduler{sched::Rules{}};
    struct Runs {
        JobId job;
        OrgId org;
        sched::Tier tier = sched::Tier::standard;
        std::uint32_t tasks = 0;
        std::int64_t milli_devices = 0;
        Money price;  // per device hour
    };
    std::map<LeaseId, Runs> movable;  // those that save checkpoints, or say that they do
};
DefragInput defrag_input(const State& state, const Pool& pool);

struct DefragAnswer {
    sched::Moves moves;
    std::vector<Money> lost;  // of each move: work done again, which the centre gives back
    Money lost_total;
};
// Moves that make `gang` fit (tasks_min == tasks_max); with tasks_max 0, the largest one that moves
// can make fit.
DefragAnswer propose_defrag(const DefragInput& input, const sched::Shape& gang);

}  // namespace suan::core
