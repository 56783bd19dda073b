#include "sim/centre/rules_file.hpp"

#include "base/limits.hpp"
#include "core/centre.hpp"
#include "sim/centre/values.hpp"
#include "sim/centre/yaml_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

namespace suan::sim {
namespace {

constexpr std::array<std::string_view, 4> file_fields{"version", "pools", "shares", "prices"};
constexpr std::array<std::string_view, 3> pool_fields{"name", "rules", "nodes"};
constexpr std::array<std::string_view, 5> share_fields{"org", "pool", "deserved", "weight",
                                                       "limit"};
constexpr std::array<std::string_view, 3> price_fields{"pool", "tier", "yuan_per_device_hour"};
constexpr std::array<std::string_view, 28> rules_fields{"order",
                                                        "backfill",
                                                        "preemption",
                                                        "usage_half_life",
                                                        "usage_horizon",
                                                        "min_runtime",
                                                        "walltime_max",
                                                        "walltime_default",
                                                        "grace_default",
                                                        "meter_interval",
                                                        "quote_valid",
                                                        "quote_compensation_permille",
                                                        "ends",
                                                        "reservations_max",
                                                        "gang_nodes_min",
                                                        "reserve_after",
                                                        "overdue_after",
                                                        "reclaim_ratio",
                                                        "reclaim_after",
                                                        "reclaim_within",
                                                        "expected_behind",
                                                        "expected_permille",
                                                        "stops_max",
                                                        "spot_ratio",
                                                        "spot_within",
                                                        "placement",
                                                        "resize_within",
                                                        "spot_period"};
constexpr std::array<std::string_view, 2> ends_names{"limit", "expected"};
constexpr std::array<std::string_view, 2> placement_names{"fragments", "tight"};
constexpr std::array<std::string_view, 3> order_names{"fair", "fifo", "shortest"};
constexpr std::array<std::string_view, 2> switch_names{"on", "off"};
constexpr std::array<std::string_view, 3> tier_names{"standard", "reserved", "spot"};

// Fields of the file have no unit in their name.
std::string name_in_file(std::string field) {
    for (const std::string_view unit : {"_ms", "_milli"})
        if (field.ends_with(unit)) field.resize(field.size() - unit.size());
    return field;
}

// Off unless they are named.
void read_newer_rules(const YamlMap& map, PoolRules& out) {
    const auto count = [&](const char* field, std::int64_t max) {
        return static_cast<std::uint32_t>(map.integer(field, {0, max}, 0));
    };
    out.set_expected_permille(count("expected_permille", 1'000));
    out.set_expected_behind_milli(count("expected_behind", 1'000'000));
    if (map.choice("ends", ends_names) == 1) out.set_ends("expected");
    out.set_gang_nodes_min(count("gang_nodes_min", limits::nodes_max));
    out.set_reserve_after_ms(map.span_ms("reserve_after", 0));
    out.set_overdue_after_ms(map.span_ms("overdue_after", 0));
    out.set_reclaim_ratio_milli(count("reclaim_ratio", 1'000'000));
    out.set_reclaim_after_ms(map.span_ms("reclaim_after", 0));
    out.set_reclaim_within_ms(map.span_ms("reclaim_within", 0));
    out.set_stops_max(count("stops_max", 1'000'000));
    out.set_spot_ratio_milli(count("spot_ratio", 1'000'000));
    out.set_spot_within_ms(map.span_ms("spot_within", 0));
    if (map.choice("placement", placement_names) == 1) out.set_placement("tight");
    out.set_resize_within_ms(map.span_ms("resize_within", 0));
    out.set_spot_period_ms(map.span_ms("spot_period", 0));
}

RulesFilePool read_pool(const YamlMap& map) {
    RulesFilePool out;
    out.mark = map.mark("name");
    out.name = map.require_text("name");
    out.nodes = static_cast<std::uint32_t>(map.integer("nodes", {1, limits::nodes_max}, 0));
    if (const auto rules = map.item("rules")) {
        out.has_rules = true;
        read_pool_rules(map.errors(), *rules, out.rules);
    }
    if (!out.has_rules && out.nodes == 0) map.fail("rules", "the field is required");
    return out;
}

RulesFileShare read_share(const YamlMap& map) {
    RulesFileShare out;
    out.mark = map.mark("org");
    out.org = map.require_text("org");
    out.pool = map.require_text("pool");
    out.deserved_milli = map.milli_devices("deserved", 0);
    out.weight = static_cast<std::uint32_t>(map.integer("weight", {1, 1'000'000}, 1));
    out.limit_milli = map.milli_devices("limit", 0);
    if (out.limit_milli != 0 && out.limit_milli < out.deserved_milli)
        map.fail("limit", "expected at least what the org deserves");
    return out;
}

RulesFilePrice read_price(const YamlMap& map) {
    constexpr std::array<::suan::Tier, 3> tiers{TIER_STANDARD, TIER_RESERVED, TIER_SPOT};
    RulesFilePrice out;
    out.mark = map.mark("pool");
    out.pool = map.require_text("pool");
    out.tier = tiers[map.choice("tier", tier_names)];
    if (!map.has("yuan_per_device_hour"))
        map.fail("yuan_per_device_hour", "the field is required (0 is allowed)");
    out.micro_yuan_per_device_hour = map.micro_yuan("yuan_per_device_hour", 0);
    return out;
}

// What is named twice would be set twice, and nobody would know to what.
void refuse_doubles(YamlErrors& errors, const RulesFile& rules) {
    std::set<std::string> pools;
    for (const RulesFilePool& pool : rules.pools) {
        if (!pools.insert(pool.name).second)
            errors.fail(pool.mark, "pools", fmt::format("pool '{}' is named twice", pool.name));
    }
    std::set<std::pair<std::string, std::string>> shares;
    for (const RulesFileShare& share : rules.shares) {
        if (!shares.emplace(share.org, share.pool).second)
            errors.fail(share.mark, "shares",
                        fmt::format("the share of org '{}' in pool '{}' is named twice", share.org,
                                    share.pool));
    }
    std::set<std::pair<std::string, int>> prices;
    for (const RulesFilePrice& price : rules.prices) {
        if (!prices.emplace(price.pool, price.tier).second)
            errors.fail(price.mark, "prices",
                        fmt::format("pool '{}' has two prices for the same tier", price.pool));
    }
}

Error at_line(const RulesFile& rules, FileMark mark, std::string_view message) {
    return Error{ErrorCode::invalid,
                 fmt::format("{}:{}:{}: {}", rules.file, mark.line, mark.column, message)};
}

// The mark of "shares[3].deserved_milli": of the item that the field begins with.
FileMark mark_of_field(const RulesFile& rules, std::string_view field) {
    const auto open = field.find('[');
    std::size_t at = 0;
    if (open == std::string_view::npos) return {};
    const std::string_view digits = field.substr(open + 1, field.find(']') - open - 1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), at).ec != std::errc{})
        return {};
    if (field.starts_with("shares") && at < rules.shares.size()) return rules.shares[at].mark;
    if (field.starts_with("prices") && at < rules.prices.size()) return rules.prices[at].mark;
    if (field.starts_with("pools") && at < rules.pools.size()) return rules.pools[at].mark;
    return {};
}

}  // namespace

void read_pool_rules(YamlErrors& errors, const YamlMap::Item& item, PoolRules& out) {
    const YamlMap map(errors, item.node, item.path, rules_fields);
    out.set_order(std::string(order_names[map.choice("order", order_names)]));
    out.set_no_backfill(map.choice("backfill", switch_names) == 1);
    out.set_no_preemption(map.choice("preemption", switch_names) == 1);
    out.set_usage_half_life_ms(map.span_ms("usage_half_life", 0));
    out.set_usage_horizon_ms(map.span_ms("usage_horizon", 0));
    // 0 ms stand for the default in a log. None at all is said as the shortest span there is: a
    // lease that began in this very millisecond is not stopped.
    const std::int64_t min_runtime = map.span_ms("min_runtime", -1);
    out.set_min_runtime_ms(min_runtime < 0 ? 0 : std::max<std::int64_t>(1, min_runtime));
    out.set_reservations_max(static_cast<std::uint32_t>(
        map.integer("reservations_max", {1, limits::reservations_per_pool_max}, 0)));
    out.set_walltime_default_ms(map.span_ms("walltime_default", 0));
    out.set_walltime_max_ms(map.span_ms("walltime_max", 0));
    const std::int64_t grace = map.span_ms("grace_default", 0);
    if (grace > UINT32_MAX) map.fail("grace_default", "expected at most 49d");
    out.set_grace_default_ms(static_cast<std::uint32_t>(grace));
    out.set_meter_interval_ms(map.span_ms("meter_interval", 0));
    out.set_quote_compensation_permille(
        static_cast<std::uint32_t>(map.integer("quote_compensation_permille", {0, 1'000}, 0)));
    out.set_quote_valid_ms(map.span_ms("quote_valid", 0));
    read_newer_rules(map, out);
    if (const auto bad = core::check_pool_rules(out, ""))
        map.fail(name_in_file(bad->field), bad->message);
}

Result<RulesFile> parse_rules_file(std::string file, const std::string& text) {
    YamlErrors errors(file);
    RulesFile out;
    out.file = std::move(file);
    auto read = read_document(out.file, "a rules file", text, [&](const YAML::Node& root) {
        const YamlMap map(errors, root, "", file_fields);
        out.name = map.require_text("version");
        for (const auto& each : map.items("pools"))
            out.pools.push_back(read_pool(YamlMap(errors, each.node, each.path, pool_fields)));
        for (const auto& each : map.items("shares"))
            out.shares.push_back(read_share(YamlMap(errors, each.node, each.path, share_fields)));
        for (const auto& each : map.items("prices"))
            out.prices.push_back(read_price(YamlMap(errors, each.node, each.path, price_fields)));
        if (out.pools.empty() && out.shares.empty() && out.prices.empty())
            map.fail("pools", "a rules file says something of pools, shares or prices");
    });
    if (!read) return std::move(read).error();
    refuse_doubles(errors, out);
    if (!errors.ok()) return errors.take();
    return out;
}

Result<ChangeRules> to_command(const core::State& state, const RulesFile& rules,
                               const Hash256& file_sm3, Time effective) {
    ChangeRules out;
    out.set_name(rules.name);
    out.set_file_sm3(std::string(as_text(file_sm3)));
    out.set_effective_us(effective.us);
    const auto no_pool = [&](FileMark mark, const std::string& name) {
        return at_line(rules, mark, fmt::format("there is no pool {}", name));
    };
    for (const RulesFilePool& pool : rules.pools) {
        const core::Pool* found = state.pool_by_name(pool.name);
        if (found == nullptr) return no_pool(pool.mark, pool.name);
        if (pool.nodes != 0)
            return at_line(rules, pool.mark,
                           "nodes: only `suan sim whatif` gives a pool other nodes");
        SetPoolRules& change = *out.add_pools();
        change.set_pool_id(found->id.value);
        *change.mutable_rules() = pool.rules;
    }
    for (const RulesFileShare& share : rules.shares) {
        const core::Pool* pool = state.pool_by_name(share.pool);
        if (pool == nullptr) return no_pool(share.mark, share.pool);
        const core::Org* org = state.org_by_name(share.org);
        if (org == nullptr)
            return at_line(rules, share.mark, fmt::format("there is no org {}", share.org));
        SetShare& change = *out.add_shares();
        change.set_org_id(org->id.value);
        change.set_pool_id(pool->id.value);
        change.set_deserved_milli(share.deserved_milli);
        change.set_weight(share.weight);
        change.set_limit_milli(share.limit_milli);
    }
    for (const RulesFilePrice& price : rules.prices) {
        const core::Pool* pool = state.pool_by_name(price.pool);
        if (pool == nullptr) return no_pool(price.mark, price.pool);
        PriceLine& line = *out.add_prices();
        line.set_line(static_cast<std::uint32_t>(out.prices_size()));
        line.set_pool_id(pool->id.value);
        line.set_tier(price.tier);
        line.set_micro_yuan_per_device_hour(price.micro_yuan_per_device_hour);
    }
    return out;
}

Error at_field(const RulesFile& rules, std::string_view field, std::string_view message) {
    return at_line(rules, mark_of_field(rules, field), message);
}

Error blame(const RulesFile& rules, const core::Rejection& refused) {
    return at_field(rules, refused.field, fmt::format("{}: {}", refused.field, refused.message));
}

}  // namespace suan::sim
