#include "api/views_plans.hpp"

#include "api/views_jobs.hpp"
#include "api/views_names.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

const char* state_text(core::RulesState state) {
    switch (state) {
        case core::RulesState::in_force:
            return "in_force";
        case core::RulesState::replaced:
            return "replaced";
        case core::RulesState::withdrawn:
            return "withdrawn";
        default:
            return "scheduled";
    }
}

std::string minutes_text(std::int64_t us) {
    const std::int64_t minutes = (us + 59'999'999) / 60'000'000;
    return minutes < 120 ? fmt::format("{} min", minutes)
                         : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

// Micro-yuan as yuan with two places, rounded up.
std::string yuan(std::int64_t micro) {
    const std::int64_t fen = (micro + 9'999) / 10'000;
    return fmt::format("{}.{:02}", fen / 100, fen % 100);
}

}  // namespace

void fill(const core::State& state, const core::HelpfulChange& change, HelpView& out) {
    out.set_change(change.change);
    out.set_outcome(change.outcome);
    out.set_kind(change.kind);
    out.set_who(change.who);
    out.set_start_us(change.start.us);
    out.set_starts_now(change.starts_now);
    out.set_tasks(change.shape.tasks_max);
    out.set_devices_per_task(change.shape.devices_per_task);
    out.set_topology(proto_topology(change.shape.topology));
    out.set_walltime_ms(change.walltime.us / 1'000);
    out.set_tier(proto_tier(change.tier));
    out.set_pool(pool_name(state, change.pool));
    out.set_amount(change.amount);
    out.set_nodes(change.spread.nodes);
    out.set_racks(change.spread.racks);
}

void fill(const core::Forecast& forecast, Time now, ForecastView& out) {
    out.set_basis(core::to_string(forecast.basis));
    out.set_made_us(forecast.made.us);
    out.set_age_ms((now - forecast.made).us / 1'000);
    if (forecast.basis != core::Forecast::Basis::unknown) {
        out.set_start_p10_us(std::max(now, forecast.start.p10).us);
        out.set_start_p50_us(std::max(now, forecast.start.p50).us);
        out.set_start_p90_us(std::max(now, forecast.start.p90).us);
    }
    out.set_run_p50_ms(forecast.run_p50.us / 1'000);
    out.set_run_p90_ms(forecast.run_p90.us / 1'000);
    out.set_cost_p50_micro_yuan(forecast.cost_p50.micro_yuan);
    out.set_cost_p90_micro_yuan(forecast.cost_p90.micro_yuan);
    out.set_cost_max_micro_yuan(forecast.cost_max.micro_yuan);
    out.set_samples(forecast.samples);
}

void fill(const core::State& state, const runtime::ForecastStatus& status, ForecastStatsView& out) {
    out.set_time_us(state.now.us);
    out.set_made_us(status.made.us);
    out.set_took_ms(status.took.us / 1'000);
    out.set_jobs_forecast(static_cast<std::int64_t>(status.jobs));
    out.set_scored(status.accuracy.scored);
    out.set_in_window(status.accuracy.in_window);
    out.set_by_p50(status.accuracy.by_p50);
    out.set_by_p90(status.accuracy.by_p90);
    out.set_coverage_permille(status.accuracy.coverage_permille());
    out.set_width_p50_ms(status.accuracy.width_p50_ms());
    out.set_wait_p50_ms(status.accuracy.wait_p50_ms());
    out.set_run_times(static_cast<std::int64_t>(status.run_times));
    out.set_quotes_open(static_cast<std::int64_t>(state.quotes.size()));
}

void fill(const core::RulesVersion& rules, RulesView& out) {
    out.set_id(rules.id.value);
    out.set_name(rules.content.name());
    out.set_file_sm3(rules.content.file_sm3());
    out.set_scheduled_us(rules.scheduled.us);
    out.set_effective_us(rules.effective.us);
    out.set_state(state_text(rules.state));
    out.set_pools(static_cast<std::uint32_t>(rules.content.pools_size()));
    out.set_shares(static_cast<std::uint32_t>(rules.content.shares_size()));
    out.set_prices(static_cast<std::uint32_t>(rules.content.prices_size()));
}

std::string quote_summary(const QuoteView& quote, Time now) {
    const ForecastView& forecast = quote.forecast();
    std::string text = "it is not known yet when it would start";
    if (forecast.basis() == "starts_now") {
        text = "it would start now";
    } else if (forecast.basis() == "outbid") {
        text = "it would not start while others bid what they bid now";
    } else if (forecast.start_p90_us() != 0) {
        text = fmt::format("it would start in {} to {}",
                           minutes_text(forecast.start_p10_us() - now.us),
                           minutes_text(forecast.start_p90_us() - now.us));
    }
    text += fmt::format("; it would cost {} to {} CNY, at most {}",
                        yuan(forecast.cost_p50_micro_yuan()), yuan(forecast.cost_p90_micro_yuan()),
                        yuan(forecast.cost_max_micro_yuan()));
    if (quote.id() == 0) return text;
    return text + fmt::format(
                      "; quote {}: it starts within {} of its submission, or {} CNY are "
                      "paid back",
                      quote.id(), minutes_text(quote.start_by_us() - now.us),
                      yuan(quote.compensation_micro_yuan()));
}

}  // namespace suan::api
