// Filling Alibaba's openb cluster by the published protocol (that trace's README, steps 1 to 7):
// pods by name, shuffled with the seed, drawn again until 1.3 times the capacity arrived (or
// dropped at random where the list alone passes it); each placed at once or never. Processors,
// memory and models are hard limits. The generator of random numbers is ours, so a seed stands for
// another order than the published one of that number.
#pragma once

#include "base/result.hpp"
#include "sim/traces/openb.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::contest {

struct FillFigures {
    double allocated_percent = 0;  // mean over the pods of the bin of 130 % arrived
    std::int64_t pods = 0;
    double seconds = 0;  // of this thread, placing
};

double thread_seconds();  // of processor time

struct OpenbInput {
    std::vector<sim::OpenbNode> nodes;  // those with GPUs
    sim::OpenbPods pods;
};
Result<OpenbInput> read_openb(const std::string& folder, const std::string& list);

// `folder`: openb-v2023; `list`: such as "openb_pod_list_default".
Result<FillFigures> fill_openb(const std::string& folder, const std::string& list,
                               std::uint64_t seed);

// The mean of the published FGD runs of a list at 130 %.
Result<double> published_fgd(const std::string& folder, const std::string& list);

}  // namespace suan::contest
