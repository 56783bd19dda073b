// The policy time machine: a centre's own log, run again under other rules, prices, shares or size.
// docs/rules/whatif.md says what it keeps, what it changes, and what it cannot know.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "sim/centre/rules_file.hpp"
#include "sim/replay/report.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::sim {

struct WhatIfOptions {
    RulesFile change;         // may be empty: then both sides must be the same
    std::uint32_t scale = 1;  // so many times the nodes, shares, money and submissions
};

struct WhatIfOrg {
    std::string name;
    std::int64_t submitted = 0;
    std::int64_t started = 0;
    Spread wait;  // of first starts
    std::int64_t device_seconds = 0;
    std::int64_t charged_micro_yuan = 0;
};

struct WhatIfSide {
    std::vector<WhatIfOrg> orgs;  // by name
    WhatIfOrg total;
    std::int64_t devices_milli = 0;
    std::int64_t used_per_mille = 0;  // of all devices, over the time of the log
    std::int64_t preemptions = 0;
    std::int64_t refused = 0;  // submissions
    std::int64_t entries = 0;
};

struct WhatIfReport {
    WhatIfSide before, after;
    std::uint64_t entries = 0;           // of the log, reproduced bit for bit
    std::uint64_t first_difference = 0;  // entry from which on both differ; 0: nowhere
    std::int64_t span_us = 0;
    std::vector<std::string> unknown;  // what it cannot know, with counts where it has them
};

// `corrupt` where the log does not reproduce itself, naming the entry; `invalid` where the change
// names what the log does not have.
Result<WhatIfReport> what_if(const std::vector<Entry>& log, const WhatIfOptions& options);

std::string to_json(const WhatIfReport& report);
std::string to_text(const WhatIfReport& report);

}  // namespace suan::sim
