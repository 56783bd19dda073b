// What a job waits for, as its events tell it: rows of the history. Internal to the projector.
#pragma once

#include "runtime/projector.hpp"

namespace suan::runtime {

// A row when the event changes what a job waits for. In the queue that is Resources for one that
// holds a reservation and Priority for any other, as in lists of jobs; the full list of the moment
// is for core::why.
void add_wait_row(const core::State& state, const Entry& entry, std::uint32_t index,
                  const Event& event, std::vector<HistoryRow>& rows);

}  // namespace suan::runtime
