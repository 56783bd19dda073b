// Our own trace format (docs/formats/traces.md): CSV with the columns
//   job_id,org,project,member,submit_s,duration_s,walltime_s,tasks,devices_per_task,tier,pool
// in any order, and optionally milli, min_tasks, priority, exit_code, depends_on. Other columns are
// refused: a misspelt optional one must not be lost silently. Times are decimal seconds, exact to
// the microsecond.
#pragma once

#include "base/result.hpp"
#include "sim/traces/input.hpp"
#include "sim/traces/trace.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace suan::sim {

inline constexpr std::int64_t trace_priority_max = 1'000'000;  // and its negative

Result<Trace> read_suan_csv(Input input, const ReadOptions& options = {});

// Writes `trace` in that format, one call of `sink` per chunk of about 64 KiB; stops at the first
// error of the sink. Submissions are written relative, as they are in the trace. Optional columns
// are written where some job needs them. Reading the text gives the same jobs and dependencies.
Result<void> write_suan_csv(const Trace& trace,
                            const std::function<Result<void>(std::string_view)>& sink);

std::string to_suan_csv(const Trace& trace);

}  // namespace suan::sim
