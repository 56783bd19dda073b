// Time passes: timers that are due, money for jobs that wait for some, and one scheduling pass for
// each pool that wants it. Internal to src/core.
#pragma once

#include "core/step.hpp"

namespace suan::core {

Verdict decide_tick(Step& step);

}  // namespace suan::core
