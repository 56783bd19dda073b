// The list of jobs: those of the state and, before them, those that only the history still has.
//
// The state is looked through in pieces, newest first, so that one caller's rare matches do not
// keep the hub's loop busy; the caller sees full pages only.
#pragma once

#include "api/call.hpp"

namespace suan::api {

void get_jobs(const CallPtr& call);

}  // namespace suan::api
