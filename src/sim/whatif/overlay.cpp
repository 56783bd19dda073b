#include "sim/whatif/overlay.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

// Racks of copies stand behind those of the original.
constexpr std::uint32_t rack_step = 100'000;

}  // namespace

const RulesFilePool* Overlay::pool_change(const std::string& name) const {
    for (const RulesFilePool& pool : options_.change.pools) {
        if (pool.name == name) return &pool;
    }
    return nullptr;
}

void Overlay::change_rules(const std::string& pool, PoolRules& rules) const {
    const RulesFilePool* change = pool_change(pool);
    if (change != nullptr && change->has_rules) rules = change->rules;
}

void Overlay::change_share(const core::State& state, SetShare& share) const {
    share.set_deserved_milli(share.deserved_milli() * options_.scale);
    share.set_limit_milli(share.limit_milli() * options_.scale);
    for (const RulesFileShare& change : options_.change.shares) {
        const core::Org* org = state.org_by_name(change.org);
        const core::Pool* pool = state.pool_by_name(change.pool);
        if (org == nullptr || pool == nullptr || org->id.value != share.org_id() ||
            pool->id.value != share.pool_id()) {
            continue;
        }
        share.set_deserved_milli(change.deserved_milli);
        share.set_weight(change.weight);
        share.set_limit_milli(change.limit_milli);
    }
}

void Overlay::change_prices(const core::State& state,
                            google::protobuf::RepeatedPtrField<PriceLine>& lines) const {
    for (PriceLine& line : lines) {
        for (const RulesFilePrice& change : options_.change.prices) {
            const core::Pool* pool = state.pool_by_name(change.pool);
            if (pool == nullptr || pool->id.value != line.pool_id() || change.tier != line.tier())
                continue;
            line.set_micro_yuan_per_device_hour(change.micro_yuan_per_device_hour);
        }
    }
}

// The nodes of the log, copied to the new size; `have` nodes of the pool came before.
void Overlay::add_nodes(const std::string& pool, std::uint32_t have, std::uint32_t first,
                        google::protobuf::RepeatedPtrField<NodeSpec>& nodes) {
    const auto logged = static_cast<std::uint32_t>(nodes.size());
    std::uint32_t wanted = logged * options_.scale;
    const RulesFilePool* change = pool_change(pool);
    // A number of nodes holds for the first command that gives the pool any.
    if (change != nullptr && change->nodes != 0 && have == 0) wanted = change->nodes;
    const std::uint32_t kept = std::min(logged, wanted);
    for (std::uint32_t i = 0; i < logged; ++i) {
        std::vector<std::uint32_t>& ids = nodes_[next_logged_node_++];
        if (i < kept) ids.push_back(first + i);
    }
    const google::protobuf::RepeatedPtrField<NodeSpec> original = nodes;
    if (wanted < logged)
        nodes.DeleteSubrange(static_cast<int>(wanted), static_cast<int>(logged - wanted));
    for (std::uint32_t i = logged; i < wanted && logged > 0; ++i) {
        const std::uint32_t copy = i / logged;
        NodeSpec& node = *nodes.Add();
        node = original[static_cast<int>(i % logged)];
        node.set_name(fmt::format("{}-x{}", node.name(), copy + 1));
        node.set_rack(node.rack() + copy * rack_step);
        const std::uint32_t of = next_logged_node_ - logged + i % logged;
        if (options_.scale > 1) nodes_[of].push_back(first + i);
    }
}

Command Overlay::changed(const core::State& state, const Command& command) {
    Command out = command;
    const std::int64_t scale = options_.scale;
    switch (out.kind_case()) {
        case Command::kDefinePool: {
            PoolSpec& spec = *out.mutable_define_pool()->mutable_pool();
            change_rules(spec.name(), *spec.mutable_rules());
            add_nodes(spec.name(), 0, state.next_node, *spec.mutable_nodes());
            break;
        }
        case Command::kAddNodes: {
            const core::Pool* pool = state.pools.find(out.add_nodes().pool_id());
            add_nodes(pool == nullptr ? "" : pool->name,
                      pool == nullptr ? 0 : static_cast<std::uint32_t>(pool->nodes.size()),
                      state.next_node, *out.mutable_add_nodes()->mutable_nodes());
            break;
        }
        case Command::kSetNodeState: {
            auto& ids = *out.mutable_set_node_state()->mutable_node_ids();
            ids.Clear();
            for (const std::uint32_t logged : command.set_node_state().node_ids()) {
                for (const std::uint32_t id : nodes_of(logged))
                    ids.Add(id);
            }
            break;
        }
        case Command::kSetPoolRules: {
            const core::Pool* pool = state.pools.find(out.set_pool_rules().pool_id());
            if (pool != nullptr)
                change_rules(pool->name, *out.mutable_set_pool_rules()->mutable_rules());
            break;
        }
        case Command::kSetShare:
            change_share(state, *out.mutable_set_share());
            break;
        case Command::kChangeRules:
            for (SetPoolRules& pool : *out.mutable_change_rules()->mutable_pools()) {
                const core::Pool* of = state.pools.find(pool.pool_id());
                if (of != nullptr) change_rules(of->name, *pool.mutable_rules());
            }
            for (SetShare& share : *out.mutable_change_rules()->mutable_shares())
                change_share(state, share);
            change_prices(state, *out.mutable_change_rules()->mutable_prices());
            break;
        case Command::kPublishPriceSheet:
            change_prices(state, *out.mutable_publish_price_sheet()->mutable_lines());
            break;
        case Command::kFundOrg:
            out.mutable_fund_org()->set_micro_yuan(out.fund_org().micro_yuan() * scale);
            break;
        case Command::kSetBudget:
            out.mutable_set_budget()->set_micro_yuan(out.set_budget().micro_yuan() * scale);
            break;
        case Command::kIssueVoucher:
            out.mutable_issue_voucher()->set_micro_yuan(out.issue_voucher().micro_yuan() * scale);
            break;
        default:
            break;
    }
    return out;
}

std::vector<Overlay::Missing> Overlay::missing(const core::State& state) {
    std::vector<Missing> out;
    for (std::size_t i = 0; i < options_.change.shares.size(); ++i) {
        const RulesFileShare& change = options_.change.shares[i];
        const core::Org* org = state.org_by_name(change.org);
        const core::Pool* pool = state.pool_by_name(change.pool);
        if (org == nullptr || pool == nullptr || !shares_given_.insert(i).second) continue;
        Missing& made = out.emplace_back(Missing{{}, change.mark});
        SetShare& share = *made.command.mutable_set_share();
        share.set_org_id(org->id.value);
        share.set_pool_id(pool->id.value);
        change_share(state, share);
    }
    for (std::size_t i = 0; i < options_.change.prices.size(); ++i) {
        const RulesFilePrice& change = options_.change.prices[i];
        const core::Pool* pool = state.pool_by_name(change.pool);
        if (pool == nullptr || !prices_given_.insert(i).second) continue;
        Missing& made = out.emplace_back(Missing{{}, change.mark});
        PublishPriceSheet& sheet = *made.command.mutable_publish_price_sheet();
        sheet.set_name(fmt::format("what-if-{}", i + 1));
        PriceLine& line = *sheet.add_lines();
        line.set_line(1);
        line.set_pool_id(pool->id.value);
        line.set_tier(change.tier);
        line.set_micro_yuan_per_device_hour(change.micro_yuan_per_device_hour);
    }
    return out;
}

const std::vector<std::uint32_t>& Overlay::nodes_of(std::uint32_t logged) const {
    static const std::vector<std::uint32_t> none;
    const auto found = nodes_.find(logged);
    return found == nodes_.end() ? none : found->second;
}

std::vector<std::string> Overlay::unused(const core::State& state) const {
    std::vector<std::string> out;
    const auto mark = [&](FileMark at, const std::string& what) {
        out.push_back(fmt::format("{}:{}:{}: the log has no {}", options_.change.file, at.line,
                                  at.column, what));
    };
    for (const RulesFilePool& pool : options_.change.pools) {
        if (state.pool_by_name(pool.name) == nullptr) mark(pool.mark, "pool " + pool.name);
    }
    for (const RulesFileShare& share : options_.change.shares) {
        if (state.org_by_name(share.org) == nullptr) mark(share.mark, "org " + share.org);
        if (state.pool_by_name(share.pool) == nullptr) mark(share.mark, "pool " + share.pool);
    }
    for (const RulesFilePrice& price : options_.change.prices) {
        if (state.pool_by_name(price.pool) == nullptr) mark(price.mark, "pool " + price.pool);
    }
    return out;
}

}  // namespace suan::sim
