// A workload read from a file or generated: jobs in the order in which they are submitted.
//
// Invariants of every Trace that a reader, or generate(), returns:
// * jobs are sorted by submit_us; jobs of the same microsecond keep the order of their rows;
// * submit_us of the first job is 0: submissions are relative to the first KEPT job, and `origin`
//   says where that job was on the clock of the file;
// * a job has tasks >= min_tasks >= 1, devices_per_task >= 1, 1 <= milli <= 1000, and milli < 1000
//   only where devices_per_task is 1;
// * a dependency points to a job that comes earlier in `jobs`.
//
// A job takes 64 bytes and its id about 20 more: a million jobs fit in less than 150 MB.
#pragma once

#include "base/limits.hpp"
#include "sim/traces/string_table.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::sim {

enum class Tier : std::uint8_t { reserved, standard, spot };

const char* to_string(Tier tier);
std::optional<Tier> tier_from(std::string_view text);

struct TraceJob {
    std::int64_t submit_us = 0;    // since the first job of the trace
    std::int64_t duration_us = 0;  // how long it runs once started
    std::int64_t walltime_us = 0;  // what its user asked for; 0 where the file does not say
    std::uint32_t id = 0;          // in Trace::job_ids
    std::uint32_t org = 0;         // in Trace::orgs
    std::uint32_t project = 0;     // in Trace::projects; a name means one project per organisation
    std::uint32_t member = 0;      // in Trace::members; a name means one member per organisation
    std::uint32_t pool = 0;        // in Trace::pools; the empty text means any pool
    std::uint32_t tasks = 1;
    std::uint32_t min_tasks = 1;  // fewer than tasks for an elastic job
    std::uint32_t devices_per_task = 1;
    std::int32_t priority = 0;
    std::uint16_t milli = limits::milli_per_device;  // of each device
    Tier tier = Tier::standard;
    std::uint8_t exit_code = 0;  // what it ends with

    std::uint64_t devices() const { return std::uint64_t{tasks} * devices_per_task; }
};

// Why a well-formed row did not become a job. A malformed row is an error, never a skip.
enum class SkipReason : std::uint8_t {
    outside_window,   // submitted before ReadOptions::from_us or after to_us
    other_org,        // not one of ReadOptions::orgs
    no_devices,       // asks for no device
    never_started,    // cancelled or still waiting when the record ends
    no_duration,      // run time unknown
    partial_run,      // SWF: one stretch of a job whose summary line is read
    dependency_gone,  // not the row, only its dependency on a job that was skipped
};
inline constexpr std::size_t skip_reasons = 7;
const char* to_string(SkipReason reason);

struct Skipped {
    SkipReason reason = SkipReason::outside_window;
    std::int64_t rows = 0;
    std::vector<std::int64_t> first_lines;  // up to skip_lines_kept
};
inline constexpr std::size_t skip_lines_kept = 5;

// The clock of the file at submit_us = 0.
struct Origin {
    enum class Clock : std::uint8_t {
        own,    // microseconds since an unnamed beginning of the file
        local,  // 1970-01-01 00:00:00 of an unnamed local time
        unix_utc,
    };
    Clock clock = Clock::own;
    std::int64_t us = 0;
};

// jobs[job] may start only when jobs[on] has ended.
struct Dependency {
    std::uint32_t job = 0;
    std::uint32_t on = 0;
    friend auto operator<=>(const Dependency&, const Dependency&) = default;
};

struct Trace {
    StringTable job_ids, orgs, projects, members, pools;
    std::vector<TraceJob> jobs;
    std::vector<Dependency> dependencies;  // sorted
    std::vector<Skipped> skipped;          // only reasons that occurred, in the order of the enum
    std::int64_t rows = 0;                 // read: kept and skipped
    Origin origin;
    std::vector<std::pair<std::string, std::string>> header;  // SWF comments "; Key: value"

    // The leading integer of a header value such as "MaxProcs: 1024 (since May)".
    std::optional<std::int64_t> header_number(std::string_view key) const;
    std::int64_t skipped_rows(SkipReason reason) const;
};

// What every reader understands. Times are on the clock of the file, both ends included.
struct ReadOptions {
    std::int64_t from_us = INT64_MIN;
    std::int64_t to_us = INT64_MAX;
    std::vector<std::string> orgs;       // keep only these; empty keeps all
    std::uint32_t devices_per_node = 8;  // how split_gang() cuts a gang; 1..devices_per_node_max
};

struct GangShape {
    std::uint64_t tasks = 1;
    std::uint32_t devices_per_task = 1;
    friend bool operator==(const GangShape&, const GangShape&) = default;
};

// Cuts a gang into equal tasks that each fit a node: up to a node's devices it is one task; above,
// tasks of gcd(devices, devices_per_node) devices. On nodes of 8: 12 is 3 x 4, 24 is 3 x 8, 20 is
// 5 x 4. The plain largest divisor up to 8 (12 as 2 x 6) was rejected: tasks of 6 leave two devices
// idle on every node. devices >= 1 and devices_per_node >= 1 (asserted).
GangShape split_gang(std::uint64_t devices, std::uint32_t devices_per_node);

}  // namespace suan::sim
