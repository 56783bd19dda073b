// Jobs, leases and reasons as the API shows them. Runs in the hub's loop: names come from the
// state.
#pragma once

#include "api/viewer.hpp"
#include "core/state.hpp"
#include "core/transition.hpp"
#include "runtime/history.hpp"
#include "suan/api.pb.h"

#include <vector>

namespace suan::api {

Tier proto_tier(sched::Tier tier);
Topology proto_topology(sched::Topology topology);

// One line of a list. `Reasons::all` asks the scheduler why a waiting job waits, `cheap` tells what
// the job itself knows.
enum class Reasons { cheap, all };
void fill(const core::State& state, const Viewer& viewer, const core::Job& job, Reasons reasons,
          JobView& out);
void fill(const core::State& state, const runtime::JobRow& row, JobView& out);
// What the answer for one job has in addition.
void fill_details(const core::State& state, const Viewer& viewer, const core::Job& job,
                  JobView& out);

void fill(const core::State& state, const core::Lease& lease, LeaseView& out);
void fill(const core::State& state, const runtime::LeaseRow& row, LeaseView& out);
void fill(const core::State& state, const Payment& payment, PaymentView& out);

// Without what would tell a tenant of other orgs: whose job is before its own, and how many.
std::vector<core::WaitReason> reasons_for(const core::State& state, const Viewer& viewer,
                                          const core::Job& job);
void fill(const core::WaitReason& reason, WaitReasonView& out);
void fill_why(const core::State& state, const Viewer& viewer, const core::Job& job, WhyView& out);

}  // namespace suan::api
