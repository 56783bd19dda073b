// What a task sees: its variables (SUAN_*, their SLURM_* twins, the launcher's and the devices')
// and the names of its output files.
#pragma once

#include "base/result.hpp"
#include "exec/executor.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace suan::exec {

// The user's variables, over a small base (PATH, HOME, USER, LANG, TMPDIR), under ours: a job
// cannot change what SUAN_JOB_ID says. SUBMIT_DIR is the user's where given, else the working
// folder.
std::map<std::string, std::string> task_environment(const StartOrder& order, std::uint32_t task,
                                                    const std::string& attempt);

// The variable that marks every process of an attempt, to find those whose supervisor died. Its
// value is the attempt's folder.
inline constexpr const char* attempt_variable = "SUAN_ATTEMPT_DIR";

// "node[1-3,7],other": Slurm's short form of names that differ in a trailing number.
std::string short_node_list(const std::vector<std::string>& names);

// Expands % in a file name of Payload. A value's '/' becomes '_'. invalid on an unknown letter.
Result<std::string> expand_pattern(std::string_view pattern, const StartOrder& order,
                                   std::uint32_t task);

// Where a task's stream goes: a file beneath `folder`, or nowhere ("/dev/null" was asked for).
struct OutputFile {
    std::string folder;
    std::string name;
    bool discarded() const { return name.empty(); }
    friend auto operator<=>(const OutputFile&, const OutputFile&) = default;
};
Result<OutputFile> output_file(const StartOrder& order, std::uint32_t task, LogStream stream,
                               const std::string& attempt);

}  // namespace suan::exec
