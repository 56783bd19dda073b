// Collects rows into a Trace: filters, counts what was skipped, interns names, and at the end
// sorts, makes submissions relative and resolves dependencies. Used by the readers and the
// generator.
#pragma once

#include "base/result.hpp"
#include "sim/traces/trace.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::sim {

// One job as its row says it. `job` has its numbers filled; its indices are set here.
struct TraceRow {
    std::int64_t line = 0;
    std::string_view id;
    std::string_view org;
    std::string_view project = "default";
    std::string_view member = "default";
    std::string_view pool;
    std::string_view depends_on;  // ids separated by ';'
    TraceJob job;                 // submit_us on the clock of the file
};

class TraceBuilder {
public:
    // `file` names the input in errors. Options out of range are a bug (asserted).
    TraceBuilder(std::string file, ReadOptions options);

    // Takes a row, or counts it as skipped when a filter excludes it. invalid: an id seen before;
    // exhausted: more than limits::trace_rows_max.
    Result<void> add(const TraceRow& row);
    // Counts a row that its reader does not turn into a job.
    Result<void> skip(SkipReason reason, std::int64_t line);

    // `origin.us` is the clock's time at the file's 0. invalid: a dependency on an id that is not
    // in the file, or on a job submitted later.
    Result<Trace> finish(Origin origin);

    // Shapes a job of `devices` (1..tasks_max, asserted) by split_gang() for the nodes of the
    // options.
    void set_gang(TraceJob& job, std::int64_t devices) const;

    Trace& trace() { return trace_; }

private:
    struct Pending {
        std::int64_t line = 0;
        std::uint32_t id = 0;
        std::string depends_on;
    };

    Result<void> count_row(std::int64_t line);
    void count_skip(SkipReason reason, std::int64_t line);
    Result<void> resolve_dependencies();
    Result<void> resolve(const Pending& pending, const std::vector<std::uint32_t>& place_of);

    std::string file_;
    ReadOptions options_;
    Trace trace_;
    std::array<Skipped, skip_reasons> skipped_;
    std::vector<Pending> pending_;
};

}  // namespace suan::sim
