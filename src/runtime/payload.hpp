// The private part of a job and how it becomes an executor's order.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "exec/executor.hpp"
#include "suan/payload.pb.h"

namespace suan::runtime {

// What is wrong with a payload, naming the field; done when it can be launched on an executor of
// `kind`. The API calls it before it submits.
Result<void> check_payload(const JobPayload& payload, ExecutorKind kind);

exec::LeaseRef lease_ref(const core::Lease& lease);

// The order that starts `lease`, without its payload. The lease, its job, pool and nodes must be in
// the state (asserted).
exec::StartOrder start_order(const core::State& state, const core::Lease& lease);
void set_payload(exec::StartOrder& order, const JobPayload& payload);

}  // namespace suan::runtime
