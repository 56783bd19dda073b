// Slurm's commands as names of this program. docs/guides/slurm-users.md is the user's page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

// sbatch, srun, squeue, scancel, sinfo, sacct.
bool is_name(std::string_view name);

// Runs one of them with its arguments (the name not among them); returns the exit status. Throws
// Failed.
int run(std::string_view name, const std::vector<std::string>& arguments);

int run_sbatch(const std::vector<std::string>& arguments);
int run_srun(const std::vector<std::string>& arguments);
int run_squeue(const std::vector<std::string>& arguments);
int run_scancel(const std::vector<std::string>& arguments);
int run_sinfo(const std::vector<std::string>& arguments);
int run_sacct(const std::vector<std::string>& arguments);

}  // namespace suan::bin::slurm
