// `suan app`.
#pragma once

#include "bin/cli.hpp"

namespace suan::bin {

void add_app_commands(Cli& cli);

}  // namespace suan::bin
