// `suan quote`, `suan stats forecast`, `suan rules`, `suan sim whatif`.
#include "bin/cli.hpp"
#include "bin/job_request.hpp"
#include "bin/job_submit.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "core/transition.hpp"
#include "crypto/sm3.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "sim/centre/centre.hpp"
#include "sim/centre/rules_file.hpp"
#include "sim/whatif/whatif.hpp"
#include "suan/plans.pb.h"

#include <fmt/format.h>

namespace suan::bin {
namespace {

constexpr std::size_t rules_file_bytes_max = 8 << 20;

template <typename T>
T checked(Result<T> result) {
    if (result) return std::move(*result);
    const bool file =
        result.error().code == ErrorCode::io || result.error().code == ErrorCode::not_found;
    throw Failed(file ? ExitCode::io : ExitCode::refused, result.error().context);
}

struct QuoteOptions {
    SubmitOptions job;
    bool binding = false;
};

ExitCode run_quote(Cli& cli, QuoteOptions& o) {
    QuoteRequest request;
    // What it runs plays no role, so a shape alone may be asked about.
    if (o.job.file.empty() && o.job.wrap.empty() && cli.rest.empty()) o.job.wrap = "true";
    const std::vector<JobRequest> jobs = jobs_of(o.job, cli.rest);
    if (jobs.size() != 1) throw Failed(ExitCode::usage, "a quote is for one job");
    *request.mutable_job() = jobs.front();
    request.set_binding(o.binding);
    const auto quote = Session::open(cli.hub).send<QuoteView>("POST", "/v1/quotes", request);
    std::string text = fmt::format("{}.\n", quote.summary());
    const ForecastView& forecast = quote.forecast();
    if (forecast.start_p50_us() != 0 && forecast.basis() != "starts_now")
        text += fmt::format("Start      {} to {}, half start by {}\n",
                            time_text(forecast.start_p10_us()), time_text(forecast.start_p90_us()),
                            time_text(forecast.start_p50_us()));
    text += fmt::format("Runs for   {} (half of such jobs), {} (nine in ten); from {} runs\n",
                        span_text(forecast.run_p50_ms()), span_text(forecast.run_p90_ms()),
                        forecast.samples());
    text += fmt::format(
        "Costs      {} to {} CNY, held {} CNY\n", yuan_text(forecast.cost_p50_micro_yuan()),
        yuan_text(forecast.cost_p90_micro_yuan()), yuan_text(forecast.cost_max_micro_yuan()));
    text +=
        fmt::format("Forecast   {} old, by {}\n", span_text(forecast.age_ms()), forecast.basis());
    if (quote.id() != 0)
        text += fmt::format("Take it up until {} with: suan job submit --quote {} ...\n",
                            time_text(quote.valid_until_us()), quote.id());
    put_result(cli, quote, text);
    return ExitCode::ok;
}

struct NoOptions {};

ExitCode run_stats_forecast(Cli& cli, NoOptions&) {
    const auto s = Session::open(cli.hub).get<ForecastStatsView>("/v1/stats/forecast");
    std::string text = s.made_us() == 0
                           ? std::string("No forecast has been made yet.\n")
                           : fmt::format("Newest     {}, of {} waiting jobs, took {} ms\n",
                                         time_text(s.made_us()), s.jobs_forecast(), s.took_ms());
    text += fmt::format("Scored     {} jobs that started after a forecast\n", s.scored());
    if (s.scored() > 0) {
        text += fmt::format(
            "Window     {}.{} % started within it; {} by p50, {} by p90\nWidth      {} (median); "
            "the same jobs waited {} (median)\n",
            s.coverage_permille() / 10, s.coverage_permille() % 10, s.by_p50(), s.by_p90(),
            span_text(s.width_p50_ms()), span_text(s.wait_p50_ms()));
    }
    text += fmt::format("Learned    {} runs\n", s.run_times());
    put_result(cli, s, text);
    return ExitCode::ok;
}

struct RulesOptions {
    std::string file, at, centre;
};

ExitCode list_rules(Cli& cli, RulesOptions&) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<RulesList>("/v1/rules", 10'000, "rules");
    Table table({{"ID", Align::right}, {"VERSION"}, {"STATE"}, {"EFFECTIVE"}, {"SM3"}});
    for (const RulesView& r : list.rules())
        table.row({std::to_string(r.id()), r.name(), r.state(), time_text(r.effective_us()),
                   to_hex(as_bytes(r.file_sm3())).substr(0, 16)});
    put_result(cli, list, list.rules().empty() ? "No version of the rules yet.\n" : table.text());
    return ExitCode::ok;
}

// Against a centre file: everything that the hub would check, without a hub.
ExitCode check_rules(Cli& cli, RulesOptions& o) {
    const std::string text = read_file(o.file, rules_file_bytes_max);
    const sim::RulesFile rules = checked(sim::parse_rules_file(o.file, text));
    if (!o.centre.empty()) {
        core::State state;
        const sim::CentreFile centre = checked(sim::read_centre(o.centre));
        const sim::CentrePlan plan = sim::plan(state, centre, {sim::counted_tokens()});
        const auto step = [&](const Command& command) {
            Entry entry;
            *entry.mutable_command() = command;
            return core::step(state, entry);
        };
        for (const Command& command : plan.commands)
            static_cast<void>(step(command));
        Command command;
        *command.mutable_change_rules() =
            checked(sim::to_command(state, rules, crypto::sm3(text), Time{}));
        const core::Outcome outcome = step(command);
        if (const auto* refused = std::get_if<core::Rejection>(&outcome))
            throw Failed(ExitCode::refused, sim::blame(rules, *refused).context);
    }
    put(cli.json ? "{\"ok\":true}\n"
                 : fmt::format("{}: version {} is right.\n", o.file, rules.name));
    return ExitCode::ok;
}

RulesRequest request_from(const sim::RulesFile& rules, const std::string& text) {
    RulesRequest out;
    out.set_name(rules.name);
    out.set_file_sm3(std::string(as_text(crypto::sm3(text))));
    for (const sim::RulesFilePool& pool : rules.pools) {
        if (pool.nodes != 0)
            throw Failed(ExitCode::refused,
                         fmt::format("{}:{}: nodes are for `suan sim whatif` only", rules.file,
                                     pool.mark.line));
        PoolRulesRequest& to = *out.add_pools();
        to.set_pool(pool.name);
        *to.mutable_rules() = pool.rules;
    }
    for (const sim::RulesFileShare& share : rules.shares) {
        ShareRequest& to = *out.add_shares();
        to.set_org(share.org);
        to.set_pool(share.pool);
        to.set_deserved_milli(share.deserved_milli);
        to.set_weight(share.weight);
        to.set_limit_milli(share.limit_milli);
    }
    for (const sim::RulesFilePrice& price : rules.prices) {
        PriceLineRequest& to = *out.add_prices();
        to.set_pool(price.pool);
        to.set_tier(price.tier);
        to.set_micro_yuan_per_device_hour(price.micro_yuan_per_device_hour);
    }
    return out;
}

// What the hub refuses of the file is shown at its line.
ChangeAccepted send_rules(Cli& cli, const sim::RulesFile& rules, const RulesRequest& request) {
    try {
        return Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/rules", request);
    } catch (const Failed& failed) {
        if (failed.field().find('[') == std::string::npos) throw;
        throw Failed(failed.code(), sim::at_field(rules, failed.field(), failed.what()).context,
                     failed.what_to_do());
    }
}

ExitCode apply_rules(Cli& cli, RulesOptions& o) {
    const std::string text = read_file(o.file, rules_file_bytes_max);
    const sim::RulesFile rules = checked(sim::parse_rules_file(o.file, text));
    RulesRequest request = request_from(rules, text);
    if (!o.at.empty()) {
        const auto at = parse_time(o.at, Time{now_us()});
        if (!at) throw Failed(ExitCode::usage, "--at: " + at.error().context);
        request.set_effective_us(at->us);
    }
    const ChangeAccepted change = send_rules(cli, rules, request);
    put_result(cli, change,
               fmt::format("Version {} of the rules {}.\n", rules.name,
                           o.at.empty() ? std::string("is in force")
                                        : "takes effect at " + time_text(request.effective_us())));
    return ExitCode::ok;
}

struct WhatIfCommandOptions {
    std::string log, change;
    std::uint32_t scale = 1;
};

ExitCode run_whatif(Cli& cli, WhatIfCommandOptions& o) {
    sim::WhatIfOptions options;
    options.scale = o.scale;
    if (!o.change.empty())
        options.change =
            checked(sim::parse_rules_file(o.change, read_file(o.change, rules_file_bytes_max)));
    log::SqliteOptions open;
    open.mode = log::OpenMode::read;
    const auto log = checked(log::SqliteLog::open(o.log, open));
    std::vector<Entry> entries;
    const auto read = log->for_each(
        1, log->head().last_seq, [&](log::Seq seq, std::string_view bytes) -> Result<log::Next> {
            if (!entries.emplace_back().ParseFromArray(bytes.data(),
                                                       static_cast<int>(bytes.size())))
                return Error{ErrorCode::corrupt, fmt::format("entry {}: not an Entry", seq)};
            return log::Next::more;
        });
    if (!read) throw Failed(ExitCode::refused, read.error().context);
    const sim::WhatIfReport report = checked(sim::what_if(entries, options));
    put(cli.json ? sim::to_json(report) : sim::to_text(report));
    return ExitCode::ok;
}

}  // namespace

void add_plan_commands(Cli& cli) {
    auto quote = std::make_shared<QuoteOptions>();
    CLI::App& quote_verb = add_verb(
        cli, cli.app, "quote", "When a job would start and what it would cost", quote, run_quote);
    add_submit_options(quote_verb, quote->job);
    quote_verb.add_flag("--binding", quote->binding,
                        "a promise of the centre: price, start-by time, compensation");
    CLI::App& stats = add_noun(cli, "stats", "How well the centre does");
    add_verb(cli, stats, "forecast", "How good the forecasts have been",
             std::make_shared<NoOptions>(), run_stats_forecast);
    auto o = std::make_shared<RulesOptions>();
    CLI::App& rules = add_noun(cli, "rules", "Versions of the centre's rules file");
    add_verb(cli, rules, "list", "All versions, with the time from which they hold", o, list_rules);
    CLI::App& apply = add_verb(cli, rules, "apply", "Give the centre a version", o, apply_rules);
    apply.add_option("file", o->file, "rules file")->required();
    apply.add_option("--at", o->at, "from when on, e.g. 2027-01-01; default now");
    CLI::App& check =
        add_offline(cli, rules, "check", "Say what is wrong with a rules file", o, check_rules);
    check.add_option("file", o->file, "rules file")->required();
    check.add_option("--centre", o->centre, "centre file that it must fit");
}

void add_whatif_command(Cli& cli, CLI::App& sim) {
    auto o = std::make_shared<WhatIfCommandOptions>();
    CLI::App& verb = add_offline(cli, sim, "whatif",
                                 "The centre's own log under other rules, prices, shares or size",
                                 o, run_whatif);
    verb.add_option("--log", o->log, "suan.log of the data folder")->required();
    verb.add_option("--change", o->change, "rules file; left out, nothing changes");
    verb.add_option("--scale", o->scale, "so many times the nodes, shares, money and jobs");
}

}  // namespace suan::bin
