// The Philly-derived traces of Muri (SIGCOMM'22): columns job_id, num_gpu, submit_time (ms),
// iterations, model_name, batch_size, duration (ms), interval, iteration_time (ms),
// resource_time_*, priority. org = "muri", project = model_name, member = "default", pool any,
// walltime 0.
#pragma once

#include "base/result.hpp"
#include "sim/traces/input.hpp"
#include "sim/traces/trace.hpp"

namespace suan::sim {

enum class MuriDuration : std::uint8_t {
    recorded,   // the column duration
    simulated,  // iterations x iteration_time x 1.015, what the authors' simulator uses
};

Result<Trace> read_muri(Input input, const ReadOptions& options = {},
                        MuriDuration duration = MuriDuration::recorded);

}  // namespace suan::sim
