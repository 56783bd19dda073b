// What a run will take: a setting (model, cluster, software), a layout, and from them time, memory,
// days, device-hours and money, each with the error band of the nearest measured family.
#pragma once

#include "train/memory.hpp"
#include "train/search.hpp"
#include "train/software.hpp"
#include "train/step.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>

namespace suan::train {

struct SettingOptions {
    std::string model;
    std::string cluster;
    std::string software;  // empty: by the device's family
    std::string precision = "bf16";
    std::string calibration;  // empty: the built-in one
    std::int64_t seq = 0;     // 0: the model's
    std::int64_t global_batch = 0;
    double tokens = 0;                 // of the whole run; 0: not asked
    double yuan_per_device_hour = -1;  // below 0: the cluster's
};

struct Setting {
    ModelShape model;
    Machine machine;
    Software software;
    Execution run;
    Calibration calibration;  // a copy of the set that is used
    std::int64_t global_batch = 0;
    double tokens = 0;
    double yuan_per_device_hour = 0;
};

Result<Setting> make_setting(const SettingOptions& options);

// Relative: a figure x is in [x (1 - share), x (1 + share)] for half, and for nine tenths, of the
// measured rows of the calibration.
struct Band {
    double half = 0;
    double most = 0;
};

struct Quote {
    Candidate candidate;
    bool fits = false;
    bool tight = false;  // fits, but fragmentation would have to be given back
    double tokens_per_s = 0;
    double tokens_per_s_per_device = 0;
    double mfu = 0;  // of the device's 16-bit peak, masked attention not counted
    Band time_band;
    double memory_band = 0;
    // For a run of so many tokens:
    double days = 0;          // of steps alone
    double device_hours = 0;  // with checkpoints and failures
    double wall_days = 0;     // with checkpoints and failures
    double yuan = 0;
    double checkpoint_bytes = 0;
    double checkpoint_interval_s = 0;  // 0: no failure rate or no storage figure
    double goodput = 1;                // share of wall time that is steps
};

Quote make_quote(const Setting& setting, const Candidate& candidate);
// A layout that the user gives.
Result<Candidate> candidate_of(const Setting& setting, const Layout& layout);

// Young's interval sqrt(2 x time to write x mean time between failures of the whole run) (Young
// 1974, equation 3); Daly 2006 gives the share that is lost: writes, half an interval of work and
// a restart for each failure.
struct Checkpoints {
    double interval_s = 0;
    double goodput = 1;
};
Checkpoints plan_checkpoints(double write_s, double failures_per_s, double restart_s);

std::string quote_text(const Setting& setting, const Quote& quote);
boost::json::object quote_json(const Setting& setting, const Quote& quote);
boost::json::object layout_json(const Layout& layout);

}  // namespace suan::train
