#include "core/centre.hpp"

#include "base/limits.hpp"
#include "core/leases.hpp"
#include "core/market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace suan::core {
namespace {

Verdict check_nodes(const State& state, const google::protobuf::RepeatedPtrField<NodeSpec>& nodes) {
    if (state.nodes.size() + static_cast<std::size_t>(nodes.size()) > limits::nodes_max) {
        return reject(RejectionCode::limit_reached, "nodes",
                      fmt::format("a centre has at most {} nodes", limits::nodes_max));
    }
    std::set<std::string> seen;
    for (int i = 0; i < nodes.size(); ++i) {
        const NodeSpec& node = nodes[i];
        const std::string field = fmt::format("nodes[{}]", i);
        if (Verdict bad = check_name(node.name(), (field + ".name").c_str())) return bad;
        if (state.node_names.count(node.name()) != 0 || !seen.insert(node.name()).second) {
            return reject(RejectionCode::exists, field + ".name",
                          fmt::format("there is a node {} already", node.name()));
        }
        if (node.devices() == 0 || node.devices() > limits::devices_per_node_max) {
            return reject(RejectionCode::invalid_field, field + ".devices",
                          fmt::format("devices must be 1 to {}, got {}",
                                      limits::devices_per_node_max, node.devices()));
        }
    }
    return std::nullopt;
}

void add_nodes(State& state, PoolId pool, std::uint32_t first,
               const google::protobuf::RepeatedPtrField<NodeSpec>& specs) {
    std::uint32_t id = first;
    for (const NodeSpec& spec : specs) {
        Node node;
        node.id = NodeId{id++};
        node.pool = pool;
        node.name = spec.name();
        node.rack = spec.rack();
        node.devices = spec.devices();
        insert_node(state, std::move(node));
    }
    state.next_node = id;
}

}  // namespace

void insert_node(State& state, Node node) {
    Pool& pool = state.pools.at(node.pool.value);
    const NodeId id = node.id;
    pool.nodes.push_back(id);
    pool.scheduler.add_node({.id = id, .rack = node.rack, .devices = node.devices});
    const bool fresh = state.node_names.emplace(node.name, id).second;
    SUAN_ASSERT(fresh);
    state.nodes.insert(id.value, std::move(node));
}

Verdict decide_define_pool(Step& step, const DefinePool& command) {
    const PoolSpec& spec = command.pool();
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only an operator of the centre defines pools");
    }
    if (Verdict bad = check_name(spec.name(), "name")) return bad;
    if (Verdict bad = check_text(spec.title(), limits::reason_bytes_max, "title")) return bad;
    if (Verdict bad = check_text(spec.device_type(), limits::name_bytes_max, "device_type"))
        return bad;
    if (!spec.visible_devices_variable().empty() &&
        spec.visible_devices_variable() != "CUDA_VISIBLE_DEVICES" &&
        spec.visible_devices_variable() != "ASCEND_RT_VISIBLE_DEVICES") {
        return reject(RejectionCode::invalid_field, "visible_devices_variable",
                      "visible_devices_variable must be CUDA_VISIBLE_DEVICES, "
                      "ASCEND_RT_VISIBLE_DEVICES or empty");
    }
    if (spec.executor() != EXECUTOR_KIND_LOCAL && spec.executor() != EXECUTOR_KIND_SIM) {
        return reject(RejectionCode::invalid_field, "executor", "executor must be local or sim");
    }
    if (spec.device_gflops() < 0) {
        return reject(RejectionCode::invalid_field, "device_gflops",
                      "device_gflops must not be negative");
    }
    if (Verdict bad = check_pool_rules(spec.rules(), "rules.")) return bad;
    if (step.state().pool_names.count(spec.name()) != 0) {
        return reject(RejectionCode::exists, "name",
                      fmt::format("there is a pool {} already", spec.name()));
    }
    if (step.state().pools.size() >= limits::pools_max) {
        return reject(RejectionCode::limit_reached, "",
                      fmt::format("a centre has at most {} pools", limits::pools_max));
    }
    if (Verdict bad = check_nodes(step.state(), spec.nodes())) return bad;
    step.emit([&](Event& event) {
        event.mutable_pool_defined()->set_pool_id(step.state().next_pool);
        event.mutable_pool_defined()->set_first_node_id(step.state().next_node);
    });
    return std::nullopt;
}

void apply_pool_defined(State& state, const Entry& entry, const PoolDefined& event) {
    const PoolSpec& spec = entry.command().define_pool().pool();
    Pool pool;
    pool.id = PoolId{event.pool_id()};
    pool.name = spec.name();
    pool.title = spec.title();
    pool.executor = spec.executor();
    pool.device_type = spec.device_type();
    pool.device_gflops = spec.device_gflops();
    pool.sharing = spec.sharing();
    pool.visible_devices_variable = spec.visible_devices_variable();
    pool.rules = sched_rules_from(spec.rules());
    pool.limits = limits_from(spec.rules());
    pool.scheduler = sched::PoolScheduler(pool.rules);
    pool.scheduler.advance(state.now);
    state.pool_names.emplace(pool.name, pool.id);
    state.next_pool = event.pool_id() + 1;
    state.projects.for_each([&](std::uint64_t, const Project& project) {
        if (project.weight != 1)
            pool.scheduler.set_project_weight(project.org, project.id, project.weight);
    });
    spot_rules_changed(state, state.pools.insert(event.pool_id(), std::move(pool)));
    add_nodes(state, PoolId{event.pool_id()}, event.first_node_id(), spec.nodes());
}

Verdict decide_add_nodes(Step& step, const AddNodes& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only an operator of the centre adds nodes");
    }
    if (step.state().pools.find(command.pool_id()) == nullptr) {
        return reject(RejectionCode::not_found, "pool_id",
                      fmt::format("there is no pool {}", command.pool_id()));
    }
    if (command.nodes().empty()) {
        return reject(RejectionCode::invalid_field, "nodes", "nodes must name at least one node");
    }
    if (Verdict bad = check_nodes(step.state(), command.nodes())) return bad;
    step.emit([&](Event& event) {
        event.mutable_nodes_added()->set_first_node_id(step.state().next_node);
    });
    return std::nullopt;
}

void apply_nodes_added(State& state, const Entry& entry, const NodesAdded& event) {
    const AddNodes& command = entry.command().add_nodes();
    add_nodes(state, PoolId{command.pool_id()}, event.first_node_id(), command.nodes());
}

Verdict decide_set_node_state(Step& step, const SetNodeState& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "",
                      "only an operator of the centre changes the state of nodes");
    }
    if (command.state() < NODE_STATE_OPEN || command.state() > NODE_STATE_DOWN) {
        return reject(RejectionCode::invalid_field, "state",
                      "state must be open, draining or down");
    }
    if (Verdict bad = check_text(command.reason(), limits::reason_bytes_max, "reason")) return bad;
    if (command.node_ids().empty()) {
        return reject(RejectionCode::invalid_field, "node_ids",
                      "node_ids must name at least one node");
    }
    for (const std::uint32_t id : command.node_ids()) {
        if (step.state().nodes.find(id) == nullptr) {
            return reject(RejectionCode::not_found, "node_ids",
                          fmt::format("there is no node {}", id));
        }
    }
    for (const std::uint32_t id : command.node_ids()) {
        if (step.state().nodes.at(id).state == command.state()) continue;
        step.emit([&](Event& event) {
            event.mutable_node_state_changed()->set_node_id(id);
            event.mutable_node_state_changed()->set_state(command.state());
        });
        if (command.state() == NODE_STATE_DOWN) {
            std::vector<LeaseId> lost = step.state().nodes.at(id).leases;
            std::sort(lost.begin(), lost.end());
            for (const LeaseId lease : lost)
                stop_lease(step, lease, STOP_REASON_NODE_FAILED, JobId{});
        }
    }
    return std::nullopt;
}

void apply_node_state_changed(State& state, const Entry& entry, const NodeStateChanged& event) {
    Node& node = state.nodes.at(event.node_id());
    node.state = event.state();
    node.reason = event.state() == NODE_STATE_OPEN ? "" : entry.command().set_node_state().reason();
    const sched::NodeGate gate = event.state() == NODE_STATE_OPEN       ? sched::NodeGate::open
                                 : event.state() == NODE_STATE_DRAINING ? sched::NodeGate::draining
                                                                        : sched::NodeGate::down;
    state.pools.at(node.pool.value).scheduler.set_gate(node.id, gate);
}

Verdict decide_set_pool_rules(Step& step, const SetPoolRules& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only an operator of the centre changes rules");
    }
    if (step.state().pools.find(command.pool_id()) == nullptr) {
        return reject(RejectionCode::not_found, "pool_id",
                      fmt::format("there is no pool {}", command.pool_id()));
    }
    if (Verdict bad = check_pool_rules(command.rules(), "rules.")) return bad;
    step.emit([](Event& event) { event.mutable_pool_rules_changed(); });
    return std::nullopt;
}

void apply_pool_rules_changed(State& state, const Entry& entry, const PoolRulesChanged&) {
    set_pool_rules(state, entry.command().set_pool_rules());
}

void set_pool_rules(State& state, const SetPoolRules& change) {
    Pool& pool = state.pools.at(change.pool_id());
    pool.rules = sched_rules_from(change.rules());
    pool.limits = limits_from(change.rules());
    pool.scheduler.set_rules(pool.rules);
    spot_rules_changed(state, pool);
}

}  // namespace suan::core
