// Witnesses as the API and the metrics show them: the record of the state, and how far the log says
// that each has come.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "log/log.hpp"
#include "suan/api.pb.h"

namespace suan::api {

// In the hub's loop.
void fill(std::uint32_t id, const core::Witness& witness, WitnessView& out);
// Afterwards, on the work pool: last_block and lag_blocks. One that has never signed lags behind
// from the block that it was registered in; one that was removed does not lag.
Result<void> fill_standing(const log::Log& log, WitnessView& view);

}  // namespace suan::api
