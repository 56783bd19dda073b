// The reserve and the fragmentation of each allocator, fitted to measured memory. Internal to fit.
#pragma once

#include "train/fit.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace suan::train {

using Cases = std::vector<const MeasuredCase*>;

// Mean over sources of the mean error; a source of few rows counts less.
double mean_by_source(const Cases& cases, const std::function<double(const MeasuredCase&)>& error);

struct MemoryConstants {
    double reserve_gib = 0;
    double fragmentation = 0;
    int rows = 0;  // of the allocator itself, with measured memory; 0 where those were too few
};

// For every allocator of `software_names()`. Rows of one allocator are fitted together whatever
// their device. Rows that ran and print no memory say that what they needed was there. An allocator
// of fewer than three rows with measured memory takes those of all.
std::map<std::string, MemoryConstants> fit_memory(const std::vector<MeasuredCase>& cases);

}  // namespace suan::train
