#include "core/rules_file.hpp"

#include "base/limits.hpp"
#include "core/centre.hpp"
#include "core/ledgers.hpp"
#include "core/money.hpp"
#include "core/orgs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace suan::core {
namespace {

Verdict bad_field(const std::string& field, std::string message) {
    return reject(RejectionCode::invalid_field, field, std::move(message));
}

Verdict check_pools(const State& state, const ChangeRules& rules) {
    std::set<std::uint32_t> seen;
    for (int i = 0; i < rules.pools_size(); ++i) {
        const SetPoolRules& change = rules.pools(i);
        const std::string field = fmt::format("pools[{}].", i);
        if (state.pools.find(change.pool_id()) == nullptr) {
            return reject(RejectionCode::not_found, field + "pool_id",
                          fmt::format("there is no pool {}", change.pool_id()));
        }
        if (!seen.insert(change.pool_id()).second)
            return bad_field(field + "pool_id", "this pool has rules in the file already");
        if (Verdict bad = check_pool_rules(change.rules(), field + "rules.")) return bad;
    }
    return std::nullopt;
}

Verdict check_one_share(const State& state, const SetShare& share, const std::string& field) {
    if (state.orgs.find(share.org_id()) == nullptr) {
        return reject(RejectionCode::not_found, field + "org_id",
                      fmt::format("there is no org {}", share.org_id()));
    }
    if (state.pools.find(share.pool_id()) == nullptr) {
        return reject(RejectionCode::not_found, field + "pool_id",
                      fmt::format("there is no pool {}", share.pool_id()));
    }
    if (share.deserved_milli() < 0)
        return bad_field(field + "deserved_milli", "deserved_milli must not be negative");
    return check_share(share, field);
}

// What all orgs would deserve in each pool, those that the file does not name included. The share
// that goes beyond the pool is the one to blame.
Verdict check_shares(const State& state, const ChangeRules& rules) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> named;  // by org, pool
    for (int i = 0; i < rules.shares_size(); ++i) {
        const SetShare& share = rules.shares(i);
        const std::string field = fmt::format("shares[{}].", i);
        if (Verdict bad = check_one_share(state, share, field)) return bad;
        if (!named.emplace(std::pair(share.org_id(), share.pool_id()), share.deserved_milli())
                 .second) {
            return bad_field(field + "org_id", "this org has a share of this pool already");
        }
    }
    std::map<std::uint32_t, std::int64_t> deserved;
    state.orgs.for_each([&](std::uint64_t id, const Org& org) {
        for (const auto& [pool, share] : org.shares) {
            if (named.count({static_cast<std::uint32_t>(id), pool.value}) == 0)
                deserved[pool.value] += share.deserved_milli;
        }
    });
    for (int i = 0; i < rules.shares_size(); ++i) {
        const SetShare& share = rules.shares(i);
        const Pool& pool = state.pools.at(share.pool_id());
        const std::int64_t all = pool.scheduler.totals().devices_milli;
        const std::int64_t before = deserved[share.pool_id()];
        if (share.deserved_milli() > all - before) {
            return bad_field(
                fmt::format("shares[{}].deserved_milli", i),
                fmt::format("deserved_milli must be 0 to {}: pool {} has {} milli-devices, and "
                            "other orgs deserve {}",
                            std::max<std::int64_t>(0, all - before), pool.name, all, before));
        }
        deserved[share.pool_id()] += share.deserved_milli();
    }
    return std::nullopt;
}

Verdict check_content(const State& state, const ChangeRules& rules) {
    if (Verdict bad = check_pools(state, rules)) return bad;
    if (Verdict bad = check_shares(state, rules)) return bad;
    if (static_cast<std::size_t>(rules.prices_size()) > limits::price_lines_max)
        return bad_field("prices", fmt::format("at most {} prices", limits::price_lines_max));
    return check_price_lines(state, rules.prices(), "prices");
}

RulesVersion& version(State& state, std::uint32_t id) {
    SUAN_ASSERT(id >= 1);
    SUAN_ASSERT(id <= state.rules.size());
    return state.rules[id - 1];
}

void drop_content(RulesVersion& of) {
    of.content.clear_pools();
    of.content.clear_shares();
    of.content.clear_prices();
}

void take_effect(Step& step, std::uint32_t id) {
    const ChangeRules& rules = version(step.mutable_state(), id).content;
    if (Verdict bad = check_content(step.state(), rules)) {
        step.emit([&](Event& event) {
            RulesWithdrawn& withdrawn = *event.mutable_rules_withdrawn();
            withdrawn.set_rules_id(id);
            withdrawn.set_reason(fmt::format("{}: {}", bad->field, bad->message));
        });
        return;
    }
    step.emit([&](Event& event) {
        RulesTookEffect& took = *event.mutable_rules_took_effect();
        took.set_rules_id(id);
        if (!rules.prices().empty()) took.set_price_sheet_id(step.state().next_sheet);
        *took.mutable_prices() = rules.prices();
    });
    if (!rules.prices().empty()) begin_to_price_ledgers(step);
}

}  // namespace

Verdict decide_change_rules(Step& step, const ChangeRules& command) {
    const State& state = step.state();
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only an operator of the centre changes rules");
    }
    if (Verdict bad = check_name(command.name(), "name")) return bad;
    if (command.file_sm3().size() != 32)
        return bad_field("file_sm3", "file_sm3 must be the 32 bytes of the file's SM3");
    if (command.effective_us() < 0 || command.effective_us() > time_max.us ||
        (command.effective_us() != 0 && command.effective_us() < step.now().us)) {
        return bad_field("effective_us", "effective_us must be 0 (at once) or a time to come");
    }
    if (command.pools().empty() && command.shares().empty() && command.prices().empty())
        return bad_field("pools", "a rules file changes at least one of pools, shares and prices");
    if (Verdict bad = check_content(state, command)) return bad;
    for (const RulesVersion& known : state.rules) {
        if (known.content.name() == command.name()) {
            return reject(RejectionCode::exists, "name",
                          fmt::format("there is a version {} of the rules already: give this one "
                                      "another name",
                                      command.name()));
        }
    }
    if (state.rules.size() >= limits::rules_versions_max) {
        return reject(RejectionCode::limit_reached, "",
                      fmt::format("a centre has at most {} versions of its rules",
                                  limits::rules_versions_max));
    }
    const auto id = static_cast<std::uint32_t>(state.rules.size() + 1);
    step.emit([&](Event& event) { event.mutable_rules_scheduled()->set_rules_id(id); });
    if (version(step.mutable_state(), id).effective <= step.now()) take_effect(step, id);
    return std::nullopt;
}

void rules_due(Step& step, RulesId id) {
    const RulesVersion& due = version(step.mutable_state(), id.value);
    if (due.state == RulesState::scheduled && due.effective <= step.now())
        take_effect(step, id.value);
}

void apply_rules_scheduled(State& state, const Entry& entry, const RulesScheduled& event) {
    SUAN_ASSERT(event.rules_id() == state.rules.size() + 1);
    RulesVersion made;
    made.id = RulesId{event.rules_id()};
    made.content = entry.command().change_rules();
    made.scheduled = state.now;
    made.effective = std::max(state.now, Time{made.content.effective_us()});
    if (made.effective > state.now)
        state.timers.push({made.effective, Timer::Kind::rules, made.id.value});
    state.rules.push_back(std::move(made));
}

void apply_rules_took_effect(State& state, const RulesTookEffect& event) {
    RulesVersion& rules = version(state, event.rules_id());
    for (const SetPoolRules& change : rules.content.pools())
        set_pool_rules(state, change);
    for (const SetShare& share : rules.content.shares())
        set_share(state, share);
    if (event.price_sheet_id() != 0) {
        publish_prices(state, PriceSheetId{event.price_sheet_id()}, rules.content.name(),
                       rules.content.prices());
    }
    if (state.rules_in_force) {
        RulesVersion& before = version(state, state.rules_in_force.value);
        before.state = RulesState::replaced;
        drop_content(before);
    }
    rules.state = RulesState::in_force;
    state.rules_in_force = rules.id;
}

void apply_rules_withdrawn(State& state, const RulesWithdrawn& event) {
    RulesVersion& rules = version(state, event.rules_id());
    rules.state = RulesState::withdrawn;
    drop_content(rules);
}

}  // namespace suan::core
