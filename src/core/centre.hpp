// The centre: pools, nodes, their states and rules. Internal to src/core.
#pragma once

#include "core/step.hpp"

namespace suan::core {

Verdict decide_define_pool(Step& step, const DefinePool& command);
Verdict decide_add_nodes(Step& step, const AddNodes& command);
Verdict decide_set_node_state(Step& step, const SetNodeState& command);
Verdict decide_set_pool_rules(Step& step, const SetPoolRules& command);

void apply_pool_defined(State& state, const Entry& entry, const PoolDefined& event);
void apply_nodes_added(State& state, const Entry& entry, const NodesAdded& event);
void apply_node_state_changed(State& state, const Entry& entry, const NodeStateChanged& event);
void apply_pool_rules_changed(State& state, const Entry& entry, const PoolRulesChanged& event);

// The rules as the message says them, with the defaults of PoolRules filled in.
// What a pool's rules may hold; `field` goes before the name of the field that is wrong.
Verdict check_pool_rules(const PoolRules& rules, const std::string& field);
void set_pool_rules(State& state, const SetPoolRules& change);

sched::Rules sched_rules_from(const PoolRules& rules);
PoolLimits limits_from(const PoolRules& rules);
PoolRules rules_to_proto(const Pool& pool);
// Adds a node to state, pool and scheduler; also used by a restore.
void insert_node(State& state, Node node);

}  // namespace suan::core
