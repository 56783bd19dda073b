#include "exec/local/environment.hpp"

#include "exec/local/attempt.hpp"
#include "exec/local/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace suan::exec {

namespace {

using Variables = std::map<std::string, std::string>;

// One name under both families.
void twin(Variables& env, const std::string& name, const std::string& value) {
    env["SUAN_" + name] = value;
    env["SLURM_" + name] = value;
}

// The nodes in the order of their first task.
std::vector<std::string> nodes_of(const StartOrder& order) {
    std::vector<std::string> nodes;
    std::set<std::string_view> seen;
    for (const TaskPlacement& task : order.tasks)
        if (seen.insert(task.node_name).second) nodes.push_back(task.node_name);
    return nodes;
}

std::uint32_t tasks_on(const StartOrder& order, std::string_view node) {
    return static_cast<std::uint32_t>(
        std::count_if(order.tasks.begin(), order.tasks.end(),
                      [&](const TaskPlacement& task) { return task.node_name == node; }));
}

// Slurm's "2(x3),1": tasks of each node in order, runs counted.
std::string tasks_per_node(const StartOrder& order, const std::vector<std::string>& nodes) {
    std::map<std::string_view, std::uint32_t> counts;
    for (const TaskPlacement& task : order.tasks)
        ++counts[task.node_name];
    std::string text;
    for (std::size_t i = 0; i < nodes.size();) {
        std::size_t same = i;
        while (same < nodes.size() && counts[nodes[same]] == counts[nodes[i]])
            ++same;
        text += fmt::format("{}{}", text.empty() ? "" : ",", counts[nodes[i]]);
        if (same - i > 1) text += fmt::format("(x{})", same - i);
        i = same;
    }
    return text;
}

void add_job(Variables& env, const StartOrder& order, const std::vector<std::string>& nodes) {
    twin(env, "JOB_ID", std::to_string(order.ref.job.value));
    env["SLURM_JOBID"] = env["SLURM_JOB_ID"];
    env["SUAN_LEASE_ID"] = std::to_string(order.ref.lease.value);
    env["SUAN_ATTEMPT"] = std::to_string(order.ref.attempt);
    twin(env, "RESTART_COUNT", std::to_string(order.ref.attempt - 1));
    twin(env, "JOB_NAME", order.job_name);
    twin(env, "JOB_USER", order.member);
    twin(env, "JOB_ACCOUNT", order.project);
    twin(env, "JOB_PARTITION", order.pool);
    env["SUAN_ORG"] = order.org;
    env["SUAN_PROJECT"] = order.project;
    env["SUAN_POOL"] = order.pool;
    twin(env, "NTASKS", std::to_string(order.tasks.size()));
    env["SLURM_NPROCS"] = env["SLURM_NTASKS"];
    twin(env, "JOB_NUM_NODES", std::to_string(nodes.size()));
    env["SLURM_NNODES"] = env["SLURM_JOB_NUM_NODES"];
    twin(env, "JOB_NODELIST", short_node_list(nodes));
    env["SLURM_NODELIST"] = env["SLURM_JOB_NODELIST"];
    twin(env, "TASKS_PER_NODE", tasks_per_node(order, nodes));
    twin(env, "CPUS_PER_TASK", std::to_string(order.cpus_per_task));
}

void add_array(Variables& env, const ArrayElement& array) {
    twin(env, "ARRAY_JOB_ID", std::to_string(array.array_job.value));
    twin(env, "ARRAY_TASK_ID", std::to_string(array.index));
    twin(env, "ARRAY_TASK_COUNT", std::to_string(array.count));
    twin(env, "ARRAY_TASK_MIN", std::to_string(array.min));
    twin(env, "ARRAY_TASK_MAX", std::to_string(array.max));
    twin(env, "ARRAY_TASK_STEP", std::to_string(array.step));
}

void add_place(Variables& env, const StartOrder& order, std::uint32_t task,
               const std::vector<std::string>& nodes) {
    const std::string& node = order.tasks[task].node_name;
    const auto node_index = std::find(nodes.begin(), nodes.end(), node) - nodes.begin();
    const auto local =
        std::count_if(order.tasks.begin(), order.tasks.begin() + task,
                      [&](const TaskPlacement& before) { return before.node_name == node; });
    const std::uint32_t on_node = tasks_on(order, node);
    twin(env, "PROCID", std::to_string(task));
    twin(env, "LOCALID", std::to_string(local));
    twin(env, "NODEID", std::to_string(node_index));
    env["SUAN_NODE_NAME"] = node;
    env["SLURMD_NODENAME"] = node;
    twin(env, "CPUS_ON_NODE", std::to_string(on_node * order.cpus_per_task));
    if (order.launcher != Launcher::process_per_task) return;
    env["RANK"] = std::to_string(task);
    env["WORLD_SIZE"] = std::to_string(order.tasks.size());
    env["LOCAL_RANK"] = std::to_string(local);
    env["LOCAL_WORLD_SIZE"] = std::to_string(on_node);
}

// A script on the first node drives every device that the job has there.
std::set<std::uint32_t> devices_of(const StartOrder& order, std::uint32_t task) {
    std::set<std::uint32_t> devices;
    for (const TaskPlacement& place : order.tasks) {
        const bool whole_node = order.launcher == Launcher::script_on_first_node &&
                                place.node_name == order.tasks[task].node_name;
        if (whole_node || place.task == task)
            devices.insert(place.devices.begin(), place.devices.end());
    }
    return devices;
}

// Set even when empty: without it a task that was given no device would see all.
void add_devices(Variables& env, const StartOrder& order, std::uint32_t task) {
    const std::set<std::uint32_t> devices = devices_of(order, task);
    const std::string list = fmt::format("{}", fmt::join(devices, ","));
    env["SUAN_DEVICES"] = list;
    env["SUAN_MILLI_PER_DEVICE"] = std::to_string(order.tasks[task].milli_per_device);
    twin(env, "GPUS_ON_NODE", std::to_string(devices.size()));
    if (order.visible_devices == VisibleDevices::cuda) env["CUDA_VISIBLE_DEVICES"] = list;
    if (order.visible_devices == VisibleDevices::ascend) env["ASCEND_RT_VISIBLE_DEVICES"] = list;
}

}  // namespace

Variables task_environment(const StartOrder& order, std::uint32_t task,
                           const std::string& attempt) {
    const std::string work = work_folder(attempt, order.payload);
    Variables env{{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                  {"HOME", work},
                  {"USER", order.member},
                  {"LOGNAME", order.member},
                  {"SHELL", "/bin/sh"},
                  {"LANG", "C.UTF-8"},
                  {"TMPDIR", "/tmp"},
                  {"SUAN_SUBMIT_DIR", work},
                  {"SLURM_SUBMIT_DIR", work}};
    for (const auto& [name, value] : order.payload.environment)
        env[name] = value;
    const std::vector<std::string> nodes = nodes_of(order);
    add_job(env, order, nodes);
    if (order.array) add_array(env, *order.array);
    add_place(env, order, task, nodes);
    add_devices(env, order, task);
    env["MASTER_ADDR"] = order.master_addr;
    env["MASTER_PORT"] = std::to_string(order.master_port);
    env["SUAN_JOB_DIR"] = work;
    env[attempt_variable] = attempt;
    return env;
}

namespace {

struct NumberedName {
    std::string prefix;
    std::string digits;  // empty: no number to shorten
};

NumberedName split_name(const std::string& name) {
    std::size_t at = name.size();
    while (at > 0 && name.size() - at < 9 && name[at - 1] >= '0' && name[at - 1] <= '9')
        --at;
    return {name.substr(0, at), name.substr(at)};
}

// "1-3" or "7" for the run of names [first, last).
std::string number_range(const std::vector<NumberedName>& names, std::size_t first,
                         std::size_t last) {
    if (last - first == 1) return names[first].digits;
    return names[first].digits + "-" + names[last - 1].digits;
}

bool follows(const NumberedName& a, const NumberedName& b) {
    return a.prefix == b.prefix && a.digits.size() == b.digits.size() &&
           to_u64(a.digits) + 1 == to_u64(b.digits);
}

}  // namespace

std::string short_node_list(const std::vector<std::string>& names) {
    std::vector<NumberedName> parts;
    for (const std::string& name : names)
        parts.push_back(split_name(name));
    std::string text;
    for (std::size_t i = 0; i < parts.size();) {
        std::size_t group = i;  // the end of the names with this prefix
        std::vector<std::string> ranges;
        while (group < parts.size() && parts[group].prefix == parts[i].prefix &&
               !parts[group].digits.empty()) {
            std::size_t run = group + 1;
            while (run < parts.size() && follows(parts[run - 1], parts[run]))
                ++run;
            ranges.push_back(number_range(parts, group, run));
            group = run;
        }
        text += text.empty() ? "" : ",";
        text += group - i > 1 ? fmt::format("{}[{}]", parts[i].prefix, fmt::join(ranges, ","))
                              : names[i];
        i = std::max(group, i + 1);
    }
    return text;
}

namespace {

// Slurm prints this for %a of a job that is no array.
constexpr std::uint32_t no_array_index = 4'294'967'294;

std::optional<std::string> pattern_value(char letter, const StartOrder& order, std::uint32_t task) {
    switch (letter) {
        case 'j':
        case 'J':
            return std::to_string(order.ref.job.value);
        case 'A':
            return std::to_string(order.array ? order.array->array_job.value : order.ref.job.value);
        case 'a':
            return std::to_string(order.array ? order.array->index : no_array_index);
        case 'x':
            return order.job_name;
        case 't':
            return std::to_string(task);
        case 'N':
            return order.tasks[task].node_name;
        case 'u':
            return order.member;
        case '%':
            return "%";
        default:
            return std::nullopt;
    }
}

bool is_number(char letter) {
    return std::string_view("jJAat").find(letter) != std::string_view::npos;
}

}  // namespace

Result<std::string> expand_pattern(std::string_view pattern, const StartOrder& order,
                                   std::uint32_t task) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            out += pattern[i];
            continue;
        }
        std::size_t width = 0;
        while (++i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9')
            width =
                std::min<std::size_t>(10, width * 10 + static_cast<std::size_t>(pattern[i] - '0'));
        auto value = i < pattern.size() ? pattern_value(pattern[i], order, task) : std::nullopt;
        if (!value)
            return Error{
                ErrorCode::invalid,
                fmt::format("file name '{}': after % expected one of j A a x t N u %", pattern)};
        std::replace(value->begin(), value->end(), '/', '_');
        if (is_number(pattern[i]) && value->size() < width)
            value->insert(0, width - value->size(), '0');
        out += *value;
    }
    return out;
}

Result<OutputFile> output_file(const StartOrder& order, std::uint32_t task, LogStream stream,
                               const std::string& attempt) {
    const Payload& payload = order.payload;
    std::string_view pattern = payload.stdout_pattern;
    if (stream == LogStream::err && !payload.stderr_pattern.empty())
        pattern = payload.stderr_pattern;
    if (pattern.empty())
        return OutputFile{attempt + "/log",
                          fmt::format("{}.{}", task, stream == LogStream::out ? "out" : "err")};
    if (pattern == "/dev/null") return OutputFile{};
    auto name = expand_pattern(pattern, order, task);
    if (!name) return std::move(name.error());
    const std::string work = work_folder(attempt, payload);
    if (name->starts_with(work + "/")) name->erase(0, work.size() + 1);
    if (name->starts_with("./")) name->erase(0, 2);
    if (!is_plain_relative(*name))
        return Error{
            ErrorCode::invalid,
            fmt::format("output file '{}' must lie in the working folder {}, as a name without "
                        "'..'",
                        *name, work)};
    return OutputFile{work, *name};
}

}  // namespace suan::exec
