#include "sim/whatif/whatif.hpp"

#include "core/rules_version.hpp"
#include "sim/whatif/rerun.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

// No change: the log must come out again, event for event.
Result<void> reproduces(const std::vector<Entry>& log, const History& history) {
    const WhatIfOptions unchanged{};
    SideMeter meter;
    Rerun rerun(log, history, unchanged, meter);
    rerun.run();
    if (rerun.first_difference() == 0) return {};
    return Error{ErrorCode::corrupt,
                 fmt::format("entry {}: the log does not reproduce itself under its own rules, so "
                             "nothing can be said about others; `suan log verify` says how it "
                             "differs",
                             rerun.first_difference())};
}

Result<void> check_log(const std::vector<Entry>& log) {
    std::uint64_t seq = 0;
    std::int64_t now = 0;
    for (const Entry& entry : log) {
        if (entry.seq() != ++seq)
            return Error{ErrorCode::corrupt,
                         fmt::format("entry {}: expected entry {}", entry.seq(), seq)};
        if (entry.time_us() < now)
            return Error{ErrorCode::corrupt,
                         fmt::format("entry {}: it is older than the one before", seq)};
        if (auto other = core::check_rules_version(
                seq, entry, "ask what if with the program that wrote the log");
            !other)
            return other;
        now = entry.time_us();
    }
    if (log.empty()) return Error{ErrorCode::invalid, "the log is empty"};
    return {};
}

std::vector<std::string> unknowns(const WhatIfReport& report, const Rerun& rerun) {
    std::int64_t alive = 0;
    rerun.state().jobs.for_each(
        [&](std::uint64_t, const core::Job& job) { alive += job.has_ended() ? 0 : 1; });
    std::vector<std::string> out{
        "users react to prices and waits: what they submit and cancel is taken as it was",
        "requests that were refused are not in a log, so those that would now be accepted are "
        "missing",
        "a run lasts as long wherever it lies, and saves no checkpoint later than it did in the "
        "log; that it may run faster elsewhere is not known",
    };
    if (rerun.unknown_runs() > 0)
        out.push_back(
            fmt::format("{} runs never ended by themselves in the log: their run times "
                        "are learned from jobs like them",
                        rerun.unknown_runs()));
    if (rerun.refused() > 0)
        out.push_back(
            fmt::format("{} submissions are refused under the change: what their users "
                        "would do then is not known",
                        rerun.refused()));
    const auto unstarted = [](const WhatIfOrg& all) { return all.submitted - all.started; };
    if (unstarted(report.before.total) > 0 || unstarted(report.after.total) > 0)
        out.push_back(
            fmt::format("{} jobs of the log and {} on the changed side never started: waits are "
                        "of those that did",
                        unstarted(report.before.total), unstarted(report.after.total)));
    if (alive > 0)
        out.push_back(
            fmt::format("{} jobs have not ended when the log does, on the changed side", alive));
    return out;
}

}  // namespace

Result<WhatIfReport> what_if(const std::vector<Entry>& log, const WhatIfOptions& options) {
    if (auto bad = check_log(log); !bad) return std::move(bad).error();
    if (options.scale == 0 || options.scale > 1'000)
        return Error{ErrorCode::invalid, "scale must be 1 to 1000"};
    const History history(log);
    if (auto bad = reproduces(log, history); !bad) return std::move(bad).error();
    WhatIfReport out;
    out.entries = log.size();
    const Time end{log.back().time_us()};
    SideMeter before;
    for (const Entry& entry : log)
        before.entry(entry);
    out.before = before.side(end);
    SideMeter after;
    Rerun rerun(log, history, options, after);
    rerun.run();
    if (const auto unused = rerun.overlay().unused(rerun.state()); !unused.empty())
        return Error{ErrorCode::invalid, unused.front()};
    if (rerun.impossible()) return *rerun.impossible();
    out.after = after.side(end);
    out.after.refused = rerun.refused();
    out.first_difference = rerun.first_difference();
    out.span_us = end.us - log.front().time_us();
    out.unknown = unknowns(out, rerun);
    return out;
}

}  // namespace suan::sim
