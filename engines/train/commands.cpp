#include "train/commands.hpp"

#include "train/efficiency.hpp"
#include "train/evaluate_output.hpp"
#include "train/files.hpp"
#include "train/fit.hpp"
#include "train/job.hpp"
#include "train/plot.hpp"
#include "train/quote.hpp"
#include "train/validation.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace suan::train {
namespace {

constexpr int exit_usage = 64;
constexpr int exit_data = 65;
constexpr int exit_output = 74;

enum class Format { text, json };

int fail(const Error& error) {
    fmt::print(stderr, "suan-train: {}\n", error.context);
    return exit_data;
}

int write_file(const std::string& path, const std::string& text) {
    if (path.empty() || path == "-") {
        fmt::print("{}", text);
        return 0;
    }
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.flush();
    if (out) return 0;
    fmt::print(stderr, "suan-train: {}: cannot be written\n", path);
    return exit_output;
}

void print_json(const boost::json::value& value) {
    fmt::print("{}\n", boost::json::serialize(value));
}

constexpr std::int64_t all_devices = std::numeric_limits<std::int64_t>::min();

struct Options {
    SettingOptions setting;
    std::int64_t max_devices = all_devices;
    std::size_t keep = 5;
    std::vector<std::string> layouts;
    std::vector<std::string> tables;
    std::string start;
    std::string out;
    std::vector<std::string> clusters;
    std::string plan;
    std::size_t choice = 0;
    JobOptions job;
    Format format = Format::text;
};

SearchRequest request_of(const Setting& s, const Options& o) {
    SearchRequest r;
    r.model = s.model;
    r.run = s.run;
    r.widths = s.software.widths;
    r.global_batch = s.global_batch;
    r.devices = o.max_devices == all_devices ? s.machine.cluster.devices : o.max_devices;
    r.keep = o.keep;
    return r;
}

Result<void> check_devices(const Setting& s, const Options& o) {
    if (o.max_devices >= 1 && o.max_devices <= s.machine.cluster.devices) return {};
    if (o.max_devices == all_devices) return {};
    return Error{ErrorCode::invalid,
                 fmt::format("max-devices: {}; cluster {} has 1 to {}", o.max_devices,
                             s.machine.cluster.name, s.machine.cluster.devices)};
}

boost::json::object plan_json(const Setting& s, const SearchResult& found) {
    boost::json::array layouts;
    for (const Candidate& c : found.best)
        layouts.push_back(quote_json(s, make_quote(s, c)));
    boost::json::object out{
        {"model", s.model.name},
        {"parameters", count_parameters(s.model).total},
        {"active_parameters", count_parameters(s.model).active},
        {"cluster", s.machine.cluster.name},
        {"device", s.machine.cluster.device.name},
        {"software", s.software.name},
        {"precision", to_string(s.run.precision)},
        {"seq", s.run.seq},
        {"calibration", boost::json::object{{"family", s.calibration.family},
                                            {"generation", s.calibration.generation},
                                            {"rows", s.calibration.rows}}},
        {"evaluated", found.evaluated},
        {"layouts", std::move(layouts)},
        {"advice", found.advice}};
    return out;
}

std::string plan_text(const Setting& s, const SearchResult& found) {
    std::string out = quote_text(s, make_quote(s, found.best.front()));
    if (found.best.size() > 1)
        out += fmt::format("other layouts (times and MFU +-{:.0f} %, memory +-{:.0f} %):\n",
                           100 * s.calibration.error_p90, 100 * s.calibration.memory_error_p90);
    for (std::size_t i = 1; i < found.best.size(); ++i) {
        const Quote q = make_quote(s, found.best[i]);
        out += fmt::format("  {:>10.4g} s {:>7.1f} GiB MFU {:>5.1f} %  {} devices: {}\n",
                           q.candidate.step_s, q.candidate.memory.total_gib(), 100 * q.mfu,
                           q.candidate.layout.devices(), to_text(q.candidate.layout));
    }
    return out;
}

// As a job of the hub: the answer beside the job's output, and a progress line.
int write_result(const boost::json::object& plan) {
    const char* folder = std::getenv("SUAN_JOB_DIR");
    if (folder == nullptr) return 0;
    fmt::print(stderr, "suan-progress {{\"fraction\":1,\"message\":\"planned\"}}\n");
    return write_file(std::string(folder) + "/result.json", boost::json::serialize(plan) + "\n");
}

// As many devices as a batch of one sequence to each, on tensor groups of a fast domain, can use.
std::int64_t fewer_devices(const Setting& s, const Options& o) {
    const std::int64_t most = request_of(s, o).devices;
    const std::int64_t domain = s.machine.cluster.devices_per_domain;
    return std::clamp<std::int64_t>(s.global_batch * domain, 1,
                                    std::max<std::int64_t>(1, most - 1));
}

int run_plan(const Options& o) {
    auto setting = make_setting(o.setting);
    if (!setting) return fail(setting.error());
    if (auto ok = check_devices(*setting, o); !ok) return fail(ok.error());
    const SearchResult found = search_device_counts(request_of(*setting, o), setting->machine);
    if (o.format == Format::json) print_json(plan_json(*setting, found));
    if (found.best.empty()) {
        const std::string why =
            !found.advice.empty()
                ? found.advice
                : fmt::format(
                      "no layout divides {} heads, {} layers and a batch of {} among {} "
                      "devices: each device or group of them needs a sequence; take "
                      "--max-devices {} or a larger --batch",
                      setting->model.heads, setting->model.layers, setting->global_batch,
                      request_of(*setting, o).devices, fewer_devices(*setting, o));
        fmt::print(stderr, "suan-train: {}\n", why);
        return exit_data;
    }
    if (o.format == Format::text) fmt::print("{}", plan_text(*setting, found));
    return write_result(plan_json(*setting, found));
}

// explain and compare: layouts that the user gives.
int run_layouts(const Options& o) {
    auto setting = make_setting(o.setting);
    if (!setting) return fail(setting.error());
    boost::json::array list;
    std::string text;
    for (const std::string& spec : o.layouts) {
        auto layout = parse_layout(spec, setting->global_batch);
        if (!layout) return fail(layout.error());
        auto candidate = candidate_of(*setting, *layout);
        if (!candidate) return fail(std::move(candidate).error().wrap("'" + spec + "'"));
        const Quote quote = make_quote(*setting, *candidate);
        list.push_back(quote_json(*setting, quote));
        text += quote_text(*setting, quote);
    }
    if (o.format == Format::text) fmt::print("{}", text);
    if (o.format == Format::json) print_json(boost::json::object{{"layouts", std::move(list)}});
    return 0;
}

int run_plot(const Options& o) {
    auto setting = make_setting(o.setting);
    if (!setting) return fail(setting.error());
    if (auto ok = check_devices(*setting, o); !ok) return fail(ok.error());
    SearchRequest request = request_of(*setting, o);
    request.keep = 1;
    std::vector<Quote> quotes;
    const std::int64_t most = request.devices;
    for (request.devices = 1; request.devices <= most; request.devices *= 2) {
        SearchRequest one = request;
        one.advise = SearchRequest::Advise::no;
        const SearchResult found = search_layouts(one, setting->machine);
        if (!found.best.empty()) quotes.push_back(make_quote(*setting, found.best.front()));
    }
    if (quotes.empty()) return fail({ErrorCode::invalid, "nothing fits up to max-devices"});
    return write_file(
        o.out, plot_svg(fmt::format("{} on {}", setting->model.name, setting->machine.cluster.name),
                        quotes));
}

int run_launch(const Options& o) {
    auto text = read_file(o.plan, 16 << 20);
    if (!text) return fail(text.error());
    boost::system::error_code ec;
    const boost::json::value plan = boost::json::parse(*text, ec);
    if (ec) return fail({ErrorCode::invalid, o.plan + ": is not JSON: " + ec.message()});
    auto job = job_file(plan, o.choice, o.job);
    if (!job) return fail(job.error());
    return write_file(o.out, *job);
}

Result<std::vector<TableRow>> read_tables(const std::vector<std::string>& paths) {
    std::vector<TableRow> rows;
    for (const std::string& path : paths) {
        auto table = read_table(path);
        if (!table) return std::move(table).error();
        rows.insert(rows.end(), table->begin(), table->end());
    }
    return rows;
}

int run_evaluate(const Options& o) {
    auto rows = read_tables(o.tables);
    if (!rows) return fail(rows.error());
    auto calibrations = load_calibrations(o.setting.calibration);
    if (!calibrations) return fail(calibrations.error());
    const std::vector<EvaluatedRow> evaluated = evaluate_rows(*rows, *calibrations);
    if (o.format == Format::json) print_json(evaluation_json(evaluated));
    if (o.format == Format::text) fmt::print("{}", evaluation_text(evaluated));
    return 0;
}

Result<std::string> with_fitted_tables(const std::string& path, const Calibrations& fitted) {
    auto text = read_file(path, 4 << 20);
    if (!text) return std::move(text).error();
    auto cluster = parse_cluster(*text, path);
    if (!cluster) return std::move(cluster).error();
    auto tables = fitted_tables(*cluster, fitted);
    if (!tables) return std::move(tables).error();
    return with_efficiency_text(*text, *tables);
}

int write_tables(const std::vector<std::string>& paths, const Calibrations& fitted) {
    for (const std::string& path : paths) {
        const auto text = with_fitted_tables(path, fitted);
        if (!text) return fail(text.error());
        if (const int failed = write_file(path, *text); failed != 0) return failed;
    }
    return 0;
}

constexpr const char* no_measured = "no row that can be predicted has a measured time or memory";

int run_calibrate(const Options& o) {
    auto rows = read_tables(o.tables);
    if (!rows) return fail(rows.error());
    auto start = load_calibrations(o.start);
    if (!start) return fail(start.error());
    std::string command = "suan-train calibrate --start " + o.start;
    for (const std::string& table : o.tables)
        command += " --table " + table.substr(table.rfind('/') + 1);
    const std::vector<MeasuredCase> cases = measured_cases(*rows);
    if (cases.empty()) return fail({ErrorCode::invalid, no_measured});
    Calibrations fitted = fit(cases, *start);
    // The bands that quotes show are of rows that a fit has not seen.
    set_errors(cases, residuals_by_configuration(cases, *start), fitted);
    const int written = write_file(o.out, to_yaml(fitted, command));
    return written == 0 ? write_tables(o.clusters, fitted) : written;
}

int run_validate(const Options& o) {
    auto rows = read_tables(o.tables);
    if (!rows) return fail(rows.error());
    auto start = load_calibrations(o.start);
    if (!start) return fail(start.error());
    const std::vector<MeasuredCase> cases = measured_cases(*rows);
    const std::string text = validation_text(cases, validate(cases, *start));
    if (text.empty()) return fail({ErrorCode::invalid, no_measured});
    fmt::print("{}", text);
    return 0;
}

void add_setting(CLI::App& app, Options& o) {
    app.add_option("--model", o.setting.model, "a model file or name")->required();
    app.add_option("--cluster", o.setting.cluster, "a cluster file or name")->required();
    app.add_option("--batch", o.setting.global_batch, "sequences of a step")->required();
    app.add_option("--tokens", o.setting.tokens, "of the whole run")->check(CLI::Range(1.0, 1e18));
    app.add_option("--seq", o.setting.seq, "tokens of a sequence")->check(CLI::PositiveNumber);
    app.add_option("--precision", o.setting.precision, "fp32, fp16, bf16, fp8 or fp4");
    app.add_option("--software", o.setting.software,
                   fmt::format("one of {}", fmt::join(software_names(), " ")));
    app.add_option("--price", o.setting.yuan_per_device_hour, "yuan a device-hour")
        ->check(CLI::Range(0.0, 1e9));
    app.add_option("--calibration", o.setting.calibration, "a fitted file");
}

void add_json(CLI::App& app, Options& o) {
    app.add_flag_callback(
        "--json", [&o] { o.format = Format::json; }, "JSON for programs");
}

// The subcommands, each with what it does.
struct Command {
    CLI::App* app;
    int (*run)(const Options&);
};

std::vector<Command> planning_commands(CLI::App& app, Options& o) {
    CLI::App* plan = app.add_subcommand("plan", "search layouts and quote the best");
    CLI::App* explain = app.add_subcommand("explain", "quote a layout that you give");
    CLI::App* compare = app.add_subcommand("compare", "quote several layouts");
    CLI::App* plot = app.add_subcommand("plot", "write an SVG: step time against devices");
    for (CLI::App* sub : {plan, explain, compare, plot})
        add_setting(*sub, o);
    for (CLI::App* sub : {plan, explain, compare})
        add_json(*sub, o);
    for (CLI::App* sub : {plan, plot})
        sub->add_option("--max-devices", o.max_devices, "use at most so many");
    plan->add_option("--keep", o.keep, "layouts to show")->check(CLI::Range(1, 100));
    const char* spec = "tp=8,pp=16,dp=4,vpp=2,mbs=1,recompute=full,zero=1";
    explain->add_option("--layout", o.layouts, spec)->required()->expected(1);
    compare->add_option("--layout", o.layouts, spec)->required();
    plot->add_option("--out", o.out, "the SVG; - for standard output")->required();
    return {{plan, run_plan}, {explain, run_layouts}, {compare, run_layouts}, {plot, run_plot}};
}

std::vector<Command> table_commands(CLI::App& app, Options& o) {
    CLI::App* evaluate = app.add_subcommand("evaluate", "predict every row of measured tables");
    evaluate->add_option("--table", o.tables, "a CSV of measurements")->required();
    evaluate->add_option("--calibration", o.setting.calibration, "a fitted file");
    add_json(*evaluate, o);
    CLI::App* calibrate = app.add_subcommand("calibrate", "fit constants to measured tables");
    calibrate->add_option("--table", o.tables, "a CSV of measurements")->required();
    CLI::App* validate = app.add_subcommand("validate", "errors on rows that a fit has not seen");
    validate->add_option("--table", o.tables, "a CSV of measurements")->required();
    o.start = "priors";
    for (CLI::App* sub : {calibrate, validate})
        sub->add_option("--start", o.start, "constants to begin with");
    calibrate->add_option("--out", o.out, "the fitted file; - for standard output");
    calibrate->add_option("--clusters", o.clusters,
                          "cluster files whose efficiency tables are written");
    return {{evaluate, run_evaluate}, {calibrate, run_calibrate}, {validate, run_validate}};
}

Command launch_command(CLI::App& app, Options& o) {
    CLI::App* launch = app.add_subcommand("launch", "turn a plan into a job file for the hub");
    launch->add_option("--plan", o.plan, "what plan --json printed")->required();
    launch->add_option("--choice", o.choice, "which of its layouts, from 0");
    launch->add_option("--script", o.job.script, "the training program and its arguments")
        ->required();
    launch->add_option("--launcher", o.job.launcher, "torch or mindspore");
    launch->add_option("--name", o.job.name, "of the job");
    launch->add_option("--pool", o.job.pool, "of the centre");
    launch->add_option("--devices-per-node", o.job.devices_per_node, "of the pool's nodes");
    launch->add_option("--out", o.out, "the job file; - for standard output");
    return {launch, run_launch};
}

}  // namespace

int run_program(int argc, char** argv) {
    Options options;
    CLI::App app{"Plans, quotes, explains and launches training runs."};
    app.require_subcommand(1);
    std::vector<Command> commands = planning_commands(app, options);
    for (const Command& c : table_commands(app, options))
        commands.push_back(c);
    commands.push_back(launch_command(app, options));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : exit_usage;
    }
    for (const Command& c : commands)
        if (c.app->parsed()) return c.run(options);
    return exit_usage;
}

}  // namespace suan::train
