// The reader of centre files.
#include "base/limits.hpp"
#include "sim/centre/centre.hpp"
#include "sim/centre/rules_file.hpp"
#include "sim/centre/values.hpp"
#include "sim/centre/yaml_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

namespace suan::sim {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 5> centre_fields{"title", "pools", "price_sheets", "members",
                                                        "orgs"};
constexpr std::array<std::string_view, 9> pool_fields{
    "name",    "title",           "executor", "device_type", "device_gflops",
    "sharing", "visible_devices", "rules",    "nodes"};
constexpr std::array<std::string_view, 8> node_fields{"name",    "prefix", "first",    "count",
                                                      "devices", "rack",   "per_rack", "digits"};
constexpr std::array<std::string_view, 2> sheet_fields{"name", "lines"};
constexpr std::array<std::string_view, 3> line_fields{"pool", "tier", "yuan_per_device_hour"};
constexpr std::array<std::string_view, 2> service_line_fields{"service", "yuan_per_unit"};
constexpr std::array<std::string_view, 2> service_names{"ledger_transfers", "ledger_time"};
constexpr std::array<std::string_view, 8> org_fields{"name",     "title",   "funds",  "budget",
                                                     "projects", "members", "shares", "vouchers"};
constexpr std::array<std::string_view, 3> project_fields{"name", "weight", "budget"};
constexpr std::array<std::string_view, 2> member_fields{"name", "role"};
constexpr std::array<std::string_view, 4> share_fields{"pool", "deserved", "weight", "limit"};
constexpr std::array<std::string_view, 6> voucher_fields{"funder",  "contract", "yuan",
                                                         "expires", "pools",    "job_cap"};

constexpr std::array<std::string_view, 2> executor_names{"sim", "local"};
constexpr std::array<std::string_view, 3> tier_names{"standard", "reserved", "spot"};
constexpr std::array<std::string_view, 2> org_roles{"member", "admin"};
constexpr std::array<std::string_view, 2> centre_roles{"operator", "auditor"};

class Reader {
public:
    Reader(std::string file, std::uint32_t auto_devices)
        : errors_(std::move(file)), auto_devices_(auto_devices) {}

    Result<CentreFile> run(const YAML::Node& root) {
        CentreFile out;
        out.file = errors_.file();
        const YamlMap map(errors_, root, "", centre_fields);
        out.title = map.text("title");
        for (const auto& each : map.items("pools"))
            out.pools.push_back(pool(YamlMap(errors_, each.node, each.path, pool_fields)));
        if (out.pools.empty()) map.fail("pools", "a centre needs at least one pool");
        for (const auto& each : map.items("price_sheets"))
            out.price_sheets.push_back(sheet(YamlMap(errors_, each.node, each.path, sheet_fields)));
        for (const auto& each : map.items("members"))
            out.members.push_back(member(YamlMap(errors_, each.node, each.path, member_fields),
                                         centre_roles, ROLE_OPERATOR, ROLE_AUDITOR));
        for (const auto& each : map.items("orgs"))
            out.orgs.push_back(org(YamlMap(errors_, each.node, each.path, org_fields)));
        if (!errors_.ok()) return errors_.take();
        return out;
    }

private:
    // A name that no other of its kind in the file has.
    std::string name_in(std::set<std::string>& taken, const YamlMap& map) {
        std::string name = map.require_text("name");
        if (!taken.insert(name).second)
            map.fail("name", fmt::format("'{}' is taken by another one above", name));
        return name;
    }

    std::string pool_name(const YamlMap& map, std::string_view field, const std::string& name) {
        if (pool_names_.count(name) == 0) {
            const std::vector<std::string_view> known(pool_names_.begin(), pool_names_.end());
            map.fail(field, fmt::format("there is no pool '{}' in this file; did you mean '{}'?",
                                        name, nearest_name(name, known)));
        }
        return name;
    }

    CentrePool pool(const YamlMap& map) {
        CentrePool out;
        out.mark = map.mark("name");
        PoolSpec& spec = out.spec;
        spec.set_name(name_in(pool_names_, map));
        spec.set_title(map.text("title"));
        spec.set_executor(map.choice("executor", executor_names) == 0 ? EXECUTOR_KIND_SIM
                                                                      : EXECUTOR_KIND_LOCAL);
        spec.set_device_type(map.text("device_type"));
        spec.set_device_gflops(map.integer("device_gflops", {}, 0));
        spec.set_sharing(map.flag("sharing"));
        spec.set_visible_devices_variable(map.text("visible_devices"));
        if (const auto rules = map.item("rules"))
            read_pool_rules(errors_, *rules, *spec.mutable_rules());
        for (const auto& each : map.items("nodes"))
            nodes(YamlMap(errors_, each.node, each.path, node_fields), out);
        if (spec.nodes().empty()) map.fail("nodes", "a pool needs at least one node");
        return out;
    }

    std::uint32_t devices(const YamlMap& map) {
        if (map.has("devices") && map.text("devices") == "auto") return auto_devices_;
        if (!map.has("devices")) map.fail("devices", "the field is required: a number, or auto");
        return static_cast<std::uint32_t>(
            map.integer("devices", {1, limits::devices_per_node_max}, 1));
    }

    // One node by name, or a range of them by prefix and count.
    void nodes(const YamlMap& map, CentrePool& pool) {
        const bool one = map.has("name");
        if (one == map.has("prefix"))
            map.fail("name", "a node has a name, a range of nodes a prefix and a count: give one");
        if (one && map.has("count")) map.fail("count", "only a range (prefix) has a count");
        if (!one && !map.has("count")) map.fail("count", "a range of nodes needs a count");
        const std::int64_t count = one ? 1 : map.integer("count", {1, limits::nodes_max}, 1);
        node_count_ += count;
        if (node_count_ > limits::nodes_max)
            map.fail("count", fmt::format("a centre has at most {} nodes", limits::nodes_max));
        const std::int64_t first = map.integer("first", {0, 1'000'000}, 1);
        const auto width =
            map.integer("digits", {1, 9},
                        static_cast<std::int64_t>(fmt::formatted_size("{}", first + count - 1)));
        const std::int64_t per_rack = map.integer("per_rack", {1, limits::nodes_max}, count);
        const std::int64_t rack = map.integer("rack", {0, limits::nodes_max}, next_rack(pool));
        const std::uint32_t each = devices(map);
        const std::string prefix = one ? map.require_text("name") : map.require_text("prefix");
        if (!errors_.ok()) return;
        for (std::int64_t i = 0; i < count; ++i) {
            NodeSpec& node = *pool.spec.add_nodes();
            node.set_name(one ? prefix : fmt::format("{}{:0{}}", prefix, first + i, width));
            node.set_rack(static_cast<std::uint32_t>(rack + i / per_rack));
            node.set_devices(each);
            pool.node_marks.push_back(map.mark(one ? "name" : "prefix"));
            if (!node_names_.insert(node.name()).second)
                map.fail(one ? "name" : "prefix",
                         fmt::format("node '{}' is named twice in this file", node.name()));
        }
    }

    // A range without a rack begins a new one.
    static std::int64_t next_rack(const CentrePool& pool) {
        std::int64_t rack = 0;
        for (const NodeSpec& node : pool.spec.nodes())
            rack = std::max(rack, std::int64_t{node.rack()} + 1);
        return rack;
    }

    CentrePriceSheet sheet(const YamlMap& map) {
        CentrePriceSheet out;
        out.mark = map.mark("name");
        out.name = name_in(sheet_names_, map);
        for (const auto& each : map.items("lines"))
            read_lines(each.node, each.path, out);
        if (out.lines.empty()) map.fail("lines", "a price sheet needs at least one line");
        return out;
    }

    void read_lines(const YAML::Node& node, const std::string& path, CentrePriceSheet& out) {
        if (!node.IsMap() || !node["service"])
            return lines(YamlMap(errors_, node, path, line_fields), out);
        const YamlMap map(errors_, node, path, service_line_fields);
        CentrePriceLine line;
        line.mark = map.mark("service");
        line.service = map.choice("service", service_names) == 0 ? SERVICE_LEDGER_TRANSFERS
                                                                 : SERVICE_LEDGER_TIME;
        if (!map.has("yuan_per_unit"))
            map.fail("yuan_per_unit", "the field is required (0 is allowed)");
        line.micro_yuan_per_unit = map.micro_yuan("yuan_per_unit", 0);
        out.lines.push_back(line);
    }

    // `pool: all` and `tier: all` stand for one line each.
    void lines(const YamlMap& map, CentrePriceSheet& sheet) {
        CentrePriceLine line;
        line.mark = map.mark("pool");
        if (!map.has("yuan_per_device_hour"))
            map.fail("yuan_per_device_hour", "the field is required (0 is allowed)");
        line.micro_yuan_per_device_hour = map.micro_yuan("yuan_per_device_hour", 0);
        const std::string pool = map.require_text("pool");
        std::vector<std::string> pools(pool_names_.begin(), pool_names_.end());
        if (pool != "all") pools = {pool_name(map, "pool", pool)};
        std::vector<::suan::Tier> tiers{TIER_RESERVED, TIER_STANDARD, TIER_SPOT};
        if (map.text("tier") != "all") tiers = {tier(map)};
        for (const std::string& name : pools) {
            for (const ::suan::Tier each : tiers) {
                line.pool = name;
                line.tier = each;
                sheet.lines.push_back(line);
            }
        }
    }

    ::suan::Tier tier(const YamlMap& map) {
        constexpr std::array<::suan::Tier, 3> tiers{TIER_STANDARD, TIER_RESERVED, TIER_SPOT};
        return tiers[map.choice("tier", tier_names)];
    }

    CentreMember member(const YamlMap& map, Names roles, Role first, Role second) {
        CentreMember out;
        out.mark = map.mark("name");
        out.name = map.require_text("name");
        out.role = map.choice("role", roles) == 0 ? first : second;
        return out;
    }

    CentreOrg org(const YamlMap& map) {
        CentreOrg out;
        out.mark = map.mark("name");
        out.name = name_in(org_names_, map);
        out.title = map.text("title");
        out.funds_micro_yuan = map.micro_yuan("funds", 0);
        out.budget_micro_yuan = map.micro_yuan("budget", -1);
        std::set<std::string> projects;
        for (const auto& each : map.items("projects")) {
            const YamlMap one(errors_, each.node, each.path, project_fields);
            out.projects.push_back(
                {one.mark("name"), name_in(projects, one),
                 static_cast<std::uint32_t>(one.integer("weight", {1, 1'000'000}, 1)),
                 one.micro_yuan("budget", -1)});
        }
        std::set<std::string> members;
        for (const auto& each : map.items("members")) {
            const YamlMap one(errors_, each.node, each.path, member_fields);
            name_in(members, one);
            out.members.push_back(member(one, org_roles, ROLE_MEMBER, ROLE_ADMIN));
        }
        for (const auto& each : map.items("shares"))
            out.shares.push_back(share(YamlMap(errors_, each.node, each.path, share_fields)));
        for (const auto& each : map.items("vouchers"))
            out.vouchers.push_back(voucher(YamlMap(errors_, each.node, each.path, voucher_fields)));
        return out;
    }

    CentreShare share(const YamlMap& map) {
        CentreShare out;
        out.mark = map.mark("pool");
        out.pool = pool_name(map, "pool", map.require_text("pool"));
        out.deserved_milli = map.milli_devices("deserved", 0);
        out.weight = static_cast<std::uint32_t>(map.integer("weight", {1, 1'000'000}, 1));
        out.limit_milli = map.milli_devices("limit", 0);
        return out;
    }

    CentreVoucher voucher(const YamlMap& map) {
        CentreVoucher out;
        out.mark = map.mark("funder");
        out.funder = map.require_text("funder");
        out.contract = map.text("contract");
        if (!map.has("yuan")) map.fail("yuan", "the field is required: what the voucher is worth");
        out.micro_yuan = map.micro_yuan("yuan", 0);
        out.expires_us = map.utc_us("expires");
        for (const std::string& pool : map.texts("pools"))
            out.pools.push_back(pool_name(map, "pools", pool));
        out.job_cap_micro_yuan = map.micro_yuan("job_cap", 0);
        return out;
    }

    YamlErrors errors_;
    std::uint32_t auto_devices_;
    std::int64_t node_count_ = 0;
    std::set<std::string> pool_names_, node_names_, sheet_names_, org_names_;
};

}  // namespace

Result<CentreFile> parse_centre(std::string name, const std::string& text,
                                const ReadCentreOptions& options) {
    const std::uint32_t cores = std::clamp(std::thread::hardware_concurrency(), 1U,
                                           std::uint32_t{limits::devices_per_node_max});
    Reader reader(name, options.auto_devices == 0 ? cores : options.auto_devices);
    std::optional<Result<CentreFile>> out;
    auto read = read_document(name, "a centre file", text,
                              [&](const YAML::Node& root) { out = reader.run(root); });
    if (!read) return std::move(read).error();
    return std::move(*out);
}

Result<CentreFile> read_centre(const std::string& path, const ReadCentreOptions& options) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return Error{errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                     fmt::format("{}: {}", path, std::strerror(errno))};
    }
    std::ostringstream text;
    if (!(text << file.rdbuf())) {
        return Error{ErrorCode::io, path + ": cannot be read, or is empty"};
    }
    return parse_centre(path, text.str(), options);
}

}  // namespace suan::sim
