#include "bin/slurm/slurm.hpp"

#include "bin/exit_code.hpp"

#include <algorithm>
#include <iterator>

namespace suan::bin::slurm {
namespace {

using Run = int (*)(const std::vector<std::string>&);
struct Command {
    std::string_view name;
    Run run;
};
constexpr Command commands[] = {{"sbatch", run_sbatch}, {"srun", run_srun},
                                {"squeue", run_squeue}, {"scancel", run_scancel},
                                {"sinfo", run_sinfo},   {"sacct", run_sacct}};

const Command* find(std::string_view name) {
    const auto* found = std::find_if(std::begin(commands), std::end(commands),
                                     [&](const Command& c) { return c.name == name; });
    return found == std::end(commands) ? nullptr : found;
}

}  // namespace

bool is_name(std::string_view name) {
    return find(name) != nullptr;
}

int run(std::string_view name, const std::vector<std::string>& arguments) {
    return find(name)->run(arguments);
}

}  // namespace suan::bin::slurm
