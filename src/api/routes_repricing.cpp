// What the last charges would have come to under a price sheet that is only drafted.
#include "api/named.hpp"
#include "api/routes.hpp"
#include "api/views_names.hpp"
#include "core/reprice.hpp"
#include "suan/repricing.pb.h"

#include <fmt/format.h>

#include <algorithm>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;

constexpr Duration span_default = Duration::hours(30 * 24);
constexpr Duration span_max = Duration::hours(31 * 24);
constexpr std::uint32_t charges_at_once = 10'000;

struct Plan {
    runtime::MoneyFilter filter;
    std::optional<core::Repricing> pricing;
    core::Repricing::Result result;
};

MaybeFailure set_span(const RepricingRequest& request, Time now, runtime::MoneyFilter& filter) {
    // Until now is with what was charged in this very microsecond, which the newest entry may be.
    filter.until = request.until_us() == 0 ? now + Duration{1} : Time{request.until_us()};
    if (filter.until < Time{} || filter.until > time_max)
        return invalid("until_us", "until_us must be a time");
    const Time earliest{std::max<std::int64_t>(0, filter.until.us - span_max.us)};
    filter.from = request.from_us() == 0
                      ? Time{std::max<std::int64_t>(0, filter.until.us - span_default.us)}
                      : Time{request.from_us()};
    if (filter.from < earliest || filter.from > filter.until) {
        return invalid("from_us",
                       "from_us must be before until_us, and not more than 31 days before it");
    }
    return std::nullopt;
}

MaybeFailure plan_pricing(const core::State& state, const RepricingRequest& request, Plan& plan) {
    if (auto bad = set_span(request, state.now, plan.filter)) return bad;
    PublishPriceSheet draft;
    if (auto bad = name_price_lines(state, request.lines(), draft)) return failure_of(*bad);
    if (auto bad = core::Repricing::check(state, draft.lines())) return failure_of(*bad);
    plan.pricing.emplace(state, draft.lines());
    return std::nullopt;
}

core::PastCharge past(const runtime::ChargeRow& row) {
    core::PastCharge out;
    out.org = row.org;
    out.lease = row.lease;
    out.pool = row.pool;
    out.tier = row.tier;
    out.service = row.service;
    out.sheet = row.sheet;
    out.price_line = row.price_line;
    out.milli_device_ms = row.milli_device_ms;
    out.quantity = row.quantity;
    out.amount = row.micro_yuan;
    return out;
}

// By pages, so that others read the history in between.
MaybeFailure read_charges(const Call& call, Plan& plan) {
    const runtime::History* history = call.context->hub.history();
    plan.filter.limit = charges_at_once;
    for (bool more = history != nullptr; more;) {
        const auto rows = history->charges(plan.filter);
        if (!rows) return http::failure_of(rows.error());
        for (const runtime::ChargeRow& row : *rows) {
            plan.pricing->add(past(row));
            plan.filter.after = row.number;
        }
        more = rows->size() == charges_at_once;
    }
    plan.result = plan.pricing->result();
    return std::nullopt;
}

template <typename View>
void fill(const core::Repriced& what, View& out) {
    out.set_charges(what.charges);
    out.set_was_micro_yuan(what.was.micro_yuan);
    out.set_would_be_micro_yuan(what.would_be.micro_yuan);
}

// In 128 bits: sums may stand at the ends of 64.
int128 size_of_change(const core::Repriced& what) {
    const int128 change = int128{what.would_be.micro_yuan} - what.was.micro_yuan;
    return change < 0 ? -change : change;
}

void fill_orgs(const core::State& state, const Plan& plan, RepricingView& out) {
    std::vector<std::pair<OrgId, core::Repriced>> orgs(plan.result.by_org.begin(),
                                                       plan.result.by_org.end());
    std::stable_sort(orgs.begin(), orgs.end(), [](const auto& a, const auto& b) {
        return size_of_change(a.second) > size_of_change(b.second);
    });
    for (const auto& [org, what] : orgs) {
        RepricedOrgView& view = *out.add_orgs();
        view.set_org(org_name(state, org));
        fill(what, view);
    }
}

void show_pricing(const core::State& state, const Plan& plan, RepricingView& out) {
    out.set_from_us(plan.filter.from.us);
    out.set_until_us(plan.filter.until.us);
    fill(plan.result.all, out);
    out.set_kept_micro_yuan(plan.result.kept.micro_yuan);
    for (const auto& [by, what] : plan.result.by_line) {
        RepricedLineView& view = *out.add_lines();
        view.set_pool(pool_name(state, std::get<PoolId>(by)));
        view.set_tier(std::get<Tier>(by));
        view.set_service(std::get<Service>(by));
        fill(what, view);
    }
    fill_orgs(state, plan, out);
}

void post_whatif(const CallPtr& call) {
    auto request = std::make_shared<RepricingRequest>();
    if (!read_body(*call, *request)) return;
    Lookup<RepricingView, Plan> parts;
    parts.plan = [request](const core::State& state, const Viewer&, Plan& plan) {
        return plan_pricing(state, *request, plan);
    };
    parts.fetch = read_charges;
    parts.show = [](const core::State& state, const Viewer&, Plan& plan, RepricingView& out) {
        show_pricing(state, plan, out);
        return MaybeFailure{};
    };
    lookup(call, std::move(parts));
}

}  // namespace

void add_repricing_routes(http::Router& router, const ContextPtr& context) {
    auto route = make_route(
        context,
        {http::Method::post, "/v1/prices/whatif", "reprice",
         "What the last month would have cost under a drafted price sheet", "money"},
        roles::operators, RepricingRequest::descriptor(), RepricingView::descriptor(), post_whatif);
    route.description =
        "Nothing is published and nothing is charged. Every lease is priced as a whole, rounded "
        "down once; what no line of the draft prices stays as it was charged.";
    router.add(std::move(route));
}

}  // namespace suan::api
