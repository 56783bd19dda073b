// Options of `suan job submit`. Texts are parsed by request_of, where errors name the option.
#pragma once

#include "bin/cli.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::bin {

struct SubmitOptions {
    std::string file, wrap, org, project, pool, name, tier, topology, topology_wait, walltime;
    std::string checkpoint_interval;
    std::string begin, grace, bid, array, working_dir, stdout_pattern, stderr_pattern, launcher;
    std::string memory, sim_duration, idempotency_key;
    std::vector<std::string> after, environment;
    std::uint32_t tasks = 0, tasks_min = 0, devices_per_task = 0, milli_per_device = 0, retries = 0;
    std::uint32_t cpus_per_task = 0;
    std::int32_t priority = 0, sim_exit_code = 0;
    std::uint64_t quote = 0;
    bool held = false, wait = false;
};

void add_submit_options(CLI::App& verb, SubmitOptions& options);
ExitCode run_submit(Cli& cli, SubmitOptions& options);

// Yuan a device hour. Throws Failed(usage).
std::int64_t bid_option(const std::string& option, const std::string& text);

// `rest` is the command after `--`. Throws Failed(usage).
// The jobs of the file, or the one that options and command describe.
std::vector<JobRequest> jobs_of(const SubmitOptions& options, const std::vector<std::string>& rest);
JobRequest request_of(const SubmitOptions& options, const std::vector<std::string>& rest);

}  // namespace suan::bin
