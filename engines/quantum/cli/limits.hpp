// Hard limits of a run: what it would cost is added up before any of it starts.
#pragma once

#include "quantum/backend/backend.hpp"
#include "quantum/cli/batch.hpp"
#include "quantum/cli/run_command.hpp"

namespace suan::quantum {

// exhausted: the runs together are over --limit-yuan or --limit-seconds; says by how much. Nothing
// is computed where there is no limit. `backend` null: an ideal simulator, which costs time only.
Result<void> check_limits(const std::vector<NamedText>& files, const std::vector<BatchRun>& runs,
                          const RunOptions& options, unsigned threads, const RunArguments& limits,
                          const Backend* backend = nullptr);

// The same of an estimate that is made already.
Result<void> check_limits(double yuan, double seconds, double limit_yuan, double limit_seconds);

}  // namespace suan::quantum
