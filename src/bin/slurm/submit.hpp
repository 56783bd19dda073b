// What sbatch and srun share: from options to an accepted job.
#pragma once

#include "bin/session.hpp"
#include "bin/slurm/submit_options.hpp"
#include "suan/api.pb.h"

#include <string>
#include <vector>

namespace suan::bin::slurm {

// Notes on standard error, one line each, under the command's name.
void put_notes(std::string_view command, const std::vector<std::string>& notes);

// Everything but the program: asks the hub for the pool's shape and the ids of array elements.
// Appends to `submission.notes`.
JobRequest job_request(Session& session, Submission& submission);

// Throws Failed(usage).
template <typename T>
T usage_or(Result<T> result) {
    if (!result) throw Failed(ExitCode::usage, result.error().context);
    return std::move(*result);
}

}  // namespace suan::bin::slurm
