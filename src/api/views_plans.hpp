// Views of help, forecasts, quotes and versions of the rules.
#pragma once

#include "api/viewer.hpp"
#include "core/forecast.hpp"
#include "core/help.hpp"
#include "runtime/forecast_service.hpp"
#include "suan/plans.pb.h"

namespace suan::api {

void fill(const core::State& state, const core::HelpfulChange& change, HelpView& out);
void fill(const core::Forecast& forecast, Time now, ForecastView& out);
void fill(const core::State& state, const runtime::ForecastStatus& status, ForecastStatsView& out);
void fill(const core::RulesVersion& rules, RulesView& out);
// "starts now", "starts between 12:10 and 12:40 UTC, costs ..." as one sentence.
std::string quote_summary(const QuoteView& quote, Time now);

}  // namespace suan::api
