// The fill of openb.hpp on the pool's own scheduler, as a hub would place it: the same pods in the
// same order, each started in the next pass or taken back, devices alone (a pool counts neither
// processors nor memory, and its nodes are of one model). What pods ask for is learnt as they run.
#pragma once

#include "openb.hpp"
#include "sched/types.hpp"

namespace suan::contest {

Result<FillFigures> fill_pool(const std::string& folder, const std::string& list,
                              std::uint64_t seed, sched::Rules::Place place);

}  // namespace suan::contest
