// The list of jobs in another order than newest first: `sort=devices`, `sort=-wait`, ...
//
// A page is the best of all jobs of the state that come after the cursor, found by looking through
// all of them in pieces. Jobs that only the history still has are not among them. A job whose value
// changes between two pages may be met twice or not at all; the others are met once.
#pragma once

#include "api/call.hpp"

namespace suan::api {

void get_sorted_jobs(const CallPtr& call);

}  // namespace suan::api
