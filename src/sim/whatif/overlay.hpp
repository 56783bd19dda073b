// Commands of a log as they would have been given under the change, at the new size. Internal to
// src/sim/whatif.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "sim/whatif/whatif.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace suan::sim {

class Overlay {
public:
    explicit Overlay(const WhatIfOptions& options) : options_(options) {}

    // The command as it would have been: rules, shares and prices that the change names take the
    // place of the log's; amounts and nodes are multiplied. Submissions are not multiplied here.
    Command changed(const core::State& state, const Command& command);
    // What the change says of things that exist now and that no command of the log would set, with
    // the place in the file of the change.
    struct Missing {
        Command command;
        FileMark mark;
    };
    std::vector<Missing> missing(const core::State& state);
    // Ids of nodes in the rerun that stand for a node of the log.
    const std::vector<std::uint32_t>& nodes_of(std::uint32_t logged) const;
    // Names of the change that the log never had.
    std::vector<std::string> unused(const core::State& state) const;

private:
    void change_rules(const std::string& pool, PoolRules& rules) const;
    void change_share(const core::State& state, SetShare& share) const;
    void change_prices(const core::State& state,
                       google::protobuf::RepeatedPtrField<PriceLine>& lines) const;
    void add_nodes(const std::string& pool, std::uint32_t have, std::uint32_t first,
                   google::protobuf::RepeatedPtrField<NodeSpec>& nodes);
    const RulesFilePool* pool_change(const std::string& name) const;

    const WhatIfOptions& options_;
    std::uint32_t next_logged_node_ = 1;
    std::map<std::uint32_t, std::vector<std::uint32_t>> nodes_;
    std::set<std::size_t> shares_given_, prices_given_;
};

}  // namespace suan::sim
