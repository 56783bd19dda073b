// scancel: stops jobs by id, or by what they have in common.
#include "bin/cli.hpp"
#include "bin/job_views.hpp"
#include "bin/slurm/fields.hpp"
#include "bin/slurm/job_query.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/slurm/submit.hpp"

#include <fmt/format.h>

namespace suan::bin::slurm {
namespace {

const std::vector<OptionRule> rules = {
    {"user", 'u'},
    {"name", 'n'},
    {"jobname"},
    {"partition", 'p'},
    {"state", 't'},
    {"account", 'A'},
    {"qos", 'q'},
    {"me", 0, Takes::nothing},
    {"quiet", 'Q', Takes::nothing},
    {"verbose", 'v', Takes::nothing},
    {"full", 'f', Takes::nothing, Use::ignored, "a job is stopped with all of its processes"},
    {"batch", 'b', Takes::nothing, Use::ignored, "a job is stopped with all of its processes"},
    {"hurry", 'H', Takes::nothing, Use::ignored, "nothing is staged out"},
    {"signal", 's', Takes::value, Use::refused,
     "a job gets SIGTERM, its grace period, then SIGKILL"},
    {"interactive", 'i', Takes::nothing, Use::refused, "name the jobs to stop"},
    {"nodelist", 'w', Takes::value, Use::refused, "an operator may take the node down"},
};

bool has_filter(const JobFilterText& f) {
    return !(f.users + f.pool + f.account + f.name + f.qos + f.states).empty();
}

void cancel(Session& session, std::uint64_t id) {
    CancelRequest request;
    request.set_reason("scancel");
    session.send<ChangeAccepted>("POST", fmt::format("/v1/jobs/{}/cancel", id), request);
}

}  // namespace

int run_scancel(const std::vector<std::string>& arguments) {
    const ParsedOptions line = usage_or(parse_options(arguments, rules, Words::between_options));
    JobFilterText filter;
    filter.users = line.has("me") ? "$me" : line.last("user");
    filter.pool = line.last("partition");
    filter.account = line.last("account");
    filter.name = line.has("name") ? line.last("name") : line.last("jobname");
    filter.qos = line.last("qos");
    if (line.has("state")) filter.states = api_states(line.last("state"));
    if (line.words.empty() && !has_filter(filter))
        throw Failed(ExitCode::usage, "no jobs named", "write scancel 12, 12_3, or -u NAME");
    Session session = Session::open(HubOptions{});
    put_notes("scancel", line.notes);
    int status = 0;
    std::vector<std::string> wanted = line.words;
    if (wanted.empty()) wanted.emplace_back();
    for (const std::string& word : wanted) {
        try {
            filter.jobs = word;
            for (const JobView& job : find_jobs(session, filter))
                if (!has_ended(job.state())) cancel(session, job.id());
        } catch (const Failed& failed) {
            if (failed.code() == ExitCode::unreachable || failed.code() == ExitCode::usage) throw;
            status = 1;
            if (!line.has("quiet"))
                put_error(fmt::format("scancel: error: job {}: {}\n", word, failed.what()));
        }
    }
    return status;
}

}  // namespace suan::bin::slurm
