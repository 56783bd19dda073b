// How far predictions are off on rows that a fit has not seen, beside those that it has.
#pragma once

#include "train/fit.hpp"

namespace suan::train {

// Residuals of the same cases under three ways to look at them.
struct Validation {
    std::vector<Residual> fitted;
    std::vector<Residual> configuration;  // left out by configuration
    std::vector<Residual> source;         // left out by source
};

Validation validate(const std::vector<MeasuredCase>& cases, const Calibrations& start);

// By source: mean error of step time and of memory, and the worst memory that was too low; percent.
std::string validation_text(const std::vector<MeasuredCase>& cases, const Validation& validation);

}  // namespace suan::train
