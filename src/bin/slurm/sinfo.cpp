// sinfo: pools and the states of their nodes.
#include "bin/cli.hpp"
#include "bin/slurm/fields.hpp"
#include "bin/slurm/node_states.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/slurm/squeue_format.hpp"
#include "bin/slurm/submit.hpp"

#include <fmt/format.h>

#include <map>

namespace suan::bin::slurm {
namespace {

const std::vector<OptionRule> rules = {
    {"partition", 'p'},
    {"Node", 'N', Takes::nothing},
    {"noheader", 'h', Takes::nothing},
    {"long", 'l', Takes::nothing},
    {"format", 'o'},
    {"all", 'a', Takes::nothing, Use::ignored, "every pool that you may see is shown"},
    {"states", 't', Takes::value, Use::refused, "use suan node list --state"},
    {"summarize", 's', Takes::nothing, Use::refused, "use suan pool list"},
};

}  // namespace

std::string node_state(const NodeView& node) {
    const std::int64_t all = std::int64_t{node.devices()} * 1'000;
    if (node.state() == NODE_STATE_DOWN) return "down";
    if (node.state() == NODE_STATE_DRAINING) return node.leases_count() > 0 ? "drng" : "drain";
    if (node.free_milli() == all) return "idle";
    return node.free_milli() == 0 ? "alloc" : "mix";
}

std::vector<NodeGroup> node_groups(const std::vector<PoolView>& pools,
                                   const std::vector<NodeView>& nodes, NodeLines lines) {
    std::vector<NodeGroup> groups;
    for (const PoolView& pool : pools) {
        std::map<std::string, std::size_t> by_state;
        for (const NodeView& node : nodes) {
            if (node.pool() != pool.name()) continue;
            const std::string state = node_state(node);
            const std::string key = lines == NodeLines::each_node ? node.name() : state;
            const auto [at, is_new] = by_state.emplace(key, groups.size());
            if (is_new) groups.push_back({pool, state, {}, node.devices()});
            groups[at->second].names.push_back(node.name());
        }
    }
    return groups;
}

Result<std::string> node_group_text(std::string_view format, const NodeGroup* group) {
    std::string out;
    while (!format.empty()) {
        if (format[0] != '%') {
            out += format[0];
            format.remove_prefix(1);
            continue;
        }
        format.remove_prefix(1);
        const bool hash = format.starts_with('#');  // Slurm's mark of the default partition
        if (hash) format.remove_prefix(1);
        const Side side = format.starts_with('.') ? Side::right : Side::left;
        if (side == Side::right) format.remove_prefix(1);
        std::size_t width = 0;
        while (!format.empty() && format[0] >= '0' && format[0] <= '9' && width < 10'000) {
            width = width * 10 + static_cast<std::size_t>(format[0] - '0');
            format.remove_prefix(1);
        }
        const char letter = format.empty() ? '\0' : format[0];
        const auto text = node_field(letter, group);
        if (!text)
            return Error{ErrorCode::invalid,
                         fmt::format("format: %{} is not known; use P a l D t T N n c G", letter)};
        out += cell(*text, width, side);
        format.remove_prefix(1);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out + "\n";
}

std::optional<std::string> node_field(char letter, const NodeGroup* g) {
    const auto either = [&](const char* title, const std::string& value) {
        return g == nullptr ? std::string(title) : value;
    };
    static const NodeGroup none;
    const NodeGroup& group = g == nullptr ? none : *g;
    switch (letter) {
        case 'P':
        case 'R':
            return either("PARTITION", group.pool.name());
        case 'a':
            return either("AVAIL", "up");
        case 'l':
            return either("TIMELIMIT", squeue_time(group.pool.rules().walltime_max_ms() / 1'000));
        case 'D':
            return either("NODES", std::to_string(group.names.size()));
        case 't':
        case 'T':
            return either("STATE", group.state);
        case 'N':
            return either("NODELIST", node_list(group.names));
        case 'n':
            return either("HOSTNAMES", group.names.empty() ? "" : group.names[0]);
        case 'c':
            return either("CPUS", std::to_string(group.devices));
        case 'G':
            return either("GRES", group.pool.device_type() == "cpu"
                                      ? std::string("(null)")
                                      : fmt::format("gpu:{}", group.devices));
        default:
            return std::nullopt;
    }
}

int run_sinfo(const std::vector<std::string>& arguments) {
    const ParsedOptions line = usage_or(parse_options(arguments, rules, Words::between_options));
    std::string format = "%9P %.5a %.10l %.6D %.6t %N";
    if (line.has("Node")) format = "%N %.6D %.9P %.6t %.4c %G";
    if (line.has("long")) format = "%9P %.5a %.10l %.6D %.6T %.4c %10G %N";
    if (line.has("format")) format = line.last("format");
    Session session = Session::open(HubOptions{});
    const auto pools = session.all<PoolList>("/v1/pools", 1'000, "pools");
    const auto nodes = session.all<NodeList>("/v1/nodes", 1'000'000, "nodes");
    std::vector<PoolView> wanted;
    for (const PoolView& pool : pools.pools())
        if (!line.has("partition") || pool.name() == line.last("partition")) wanted.push_back(pool);
    const auto groups = node_groups(wanted, {nodes.nodes().begin(), nodes.nodes().end()},
                                    line.has("Node") ? NodeLines::each_node : NodeLines::by_state);
    put_notes("sinfo", line.notes);
    std::string text = usage_or(node_group_text(format, nullptr));
    if (line.has("noheader")) text.clear();
    for (const NodeGroup& group : groups)
        text += usage_or(node_group_text(format, &group));
    put(text);
    return 0;
}

}  // namespace suan::bin::slurm
