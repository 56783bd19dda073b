// Filling a centre with the pods of Alibaba's openb trace, the method of the published results of
// FGD (ATC'23): an empty centre, no time, no departures. A list of pods is shuffled, then drawn
// from with replacement until 1.3 times the centre has been asked for; each pod is submitted alone,
// and one that does not start at once is dropped.
//
// The protocol is that of hkust-adsl/kubernetes-scheduler-simulator with these differences, which
// the report repeats: CPU, memory and GPU models are outside the model, so only devices limit;
// pods without a GPU take part in the order but hold nothing; the generator of random numbers is
// ours, so a seed gives another order than theirs.
#pragma once

#include "base/result.hpp"
#include "sim/centre/centre.hpp"
#include "sim/replay/replay.hpp"
#include "sim/traces/openb.hpp"

#include <cstdint>
#include <string>

namespace suan::sim {

struct FillOptions {
    std::string centre_file;
    std::string pods_file;
    std::uint64_t seed = 42;
    ReplayRun run;  // its rules, scale and wall time are not used: fifo, no backfill
};

Result<ReplayReport> fill(const FillOptions& options);
Result<ReplayReport> fill_pods(CentreFile centre, const OpenbPods& pods, std::uint64_t seed,
                               const ReplayRun& run);

}  // namespace suan::sim
