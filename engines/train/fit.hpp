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
#include <optional>
#include <string>
#include <vector>

namespace suan::train {

struct MeasuredCase {
    Case run;
    Measured measured;
    double weight = 1;
};

// Seconds; 0 where neither a step time nor a rate was measured.
double measured_step_s(const MeasuredCase& c);

// Rows that can be predicted and have a measured step time, rate or memory.
std::vector<MeasuredCase> measured_cases(const std::vector<TableRow>& rows);

// `start` gives the constants to begin with and to be pulled to; sets that it lacks begin with
// the defaults.
Calibrations fit(const std::vector<MeasuredCase>& cases, const Calibrations& start);

// How far predictions are off on rows that the fit did not see. Empty where there is no figure.
struct Residual {
    std::optional<double> time;  // predicted over measured, minus 1
    std::optional<double> memory;
};

// Residuals of cases as the given calibrations predict them.
std::vector<Residual> residuals(const std::vector<MeasuredCase>& cases, const Calibrations& all);
// By configuration: three parts; each is predicted by a fit on the two others. Repeats of one
// configuration are in one part.
std::vector<Residual> residuals_by_configuration(const std::vector<MeasuredCase>& cases,
                                                 const Calibrations& start);
// By source: each source is predicted by a fit on all others.
std::vector<Residual> residuals_by_source(const std::vector<MeasuredCase>& cases,
                                          const Calibrations& start);

// Fills rows, error_median, error_p90 and memory_error_p90 of every set from `left_out`, which has
// one residual for each case.
void set_errors(const std::vector<MeasuredCase>& cases, const std::vector<Residual>& left_out,
                Calibrations& all);

}  // namespace suan::train
