#include "sim/replay/replay.hpp"

#include "sim/replay/driver.hpp"
#include "sim/replay/measure.hpp"
#include "sim/replay/run_cost.hpp"
#include "sim/replay/setup.hpp"
#include "sim/traces/fields.hpp"

#include <fmt/format.h>

#include <limits>

namespace suan::sim {

namespace {
// More often would make most entries of a replay checkpoints.
constexpr std::int64_t checkpoint_us_min = Duration::seconds(5).us;
}  // namespace

std::optional<WalltimeRule> walltime_rule_from(std::string_view text) {
    if (text == "exact") return WalltimeRule{};
    if (text == "max") return WalltimeRule{WalltimeRule::Kind::max, 1};
    if (!text.starts_with("factor:")) return std::nullopt;
    const std::optional<std::int64_t> factor = parse_integer(text.substr(7));
    if (!factor || *factor < 1 || *factor > 1'000) return std::nullopt;
    return WalltimeRule{WalltimeRule::Kind::factor, static_cast<std::uint32_t>(*factor)};
}

Result<ReplayReport> replay_trace(CentreFile centre, const Trace& trace, const ReplayRun& run) {
    if (run.scale_milli < 1)
        return Error{ErrorCode::invalid, "scale: expected a positive number, such as 9.09"};
    if (run.checkpoint_us != 0 && run.checkpoint_us < checkpoint_us_min)
        return Error{ErrorCode::invalid, "checkpoint_interval: expected 5s or more, or 0 for none"};
    if (auto named = set_rules(centre, run.rules); !named) return std::move(named).error();
    std::vector<std::string> named_orgs;
    for (const CentreOrg& org : centre.orgs)
        named_orgs.push_back(org.name);
    complete(centre, trace);

    const RunCost cost;
    core::State state;
    Commander commander(state, run);
    const std::int64_t base_us = trace.origin.clock == Origin::Clock::own ? 0 : trace.origin.us;
    const CentrePlan todo = plan(state, centre, {counted_tokens()});
    for (const Command& command : todo.commands) {
        if (auto done = commander.must(Time{base_us}, command); !done)
            return std::move(done).error().wrap(centre.file);
    }
    const Directory directory(state, trace, named_orgs);
    Measure measure(state, trace, base_us);
    Driver driver(state, trace, directory, run, commander, measure, base_us);
    driver.run();

    ReplayReport report;
    report.centre = centre.file;
    report.rules = run.rules;
    report.scale_milli = run.scale_milli;
    report.rows = trace.rows;
    for (const Skipped& skipped : trace.skipped)
        report.skipped += skipped.reason == SkipReason::dependency_gone ? 0 : skipped.rows;
    report.lowered = driver.lowered();
    report.wall_us = cost.wall_us();
    measure.fill(report);
    report.commands = commander.commands();
    report.entries = static_cast<std::int64_t>(state.seq);
    report.state_digest = state.digest();
    report.peak_memory_bytes = peak_memory_bytes();
    if (run.check_every != 0) state.check_invariants();
    report.notes.push_back(
        run.checkpoint_us == 0
            ? "a preempted job runs its whole duration again: traces hold no checkpoints"
            : fmt::format("every job is taken to save a checkpoint after each {} s of a run",
                          run.checkpoint_us / 1'000'000));
    return report;
}

Result<ReplayReport> replay(const ReplayOptions& options) {
    auto centre = read_centre(options.centre_file);
    if (!centre) return std::move(centre).error().wrap("centre file");
    auto input = Input::file(options.trace_file);
    if (!input) return std::move(input).error().wrap("trace");
    auto trace = read_trace(options.format, std::move(*input), options.read);
    if (!trace) return std::move(trace).error().wrap("trace");
    auto report = replay_trace(std::move(*centre), *trace, options.run);
    if (report) report->trace = options.trace_file;
    return report;
}

}  // namespace suan::sim
