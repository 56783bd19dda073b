// The hub itself: health, metrics, numbers, the OpenAPI document.
#include "api/metrics.hpp"
#include "api/routes.hpp"
#include "api/views_money.hpp"
#include "api/views_witnesses.hpp"

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;

constexpr const char* version = "0.1.0";

void get_health(const CallPtr& call) {
    HealthView out;
    out.set_status("ok");
    out.set_version(version);
    call->answer(out);
}

void get_ready(const CallPtr& call) {
    if (!call->context->hub.ready()) return call->fail(hub_unavailable("the hub does not serve"));
    HealthView out;
    out.set_status("ready");
    out.set_version(version);
    call->answer(out);
}

void get_openapi(const CallPtr& call) {
    call->responder.send({.body = call->context->openapi});
}

void send_metrics(Call& call, MetricsText&& text) {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = std::move(text).take();
    call.responder.send(std::move(response));
}

void collect_witnesses(const core::State& state, WitnessList& out) {
    for (std::size_t i = 0; i < state.witnesses.size(); ++i) {
        if (state.witnesses[i].until_seq != 0) continue;
        fill(static_cast<std::uint32_t>(i) + 1, state.witnesses[i], *out.add_witnesses());
    }
}

// One whose standing cannot be read is left out: metrics answer when other things do not.
void write_standing(const log::Log& log, WitnessList& list, MetricsText& out) {
    WitnessList known;
    for (WitnessView& view : *list.mutable_witnesses())
        if (fill_standing(log, view)) known.add_witnesses()->Swap(&view);
    write_witnesses(out, known);
}

void get_metrics(const CallPtr& call) {
    auto text = std::make_shared<MetricsText>();
    write_public(*text, call->context->hub.ready());
    if (!is_signed_in(*call->request)) return send_metrics(*call, std::move(*text));
    auto of_centre = std::make_shared<bool>(false);
    auto witnesses = std::make_shared<WitnessList>();
    ask(
        call,
        [text, of_centre, witnesses](const core::State& state,
                                     const Viewer& viewer) -> MaybeFailure {
            *of_centre = viewer.of_centre();
            write_markets(*text, state);
            if (*of_centre) {
                write_centre(*text, state);
                collect_witnesses(state, *witnesses);
            } else {
                write_org(*text, state, viewer.org());
            }
            return std::nullopt;
        },
        [text, of_centre, witnesses](Call& c) {
            const Context& context = *c.context;
            if (*of_centre) {
                write_standing(context.hub.log(), *witnesses, *text);
                write_hub(*text, context.hub.metrics(), context.http_stats(),
                          context.live.streams());
                if (context.ledgers != nullptr) write_ledgers(*text, *context.ledgers);
                write_forecasts(*text, context.forecasts.status());
            }
            send_metrics(c, std::move(*text));
        });
}

void add_pools(const core::State& state, const Viewer& viewer, StatsView& out) {
    std::int64_t devices = 0;
    std::int64_t free_now = 0;
    std::int64_t held = 0;
    state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
        const sched::PoolTotals totals = pool.scheduler.totals();
        devices += totals.devices_milli;
        free_now += totals.free_milli;
        held += viewer.of_centre() ? totals.open_milli - totals.free_milli
                                   : pool.scheduler.standing(viewer.org()).held_milli;
    });
    out.set_devices_milli(devices);
    out.set_free_milli(free_now);
    out.set_held_milli(held);
    out.set_nodes(state.nodes.size());
}

void fill_org_stats(const core::State& state, OrgId id, StatsView& out) {
    const core::Org& org = state.orgs.at(id.value);
    out.set_jobs_waiting(org.jobs_waiting);
    out.set_jobs_running(org.jobs_running);
    out.set_members(org.members.size());
    out.set_projects(org.projects.size());
    OrgView view;
    fill(state, org, view);
    out.set_charged_micro_yuan(view.unbilled_micro_yuan());
    out.set_held_micro_yuan(view.held_micro_yuan());
}

void fill_centre_stats(const core::State& state, const runtime::Metrics& metrics, StatsView& out) {
    std::uint64_t waiting = 0;
    std::uint64_t running = 0;
    state.orgs.for_each([&](std::uint64_t, const core::Org& org) {
        waiting += org.jobs_waiting;
        running += org.jobs_running;
    });
    out.set_jobs_waiting(waiting);
    out.set_jobs_running(running);
    out.set_seq(state.seq);
    out.set_orgs(state.orgs.size());
    out.set_members(state.members.size());
    out.set_projects(state.projects.size());
    const Balance revenue = balance_of(state, core::revenue_account());
    out.set_charged_micro_yuan(revenue.credits_posted - revenue.debits_posted);
    out.set_held_micro_yuan(revenue.credits_pending);
    out.set_requests_queued(metrics.requests_queued.load());
    const std::uint64_t commits = metrics.commits.load();
    out.set_entries_per_commit(commits == 0 ? 0 : metrics.entries.load() / commits);
}

void get_stats(const CallPtr& call) {
    read<StatsView>(
        call,
        [call](const core::State& state, const Viewer& viewer, StatsView& out) -> MaybeFailure {
            out.set_time_us(state.now.us);
            add_pools(state, viewer, out);
            if (viewer.of_centre()) {
                fill_centre_stats(state, call->context->hub.metrics(), out);
            } else {
                fill_org_stats(state, viewer.org(), out);
            }
            return std::nullopt;
        });
}

}  // namespace

void add_hub_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const std::vector<std::string> nobody_asked;
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         const char* type = "application/json") {
        text.tag = "hub";
        http::Route route = make_route(context, text, allowed, nullptr, response, handler);
        route.response_type = type;
        router.add(std::move(route));
    };
    add({Method::get, "/v1/stats", "get_stats", "Numbers of what one may see"}, roles::everyone,
        StatsView::descriptor(), get_stats);
    add({Method::get, "/metrics", "get_metrics", "Metrics for Prometheus; more with a token"},
        nobody_asked, nullptr, get_metrics, "text/plain");
    add({Method::get, "/openapi.json", "get_openapi", "This document"}, nobody_asked, nullptr,
        get_openapi);
    add({Method::get, "/healthz", "get_health", "That the process answers"}, nobody_asked,
        HealthView::descriptor(), get_health);
    add({Method::get, "/readyz", "get_ready", "That the hub serves"}, nobody_asked,
        HealthView::descriptor(), get_ready);
}

}  // namespace suan::api
