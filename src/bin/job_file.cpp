#include "bin/job_file.hpp"

#include "api/json/names.hpp"
#include "base/limits.hpp"
#include "bin/units.hpp"
#include "bin/yaml_fields.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

namespace suan::bin {
namespace {

std::uint32_t number32(const YAML::Node& node, std::string_view field) {
    return static_cast<std::uint32_t>(number(node, field, UINT32_MAX));
}

std::int32_t signed32(const YAML::Node& node, std::string_view field) {
    const std::string& text = scalar(node, field);
    const bool negative = text.starts_with('-');
    const auto n = parse_number(std::string_view(text).substr(negative ? 1 : 0));
    if (!n || *n > INT32_MAX)
        fail(node,
             fmt::format("{}: expected a whole number, got \"{}\"", field, text.substr(0, 40)));
    const auto value = static_cast<std::int32_t>(*n);
    return negative ? -value : value;
}

std::int64_t span_ms(const YAML::Node& node, std::string_view field) {
    return checked(node, field, parse_duration(scalar(node, field))).us / 1'000;
}

template <typename Enum>
Enum choice(const YAML::Node& node, std::string_view field,
            const google::protobuf::EnumDescriptor* type) {
    const std::string& text = scalar(node, field);
    const auto* value = api::json::find_enum_value(*type, text);
    if (value != nullptr && value->number() != 0) return static_cast<Enum>(value->number());
    std::string names;
    for (int i = 1; i < type->value_count(); ++i)
        names += (i > 1 ? ", " : "") + api::json::enum_value_name(*type->value(i));
    fail(node, fmt::format("{}: expected one of {}, got \"{}\"", field, names, text.substr(0, 40)));
}

void read_after(const YAML::Node& node, JobRequest& job) {
    if (!node.IsSequence()) fail(node, "after: expected a list of job ids, labels or {job, kind}");
    for (const auto& item : node) {
        DependencyRequest& dependency = *job.add_after();
        const auto name = [&](const YAML::Node& value) {
            const std::string& text = scalar(value, "after");
            if (const auto id = parse_number(text))
                dependency.set_job_id(*id);
            else
                dependency.set_label(text);
        };
        if (item.IsScalar()) {
            name(item);
            continue;
        }
        read_mapping(item, "after.",
                     {{"job", name}, {"kind", [&](const YAML::Node& value) {
                                          dependency.set_kind(choice<DependencyKind>(
                                              value, "after.kind", DependencyKind_descriptor()));
                                      }}});
        if (dependency.job_id() == 0 && dependency.label().empty())
            fail(item, "after: names no job; write {job: 12, kind: afterok}");
    }
}

void read_environment(const YAML::Node& node, JobRequest& job) {
    if (!node.IsMap()) fail(node, "environment: expected NAME: value pairs");
    std::set<std::string> seen;
    for (const auto& item : node) {
        const std::string& name = scalar(item.first, "environment");
        if (!seen.insert(name).second)
            fail(item.first, fmt::format("environment: {} stands here twice", name));
        EnvironmentVariable& variable = *job.add_environment();
        variable.set_name(name);
        variable.set_value(scalar(item.second, "environment." + name));
    }
}

void read_argv(const YAML::Node& node, JobRequest& job) {
    if (!node.IsSequence())
        fail(node, "argv: expected a list, [program, argument, ...]; for a shell line use script");
    for (const auto& item : node)
        job.add_argv(scalar(item, "argv"));
}

void read_array(const YAML::Node& node, JobRequest& job) {
    const IndexList list = checked(node, "array", parse_indices(scalar(node, "array")));
    for (const std::uint32_t index : list.indices)
        job.mutable_array()->add_indices(index);
    job.mutable_array()->set_running_max(list.running_max);
}

void read_sim(const YAML::Node& node, JobRequest& job) {
    read_mapping(
        node, "sim.",
        {{"duration",
          [&](const YAML::Node& n) { job.set_sim_duration_ms(span_ms(n, "sim.duration")); }},
         {"exit_code",
          [&](const YAML::Node& n) { job.set_sim_exit_code(signed32(n, "sim.exit_code")); }}});
}

YamlFields placement_fields(JobRequest& job, Time now) {
    using Node = YAML::Node;
    return {
        {"org", [&](const Node& n) { job.set_org(scalar(n, "org")); }},
        {"project", [&](const Node& n) { job.set_project(scalar(n, "project")); }},
        {"pool", [&](const Node& n) { job.set_pool(scalar(n, "pool")); }},
        {"name", [&](const Node& n) { job.set_name(scalar(n, "name")); }},
        {"label", [&](const Node& n) { job.set_label(scalar(n, "label")); }},
        {"tier", [&](const Node& n) { job.set_tier(choice<Tier>(n, "tier", Tier_descriptor())); }},
        {"tasks", [&](const Node& n) { job.set_tasks(number32(n, "tasks")); }},
        {"tasks_min", [&](const Node& n) { job.set_tasks_min(number32(n, "tasks_min")); }},
        {"devices_per_task",
         [&](const Node& n) { job.set_devices_per_task(number32(n, "devices_per_task")); }},
        {"milli_per_device",
         [&](const Node& n) { job.set_milli_per_device(number32(n, "milli_per_device")); }},
        {"topology",
         [&](const Node& n) {
             job.set_topology(choice<Topology>(n, "topology", Topology_descriptor()));
         }},
        {"topology_wait",
         [&](const Node& n) { job.set_topology_wait_ms(span_ms(n, "topology_wait")); }},
        {"walltime", [&](const Node& n) { job.set_walltime_ms(span_ms(n, "walltime")); }},
        {"priority", [&](const Node& n) { job.set_priority(signed32(n, "priority")); }},
        {"after", [&](const Node& n) { read_after(n, job); }},
        {"retries", [&](const Node& n) { job.set_retries(number32(n, "retries")); }},
        {"checkpoint_interval",
         [&](const Node& n) { job.set_checkpoint_interval_ms(span_ms(n, "checkpoint_interval")); }},
        {"begin",
         [&job, now](const Node& n) {
             job.set_begin_time_us(checked(n, "begin", parse_time(scalar(n, "begin"), now)).us);
         }},
        {"held", [&](const Node& n) { job.set_held(boolean(n, "held")); }},
        {"grace",
         [&](const Node& n) { job.set_grace_ms(static_cast<std::uint32_t>(span_ms(n, "grace"))); }},
        {"bid",
         [&](const Node& n) {
             job.set_bid_micro_yuan(checked(n, "bid", parse_yuan(scalar(n, "bid"))));
         }},
        {"array", [&](const Node& n) { read_array(n, job); }},
    };
}

YamlFields payload_fields(JobRequest& job) {
    using Node = YAML::Node;
    return {
        {"script", [&](const Node& n) { job.set_script(scalar(n, "script")); }},
        {"argv", [&](const Node& n) { read_argv(n, job); }},
        {"environment", [&](const Node& n) { read_environment(n, job); }},
        {"working_dir", [&](const Node& n) { job.set_working_dir(scalar(n, "working_dir")); }},
        {"stdout", [&](const Node& n) { job.set_stdout_pattern(scalar(n, "stdout")); }},
        {"stderr", [&](const Node& n) { job.set_stderr_pattern(scalar(n, "stderr")); }},
        {"launcher",
         [&](const Node& n) {
             job.set_launcher(choice<Launcher>(n, "launcher", Launcher_descriptor()));
         }},
        {"cpus_per_task",
         [&](const Node& n) { job.set_cpus_per_task(number32(n, "cpus_per_task")); }},
        {"memory",
         [&](const Node& n) {
             job.set_memory_bytes(checked(n, "memory", parse_bytes(scalar(n, "memory"), 1)));
         }},
        {"sim", [&](const Node& n) { read_sim(n, job); }},
    };
}

JobRequest read_job(const YAML::Node& node, Time now) {
    JobRequest job;
    YamlFields fields = placement_fields(job, now);
    for (auto& field : payload_fields(job))
        fields.push_back(std::move(field));
    read_mapping(node, "", fields);
    if (!job.script().empty() && job.argv_size() > 0 && job.script().front() != '#')
        fail(node, "script: with argv as its arguments, a script begins with a \"#!\" line");
    return job;
}

}  // namespace

Result<std::vector<JobRequest>> parse_job_file(std::string_view text, Time now) {
    if (auto good = check_yaml_text(text, job_file_bytes_max, "a job file"); !good)
        return std::move(good).error();
    std::vector<JobRequest> jobs;
    try {
        check_documents(std::string(text), limits::jobs_batch_max + 1);
        for (const YAML::Node& node : YAML::LoadAll(std::string(text))) {
            if (node.IsNull()) continue;
            if (jobs.size() == limits::jobs_batch_max)
                fail(node, fmt::format("a file has at most {} jobs", limits::jobs_batch_max));
            jobs.push_back(read_job(node, now));
        }
    } catch (const YamlFault& fault) {
        return error_at(fault.mark, fault.message);
    } catch (const YAML::Exception& error) {
        return error_at(error.mark, error.msg);
    }
    if (jobs.empty()) return Error{ErrorCode::invalid, "the file holds no job"};
    return jobs;
}

}  // namespace suan::bin
