#include "train/commands.hpp"

#include "train/evaluate.hpp"
#include "train/fit.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <fstream>

namespace suan::train {
namespace {

int fail(const Error& e) { fmt::print(stderr, "suan-train: {}\n", e.context); return 65; }

Result<std::vector<TableRow>> read_tables(const std::vector<std::string>& paths) {
    std::vector<TableRow> rows;
    for (const auto& p : paths) {
        auto t = read_table(p);
        if (!t) return std::move(t).error();
        for (auto& r : *t) rows.push_back(std::move(r));
    }
    return rows;
}

int evaluate(const std::vector<std::string>& tables, const std::string& cal, bool rows_too) {
    auto rows = read_tables(tables);
    if (!rows) return fail(rows.error());
    auto c = load_calibrations(cal);
    if (!c) return fail(c.error());
    auto out = evaluate_rows(*rows, *c);
    if (rows_too)
    for (auto& e : out) {
        if (!e.prediction) { fmt::print("{} MISSING {}\n", e.row_id, e.missing_reason); continue; }
        const auto& s = e.prediction->step;
        fmt::print("{} {} {:.4f} {:.4f} mem {:.1f} {:.1f}", e.row_id, e.source, e.prediction->step_s, e.measured.step_s.value_or(0), e.prediction->memory_gib, e.measured.memory_gib.value_or(0));
        for (std::size_t i = 0; i < term_count; ++i) fmt::print(" {}={:.4g}", to_string(Term(i)), s.seconds[i]);
        fmt::print("\n");
    }
    for (auto& [k, s] : summarise(out))
        fmt::print("{:26} rows {:4} miss {:2} n {:4} mean {:5.1f} med {:5.1f} p90 {:5.1f} bias {:+5.1f} | mem {:3} {:5.1f} under {:5.1f} | groups {} tau {:.2f} pick {:.1f}\n", k, s.rows, s.missing, s.scored, 100*s.mean, 100*s.median, 100*s.p90, 100*s.bias, s.memory_rows, 100*s.memory_mean, 100*s.memory_worst_under, s.groups, s.tau, 100*s.pick_loss);
    return 0;
}

}  // namespace

int run_program(int argc, char** argv) {
    CLI::App app{"training planner"};
    std::vector<std::string> tables; std::string cal, out; bool r=false;
    auto* ev = app.add_subcommand("evaluate"); ev->add_option("--table", tables); ev->add_option("--calibration", cal); ev->add_flag("--rows", r);
    auto* ca = app.add_subcommand("calibrate"); ca->add_option("--table", tables); ca->add_option("--start", cal); ca->add_option("--out", out);
    CLI11_PARSE(app, argc, argv);
    if (*ev) return evaluate(tables, cal, r);
    if (*ca) {
        auto rows = read_tables(tables); if (!rows) return fail(rows.error());
        Calibrations start; if (!cal.empty()) { auto c = load_calibrations(cal); if (!c) return fail(c.error()); start = *c; }
        auto f = fit(measured_cases(*rows), start);
        std::ofstream(out) << to_yaml(f, "test");
    }
    return 0;
}

}  // namespace suan::train
