// A plan as a job file for the hub (docs/formats/job.md).
#pragma once

#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <string>

namespace suan::train {

struct JobOptions {
    std::string name = "train";
    std::string pool;                // empty: the hub's only one
    std::string launcher = "torch";  // or mindspore
    std::string script;              // the training program and its arguments, after the launcher
    std::int64_t devices_per_node = 8;
};

// `plan` is what `suan-train plan --json` printed; `choice` counts its layouts from 0.
Result<std::string> job_file(const boost::json::value& plan, std::size_t choice,
                             const JobOptions& options);

}  // namespace suan::train
