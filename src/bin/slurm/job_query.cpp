#include "bin/slurm/job_query.hpp"

#include "bin/job_request.hpp"
#include "bin/slurm/fields.hpp"
#include "bin/slurm/submit.hpp"
#include "bin/units.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace suan::bin::slurm {
namespace {

constexpr std::size_t everything = 1'000'000;

// At commas that are outside of brackets.
std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    std::string part;
    int depth = 0;
    for (const char c : text) {
        if (c == '[') ++depth;
        if (c == ']') --depth;
        if (c == ',' && depth == 0) {
            parts.push_back(std::move(part));
            part.clear();
        } else if (c != ' ') {
            part += c;
        }
    }
    parts.push_back(std::move(part));
    std::erase(parts, "");
    return parts;
}

bool in_list(const std::string& list, std::string_view value) {
    const auto parts = split_list(list);
    return parts.empty() || std::find(parts.begin(), parts.end(), value) != parts.end();
}

std::string own_member(Session& session) {
    return session.get<WhoamiView>("/v1/whoami").member();
}

// The login name means oneself: `squeue -u $USER` is a habit.
std::vector<std::string> members(Session& session, const std::string& users) {
    const char* login = std::getenv("USER");
    std::vector<std::string> names = split_list(users);
    for (std::string& name : names)
        if (name == "$me" || (login != nullptr && name == login)) name = own_member(session);
    return names;
}

std::vector<JobView> jobs_by_id(Session& session, const std::string& list) {
    std::vector<JobView> jobs;
    for (const IdText& wanted : parse_ids(list)) {
        auto elements = array_jobs(session, wanted.id);
        if (!wanted.element && elements.empty()) jobs.push_back(get_job(session, wanted.id));
        for (JobView& job : elements) {
            const bool listed = std::find(wanted.indices.begin(), wanted.indices.end(),
                                          job.array_index()) != wanted.indices.end();
            if (!wanted.element || listed) jobs.push_back(std::move(job));
        }
    }
    return jobs;
}

bool has_state(const std::string& api_states, const JobView& job) {
    if (api_states.empty()) return true;
    const std::string name = JobState_Name(job.state()).substr(sizeof("JOB_STATE_") - 1);
    std::string lower;
    for (const char c : name)
        lower += c == '_' ? c : static_cast<char>(c + 32);
    return in_list(api_states, lower);
}

bool matches(const JobFilterText& f, const std::vector<std::string>& users, const JobView& job) {
    const bool by_user =
        users.empty() || std::find(users.begin(), users.end(), job.member()) != users.end();
    const bool by_account = f.account.empty() || in_list(f.account, job.project()) ||
                            in_list(f.account, job.org() + "/" + job.project()) ||
                            in_list(f.account, job.org());
    return by_user && by_account && in_list(f.pool, job.pool()) && in_list(f.name, job.name()) &&
           in_list(f.qos, qos_text(job)) && has_state(f.states, job);
}

boost::json::object number(std::int64_t value) {
    return {{"set", true}, {"infinite", false}, {"number", value}};
}

boost::json::object job_object(const JobView& job, std::int64_t now_us) {
    boost::json::object o;
    o["job_id"] = job.id();
    o["array_job_id"] = number(static_cast<std::int64_t>(job.array_id()));
    o["array_task_id"] = number(job.array_index());
    o["name"] = job.name();
    o["user_name"] = job.member();
    o["account"] = account_text(job);
    o["organization"] = job.org();
    o["partition"] = job.pool();
    o["qos"] = qos_text(job);
    o["job_state"] = state_name(job.state()).name;
    o["state_reason"] = reason_text(job);
    o["nodes"] = job_nodes(job);
    o["node_count"] = number(node_count(job));
    o["tasks"] = number(job.tasks());
    o["cpus"] = number(static_cast<std::int64_t>(device_count(job)));
    o["time_limit"] = number(job.walltime_ms() / 60'000);
    o["submit_time"] = job.submitted_us() / 1'000'000;
    o["start_time"] = job.started_us() / 1'000'000;
    o["end_time"] = (job.ended_us() != 0 ? job.ended_us() : job.ends_by_us()) / 1'000'000;
    o["elapsed"] = elapsed_seconds(job, now_us);
    o["exit_code"] =
        boost::json::object{{"return_code", job.exit_code()}, {"signal", job.signal()}};
    o["charged_micro_yuan"] = job.charged_micro_yuan();
    return o;
}

}  // namespace

std::vector<IdText> parse_ids(std::string_view comma_list) {
    std::vector<IdText> ids;
    for (const std::string& part : split_list(comma_list)) {
        const std::size_t joint = part.find('_');
        const auto id = parse_number(std::string_view(part).substr(0, joint));
        if (!id || *id == 0)
            throw Failed(ExitCode::usage, fmt::format("invalid job id \"{}\"", part.substr(0, 40)),
                         "write 12, 12_3 or 12_[1-3]");
        IdText& wanted = ids.emplace_back();
        wanted.id = *id;
        wanted.element = joint != std::string::npos;
        if (!wanted.element) continue;
        std::string indices = part.substr(joint + 1);
        if (indices.size() > 2 && indices.front() == '[' && indices.back() == ']')
            indices = indices.substr(1, indices.size() - 2);
        wanted.indices = usage_or(parse_indices(indices)).indices;
    }
    return ids;
}

std::vector<JobView> find_jobs(Session& session, const JobFilterText& f) {
    const std::vector<std::string> users = members(session, f.users);
    std::vector<JobView> found;
    if (!f.jobs.empty()) {
        found = jobs_by_id(session, f.jobs);
    } else {
        Query query("/v1/jobs");
        query.add("state", f.states).add("since_us", f.since_us);
        if (users.size() == 1) query.add("member", users[0]);
        const auto list = session.all<JobList>(query.text(), everything, "jobs");
        found.assign(list.jobs().begin(), list.jobs().end());
    }
    std::erase_if(found, [&](const JobView& job) { return !matches(f, users, job); });
    return found;
}

std::string jobs_json(const std::vector<JobView>& jobs, std::int64_t now_us) {
    boost::json::array list;
    for (const JobView& job : jobs)
        list.push_back(job_object(job, now_us));
    boost::json::object all;
    all["meta"] = boost::json::object{{"Slurm", boost::json::object{{"release", "suan"}}}};
    all["jobs"] = std::move(list);
    all["errors"] = boost::json::array{};
    return boost::json::serialize(all) + "\n";
}

}  // namespace suan::bin::slurm
