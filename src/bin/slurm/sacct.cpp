// sacct: jobs of the past and present, as accounting sees them.
#include "bin/cli.hpp"
#include "bin/job_request.hpp"
#include "bin/slurm/fields.hpp"
#include "bin/slurm/job_query.hpp"
#include "bin/slurm/sacct_format.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/slurm/submit.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace suan::bin::slurm {
namespace {

const std::vector<OptionRule> rules = {
    {"jobs", 'j'},
    {"allocations", 'X', Takes::nothing},
    {"noheader", 'n', Takes::nothing},
    {"parsable2", 'P', Takes::nothing},
    {"parsable", 'p', Takes::nothing},
    {"format", 'o'},
    {"state", 's'},
    {"starttime", 'S'},
    {"endtime", 'E'},
    {"allusers", 'a', Takes::nothing},
    {"user", 'u'},
    {"accounts", 'A'},
    {"partition", 'r'},
    {"name"},
    {"json", 0, Takes::nothing},
    {"delimiter"},
    {"duplicates", 'D', Takes::nothing, Use::ignored, "a job has one line for all its attempts"},
    {"brief", 'b', Takes::nothing},
};

std::int64_t midnight_us() {
    std::time_t now = std::time(nullptr);
    std::tm tm{};
    localtime_r(&now, &tm);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    return std::int64_t{std::mktime(&tm)} * 1'000'000;
}

std::int64_t time_option(const ParsedOptions& line, const std::string& name,
                         std::int64_t otherwise) {
    if (!line.has(name)) return otherwise;
    return usage_or(parse_time(line.last(name), Time{now_us()})).us;
}

AccountStyle style_of(const ParsedOptions& line) {
    AccountStyle style;
    style.header = !line.has("noheader");
    style.delimiter = line.has("delimiter") ? line.last("delimiter") : "|";
    if (line.has("parsable2")) style.shape = AccountStyle::Shape::delimited;
    if (line.has("parsable")) style.shape = AccountStyle::Shape::delimited_and_ended;
    return style;
}

}  // namespace

int run_sacct(const std::vector<std::string>& arguments) {
    const ParsedOptions line = usage_or(parse_options(arguments, rules, Words::between_options));
    std::string format = line.has("brief") ? "JobID,State,ExitCode" : std::string(sacct_default);
    if (line.has("format")) format = line.last("format");
    const auto columns = usage_or(parse_account_format(format));
    JobFilterText filter;
    filter.jobs = line.last("jobs");
    filter.users = line.has("user")                           ? line.last("user")
                   : line.has("allusers") || line.has("jobs") ? ""
                                                              : "$me";
    filter.account = line.last("accounts");
    filter.pool = line.last("partition");
    filter.name = line.last("name");
    if (line.has("state")) filter.states = api_states(line.last("state"));
    const std::int64_t from = time_option(line, "starttime", line.has("jobs") ? 0 : midnight_us());
    const std::int64_t until = time_option(line, "endtime", INT64_MAX);
    Session session = Session::open(HubOptions{});
    std::vector<JobView> jobs = find_jobs(session, filter);
    // Slurm's window: what was there at some time in it.
    std::erase_if(jobs, [&](const JobView& job) {
        return (job.ended_us() != 0 && job.ended_us() < from) || job.submitted_us() > until;
    });
    std::sort(jobs.begin(), jobs.end(),
              [](const JobView& a, const JobView& b) { return a.id() < b.id(); });
    put_notes("sacct", line.notes);
    put(line.has("json") ? jobs_json(jobs, now_us())
                         : account_text(columns, jobs, style_of(line), now_us()));
    return 0;
}

}  // namespace suan::bin::slurm
