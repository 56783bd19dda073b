// A job step: srun called inside of a batch script. The hub's local executor gives a job one
// machine, so a step's tasks are processes here, with the same variables that a gang's tasks see.
#pragma once

#include "bin/slurm/submit_options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

// Puts "3: " before every line of task 3 where labels are wanted. A last line without its end is
// held back until `rest`.
class LineLabel {
public:
    LineLabel(std::uint32_t task, bool wanted) : task_(task), wanted_(wanted) {}
    std::string text(std::string_view piece);
    std::string rest();

private:
    std::uint32_t task_;
    bool wanted_;
    std::string open_;  // the line that has begun
};

// Starts the tasks, waits for all, stops the others when one fails. Returns the worst exit status.
int run_step(const Submission& submission, const std::vector<std::string>& command);

}  // namespace suan::bin::slurm
