// Pools, nodes, prices, orgs and who belongs to them.
#include "sim/audit/model.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t hour_ms = 3'600 * second_ms;

// The defaults that types.proto states.
PoolRules with_defaults(PoolRules rules) {
    if (rules.min_runtime_ms() == 0) rules.set_min_runtime_ms(300 * second_ms);
    if (rules.walltime_default_ms() == 0) rules.set_walltime_default_ms(hour_ms);
    if (rules.walltime_max_ms() == 0) rules.set_walltime_max_ms(366 * 24 * hour_ms);
    if (rules.grace_default_ms() == 0) rules.set_grace_default_ms(30 * second_ms);
    if (rules.meter_interval_ms() == 0) rules.set_meter_interval_ms(hour_ms);
    if (rules.quote_valid_ms() == 0) rules.set_quote_valid_ms(600 * second_ms);
    return rules;
}

}  // namespace

void Auditor::Impl::pool_defined(const PoolDefined& event) {
    fresh_id(IdKind::pool, event.pool_id());
    const PoolSpec& spec = current->command().define_pool().pool();
    pools[event.pool_id()].rules = with_defaults(spec.rules());
    market_rules(event.pool_id());
    nodes_added(event.pool_id(), event.first_node_id(), spec.nodes());
}

void Auditor::Impl::nodes_added(const NodesAdded& event) {
    const AddNodes& command = current->command().add_nodes();
    nodes_added(command.pool_id(), event.first_node_id(), command.nodes());
}

void Auditor::Impl::nodes_added(std::uint32_t pool, std::uint64_t first,
                                const google::protobuf::RepeatedPtrField<NodeSpec>& specs) {
    if (pools.count(pool) == 0) {
        violate(Rule::unknown_thing, fmt::format("there is no pool {}", pool));
    }
    for (const NodeSpec& spec : specs) {
        fresh_id(IdKind::node, first);
        AuditNode node;
        node.pool = pool;
        node.rack = spec.rack();
        node.devices = spec.devices();
        nodes[static_cast<std::uint32_t>(first++)] = node;
    }
}

void Auditor::Impl::node_state_changed(const NodeStateChanged& event) {
    const auto node = nodes.find(event.node_id());
    if (node == nodes.end()) {
        violate(Rule::unknown_thing, fmt::format("there is no node {}", event.node_id()));
        return;
    }
    node->second.state = event.state();
}

void Auditor::Impl::rules_changed(const SetPoolRules& change) {
    pools[change.pool_id()].rules = with_defaults(change.rules());
    market_rules(change.pool_id());
}

void Auditor::Impl::share_changed(const SetShare& change) {
    orgs[change.org_id()].shares[change.pool_id()] = {change.deserved_milli(),
                                                      change.limit_milli()};
}

void Auditor::Impl::witness_registered(const WitnessRegistered& event) {
    fresh_id(IdKind::witness, event.witness_id());
    const std::string& key = current->command().register_witness().public_key();
    for (const auto& [id, other] : witness_keys) {
        if (other != key) continue;
        violate(Rule::id_reused, fmt::format("the key of witness {} is registered again", id));
    }
    witness_keys[event.witness_id()] = key;
}

void Auditor::Impl::witness_removed() {
    const std::uint32_t id = current->command().remove_witness().witness_id();
    if (witness_keys.erase(id) == 0)
        violate(Rule::unknown_thing, fmt::format("there is no witness {}", id));
}

void Auditor::Impl::sheet_published(std::uint32_t sheet,
                                    const google::protobuf::RepeatedPtrField<PriceLine>& lines) {
    fresh_id(IdKind::sheet, sheet);
    for (const PriceLine& line : lines) {
        if (line.service() != SERVICE_UNSPECIFIED) continue;  // no world of ours has ledgers
        pools[line.pool_id()].prices[line.tier()] = {sheet, line.line(),
                                                     line.micro_yuan_per_device_hour()};
    }
}

void Auditor::Impl::org_created(const OrgCreated& event) {
    fresh_id(IdKind::org, event.org_id());
    orgs[event.org_id()].billed_until = now;
}

void Auditor::Impl::project_created(const ProjectCreated& event) {
    fresh_id(IdKind::project, event.project_id());
    projects[event.project_id()].org = current->command().create_project().org_id();
}

void Auditor::Impl::member_created(const MemberCreated& event) {
    fresh_id(IdKind::member, event.member_id());
    members[event.member_id()] = current->command().create_member().org_id();
}

}  // namespace suan::sim
