// The Philly-derived jobs with deadlines of Chronus (SoCC'21): job_id, user (= virtual cluster),
// num_gpu, submit_time and duration in minutes, model_name, job_type. org = user, project =
// model_name, member = "default", pool any, walltime 0. job_type gives the tier: strict reserved,
// soft standard, best (effort) spot. Rows with num_gpu 0 are skipped, as the authors' loader does.
// Deadlines (expect_time_list) are not read: Suan's jobs have none.
#pragma once

#include "base/result.hpp"
#include "sim/traces/input.hpp"
#include "sim/traces/trace.hpp"

namespace suan::sim {

Result<Trace> read_chronus(Input input, const ReadOptions& options = {});

}  // namespace suan::sim
