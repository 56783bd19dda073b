// Fits the constants of each device family and software generation to measured step times, and the
// memory constants to measured memory.
//
// The objective is the mean over sources of the mean absolute logarithmic error (so that a long
// table does not outweigh a short one), plus a small pull towards the defaults that keeps constants
// which the rows do not determine where they were. Pattern search over one constant at a time:
// no randomness, the same tables give the same file.
#pragma once

#include "train/constants.hpp"
#include "train/evaluate.hpp"

#include <functional>
#include <string>
#include <vector>

namespace suan::train {

struct MeasuredCase {
    Case run;
    Measured measured;
    double weight = 1;
};

// Rows that can be predicted and have a measured step time, rate or memory.
std::vector<MeasuredCase> measured_cases(const std::vector<TableRow>& rows);

// `start` gives the constants to begin with and to be pulled to; sets that it lacks begin with
// the defaults.
Calibrations fit(const std::vector<MeasuredCase>& cases, const Calibrations& start);

// Measured over the rows given: fills rows, error_median, error_p90 and memory_error_p90.
void measure_errors(const std::vector<MeasuredCase>& cases, Calibrations& all);

}  // namespace suan::train
