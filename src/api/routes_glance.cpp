// The centre at a glance: the map of its devices, use now and over time, and what starts next.
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/usage.hpp"
#include "api/views_jobs.hpp"
#include "api/views_names.hpp"
#include "suan/console.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;

constexpr std::uint32_t holder_hidden = 1;
constexpr std::uint32_t holder_first = 2;
constexpr int next_starts_max = 50;

std::int64_t held_milli(const core::Lease& lease) {
    std::int64_t held = 0;
    for (const sched::Slot& slot : lease.placement)
        held += std::int64_t{std::popcount(slot.device_mask)} * slot.milli;
    return held;
}

void draw_slot(const sched::Slot& slot, std::uint32_t holder, MapNodeView& out,
               std::vector<std::uint32_t>& used_milli) {
    for (int device = 0; device < out.holders_size(); ++device) {
        if (((slot.device_mask >> device) & 1U) == 0) continue;
        used_milli[static_cast<std::size_t>(device)] += slot.milli;
        if (holder != holder_hidden || out.holders(device) == 0) out.set_holders(device, holder);
    }
}

void draw_node(const core::State& state, const Viewer& viewer, const core::Node& node,
               std::map<LeaseId, std::uint32_t>& places, MapView& map) {
    MapNodeView& out = *map.add_nodes();
    out.set_id(node.id.value);
    out.set_name(node.name);
    out.set_rack(node.rack);
    out.set_state(node.state);
    out.set_reason(node.reason);
    out.mutable_holders()->Resize(static_cast<int>(node.devices), 0);
    std::vector<std::uint32_t> used_milli(node.devices);
    std::vector<LeaseId> leases = node.leases;
    std::sort(leases.begin(), leases.end());
    for (const LeaseId id : leases) {
        const core::Lease& lease = state.leases.at(id.value);
        const core::Job& job = state.jobs.at(lease.job.value);
        std::uint32_t holder = holder_hidden;
        if (viewer.sees(job.org)) {
            const auto [place, is_new] =
                places.emplace(id, static_cast<std::uint32_t>(places.size()));
            if (is_new) {
                MapLeaseView& view = *map.add_leases();
                view.set_id(id.value);
                view.set_job_id(job.id.value);
                view.set_org(org_name(state, job.org));
                view.set_tier(proto_tier(job.tier));
            }
            holder = holder_first + place->second;
        }
        for (const sched::Slot& slot : lease.placement)
            if (slot.node == node.id) draw_slot(slot, holder, out, used_milli);
    }
    const bool in_parts = std::any_of(used_milli.begin(), used_milli.end(), [](std::uint32_t used) {
        return used % limits::milli_per_device != 0;
    });
    if (in_parts) out.mutable_used_milli()->Add(used_milli.begin(), used_milli.end());
}

void get_map(const CallPtr& call) {
    read<MapView>(
        call, [call](const core::State& state, const Viewer& viewer, MapView& out) -> MaybeFailure {
            const std::string name = query_text(*call->request, "pool");
            const core::Pool* pool = state.pool_by_name(name);
            if (pool == nullptr) return not_found(fmt::format("there is no pool {}", name), "pool");
            out.set_time_us(state.now.us);
            out.set_pool(pool->name);
            std::map<LeaseId, std::uint32_t> places;
            for (const NodeId id : pool->nodes)
                draw_node(state, viewer, state.nodes.at(id.value), places, out);
            return std::nullopt;
        });
}

void fill_tiers(const core::State& state, const Viewer& viewer, OverviewView& out) {
    std::map<std::pair<PoolId, Tier>, std::pair<std::int64_t, std::int64_t>> sums;
    state.leases.for_each([&](std::uint64_t, const core::Lease& lease) {
        const core::Job& job = state.jobs.at(lease.job.value);
        if (!viewer.sees(job.org)) return;
        auto& [held, leases] = sums[{job.pool, proto_tier(job.tier)}];
        held += held_milli(lease);
        ++leases;
    });
    state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
        PoolUseView& view = *out.add_pools();
        view.set_pool_id(pool.id.value);
        view.set_pool(pool.name);
        for (const Tier tier : {TIER_RESERVED, TIER_STANDARD, TIER_SPOT}) {
            const auto found = sums.find({pool.id, tier});
            if (found == sums.end()) continue;
            TierUseView& use = *view.add_tiers();
            use.set_tier(tier);
            use.set_held_milli(found->second.first);
            use.set_leases(found->second.second);
        }
    });
}

// By job: what is reserved for a blocked head, and what is expected of those that come first.
using NextStarts = std::map<JobId, NextStartView>;
using Expected = std::vector<core::ExpectedStart>;

void add_reserved(const core::State& state, const Viewer& viewer, NextStarts& out) {
    state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
        for (const sched::Reservation& reservation : pool.scheduler.reservations()) {
            if (viewer.job(state, reservation.job.value) == nullptr) continue;
            out[reservation.job].set_start_us(reservation.start.us);
        }
    });
}

// The forecast may be some seconds old: what has started since is not shown, and what was to start
// by now starts any moment.
void add_expected(const core::State& state, const Viewer& viewer, const Expected& expected,
                  NextStarts& out) {
    int shown = 0;
    for (const core::ExpectedStart& start : expected) {
        const core::Job* job = viewer.job(state, start.job.value);
        if (job == nullptr || job->state != JOB_STATE_WAITING) continue;
        NextStartView& view = out[start.job];
        view.set_expected_us(std::max(start.p50, state.now).us);
        view.set_expected_by_us(std::max(start.p90, state.now).us);
        if (++shown == next_starts_max) return;
    }
}

std::int64_t soonest(const NextStartView& view) {
    if (view.start_us() == 0 || view.expected_us() == 0)
        return std::max(view.start_us(), view.expected_us());
    return std::min(view.start_us(), view.expected_us());
}

void fill_next_starts(const core::State& state, NextStarts& starts, OverviewView& out) {
    for (auto& [id, view] : starts) {
        const core::Job& job = state.jobs.at(id.value);
        view.set_job_id(id.value);
        view.set_job_name(job.name);
        view.set_org(org_name(state, job.org));
        view.set_pool(pool_name(state, job.pool));
        out.add_next_starts()->Swap(&view);
    }
    auto& list = *out.mutable_next_starts();
    std::sort(list.begin(), list.end(), [](const NextStartView& a, const NextStartView& b) {
        return std::pair(soonest(a), a.job_id()) < std::pair(soonest(b), b.job_id());
    });
    if (list.size() > next_starts_max)
        list.DeleteSubrange(next_starts_max, list.size() - next_starts_max);
}

void get_overview(const CallPtr& call) {
    read<OverviewView>(
        call,
        [expected = call->context->forecasts.soonest()](
            const core::State& state, const Viewer& viewer, OverviewView& out) -> MaybeFailure {
            out.set_time_us(state.now.us);
            fill_tiers(state, viewer, out);
            NextStarts starts;
            add_reserved(state, viewer, starts);
            add_expected(state, viewer, expected, starts);
            fill_next_starts(state, starts, out);
            return std::nullopt;
        });
}

struct UsagePlan {
    UsageRange range;
    OrgId org;
    Time now;
    UsageSums sums;
};

// What runs is metered now and then; its use since the last time is not in the history yet.
void add_running(const core::State& state, const Viewer& viewer, UsagePlan& plan) {
    state.leases.for_each([&](std::uint64_t, const core::Lease& lease) {
        const core::Job& job = state.jobs.at(lease.job.value);
        if (!viewer.sees(job.org) || (plan.org && job.org != plan.org)) return;
        const std::int64_t ms =
            std::max<std::int64_t>(0, plan.now.us - lease.metered_to.us) / 1'000;
        spread(plan.range, plan.now, lease.metered_to, plan.now, ms * held_milli(lease),
               plan.sums[{job.pool, proto_tier(job.tier)}].milli_device_ms);
    });
}

void fill(const core::State& state, const UsagePlan& plan, UsageView& out) {
    out.set_from_us(plan.range.from(plan.now).us);
    out.set_step_ms(plan.range.step.us / 1'000);
    out.set_steps(plan.range.steps);
    for (const auto& [key, sums] : plan.sums) {
        UsageSeries& series = *out.add_series();
        series.set_pool(pool_name(state, key.first));
        series.set_tier(key.second);
        series.mutable_milli_device_ms()->Add(sums.milli_device_ms.begin(),
                                              sums.milli_device_ms.end());
        series.mutable_micro_yuan()->Add(sums.micro_yuan.begin(), sums.micro_yuan.end());
        series.mutable_micro_yuan()->Resize(static_cast<int>(plan.range.steps), 0);
    }
}

void get_usage(const CallPtr& call) {
    Lookup<UsageView, UsagePlan> parts;
    parts.plan = [call](const core::State& state, const Viewer& viewer,
                        UsagePlan& plan) -> MaybeFailure {
        const OrgScope scope = org_scope(state, viewer, query_text(*call->request, "org"));
        if (scope.failure) return scope.failure;
        plan.org = scope.org;
        plan.now = state.now;
        plan.range = query_text(*call->request, "range") == "month" ? usage_month : usage_day;
        return std::nullopt;
    };
    parts.fetch = [](const Call& c, UsagePlan& plan) -> MaybeFailure {
        const runtime::History* history = c.context->hub.history();
        if (history == nullptr) return std::nullopt;
        if (auto done = c.context->usage.refresh(*history, plan.now); !done)
            return http::failure_of(done.error());
        plan.sums = c.context->usage.sums(plan.range, plan.org, plan.now);
        return std::nullopt;
    };
    parts.show = [](const core::State& state, const Viewer& viewer, UsagePlan& plan,
                    UsageView& out) -> MaybeFailure {
        add_running(state, viewer, plan);
        fill(state, plan, out);
        return std::nullopt;
    };
    lookup(call, std::move(parts));
}

}  // namespace

void add_glance_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    auto map = make_route(
        context,
        {Method::get, "/v1/map", "get_map", "Every device of a pool and what holds it", "centre"},
        roles::everyone, nullptr, MapView::descriptor(), get_map);
    map.query = {text_param("pool", "name")};
    map.query[0].required = true;
    router.add(std::move(map));
    router.add(make_route(context,
                          {Method::get, "/v1/overview", "get_overview",
                           "Use by pool and tier now, and the next expected starts", "centre"},
                          roles::everyone, nullptr, OverviewView::descriptor(), get_overview));
    auto usage = make_route(
        context,
        {Method::get, "/v1/usage", "get_usage", "Use by pool and tier over time", "centre"},
        roles::everyone, nullptr, UsageView::descriptor(), get_usage);
    usage.query = {text_param("org", "name"),
                   {.name = "range",
                    .type = http::ParamType::choice,
                    .description = "day: steps of ten minutes; month: of four hours",
                    .choices = {"day", "month"}}};
    router.add(std::move(usage));
}

}  // namespace suan::api
