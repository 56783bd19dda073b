// Random centres, rules and steps for property tests. A failure prints the seed that made them.
#pragma once

#include "sched/world.hpp"

namespace suan::sched::testing {

enum class Extras { none, fractions_and_spot };

// 2 to 7 nodes of 2 to 8 devices in 3 racks; four orgs, some with a share or a limit.
World random_centre(Random& random, Rules rules);
WaitingJob random_job(Random& random, Extras extras);
// Most random jobs could run on an empty centre; the others clog every queue in the end.
void submit_random(World& world, Random& random, Extras extras);
// One thing that may happen to a centre: a submission, an end, a cancel, a checkpoint, time.
void random_step(World& world, Random& random, Extras extras);
// Half of them with the rules that are off unless they are named.
Rules random_rules(Random& random);
Rules newer_rules(Random& random);

}  // namespace suan::sched::testing
