// Witnesses: whose co-signatures of blocks count, and from when. Internal to src/core.
#pragma once

#include "core/step.hpp"

namespace suan::core {

// The key is taken as 65 bytes that begin with 0x04; whether they are a point of the curve is for
// those who verify with it.
Verdict decide_register_witness(Step& step, const RegisterWitness& command);
Verdict decide_remove_witness(Step& step, const RemoveWitness& command);

void apply_witness_registered(State& state, const Entry& entry, const WitnessRegistered& event);
void apply_witness_removed(State& state, const Entry& entry, const WitnessRemoved& event);

}  // namespace suan::core
