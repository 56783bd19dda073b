// `suan job submit`: from a job file, or from options and a command.
#include "bin/job_submit.hpp"

#include "base/limits.hpp"
#include "bin/job_file.hpp"
#include "bin/job_follow.hpp"
#include "bin/job_request.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

template <typename T>
T checked(const std::string& option, Result<T> result) {
    if (!result) throw Failed(ExitCode::usage, option + ": " + result.error().context);
    return std::move(*result);
}

template <typename Enum>
Enum enum_option(const std::string& option, const std::string& text,
                 const google::protobuf::EnumDescriptor* type) {
    for (int i = 1; i < type->value_count(); ++i)
        if (enum_text(type, type->value(i)->number()) == text)
            return static_cast<Enum>(type->value(i)->number());
    std::string names;
    for (int i = 1; i < type->value_count(); ++i)
        names += (i > 1 ? ", " : "") + enum_text(type, type->value(i)->number());
    throw Failed(ExitCode::usage, fmt::format("{}: \"{}\" is not one of {}", option, text, names));
}

void set_dependencies(const std::vector<std::string>& after, JobRequest& job) {
    for (const std::string& text : after) {
        const std::size_t colon = text.find(':');
        const std::string id = colon == std::string::npos ? text : text.substr(colon + 1);
        DependencyRequest& dependency = *job.add_after();
        if (colon != std::string::npos)
            dependency.set_kind(enum_option<DependencyKind>("--after", text.substr(0, colon),
                                                            DependencyKind_descriptor()));
        const auto number = parse_number(id);
        if (!number)
            throw Failed(ExitCode::usage, fmt::format("--after: \"{}\" is not a job id", id));
        dependency.set_job_id(*number);
    }
}

void set_environment(const std::vector<std::string>& pairs, JobRequest& job) {
    for (const std::string& pair : pairs) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Failed(ExitCode::usage, fmt::format("--env: \"{}\" is not NAME=VALUE", pair));
        EnvironmentVariable& variable = *job.add_environment();
        variable.set_name(pair.substr(0, equals));
        variable.set_value(pair.substr(equals + 1));
    }
}

void set_array(const std::string& text, JobRequest& job) {
    const IndexList list = checked("--array", parse_indices(text));
    for (const std::uint32_t index : list.indices)
        job.mutable_array()->add_indices(index);
    job.mutable_array()->set_running_max(list.running_max);
}

void set_spans(const SubmitOptions& o, JobRequest& job) {
    const auto ms = [](const std::string& option, const std::string& text) {
        return text.empty() ? 0 : checked(option, parse_duration(text)).us / 1'000;
    };
    job.set_walltime_ms(ms("--walltime", o.walltime));
    job.set_checkpoint_interval_ms(ms("--checkpoint-interval", o.checkpoint_interval));
    job.set_topology_wait_ms(ms("--topology-wait", o.topology_wait));
    job.set_grace_ms(static_cast<std::uint32_t>(ms("--grace", o.grace)));
    job.set_sim_duration_ms(ms("--sim-duration", o.sim_duration));
    if (!o.begin.empty())
        job.set_begin_time_us(checked("--begin", parse_time(o.begin, Time{now_us()})).us);
}

void set_command(const SubmitOptions& o, const std::vector<std::string>& rest, JobRequest& job) {
    if (!o.wrap.empty() && !rest.empty())
        throw Failed(ExitCode::usage, "--wrap and a command after -- are one too many");
    if (!o.wrap.empty()) job.set_script("#!/bin/sh\n" + o.wrap + "\n");
    for (const std::string& word : rest)
        job.add_argv(word);
    if (!o.launcher.empty())
        job.set_launcher(enum_option<Launcher>("--launcher", o.launcher, Launcher_descriptor()));
}

std::string accepted_text(const JobAccepted& accepted) {
    const std::string retry = accepted.already_done() ? " (accepted before)" : "";
    if (accepted.count() <= 1) return fmt::format("Job {} accepted{}.\n", accepted.id(), retry);
    return fmt::format("Jobs {} to {} accepted{}: array {} of {}.\n", accepted.id(),
                       accepted.id() + accepted.count() - 1, retry, accepted.id(),
                       accepted.count());
}

ExitCode submit_batch(Cli& cli, Session& session, std::vector<JobRequest> jobs) {
    JobBatchRequest batch;
    for (JobRequest& job : jobs)
        *batch.add_jobs() = std::move(job);
    const auto response = session.send<JobBatchResponse>("POST", "/v1/jobs/batch", batch);
    std::string text;
    for (int i = 0; i < response.results_size(); ++i) {
        const JobBatchResult& result = response.results(i);
        const std::string who =
            result.label().empty() ? fmt::format("{}. ", i + 1) : result.label() + ": ";
        text += result.has_accepted()
                    ? who + accepted_text(result.accepted())
                    : fmt::format("{}refused, {}: {}\n", who, result.error().code(),
                                  result.error().message());
    }
    put_result(cli, response, text);
    return response.refused() == 0 ? ExitCode::ok : ExitCode::refused;
}

ExitCode wait_and_show(Session& session, const SubmitOptions& options,
                       const JobAccepted& accepted) {
    ExitCode worst = ExitCode::ok;
    for (std::uint32_t i = 0; i < accepted.count(); ++i) {
        const auto job = wait_for_job(session, accepted.id() + i, std::nullopt);
        if (job->state() != JOB_STATE_COMPLETED) worst = ExitCode::refused;
    }
    (void)options;
    return worst;
}

}  // namespace

std::int64_t bid_option(const std::string& option, const std::string& text) {
    return checked(option, parse_yuan(text));
}

JobRequest request_of(const SubmitOptions& o, const std::vector<std::string>& rest) {
    JobRequest job;
    job.set_org(o.org);
    job.set_project(o.project);
    job.set_pool(o.pool);
    job.set_name(o.name);
    if (!o.tier.empty()) job.set_tier(enum_option<Tier>("--tier", o.tier, Tier_descriptor()));
    if (!o.topology.empty())
        job.set_topology(enum_option<Topology>("--topology", o.topology, Topology_descriptor()));
    job.set_tasks(o.tasks);
    job.set_tasks_min(o.tasks_min);
    job.set_devices_per_task(o.devices_per_task);
    job.set_milli_per_device(o.milli_per_device);
    job.set_priority(o.priority);
    job.set_retries(o.retries);
    job.set_held(o.held);
    job.set_cpus_per_task(o.cpus_per_task);
    if (!o.memory.empty()) job.set_memory_bytes(checked("--memory", parse_bytes(o.memory, 1)));
    if (!o.bid.empty()) job.set_bid_micro_yuan(bid_option("--bid", o.bid));
    job.set_working_dir(o.working_dir);
    job.set_stdout_pattern(o.stdout_pattern);
    job.set_stderr_pattern(o.stderr_pattern);
    job.set_sim_exit_code(o.sim_exit_code);
    job.set_quote_id(o.quote);
    set_spans(o, job);
    set_dependencies(o.after, job);
    set_environment(o.environment, job);
    if (!o.array.empty()) set_array(o.array, job);
    set_command(o, rest, job);
    return job;
}

std::vector<JobRequest> jobs_of(const SubmitOptions& options,
                                const std::vector<std::string>& rest) {
    if (options.file.empty()) {
        JobRequest job = request_of(options, rest);
        job.set_idempotency_key(options.idempotency_key);
        return {std::move(job)};
    }
    if (!options.wrap.empty() || !rest.empty())
        throw Failed(ExitCode::usage, "a job file and a command are one too many",
                     "write the command into the file (script or argv)");
    auto parsed = parse_job_file(read_file(options.file, job_file_bytes_max), Time{now_us()});
    if (!parsed)
        throw Failed(ExitCode::usage, fmt::format("{}: {}", options.file, parsed.error().context),
                     "docs/formats/job.md lists the fields of a job file");
    if (options.quote != 0 && parsed->size() != 1)
        throw Failed(ExitCode::usage, "--quote is for one job, and the file has several");
    if (!parsed->empty()) parsed->front().set_quote_id(options.quote);
    return std::move(*parsed);
}

ExitCode run_submit(Cli& cli, SubmitOptions& options) {
    std::vector<JobRequest> jobs = jobs_of(options, cli.rest);
    Session session = Session::open(cli.hub);
    if (jobs.size() > 1) return submit_batch(cli, session, std::move(jobs));
    const JobAccepted accepted = submit_job(session, jobs[0]);
    put_result(cli, accepted, accepted_text(accepted));
    return options.wait ? wait_and_show(session, options, accepted) : ExitCode::ok;
}

void add_submit_options(CLI::App& verb, SubmitOptions& o) {
    verb.add_option("file", o.file, "job file in YAML, - for standard input")->type_name("FILE");
    verb.add_option("--quote", o.quote, "the binding quote that it takes up");
    verb.add_option("--wrap", o.wrap, "a shell command as the job's script");
    verb.add_option("--org", o.org, "for operators: whose job");
    verb.add_option("--project", o.project, "project of the org");
    verb.add_option("-p,--pool", o.pool, "pool");
    verb.add_option("-J,--name", o.name, "name of the job");
    verb.add_option("--tier", o.tier, "reserved, standard or spot");
    verb.add_option("-n,--tasks", o.tasks, "tasks that start together or not at all");
    verb.add_option("--tasks-min", o.tasks_min, "elastic: start with at least so many");
    verb.add_option("-d,--devices-per-task", o.devices_per_task, "devices of each task");
    verb.add_option("--milli-per-device", o.milli_per_device, "share of one device, 1 to 1000");
    verb.add_option("--topology", o.topology, "any, one_rack or one_node");
    verb.add_option("--topology-wait", o.topology_wait,
                    "so long it waits for that topology, then any place will do");
    verb.add_option("-t,--walltime", o.walltime, "longest run, e.g. 1h30m");
    verb.add_option("--priority", o.priority, "among your own jobs; higher first");
    verb.add_option("--after", o.after, "ID, or KIND:ID with afterok, afternotok or afterany");
    verb.add_option("--retries", o.retries, "runs again after its own failure");
    verb.add_option("--checkpoint-interval", o.checkpoint_interval, "e.g. 10m");
    verb.add_option("--begin", o.begin, "not before, e.g. 2026-12-01T08:00 or now+90m");
    verb.add_flag("--held", o.held, "wait until released");
    verb.add_option("--grace", o.grace, "between the warning signal and the kill");
    verb.add_option("--bid", o.bid, "spot: at most so many yuan a device hour");
    verb.add_option("--array", o.array, "indices, e.g. 0-19%4");
    verb.add_option("--env", o.environment, "NAME=VALUE");
    verb.add_option("-D,--working-dir", o.working_dir,
                    "where it runs; default a folder of its own");
    verb.add_option("-o,--output", o.stdout_pattern, "output file, e.g. run-%j.out");
    verb.add_option("-e,--error", o.stderr_pattern, "error file");
    verb.add_option("--launcher", o.launcher, "first_node or process_per_task");
    verb.add_option("-c,--cpus-per-task", o.cpus_per_task, "processor cores of each task");
    verb.add_option("--memory", o.memory, "of each process, e.g. 4G");
    verb.add_option("--sim-duration", o.sim_duration, "sim pools: how long it runs");
    verb.add_option("--sim-exit-code", o.sim_exit_code, "sim pools: how it ends");
    verb.add_option("--idempotency-key", o.idempotency_key, "makes a repeated submission safe");
    verb.add_flag("-W,--wait", o.wait, "wait for the end; exit status 1 unless all completed");
}

}  // namespace suan::bin
