// From what Slurm users write (nodes, tasks, CPUs, GPUs) to a gang of tasks with devices each. The
// table of docs/guides/slurm-users.md; pure, so that a test can be that table.
#pragma once

#include "base/result.hpp"
#include "bin/slurm/submit_options.hpp"
#include "suan/api.pb.h"

#include <string>
#include <vector>

namespace suan::bin::slurm {

// What the mapping needs to know of a pool. In a pool of type "cpu" a device is a core.
struct PoolShape {
    std::string name;
    std::string device_type;
    bool is_cpu() const { return device_type == "cpu"; }
};

struct Gang {
    std::uint32_t tasks = 1;
    std::uint32_t devices_per_task = 1;
    std::uint32_t cpus_per_task = 1;
    Topology topology = TOPOLOGY_ANY;
    friend bool operator==(const Gang&, const Gang&) = default;
};

// `invalid` when it does not come out even, or asks for devices that the pool has not.
Result<Gang> gang_of(const Sizes& sizes, const PoolShape& pool);

// Of a process: --mem is a node's in Slurm; a process may use all of it.
std::uint64_t memory_of(const Sizes& sizes);

// The variables that the job gets. Never the hub's token; names that are no C identifiers and
// values that are not UTF-8 are left out and named in `notes`.
std::vector<EnvironmentVariable> exported_variables(const ExportRule& rule,
                                                    const std::vector<std::string>& environment,
                                                    std::vector<std::string>& notes);

struct WorkingFolder {
    std::string submit_dir;              // where the command was given
    std::vector<std::string> work_dirs;  // of SUAN_WORK_DIRS: folders that the hub's machine shares
};

// Folder and file names. Without -D the job runs where it was submitted if that lies in a shared
// folder, else in a folder of its own.
void set_files(const Submission& submission, const WorkingFolder& folder, JobRequest& job,
               std::vector<std::string>& notes);

}  // namespace suan::bin::slurm
