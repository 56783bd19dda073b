// The Microsoft Philly trace as the Pollux authors parsed it: columns timestamp, duration
// (seconds), num_gpus, gpu_time, cluster. A row has no id, user or requested time, so:
// * id = "row-N", N counting data rows from 1 (full duplicates are separate jobs);
// * org and pool = cluster (each virtual cluster is a tenant with its own nodes);
// * project and member = "default", walltime 0, tier standard;
// * tasks by split_gang().
// gpu_time must be duration x num_gpus, as it is in the whole file. Timestamps are local, so the
// origin is on Origin::Clock::local, and ReadOptions' window is given with parse_civil_us().
#pragma once

#include "base/result.hpp"
#include "sim/traces/input.hpp"
#include "sim/traces/trace.hpp"

namespace suan::sim {

Result<Trace> read_philly(Input input, const ReadOptions& options = {});

}  // namespace suan::sim
