// `suan log compare` and `suan log evidence`: do two copies of a log agree, and what does it prove
// when they do not.
#pragma once

#include "bin/cli.hpp"

namespace suan::bin {

void add_log_evidence_commands(Cli& cli, CLI::App& log);

}  // namespace suan::bin
