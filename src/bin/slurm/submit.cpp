#include "bin/slurm/submit.hpp"

#include "bin/cli.hpp"
#include "bin/job_request.hpp"
#include "bin/slurm/mapping.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace suan::bin::slurm {
namespace {

PoolShape pool_shape(Session& session, const std::string& name) {
    const auto list = session.get<PoolList>("/v1/pools?limit=1000");
    for (const PoolView& pool : list.pools())
        if (pool.name() == name || (name.empty() && list.pools_size() == 1))
            return {pool.name(), pool.device_type()};
    std::string names;
    for (const PoolView& pool : list.pools())
        names += (names.empty() ? "" : ", ") + pool.name();
    if (name.empty())
        throw Failed(ExitCode::usage, "which pool?",
                     fmt::format("name one with --partition: {}", names));
    throw Failed(ExitCode::refused, fmt::format("there is no partition \"{}\"", name),
                 fmt::format("use one of {}", names));
}

// "project", or "org/project" for those who act for several orgs.
void set_account(const std::string& account, JobRequest& job) {
    const std::size_t slash = account.find('/');
    if (slash == std::string::npos) {
        job.set_project(account);
        return;
    }
    job.set_org(account.substr(0, slash));
    job.set_project(account.substr(slash + 1));
}

// An array's id in a dependency means all of it, as in Slurm.
void add_dependencies(Session& session, const std::vector<DependencyText>& after, JobRequest& job) {
    const auto add = [&](std::uint64_t id, DependencyKind kind) {
        DependencyRequest& dependency = *job.add_after();
        dependency.set_job_id(id);
        dependency.set_kind(kind);
    };
    for (const DependencyText& d : after) {
        const std::uint64_t id = resolve_job(session, d.job);
        const bool is_element = d.job.find('_') != std::string::npos;
        const auto elements = is_element ? std::vector<JobView>{} : array_jobs(session, id);
        if (elements.empty()) add(id, d.kind);
        for (const JobView& element : elements)
            add(element.id(), d.kind);
    }
}

WorkingFolder working_folder() {
    std::error_code error;
    WorkingFolder folder;
    folder.submit_dir = std::filesystem::current_path(error);
    const char* shared = std::getenv("SUAN_WORK_DIRS");
    std::string_view rest = shared == nullptr ? "" : shared;
    while (!rest.empty()) {
        const std::size_t colon = rest.find(':');
        if (colon != 0) folder.work_dirs.emplace_back(rest.substr(0, colon));
        rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    }
    return folder;
}

std::vector<std::string> own_environment() {
    std::vector<std::string> out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        out.emplace_back(*entry);
    return out;
}

void add_variable(JobRequest& job, const std::string& name, const std::string& value) {
    EnvironmentVariable& variable = *job.add_environment();
    variable.set_name(name);
    variable.set_value(value);
}

}  // namespace

void put_notes(std::string_view command, const std::vector<std::string>& notes) {
    for (const std::string& note : notes)
        put_error(fmt::format("{}: note: {}\n", command, printable(note)));
}

JobRequest job_request(Session& session, Submission& s) {
    JobRequest job;
    const PoolShape pool = pool_shape(session, s.pool);
    const Gang gang = usage_or(gang_of(s.sizes, pool));
    job.set_pool(pool.name);
    job.set_name(s.name);
    set_account(s.account, job);
    job.set_tasks(gang.tasks);
    job.set_devices_per_task(gang.devices_per_task);
    job.set_cpus_per_task(gang.cpus_per_task);
    job.set_topology(gang.topology);
    job.set_memory_bytes(memory_of(s.sizes));
    job.set_walltime_ms(s.walltime_ms);
    job.set_begin_time_us(s.begin_us);
    job.set_priority(s.priority);
    if (s.one_rack && gang.tasks > 1 && gang.topology == TOPOLOGY_ANY) {
        job.set_topology(TOPOLOGY_ONE_RACK);
        job.set_topology_wait_ms(s.topology_wait_ms);
    }
    job.set_held(s.held);
    if (s.tier == "reserved") job.set_tier(TIER_RESERVED);
    if (s.tier == "spot") job.set_tier(TIER_SPOT);
    if (!s.array.empty()) {
        const IndexList list = usage_or(parse_indices(s.array));
        for (const std::uint32_t index : list.indices)
            job.mutable_array()->add_indices(index);
        job.mutable_array()->set_running_max(list.running_max);
    }
    add_dependencies(session, s.after, job);
    const WorkingFolder folder = working_folder();
    set_files(s, folder, job, s.notes);
    for (auto& variable : exported_variables(s.exported, own_environment(), s.notes))
        *job.add_environment() = std::move(variable);
    add_variable(job, "SLURM_SUBMIT_DIR", folder.submit_dir);
    return job;
}

}  // namespace suan::bin::slurm
