// Parts of a snapshot that a State takes up, each from its record: learnt run times, open quotes,
// versions of the rules file, prices of leases. False: the record cannot be, and nothing was taken.
#pragma once

#include "core/state.hpp"
#include "suan/state.pb.h"

namespace suan::core {

bool restore_run_times(Pool& pool, const RunTimesRecord& record);
// Jobs, orgs and pools are there already.
bool restore_quote(State& state, const QuoteRecord& record);
// What the lease costs, by its job and the spot market.
bool restore_price(Lease& lease, const Job& job, const LeaseRecord& record);
// In the order of their ids.
bool restore_rules(State& state, const RulesRecord& record);
// With its public key and the entries that it may sign.
bool restore_witness(State& state, const WitnessRecord& record);

}  // namespace suan::core
