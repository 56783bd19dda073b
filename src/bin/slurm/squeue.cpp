// squeue: jobs that wait or run.
#include "bin/cli.hpp"
#include "bin/job_request.hpp"
#include "bin/slurm/job_query.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/slurm/squeue_format.hpp"
#include "bin/slurm/submit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace suan::bin::slurm {
namespace {

const std::vector<OptionRule> rules = {
    {"user", 'u'},
    {"jobs", 'j', Takes::value},
    {"partition", 'p'},
    {"states", 't'},
    {"account", 'A'},
    {"name", 'n'},
    {"qos", 'q'},
    {"noheader", 'h', Takes::nothing},
    {"long", 'l', Takes::nothing},
    {"format", 'o'},
    {"start", 0, Takes::nothing},
    {"me", 0, Takes::nothing},
    {"json", 0, Takes::nothing},
    {"sort", 'S'},
    {"array", 'r', Takes::nothing},
    {"all", 'a', Takes::nothing, Use::ignored, "every pool that you may see is shown"},
    {"verbose", 'v', Takes::nothing, Use::ignored, "nothing more is known"},
    {"Format", 'O', Takes::value, Use::refused, "use -o with letters"},
    {"iterate", 'i', Takes::value, Use::refused, "use watch squeue"},
    {"nodelist", 'w', Takes::value, Use::refused, "use suan node show"},
};

// By the letters of -S: "t,-p" (the smaller first; a minus turns it round). Stable.
void sort_jobs(std::vector<JobView>& jobs, const std::string& keys) {
    std::vector<std::string> fields;
    for (std::size_t from = 0; from <= keys.size();) {
        const std::size_t comma = std::min(keys.find(',', from), keys.size());
        if (comma > from) fields.push_back(keys.substr(from, comma - from));
        from = comma + 1;
    }
    std::reverse(fields.begin(), fields.end());
    for (const std::string& field : fields) {
        const bool falling = field[0] == '-';
        const char letter = field[field[0] == '-' || field[0] == '+' ? 1 : 0];
        const auto columns = usage_or(parse_queue_format(std::string("%") + letter));
        const bool numbers = letter == 'i' || letter == 'A' || letter == 'p' || letter == 'Q' ||
                             letter == 'D' || letter == 'C' || letter == 'F';
        const auto key = [&](const JobView& job) {
            std::string text = queue_text(columns, {job, std::to_string(job.id())}, 0);
            return numbers ? std::string(24 - std::min<std::size_t>(24, text.size()), ' ') + text
                           : text;
        };
        std::stable_sort(jobs.begin(), jobs.end(), [&](const JobView& a, const JobView& b) {
            return falling ? key(b) < key(a) : key(a) < key(b);
        });
    }
}

// Running jobs after waiting ones, each by id: the order in which squeue lists them.
void order_jobs(std::vector<JobView>& jobs) {
    std::sort(jobs.begin(), jobs.end(), [](const JobView& a, const JobView& b) {
        const bool a_waits = a.state() == JOB_STATE_WAITING;
        const bool b_waits = b.state() == JOB_STATE_WAITING;
        return a_waits != b_waits ? a_waits : a.id() < b.id();
    });
}

std::string format_of(const ParsedOptions& line) {
    if (line.has("format")) return line.last("format");
    if (line.has("start")) return "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20N %R";
    if (line.has("long")) return std::string(squeue_long);
    const char* wanted = std::getenv("SQUEUE_FORMAT");
    return wanted == nullptr ? std::string(squeue_default) : wanted;
}

}  // namespace

int run_squeue(const std::vector<std::string>& arguments) {
    const ParsedOptions line = usage_or(parse_options(arguments, rules, Words::between_options));
    const auto columns = usage_or(parse_queue_format(format_of(line)));
    Session session = Session::open(HubOptions{});
    JobFilterText filter;
    filter.users = line.has("me") ? "$me" : line.last("user");
    filter.jobs = line.last("jobs");
    filter.pool = line.last("partition");
    filter.account = line.last("account");
    filter.name = line.last("name");
    filter.qos = line.last("qos");
    filter.states =
        line.has("states") ? api_states(line.last("states")) : "waiting,running,stopping";
    std::vector<JobView> jobs = find_jobs(session, filter);
    order_jobs(jobs);
    if (line.has("sort")) sort_jobs(jobs, line.last("sort"));
    put_notes("squeue", line.notes);
    if (line.has("json")) {
        put(jobs_json(jobs, now_us()));
        return 0;
    }
    std::string text = line.has("noheader") ? "" : queue_header(columns);
    std::vector<QueueLine> lines;
    if (line.has("array"))
        for (const JobView& job : jobs)
            lines.push_back({job, slurm_id(job)});
    else
        lines = queue_lines(jobs);
    const std::int64_t now = now_us();
    for (const QueueLine& l : lines)
        text += queue_text(columns, l, now);
    put(text);
    return 0;
}

}  // namespace suan::bin::slurm
