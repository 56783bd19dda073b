// What a replay reports. Integers only: times are microseconds here and milliseconds in JSON, parts
// are per mille or parts per million. docs/formats/replay.md defines every figure.
#pragma once

#include "base/bytes.hpp"
#include "base/money.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace suan::sim {

// Of a set of spans. Percentiles are by nearest rank: the smallest value that at least p% of the
// values do not exceed.
struct Spread {
    std::int64_t count = 0;
    std::int64_t mean_us = 0;  // rounded down
    std::int64_t p50_us = 0;
    std::int64_t p90_us = 0;
    std::int64_t p99_us = 0;
    std::int64_t p999_us = 0;
    std::int64_t max_us = 0;
};
// Reorders `values`.
Spread spread_of(std::vector<std::int64_t>& values);

struct OrgReport {
    std::string name;
    std::int64_t jobs = 0;     // submitted, refused ones included
    std::int64_t started = 0;  // and ended
    Spread jct;
    Spread wait;
    std::int64_t device_seconds = 0;
    std::int64_t service_ppm = 0;  // sum of durations / sum of completion times
};

struct PoolReport {
    std::string name;
    std::int64_t devices_milli = 0;
    std::int64_t used_per_mille = 0;
    std::int64_t fragmented_per_mille = 0;
    std::int64_t idle_wanted_per_mille = 0;
};

// One moment of a fill: how much had been asked for, and how much of it runs.
struct FillPoint {
    std::int64_t arrived_percent = 0;
    std::int64_t allocated_ppm = 0;  // mean over the pods of this percent
};

struct ReplayReport {
    // The input.
    std::string centre, trace, rules;
    std::int64_t scale_milli = 1'000;
    std::int64_t rows = 0, skipped = 0;  // of the trace file
    // Counts of jobs.
    std::int64_t jobs = 0;  // of the trace
    std::int64_t admitted = 0;
    std::map<std::string, std::int64_t> refused;  // by the code of the refusal
    std::int64_t completed = 0, failed = 0, timed_out = 0, cancelled = 0, unfinished = 0;
    std::int64_t lowered = 0;  // reserved jobs submitted as standard: larger than their share
    // Times.
    Spread jct, wait;
    std::int64_t makespan_us = 0;  // first submission to last end
    // Devices.
    std::int64_t devices_milli = 0;
    std::int64_t used_device_seconds = 0;
    std::int64_t used_per_mille = 0;
    std::int64_t fragmented_per_mille = 0;
    std::int64_t idle_wanted_per_mille = 0;
    std::int64_t jain_ppm = 0;
    std::int64_t worst_service_ppm = 0;
    std::int64_t preemptions = 0;
    std::int64_t resizes = 0;
    std::int64_t lost_device_seconds = 0;  // of runs that were stopped and run again
    std::vector<OrgReport> orgs;           // by name
    std::vector<PoolReport> pools;         // in the order of the centre
    // The log.
    std::int64_t commands = 0;  // decided
    std::int64_t entries = 0;   // logged: those that changed something
    std::int64_t starts = 0, reservations = 0;
    Hash256 state_digest{};
    // Of this machine and run; everything above is the same everywhere.
    std::int64_t wall_us = 0;  // of the loop, without reading the files
    std::int64_t peak_memory_bytes = 0;
    // Of a fill only.
    std::int64_t seed = 0;
    std::vector<FillPoint> fill;
    std::vector<std::string> notes;  // what the model leaves out

    std::int64_t commands_per_second() const;
    std::int64_t starts_per_second() const;
};

// One JSON object, keys as in docs/formats/replay.md, followed by a line end.
std::string to_json(const ReplayReport& report);
// For people; at most `orgs_max` orgs, those that waited longest on average first.
std::string to_text(const ReplayReport& report, std::size_t orgs_max = 20);

// Jain's index of xs, in parts per million: (sum x)^2 / (n * sum x^2). 1,000,000 when all are
// equal, 1,000,000 / n when one has everything. Jain, Chiu, Hawe, "A Quantitative Measure of
// Fairness and Discrimination for Resource Allocation in Shared Computer Systems", DEC-TR-301,
// 1984. xs: 0 to 1,000,000 each, at most 2^32 of them (asserted).
std::int64_t jain_index_ppm(const std::vector<std::int64_t>& xs);

}  // namespace suan::sim
