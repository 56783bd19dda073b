// The shared traces as jobs of the simulator. Errors name file and line.
#pragma once

#include "base/result.hpp"
#include "simulator.hpp"

#include <string>
#include <vector>

namespace suan::contest {

struct Workload {
    std::vector<Job> jobs;                     // by submission
    std::vector<std::string> orgs;             // their names
    std::vector<std::uint32_t> nodes_of_orgs;  // of 8 devices; empty: no org has nodes of its own
};

// Muri's trace: run time = iterations x iteration_time x 1.015, and the cost of an event by model
// and gang as its simulator's table has it.
Result<Workload> read_muri_workload(const std::string& file);

// Philly's jobs of the 11 virtual clusters from 2017-10-01 00:00:00 to 2017-11-30 23:59:00, on the
// tight map of 82 nodes. Submissions are divided by compress_milli / 1000.
Result<Workload> read_philly_workload(const std::string& file, std::int64_t compress_milli = 1'000);

// Chronus' jobs. Best effort: tier spot; strict and soft: standard, with the (first) deadline.
Result<Workload> read_chronus_workload(const std::string& file);

// What a run came to. Waiting is end - submission - run time: all that a job did not progress.
struct Figures {
    double jct_mean_s = 0;
    double jct_p99_s = 0;  // sorted at floor(0.99 n), as Muri counts
    double wait_mean_s = 0;
    double wait_p999_s = 0;    // nearest rank
    double slowdown_mean = 0;  // bounded: max(1, jct / max(run, 10 s))
    double lost_share = 0;     // of the device time held
    double use = 0;            // device time of completed work over devices x span of arrivals
    double makespan_s = 0;
    std::vector<double> org_wait_s;
};
Figures figures_of(const Simulator& sim, std::size_t orgs);

}  // namespace suan::contest
