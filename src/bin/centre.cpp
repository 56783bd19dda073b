// `suan pool` and `suan node`: what there is, and taking nodes out and back.
#include "bin/cli.hpp"
#include "bin/job_views.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "suan/defrag.pb.h"
#include "suan/market.pb.h"

#include <fmt/format.h>

namespace suan::bin {
namespace {

struct CentreOptions {
    std::string pool, state, name, reason, topology;
    std::uint32_t tasks = 0, devices_per_task = 0;
    std::vector<std::string> nodes;
    std::size_t limit = 1'000;
    std::size_t clearings = 12;
};

ExitCode list_pools(Cli& cli, CentreOptions&) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<PoolList>("/v1/pools", 1'000, "pools");
    Table table({{"POOL"},
                 {"DEVICES OF"},
                 {"EXECUTOR"},
                 {"NODES", Align::right},
                 {"OUT", Align::right},
                 {"DEVICES", Align::right},
                 {"HELD", Align::right},
                 {"FREE", Align::right},
                 {"RUNNING", Align::right},
                 {"WAITING", Align::right}});
    for (const PoolView& p : list.pools())
        table.row({p.name(), p.device_type(), enum_text(ExecutorKind_descriptor(), p.executor()),
                   count_text(p.nodes()), count_text(p.nodes_draining() + p.nodes_down()),
                   devices_text(p.devices_milli()), devices_text(p.held_milli()),
                   devices_text(p.free_milli()), count_text(p.running_leases()),
                   count_text(p.waiting_jobs())});
    put_result(cli, list, list.pools().empty() ? "No pools.\n" : table.text());
    return ExitCode::ok;
}

ExitCode show_pool(Cli& cli, CentreOptions& o) {
    const auto p = Session::open(cli.hub).get<PoolView>("/v1/pools/" + percent_encoded(o.name));
    const PoolRules& rules = p.rules();
    std::string text = fmt::format(
        "Pool       {}  {}\nDevices    {} of type {}: {} held, {} free\nNodes      {}: {} open, {} "
        "draining, {} down\nJobs       {} running, {} waiting\nExecutor   {}\n",
        p.name(), p.title(), devices_text(p.devices_milli()), p.device_type(),
        devices_text(p.held_milli()), devices_text(p.free_milli()), p.nodes(), p.nodes_open(),
        p.nodes_draining(), p.nodes_down(), p.running_leases(), p.waiting_jobs(),
        enum_text(ExecutorKind_descriptor(), p.executor()));
    text += fmt::format("Order      {}, use halves in {}\nWall time  {} unless asked, {} at most\n",
                        rules.order().empty() ? "fair" : rules.order(),
                        span_text(rules.usage_half_life_ms()),
                        span_text(rules.walltime_default_ms()), span_text(rules.walltime_max_ms()));
    put_result(cli, p, text);
    return ExitCode::ok;
}

// Newest first, below what counts now.
ExitCode show_spot_prices(Cli& cli, CentreOptions& o) {
    const auto found = Session::open(cli.hub).get<SpotHistoryView>(
        Query(fmt::format("/v1/pools/{}/spot", percent_encoded(o.name)))
            .add("limit", std::to_string(o.clearings))
            .text());
    const SpotView& spot = found.spot();
    std::string text;
    if (!spot.open()) {
        text = fmt::format("Pool {} has no spot market: a spot device hour costs {} CNY.\n",
                           spot.pool(), yuan_text(spot.floor_micro_yuan()));
    } else {
        text = fmt::format(
            "Spot       {} CNY a device hour in pool {}, never below {}\n"
            "Clears     each {}, next {}\n",
            yuan_text(spot.micro_yuan_per_device_hour()), spot.pool(),
            yuan_text(spot.floor_micro_yuan()), span_text(spot.period_ms()),
            spot.next_us() == 0 ? "once somebody bids" : time_text(spot.next_us()));
    }
    if (found.clearings_size() > 0) {
        Table table({{"CLEARED"},
                     {"CNY", Align::right},
                     {"OFFERED", Align::right},
                     {"SOLD", Align::right},
                     {"BIDS", Align::right},
                     {"WON", Align::right},
                     {"ENTRY", Align::right}});
        for (const SpotClearingView& c : found.clearings())
            table.row({time_text(c.time_us()), yuan_text(c.micro_yuan_per_device_hour()),
                       devices_text(c.offered_milli()), devices_text(c.sold_milli()),
                       count_text(c.bids()), count_text(c.won()), std::to_string(c.seq())});
        text += table.text();
    }
    put_result(cli, found, text);
    return ExitCode::ok;
}

ExitCode list_nodes(Cli& cli, CentreOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<NodeList>(
        Query("/v1/nodes").add("pool", o.pool).add("state", o.state).text(), o.limit, "nodes");
    Table table({{"NODE"},
                 {"POOL"},
                 {"RACK", Align::right},
                 {"STATE"},
                 {"DEVICES", Align::right},
                 {"FREE", Align::right},
                 {"LEASES", Align::right},
                 {"REASON"}});
    for (const NodeView& n : list.nodes())
        table.row({n.name(), n.pool(), std::to_string(n.rack()),
                   enum_text(NodeState_descriptor(), n.state()), std::to_string(n.devices()),
                   devices_text(n.free_milli()), std::to_string(n.leases_count()), n.reason()});
    put_result(cli, list, list.nodes().empty() ? "No nodes.\n" : table.text());
    return ExitCode::ok;
}

ExitCode show_node(Cli& cli, CentreOptions& o) {
    const auto n =
        Session::open(cli.hub).get<NodeView>("/v1/nodes/" + percent_encoded(o.nodes.at(0)));
    std::string text =
        fmt::format("Node     {} of pool {}, rack {}\nState    {}{}\nDevices  {}, {} free\n",
                    n.name(), n.pool(), n.rack(), enum_text(NodeState_descriptor(), n.state()),
                    n.reason().empty() ? "" : ": " + printable(n.reason()), n.devices(),
                    devices_text(n.free_milli()));
    if (!n.leases().empty()) {
        LeaseList leases;
        *leases.mutable_leases() = n.leases();
        text += "\n" + lease_list_text(leases);
    }
    put_result(cli, n, text);
    return ExitCode::ok;
}

std::string places_text(const google::protobuf::RepeatedPtrField<SlotView>& slots) {
    std::string text;
    for (const SlotView& slot : slots)
        text += fmt::format("{}{} x{}", text.empty() ? "" : " ", slot.node(), slot.devices_size());
    return text;
}

ExitCode propose_defrag(Cli& cli, CentreOptions& o) {
    Query query("/v1/pools/" + percent_encoded(o.name) + "/defrag");
    if (o.tasks != 0) query.add("tasks", std::to_string(o.tasks));
    if (o.devices_per_task != 0) query.add("devices_per_task", std::to_string(o.devices_per_task));
    if (!o.topology.empty()) query.add("topology", o.topology);
    const auto view = Session::open(cli.hub).get<DefragView>(query.text());
    std::string text = view.summary() + ".\n";
    if (!view.moves().empty()) {
        Table table({{"JOB", Align::right},
                     {"ORG"},
                     {"DEVICES", Align::right},
                     {"FROM"},
                     {"TO"},
                     {"NOT SAVED FOR", Align::right},
                     {"LOST DEVICE HOURS", Align::right},
                     {"LOST CNY", Align::right}});
        for (const DefragMoveView& move : view.moves())
            table.row({std::to_string(move.job_id()), move.org(),
                       devices_text(move.milli_devices()), places_text(move.from()),
                       places_text(move.to()), span_text(move.since_checkpoint_ms()),
                       device_hours_text(move.lost_milli_device_ms()),
                       yuan_text(move.lost_micro_yuan())});
        text += "\n" + table.text() +
                fmt::format(
                    "\nIn all {} device hours and {} CNY of work would be done again; the "
                    "gang goes to {}.\nNothing was moved: this is a proposal.\n",
                    device_hours_text(view.lost_milli_device_ms()),
                    yuan_text(view.lost_micro_yuan()), places_text(view.gang()));
    }
    put_result(cli, view, text);
    return ExitCode::ok;
}

ExitCode change_nodes(Cli& cli, const CentreOptions& o, NodeState state) {
    NodeStateRequest request;
    for (const std::string& node : o.nodes)
        request.add_nodes(node);
    request.set_state(state);
    request.set_reason(o.reason);
    const auto done =
        Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/nodes/state", request);
    put_result(
        cli, done,
        fmt::format("{} node{} now {}.\n", o.nodes.size(), o.nodes.size() == 1 ? " is" : "s are",
                    enum_text(NodeState_descriptor(), state)));
    return ExitCode::ok;
}
ExitCode drain(Cli& cli, CentreOptions& o) {
    return change_nodes(cli, o, NODE_STATE_DRAINING);
}
ExitCode down(Cli& cli, CentreOptions& o) {
    return change_nodes(cli, o, NODE_STATE_DOWN);
}
ExitCode give_back(Cli& cli, CentreOptions& o) {
    return change_nodes(cli, o, NODE_STATE_OPEN);
}

}  // namespace

void add_centre_commands(Cli& cli) {
    auto o = std::make_shared<CentreOptions>();
    CLI::App& pool = add_noun(cli, "pool", "Pools of nodes with one type of device");
    add_verb(cli, pool, "list", "Pools and what is free", o, list_pools);
    add_verb(cli, pool, "show", "One pool and its rules", o, show_pool)
        .add_option("name", o->name, "pool")
        ->required();
    CLI::App& prices =
        add_verb(cli, pool, "prices", "What spot devices cost, and the market's newest clearings",
                 o, show_spot_prices);
    prices.add_option("name", o->name, "pool")->required();
    prices.add_option("--limit", o->clearings, "at most so many clearings (default 12)");
    CLI::App& defrag = add_verb(
        cli, pool, "defrag", "Moves of running jobs that would make a gang fit, with their price",
        o, propose_defrag);
    defrag.add_option("name", o->name, "pool")->required();
    defrag
        .add_option("-n,--tasks", o->tasks,
                    "of the gang (default: the largest that moves make fit)")
        ->check(CLI::PositiveNumber);
    defrag
        .add_option("--devices-per-task", o->devices_per_task, "default: all of the largest node")
        ->check(CLI::PositiveNumber);
    defrag.add_option("--topology", o->topology, "any, one_rack or one_node");
    CLI::App& node = add_noun(cli, "node", "Nodes");
    CLI::App& list = add_verb(cli, node, "list", "Nodes", o, list_nodes);
    list.add_option("--pool", o->pool, "of one pool");
    list.add_option("--state", o->state, "open, draining or down");
    list.add_option("--limit", o->limit, "at most so many (default 1000)");
    add_verb(cli, node, "show", "One node and what runs there", o, show_node)
        .add_option("node", o->nodes, "node")
        ->required()
        ->expected(1);
    const auto change = [&](const std::string& name, const std::string& what,
                            ExitCode (*run)(Cli&, CentreOptions&)) {
        CLI::App& verb = add_verb(cli, node, name, what, o, run);
        verb.add_option("node", o->nodes, "nodes")->required();
        verb.add_option("--reason", o->reason, "why; kept in the log");
    };
    change("drain", "Let what runs end, start nothing new", drain);
    change("down", "It is broken: its leases end now", down);
    change("return", "Take it back", give_back);
}

}  // namespace suan::bin
