#include "api/metrics.hpp"

#include "api/views_money.hpp"

#include <fmt/format.h>

#include <iterator>

namespace suan::api {
namespace {

std::string decimal(std::int64_t micro) {
    const bool negative = micro < 0;
    const auto magnitude =
        negative ? 0 - static_cast<std::uint64_t>(micro) : static_cast<std::uint64_t>(micro);
    return fmt::format("{}{}.{:06}", negative ? "-" : "", magnitude / 1'000'000,
                       magnitude % 1'000'000);
}

std::string label(std::string_view name, std::string_view value) {
    std::string out = fmt::format("{}=\"", name);
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out + '"';
}

struct PoolGauge {
    std::string_view name;
    std::string_view help;
    std::int64_t (*value)(const core::Pool&);
};

constexpr PoolGauge pool_gauges[] = {
    {"suan_pool_devices", "Devices of all nodes of a pool.",
     [](const core::Pool& pool) { return pool.scheduler.totals().devices_milli; }},
    {"suan_pool_open_devices", "Devices of nodes that take work.",
     [](const core::Pool& pool) { return pool.scheduler.totals().open_milli; }},
    {"suan_pool_free_devices", "Devices that are idle now.",
     [](const core::Pool& pool) { return pool.scheduler.totals().free_milli; }},
};

}  // namespace

void MetricsText::begin(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
}

void MetricsText::sample(std::string_view name, std::string_view labels, std::int64_t value) {
    const std::string braces = labels.empty() ? "" : fmt::format("{{{}}}", labels);
    fmt::format_to(std::back_inserter(out_), "{}{} {}\n", name, braces, value);
}

void MetricsText::sample_micro(std::string_view name, std::string_view labels, std::int64_t micro) {
    const std::string braces = labels.empty() ? "" : fmt::format("{{{}}}", labels);
    fmt::format_to(std::back_inserter(out_), "{}{} {}\n", name, braces, decimal(micro));
}

void MetricsText::counter(std::string_view name, std::string_view help, std::uint64_t value) {
    begin(name, "counter", help);
    sample(name, "", static_cast<std::int64_t>(value));
}

void MetricsText::gauge(std::string_view name, std::string_view help, std::int64_t value) {
    begin(name, "gauge", help);
    sample(name, "", value);
}

void MetricsText::histogram(std::string_view name, std::string_view help,
                            const runtime::Histogram& values) {
    begin(name, "histogram", help);
    const std::string bucket = fmt::format("{}_bucket", name);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < runtime::Histogram::buckets; ++i) {
        below += values.count_in(i);
        const bool last = i + 1 == runtime::Histogram::buckets;
        const auto bound = static_cast<std::int64_t>(runtime::Histogram::bound_us(i));
        sample(bucket, label("le", last ? "+Inf" : decimal(bound)),
               static_cast<std::int64_t>(below));
    }
    sample_micro(fmt::format("{}_sum", name), "", static_cast<std::int64_t>(values.sum_us()));
    // Of the buckets just written: the counter may have moved on meanwhile.
    sample(fmt::format("{}_count", name), "", static_cast<std::int64_t>(below));
}

void write_public(MetricsText& out, bool ready) {
    out.gauge("suan_up", "The hub answers.", 1);
    out.gauge("suan_ready", "The hub takes requests.", ready ? 1 : 0);
}

void write_org(MetricsText& out, const core::State& state, OrgId id) {
    const core::Org& org = state.orgs.at(id.value);
    out.gauge("suan_org_jobs_waiting", "Waiting jobs of the org.",
              static_cast<std::int64_t>(org.jobs_waiting));
    out.gauge("suan_org_jobs_running", "Running jobs of the org.",
              static_cast<std::int64_t>(org.jobs_running));
    out.begin("suan_org_held_devices", "gauge", "Devices held by the org's jobs.");
    state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
        out.sample_micro("suan_org_held_devices", label("pool", pool.name),
                         pool.scheduler.standing(id).held_milli * 1'000);
    });
    out.gauge("suan_org_ledgers", "Open ledgers of the org.",
              static_cast<std::int64_t>(org.ledgers.size()));
    const Balance own = balance_of(state, core::org_account(id));
    out.begin("suan_org_available_yuan", "gauge", "The org's own money that may still be held.");
    out.sample_micro("suan_org_available_yuan", "", own.left());
    out.begin("suan_org_held_yuan", "gauge", "The org's own money held for jobs.");
    out.sample_micro("suan_org_held_yuan", "", own.debits_pending);
}

void write_centre(MetricsText& out, const core::State& state) {
    for (const PoolGauge& gauge : pool_gauges) {
        out.begin(gauge.name, "gauge", gauge.help);
        state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
            out.sample_micro(gauge.name, label("pool", pool.name), gauge.value(pool) * 1'000);
        });
    }
    out.begin("suan_pool_jobs_waiting", "gauge", "Jobs in the queue of a pool.");
    state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
        out.sample("suan_pool_jobs_waiting", label("pool", pool.name),
                   pool.scheduler.totals().waiting_jobs);
    });
    out.begin("suan_pool_leases", "gauge", "Leases that hold devices of a pool.");
    state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
        out.sample("suan_pool_leases", label("pool", pool.name),
                   pool.scheduler.totals().running_leases);
    });
    out.gauge("suan_orgs", "Organisations.", static_cast<std::int64_t>(state.orgs.size()));
    out.gauge("suan_ledgers", "Tenants' ledgers, closed ones included.",
              static_cast<std::int64_t>(state.ledgers.size()));
    out.begin("suan_revenue_yuan", "gauge", "What the centre has earned.");
    const Balance revenue = balance_of(state, core::revenue_account());
    out.sample_micro("suan_revenue_yuan", "", revenue.credits_posted - revenue.debits_posted);
}

void write_markets(MetricsText& out, const core::State& state) {
    constexpr struct {
        std::string_view name;
        std::string_view help;
        std::int64_t (*micro)(const SpotCleared&);
    } gauges[] = {
        {"suan_spot_price_yuan", "What a spot device hour cost at the newest clearing.",
         [](const SpotCleared& c) { return c.micro_yuan_per_device_hour(); }},
        {"suan_spot_offered_devices", "Devices that were offered then.",
         [](const SpotCleared& c) { return c.offered_milli() * 1'000; }},
        {"suan_spot_sold_devices", "Devices that were sold then.",
         [](const SpotCleared& c) { return c.sold_milli() * 1'000; }},
        {"suan_spot_bids", "Bids that there were.",
         [](const SpotCleared& c) { return std::int64_t{c.bids()} * 1'000'000; }},
    };
    for (const auto& gauge : gauges) {
        bool begun = false;
        state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
            if (!pool.spot.open || pool.spot.history.empty()) return;
            if (!begun) out.begin(gauge.name, "gauge", gauge.help);
            begun = true;
            out.sample_micro(gauge.name, label("pool", pool.name),
                             gauge.micro(pool.spot.history.back().cleared));
        });
    }
}

void write_forecasts(MetricsText& out, const runtime::ForecastStatus& status) {
    const core::Accuracy& accuracy = status.accuracy;
    out.gauge("suan_forecast_jobs", "Waiting jobs with a forecast.",
              static_cast<std::int64_t>(status.jobs));
    out.gauge("suan_forecast_made_seconds", "When the newest run ahead was made, since 1970.",
              status.made.us / 1'000'000);
    out.begin("suan_forecast_took_seconds", "gauge", "What the newest run ahead took.");
    out.sample_micro("suan_forecast_took_seconds", "", status.took.us);
    out.begin("suan_forecast_scored_total", "counter",
              "Jobs that started after a forecast, by where in its window they did.");
    const std::pair<const char*, std::int64_t> where[] = {
        {"in_window", accuracy.in_window},
        {"early", accuracy.by_p90 - accuracy.in_window},
        {"late", accuracy.scored - accuracy.by_p90},
    };
    for (const auto& [name, count] : where)
        out.sample("suan_forecast_scored_total", label("start", name), count);
    out.begin("suan_forecast_coverage_ratio", "gauge", "Starts within p10 to p90, of all scored.");
    out.sample_micro("suan_forecast_coverage_ratio", "", accuracy.coverage_permille() * 1'000);
    out.begin("suan_forecast_width_seconds", "gauge", "Median width of the windows.");
    out.sample_micro("suan_forecast_width_seconds", "", accuracy.width_p50_ms() * 1'000);
    out.begin("suan_forecast_wait_seconds", "gauge", "Median wait of the same jobs.");
    out.sample_micro("suan_forecast_wait_seconds", "", accuracy.wait_p50_ms() * 1'000);
}

void write_hub(MetricsText& out, const runtime::Metrics& m, const http::ServerStats& http,
               std::size_t streams) {
    const auto gauge = [&](std::string_view name, std::string_view help,
                           const runtime::Counter& value) {
        out.gauge(name, help, static_cast<std::int64_t>(value.load(std::memory_order_relaxed)));
    };
    out.begin("suan_requests_total", "counter", "Commands by their answer.");
    const std::pair<std::string_view, const runtime::Counter*> answers[] = {
        {"accepted", &m.accepted},         {"rejected", &m.rejected},
        {"already_done", &m.already_done}, {"unauthenticated", &m.unauthenticated},
        {"unavailable", &m.unavailable},
    };
    for (const auto& [name, value] : answers) {
        out.sample("suan_requests_total", label("answer", name),
                   static_cast<std::int64_t>(value->load(std::memory_order_relaxed)));
    }
    out.counter("suan_queries_total", "Questions to the state.", m.queries);
    out.counter("suan_log_entries_total", "Durable entries since the start.", m.entries);
    out.counter("suan_log_bytes_total", "Bytes of durable entries since the start.", m.entry_bytes);
    out.counter("suan_log_commits_total", "Group commits since the start.", m.commits);
    out.counter("suan_log_blocks_total", "Blocks closed since the start.", m.blocks);
    gauge("suan_log_last_seq", "Number of the newest entry.", m.last_seq);
    gauge("suan_log_last_block", "Number of the newest block.", m.last_block);
    gauge("suan_requests_queued", "Requests not yet decided.", m.requests_queued);
    gauge("suan_batches_queued", "Batches decided and not yet durable.", m.batches_queued);
    gauge("suan_jobs", "Jobs in the state.", m.jobs);
    gauge("suan_leases", "Leases in the state.", m.leases);
    out.counter("suan_ticks_total", "Passes of time and of the scheduler.", m.ticks);
    out.counter("suan_clock_steps_back_total", "Times the clock went backwards.",
                m.clock_steps_back);
    out.counter("suan_executor_starts_total", "Leases given to executors.", m.executor_starts);
    out.counter("suan_executor_reports_total", "Reports of executors.", m.executor_reports);
    out.histogram("suan_request_seconds", "From a command to its durable answer.", m.request_us);
    out.histogram("suan_decide_seconds", "One batch: decide, apply, serialise.", m.decide_us);
    out.histogram("suan_commit_seconds", "One group commit.", m.commit_us);
    out.counter("suan_http_requests_total", "HTTP requests.", http.requests);
    out.gauge("suan_http_connections", "Open connections.",
              static_cast<std::int64_t>(http.connections_open));
    out.counter("suan_http_connections_refused_total", "Connections above the limit.",
                http.connections_refused);
    out.gauge("suan_http_streams", "Open event streams.", static_cast<std::int64_t>(streams));
}

void write_ledgers(MetricsText& out, const runtime::LedgerService& ledgers) {
    const runtime::LedgerMetrics& m = ledgers.metrics();
    out.begin("suan_ledger_transfers_total", "counter", "Tenants' transfers by their answer.");
    const auto answered = [&](std::string_view answer, const runtime::Counter& value) {
        out.sample("suan_ledger_transfers_total", label("answer", answer),
                   static_cast<std::int64_t>(value.load(std::memory_order_relaxed)));
    };
    answered("created", m.transfers_created);
    answered("refused", m.transfers_refused);
    out.counter("suan_ledger_batches_total", "Batches of transfers.", m.batches);
    out.counter("suan_ledger_batches_waited_total", "Batches that waited for an allowance.",
                m.batches_waited);
    out.counter("suan_ledger_batches_unpaid_total", "Batches refused for want of money.",
                m.batches_unpaid);
    out.counter("suan_ledger_meter_rounds_total", "Rounds of the meter.", m.meter_rounds);
    out.counter("suan_ledger_meter_failures_total", "Rounds that charged nothing.",
                m.meter_failures);
    out.gauge("suan_ledger_blocks", "Blocks of the journal of settlement.",
              static_cast<std::int64_t>(ledgers.blocks()));
}

void write_witnesses(MetricsText& out, const WitnessList& list) {
    out.gauge("suan_witnesses", "Registered witnesses.", list.witnesses_size());
    out.begin("suan_witness_last_block", "gauge", "Newest block that a witness has co-signed.");
    for (const WitnessView& view : list.witnesses())
        out.sample("suan_witness_last_block", label("witness", view.name()),
                   static_cast<std::int64_t>(view.last_block()));
    out.begin("suan_witness_lag_blocks", "gauge", "Closed blocks that it has not co-signed yet.");
    for (const WitnessView& view : list.witnesses())
        out.sample("suan_witness_lag_blocks", label("witness", view.name()),
                   static_cast<std::int64_t>(view.lag_blocks()));
}

}  // namespace suan::api
