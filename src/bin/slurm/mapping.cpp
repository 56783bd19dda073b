#include "bin/slurm/mapping.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::bin::slurm {
namespace {

Error bad(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

std::uint32_t or_one(std::uint32_t n) {
    return n == 0 ? 1 : n;
}

std::uint32_t task_count(const Sizes& s) {
    if (s.tasks != 0) return s.tasks;
    return or_one(s.nodes) * or_one(s.tasks_per_node);
}

// Nodes that per-node amounts are multiplied with.
std::uint32_t node_count(const Sizes& s) {
    if (s.nodes != 0) return s.nodes;
    if (s.tasks_per_node != 0 && s.tasks != 0)
        return (s.tasks + s.tasks_per_node - 1) / s.tasks_per_node;
    return 1;
}

std::uint64_t device_count(const Sizes& s, std::uint32_t tasks) {
    if (s.gpus_per_task != 0) return std::uint64_t{s.gpus_per_task} * tasks;
    if (s.gpus_per_node != 0) return std::uint64_t{s.gpus_per_node} * node_count(s);
    return s.gpus;
}

Result<Gang> device_gang(const Sizes& s, Gang gang) {
    const std::uint64_t devices = device_count(s, gang.tasks);
    if (devices == 0) return gang;  // one each: nothing runs here without a device
    if (devices % gang.tasks == 0) {
        gang.devices_per_task = static_cast<std::uint32_t>(devices / gang.tasks);
        return gang;
    }
    return bad(
        fmt::format("{} devices cannot be divided evenly over {} tasks; ask for a multiple, "
                    "or for --gpus-per-task",
                    devices, gang.tasks));
}

bool is_name(std::string_view name) {
    const auto letter = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    };
    const auto rest = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), rest);
}

// What must not leave the submitter's shell, and what the job gets from the hub.
bool is_kept_back(std::string_view name) {
    return name == "SUAN_TOKEN" || name == "SUAN_TOKEN_FILE" || name == "_" || name == "OLDPWD" ||
           name == "SHLVL";
}

bool wanted(const ExportRule& rule, std::string_view name) {
    return rule.all || std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end();
}

bool lies_in(std::string_view path, std::string_view folder) {
    while (folder.size() > 1 && folder.ends_with('/'))
        folder.remove_suffix(1);
    return !folder.empty() && path.starts_with(folder) &&
           (path.size() == folder.size() || path[folder.size()] == '/' || folder == "/");
}

// A name beneath the working folder; what lies elsewhere cannot be written by the job.
std::string file_pattern(const std::string& pattern, const std::string& folder,
                         const std::string& fallback, std::vector<std::string>& notes) {
    if (pattern.empty()) return fallback;
    if (pattern[0] != '/' || pattern == "/dev/null") return pattern;
    if (!folder.empty() && lies_in(pattern, folder) && pattern.size() > folder.size() + 1)
        return pattern.substr(folder.size() + 1);
    notes.push_back(fmt::format(
        "output file {} is outside of the job's folder; it is kept with the job (suan job logs)",
        pattern));
    return fallback;
}

}  // namespace

Result<Gang> gang_of(const Sizes& s, const PoolShape& pool) {
    Gang gang;
    const std::uint64_t tasks = task_count(s);
    if (tasks > 1'000'000) return bad("too many tasks");
    gang.tasks = static_cast<std::uint32_t>(tasks);
    if (s.tasks != 0 && s.nodes > s.tasks)
        return bad(fmt::format("--nodes={} is more than --ntasks={}", s.nodes, s.tasks));
    gang.cpus_per_task = or_one(s.cpus_per_task);
    if (s.nodes == 1 && gang.tasks > 1) gang.topology = TOPOLOGY_ONE_NODE;
    const bool wants_devices = s.gpus != 0 || s.gpus_per_node != 0 || s.gpus_per_task != 0;
    if (!pool.is_cpu()) return device_gang(s, gang);
    if (wants_devices)
        return bad(
            fmt::format("pool {} has no accelerators; leave --gres and --gpus out, or name "
                        "another with --partition",
                        pool.name));
    gang.devices_per_task = gang.cpus_per_task;
    return gang;
}

std::uint64_t memory_of(const Sizes& s) {
    if (s.memory_bytes != 0) return s.memory_bytes;
    return s.memory_per_cpu_bytes * or_one(s.cpus_per_task);
}

std::vector<EnvironmentVariable> exported_variables(const ExportRule& rule,
                                                    const std::vector<std::string>& environment,
                                                    std::vector<std::string>& notes) {
    std::vector<EnvironmentVariable> out;
    std::string left_out;
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!is_name(name) || !is_utf8(value)) {
            left_out += (left_out.empty() ? "" : ", ") + std::string(name.substr(0, 40));
            return;
        }
        EnvironmentVariable& variable = out.emplace_back();
        variable.set_name(std::string(name));
        variable.set_value(std::string(value));
    };
    const auto given = [&](std::string_view name) {
        return std::any_of(rule.values.begin(), rule.values.end(),
                           [&](const auto& pair) { return pair.first == name; });
    };
    for (const std::string& entry : environment) {
        const std::size_t equals = entry.find('=');
        const std::string_view name = std::string_view(entry).substr(0, equals);
        if (equals == std::string::npos || is_kept_back(name) || given(name)) continue;
        if (name.starts_with("SLURM_") || name.starts_with("SBATCH_")) continue;
        if (wanted(rule, name)) add(name, std::string_view(entry).substr(equals + 1));
    }
    for (const auto& [name, value] : rule.values)
        if (name != "SUAN_TOKEN") add(name, value);
    if (!left_out.empty())
        notes.push_back("variables left out (names or values not usable): " + left_out);
    return out;
}

void set_files(const Submission& s, const WorkingFolder& folder, JobRequest& job,
               std::vector<std::string>& notes) {
    std::string dir = s.working_dir;
    if (!dir.empty() && dir[0] != '/') dir = folder.submit_dir + "/" + dir;
    const bool shared =
        std::any_of(folder.work_dirs.begin(), folder.work_dirs.end(),
                    [&](const std::string& d) { return lies_in(folder.submit_dir, d); });
    if (dir.empty() && shared) dir = folder.submit_dir;
    job.set_working_dir(dir);
    const std::string fallback = s.array.empty() ? "slurm-%j.out" : "slurm-%A_%a.out";
    job.set_stdout_pattern(file_pattern(s.output, dir, fallback, notes));
    if (!s.error.empty()) job.set_stderr_pattern(file_pattern(s.error, dir, "", notes));
}

}  // namespace suan::bin::slurm
