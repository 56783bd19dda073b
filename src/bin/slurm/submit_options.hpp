// What sbatch and srun are asked for: options of the command line, the environment (SBATCH_*) and
// the script, the stronger over the weaker in this order, read into values. docs/guides/
// slurm-users.md has the table of what each becomes.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "bin/slurm/options.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace suan::bin::slurm {

const std::vector<OptionRule>& submit_rules();

struct DependencyText {
    DependencyKind kind = DEPENDENCY_KIND_AFTEROK;
    std::string job;  // "12" or "12_3"
    friend bool operator==(const DependencyText&, const DependencyText&) = default;
};

// Which variables of the submitter the job sees.
struct ExportRule {
    bool all = true;
    std::vector<std::string> names;                           // by name, where not all
    std::vector<std::pair<std::string, std::string>> values;  // NAME=VALUE
};

// How many, 0: not said.
struct Sizes {
    std::uint32_t nodes = 0;
    std::uint32_t tasks = 0;
    std::uint32_t tasks_per_node = 0;
    std::uint32_t cpus_per_task = 0;
    std::uint32_t gpus = 0;
    std::uint32_t gpus_per_node = 0;
    std::uint32_t gpus_per_task = 0;
    std::uint64_t memory_bytes = 0;  // of each process
    std::uint64_t memory_per_cpu_bytes = 0;
};

struct Submission {
    std::string name, pool, account, output, error, wrap, working_dir, array, tier;
    std::vector<DependencyText> after;
    ExportRule exported;
    Sizes sizes;
    std::int64_t walltime_ms = 0;  // 0: the pool's
    std::int64_t begin_us = 0;
    std::int32_t priority = 0;
    bool one_rack = false;              // --switches=1
    std::int64_t topology_wait_ms = 0;  // so long; 0: for ever
    bool held = false, wait = false, parsable = false, label = false, quiet = false,
         test_only = false;
    std::vector<std::string> notes;
};

// SBATCH_* (of srun: SLURM_*) of the environment as options; `get` returns null for an unset
// variable.
std::vector<Option> environment_options(std::string_view prefix,
                                        const std::function<const char*(const char*)>& get);

// `invalid` names the option.
Result<Submission> read_submission(const std::vector<Option>& options, Time now);

Result<std::vector<DependencyText>> parse_dependencies(std::string_view text);
ExportRule parse_export(std::string_view text);
// Of "gpu:4", "gpu:a100:2", "gpu": the number. `invalid` for any other resource.
Result<std::uint32_t> parse_gpus(std::string_view text);

}  // namespace suan::bin::slurm
