// The spot market of a pool, and bids.
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "core/market.hpp"
#include "suan/market.pb.h"

#include <fmt/format.h>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;

constexpr std::uint64_t clearings_shown = 48;

void fill(const core::SpotMarket::Clearing& from, SpotClearingView& out) {
    out.set_time_us(from.at.us);
    out.set_seq(from.seq);
    out.set_micro_yuan_per_device_hour(from.cleared.micro_yuan_per_device_hour());
    out.set_floor_micro_yuan(from.cleared.floor_micro_yuan());
    out.set_offered_milli(from.cleared.offered_milli());
    out.set_sold_milli(from.cleared.sold_milli());
    out.set_bids(from.cleared.bids());
    out.set_won(from.cleared.won());
}

void fill(const core::State& state, const core::Pool& pool, SpotView& out) {
    const core::SpotMarket& market = pool.spot;
    const Money floor = core::spot_floor(state, pool.id);
    out.set_pool_id(pool.id.value);
    out.set_pool(pool.name);
    out.set_open(market.open);
    out.set_floor_micro_yuan(floor.micro_yuan);
    // An idle market sells to whoever comes at the floor.
    const bool priced = market.open && market.due != Time{} && !market.history.empty();
    out.set_micro_yuan_per_device_hour(priced ? market.price().micro_yuan : floor.micro_yuan);
    out.set_period_ms(pool.limits.spot_period.us / 1'000);
    out.set_next_us(market.due.us);
    out.set_clearings(market.clearings);
    if (!market.history.empty()) fill(market.history.back(), *out.mutable_last());
}

void get_spot(const CallPtr& call) {
    const std::uint64_t asked = call->request->query_u64("limit").value_or(clearings_shown);
    const auto shown =
        static_cast<std::size_t>(std::min<std::uint64_t>(asked, limits::spot_history_kept));
    read<SpotHistoryView>(
        call,
        [name = std::string(call->request->param("pool")), shown](
            const core::State& state, const Viewer&, SpotHistoryView& out) -> MaybeFailure {
            const core::Pool* pool = state.pool_by_name(name);
            if (pool == nullptr) return not_found(fmt::format("there is no pool {}", name), "pool");
            fill(state, *pool, *out.mutable_spot());
            const auto& history = pool->spot.history;
            for (auto at = history.rbegin();
                 at != history.rend() && static_cast<std::size_t>(out.clearings_size()) < shown;
                 ++at) {
                fill(*at, *out.add_clearings());
            }
            return std::nullopt;
        });
}

void post_bid(const CallPtr& call) {
    BidRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.command.mutable_change_bid()->set_job_id(call->request->param_u64("id"));
    what.command.mutable_change_bid()->set_micro_yuan(body.bid_micro_yuan());
    change(call, std::move(what));
}

}  // namespace

void add_market_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    http::Route spot =
        make_route(context,
                   {Method::get, "/v1/pools/{pool}/spot", "get_spot",
                    "What spot devices cost, and the newest clearings of the market", "centre"},
                   roles::everyone, nullptr, SpotHistoryView::descriptor(), get_spot);
    spot.query = {u64_param("limit", "at most so many clearings, newest first; default 48")};
    router.add(std::move(spot));
    router.add(make_route(context,
                          {Method::post, "/v1/jobs/{id:u64}/bid", "change_bid",
                           "Bid more or less for a waiting spot job", "jobs"},
                          roles::working, BidRequest::descriptor(), ChangeAccepted::descriptor(),
                          post_bid));
}

}  // namespace suan::api
