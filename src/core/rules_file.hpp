// Rules as data: versions of the centre's rules file, each of which takes effect as a whole at its
// time. docs/rules/rules-file.md is the manual. Internal to src/core.
#pragma once

#include "core/step.hpp"

namespace suan::core {

Verdict decide_change_rules(Step& step, const ChangeRules& command);
// Its time has come: it takes effect, or is withdrawn when it holds no longer.
void rules_due(Step& step, RulesId rules);

void apply_rules_scheduled(State& state, const Entry& entry, const RulesScheduled& event);
void apply_rules_took_effect(State& state, const RulesTookEffect& event);
void apply_rules_withdrawn(State& state, const RulesWithdrawn& event);

}  // namespace suan::core
