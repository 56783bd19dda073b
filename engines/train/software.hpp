// Software generations: what runs the layout. A generation decides which calibration speaks, what
// widths the states have, and which attention kernel is meant; never which row is predicted.
#pragma once

#include "base/result.hpp"
#include "train/layout.hpp"
#include "train/memory.hpp"
#include "train/operators.hpp"

#include <string>
#include <vector>

namespace suan::train {

struct Software {
    std::string name;
    std::string generation;  // of the calibration; several frameworks may share one
    std::string
        allocator;  // whose reserve and fragmentation: softwares that share memory constants
    AttentionKernel attention = AttentionKernel::fused;
    Sends sends = Sends::whole;
    // What its launch scripts do beside tensor parallelism where a table does not say.
    SequenceParallel sequence_parallel = SequenceParallel::on;
    Launches launches = Launches::ahead;
    Reduces reduces = Reduces::behind;
    Recompute recompute = Recompute::full;  // what a table's "full" turns on
    int zero_stage_min = 0;                 // what its launch scripts turn on at least
    StateWidths widths{};
};

std::vector<std::string> software_names();
// What runs on a device family where nothing else is said.
std::string usual_software(const std::string& family);
Result<Software> find_software(const std::string& name, Precision precision);

// The software that a framework's label and attention kernel in a table mean.
Result<std::string> software_of(const std::string& framework, const std::string& attention);

}  // namespace suan::train
