// Changes that let a waiting job start, tried on the scheduler and put into words.
// docs/rules/explain.md is the rule.
#pragma once

#include "core/state.hpp"
#include "sched/help.hpp"

#include <string>
#include <vector>

namespace suan::core {

struct HelpfulChange {
    std::string kind;    // release, money, dependency, begin, bid, topology, split, walltime, pool,
                         // tasks, tier, limit, deserved, nodes
    std::string change;  // "2 x 8 devices anywhere instead of in one rack"
    std::string outcome;  // "starts now"
    std::string who;      // member, admin or operator: who can do it
    bool starts_now = false;
    Time start;          // not later than then; of one that starts now: now
    sched::Shape shape;  // as it was tried
    Duration walltime;
    sched::Tier tier = sched::Tier::standard;
    PoolId pool;
    sched::Spread spread;     // of one that starts now: how far apart
    std::int64_t amount = 0;  // micro-yuan of money, milli-devices of limit and deserved, or nodes
};

// The smallest change first. Empty: it does not wait, is about to start, or nothing that was tried
// helps. Costs some dozens of passes, whatever waits.
std::vector<HelpfulChange> help(const State& state, const Job& job);

// Whether the job, which is in no queue, would start in the next pass if it were submitted now. Its
// id must be one that no job has.
bool would_start_now(const State& state, const Job& job);

}  // namespace suan::core
