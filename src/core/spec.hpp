// What a job specification means: defaults filled in, every bound checked. Internal to src/core.
#pragma once

#include "core/step.hpp"

namespace suan::core {

// The parts of a Job that follow from its spec and its pool alone.
void fill_from_spec(Job& job, const JobSpec& spec, const Pool& pool);
// The first rule that the spec breaks, if any. Dependencies and money are looked at elsewhere.
Verdict check_spec(const JobSpec& spec, const Pool& pool);
// The same for a job admitted earlier: the pool's bound on wall times may have changed since.
Verdict check_admitted_spec(const JobSpec& spec, const Pool& pool);
Verdict check_array(const ArraySpec& array);

}  // namespace suan::core
