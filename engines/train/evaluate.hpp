// Predictions against measured tables.
#pragma once

#include "train/constants.hpp"
#include "train/memory.hpp"
#include "train/step.hpp"
#include "train/table.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace suan::train {

struct Prediction {
    StepTime step;
    double step_s = 0;
    double tokens_per_s_per_device = 0;
    double memory_gib = 0;
    MemoryUse memory;
    bool fits = true;
};

Prediction predict(const Case& c, const Constants& constants);

struct EvaluatedRow {
    std::string row_id;
    std::string source;
    std::optional<Prediction> prediction;
    std::string missing_reason;  // where there is none
    Measured measured;
    std::string layout_group;  // rows that differ in layout only share it
};

struct Score {
    int rows = 0;
    int missing = 0;
    int scored = 0;  // with a measured step time
    double mean = 0;
    double median = 0;
    double p90 = 0;
    double bias = 0;  // mean signed
    int memory_rows = 0;
    double memory_mean = 0;
    double memory_worst_under = 0;  // the largest share by which a prediction was too low
    int groups = 0;                 // of at least 4 rows that differ in layout only
    double tau = 0;                 // mean over groups
    double pick_loss = 0;           // worst: measured time of the chosen over the fastest, minus 1
};

std::vector<EvaluatedRow> evaluate_rows(const std::vector<TableRow>& rows,
                                        const Calibrations& calibrations);
// By source, and "all": averaged over sources where it is an error.
std::map<std::string, Score> summarise(const std::vector<EvaluatedRow>& rows);

}  // namespace suan::train
