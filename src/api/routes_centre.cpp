// Pools and nodes.
#include "api/json/names.hpp"
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_jobs.hpp"
#include "api/views_names.hpp"
#include "core/centre.hpp"

#include <fmt/format.h>

#include <bit>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;
using MaybeRejection = std::optional<core::Rejection>;

http::Failure no_such_pool(std::string_view name) {
    return not_found(fmt::format("there is no pool {}", name), "pool");
}

std::int64_t leases_running(const core::State& state, PoolId pool, OrgId org) {
    std::int64_t count = 0;
    state.leases.for_each([&](std::uint64_t, const core::Lease& lease) {
        const core::Job& job = state.jobs.at(lease.job.value);
        if (job.pool == pool && job.org == org) ++count;
    });
    return count;
}

// Device totals are the centre's to tell everyone; numbers of jobs are told of one's own only.
void fill_use(const core::State& state, const Viewer& viewer, const core::Pool& pool,
              PoolView& out) {
    const sched::PoolTotals totals = pool.scheduler.totals();
    out.set_devices_milli(totals.devices_milli);
    out.set_open_milli(totals.open_milli);
    out.set_free_milli(totals.free_milli);
    if (viewer.of_centre()) {
        out.set_held_milli(totals.open_milli - totals.free_milli);
        out.set_waiting_jobs(totals.waiting_jobs);
        out.set_running_leases(totals.running_leases);
        return;
    }
    const sched::OrgStanding standing = pool.scheduler.standing(viewer.org());
    out.set_held_milli(standing.held_milli);
    out.set_waiting_jobs(standing.waiting_jobs);
    out.set_running_leases(leases_running(state, pool.id, viewer.org()));
}

void fill_pool(const core::State& state, const Viewer& viewer, const core::Pool& pool,
               PoolView& out) {
    out.set_id(pool.id.value);
    out.set_name(pool.name);
    out.set_title(pool.title);
    out.set_executor(pool.executor);
    out.set_device_type(pool.device_type);
    out.set_device_gflops(pool.device_gflops);
    out.set_sharing(pool.sharing);
    out.set_visible_devices_variable(pool.visible_devices_variable);
    *out.mutable_rules() = core::rules_to_proto(pool);
    out.set_nodes(static_cast<std::uint32_t>(pool.nodes.size()));
    std::uint32_t draining = 0;
    std::uint32_t down = 0;
    for (const NodeId id : pool.nodes) {
        const NodeState node_state = state.nodes.at(id.value).state;
        if (node_state == NODE_STATE_DRAINING) ++draining;
        if (node_state == NODE_STATE_DOWN) ++down;
    }
    out.set_nodes_draining(draining);
    out.set_nodes_down(down);
    out.set_nodes_open(out.nodes() - draining - down);
    fill_use(state, viewer, pool, out);
}

void fill_node(const core::State& state, const Viewer& viewer, const core::Node& node,
               NodeView& out) {
    out.set_id(node.id.value);
    out.set_name(node.name);
    out.set_pool_id(node.pool.value);
    out.set_pool(pool_name(state, node.pool));
    out.set_rack(node.rack);
    out.set_state(node.state);
    out.set_reason(node.reason);
    out.set_devices(node.devices);
    std::int64_t held = 0;
    for (const LeaseId id : node.leases) {
        const core::Lease& lease = state.leases.at(id.value);
        for (const sched::Slot& slot : lease.placement) {
            if (slot.node == node.id)
                held += std::int64_t{std::popcount(slot.device_mask)} * slot.milli;
        }
        if (!viewer.sees(state.jobs.at(lease.job.value).org)) continue;
        fill(state, lease, *out.add_leases());
    }
    out.set_leases_count(static_cast<std::uint32_t>(out.leases_size()));
    const bool open = node.state == NODE_STATE_OPEN;
    out.set_free_milli(open ? std::int64_t{node.devices} * 1'000 - held : 0);
}

void get_pools(const CallPtr& call) {
    read_list<PoolList>(call,
                        [](const http::Request& request, const core::State& state,
                           const Viewer& viewer, const Page& page, PoolList& out) -> MaybeFailure {
                            fill_page(state.pools, page, request.route(),
                                      *out.mutable_next_cursor(), [&](const core::Pool& pool) {
                                          fill_pool(state, viewer, pool, *out.add_pools());
                                          return true;
                                      });
                            return std::nullopt;
                        });
}

void get_pool(const CallPtr& call) {
    read<PoolView>(
        call,
        [name = std::string(call->request->param("pool"))](
            const core::State& state, const Viewer& viewer, PoolView& out) -> MaybeFailure {
            const core::Pool* pool = state.pool_by_name(name);
            if (pool == nullptr) return no_such_pool(name);
            fill_pool(state, viewer, *pool, out);
            return std::nullopt;
        });
}

void post_pool(const CallPtr& call) {
    PoolRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.name = body.pool().name();
    what.command.mutable_define_pool()->mutable_pool()->Swap(body.mutable_pool());
    change(call, std::move(what));
}

void post_nodes(const CallPtr& call) {
    AddNodesRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.command.mutable_add_nodes()->mutable_nodes()->Swap(body.mutable_nodes());
    what.prepare = [pool = std::string(call->request->param("pool"))](
                       const core::State& state, const Actor&, Command& c) -> MaybeRejection {
        return set_pool(state, pool, *c.mutable_add_nodes());
    };
    change(call, std::move(what));
}

void put_rules(const CallPtr& call) {
    PoolRules body;
    if (!read_body(*call, body)) return;
    Change what;
    what.command.mutable_set_pool_rules()->mutable_rules()->Swap(&body);
    what.prepare = [pool = std::string(call->request->param("pool"))](
                       const core::State& state, const Actor&, Command& c) -> MaybeRejection {
        return set_pool(state, pool, *c.mutable_set_pool_rules());
    };
    change(call, std::move(what));
}

void get_nodes(const CallPtr& call) {
    read_list<NodeList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, NodeList& out) -> MaybeFailure {
            const std::string pool_text = query_text(request, "pool");
            const core::Pool* pool = state.pool_by_name(pool_text);
            if (!pool_text.empty() && pool == nullptr) return no_such_pool(pool_text);
            const auto* wanted =
                json::find_enum_value(*NodeState_descriptor(), query_text(request, "state"));
            const auto add = [&](const core::Node& node) {
                if (wanted != nullptr && wanted->number() != node.state) return false;
                fill_node(state, viewer, node, *out.add_nodes());
                return true;
            };
            std::string& next = *out.mutable_next_cursor();
            if (pool != nullptr) {
                fill_page_of(pool->nodes, state.nodes, page, request.route(), next, add);
            } else {
                fill_page(state.nodes, page, request.route(), next, add);
            }
            return std::nullopt;
        });
}

void get_node(const CallPtr& call) {
    read<NodeView>(
        call,
        [name = std::string(call->request->param("node"))](
            const core::State& state, const Viewer& viewer, NodeView& out) -> MaybeFailure {
            const core::Node* node = state.node_by_name(name);
            if (node == nullptr) return not_found(fmt::format("there is no node {}", name), "node");
            fill_node(state, viewer, *node, out);
            return std::nullopt;
        });
}

void post_node_state(const CallPtr& call) {
    NodeStateRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.command.mutable_set_node_state()->set_state(body.state());
    what.command.mutable_set_node_state()->set_reason(body.reason());
    what.prepare = [body](const core::State& state, const Actor&, Command& c) -> MaybeRejection {
        for (int i = 0; i < body.nodes_size(); ++i) {
            const core::Node* node = state.node_by_name(body.nodes(i));
            if (node == nullptr) {
                return refuse(core::RejectionCode::not_found, fmt::format("nodes[{}]", i),
                              fmt::format("there is no node {}", body.nodes(i)));
            }
            c.mutable_set_node_state()->add_node_ids(node->id.value);
        }
        return std::nullopt;
    };
    change(call, std::move(what));
}

}  // namespace

void add_centre_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto* changed = ChangeAccepted::descriptor();
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         std::vector<http::QueryParam> query, int status) {
        text.tag = "centre";
        http::Route route = make_route(context, text, allowed, request, response, handler);
        route.query = std::move(query);
        route.success_status = status;
        router.add(std::move(route));
    };
    add({Method::get, "/v1/pools", "list_pools", "Pools with their totals"}, roles::everyone,
        nullptr, PoolList::descriptor(), get_pools, list_query(), 200);
    add({Method::get, "/v1/pools/{pool}", "get_pool", "One pool"}, roles::everyone, nullptr,
        PoolView::descriptor(), get_pool, {}, 200);
    add({Method::post, "/v1/pools", "define_pool", "Define a pool and its nodes"}, roles::operators,
        PoolRequest::descriptor(), changed, post_pool, {}, 201);
    add({Method::post, "/v1/pools/{pool}/nodes", "add_nodes", "Add nodes to a pool"},
        roles::operators, AddNodesRequest::descriptor(), changed, post_nodes, {}, 201);
    add({Method::put, "/v1/pools/{pool}/rules", "set_pool_rules", "Change a pool's rules"},
        roles::operators, PoolRules::descriptor(), changed, put_rules, {}, 200);
    http::QueryParam state{.name = "state",
                           .type = http::ParamType::choice,
                           .description = "",
                           .choices = {"open", "draining", "down"}};
    add({Method::get, "/v1/nodes", "list_nodes", "Nodes and what runs on them"}, roles::everyone,
        nullptr, NodeList::descriptor(), get_nodes, list_query({text_param("pool", "name"), state}),
        200);
    add({Method::get, "/v1/nodes/{node}", "get_node", "One node"}, roles::everyone, nullptr,
        NodeView::descriptor(), get_node, {}, 200);
    add({Method::post, "/v1/nodes/state", "set_node_state", "Drain, take down or return nodes"},
        roles::operators, NodeStateRequest::descriptor(), changed, post_node_state, {}, 200);
}

}  // namespace suan::api
