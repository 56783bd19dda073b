// Metrics in Prometheus' text format, version 0.0.4.
//
// Without a token: that the hub is up and ready. With a tenant's: its own org. With an operator's
// or auditor's: totals of the centre and the inside of the hub. Nothing is labelled with another
// org.
#pragma once

#include "api/http/server.hpp"
#include "api/viewer.hpp"
#include "core/state.hpp"
#include "runtime/forecast_service.hpp"
#include "runtime/ledgers/ledger_service.hpp"
#include "runtime/metrics.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace suan::api {

class MetricsText {
public:
    void begin(std::string_view name, std::string_view type, std::string_view help);
    void sample(std::string_view name, std::string_view labels, std::int64_t value);
    // Micro-units as a decimal number: no floating point is needed to write one.
    void sample_micro(std::string_view name, std::string_view labels, std::int64_t micro);
    void counter(std::string_view name, std::string_view help, std::uint64_t value);
    void gauge(std::string_view name, std::string_view help, std::int64_t value);
    void histogram(std::string_view name, std::string_view help, const runtime::Histogram& values);
    std::string take() && { return std::move(out_); }

private:
    std::string out_;
};

void write_public(MetricsText& out, bool ready);
void write_org(MetricsText& out, const core::State& state, OrgId org);
void write_centre(MetricsText& out, const core::State& state);
void write_markets(MetricsText& out, const core::State& state);  // of spot, where there are any
void write_forecasts(MetricsText& out, const runtime::ForecastStatus& status);
void write_hub(MetricsText& out, const runtime::Metrics& metrics, const http::ServerStats& http,
               std::size_t streams);
void write_ledgers(MetricsText& out, const runtime::LedgerService& ledgers);
// Of witnesses that are not removed.
void write_witnesses(MetricsText& out, const WitnessList& list);

}  // namespace suan::api
