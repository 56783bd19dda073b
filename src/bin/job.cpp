// `suan job`: submit, list, show, why, logs, files, wait, cancel, hold, release, bid.
#include "base/limits.hpp"
#include "bin/cli.hpp"
#include "bin/job_files.hpp"
#include "bin/job_follow.hpp"
#include "bin/job_request.hpp"
#include "bin/job_submit.hpp"
#include "bin/job_views.hpp"
#include "bin/units.hpp"
#include "suan/market.pb.h"

#include <fmt/format.h>

#include <optional>

namespace suan::bin {
namespace {

struct ListOptions {
    std::string org, project, member, pool, name, state, array, since;
    std::size_t limit = 50;
};

ExitCode run_list(Cli& cli, ListOptions& o) {
    Session session = Session::open(cli.hub);
    Query query("/v1/jobs");
    query.add("org", o.org).add("project", o.project).add("member", o.member).add("pool", o.pool);
    query.add("name", o.name).add("state", o.state).add("array", o.array);
    if (!o.since.empty()) {
        auto since = parse_time(o.since, Time{now_us()});
        if (!since) throw Failed(ExitCode::usage, "--since: " + since.error().context);
        query.add("since_us", std::to_string(since->us));
    }
    const auto list = session.all<JobList>(query.text(), o.limit, "jobs");
    put_result(cli, list, job_list_text(list));
    return ExitCode::ok;
}

struct JobOptions {
    std::vector<std::string> jobs;
    std::string reason, timeout, stream = "out", get, output, bid;
    bool whole_array = false, follow = false, exit_code = false, errors = false;
    std::uint32_t task = 0, attempt = 0;
};

ExitCode run_show(Cli& cli, JobOptions& o) {
    Session session = Session::open(cli.hub);
    for (const std::string& text : o.jobs) {
        const JobView job = get_job(session, resolve_job(session, text));
        put_result(cli, job, job_text(job, now_us()));
    }
    return ExitCode::ok;
}

ExitCode run_why(Cli& cli, JobOptions& o) {
    Session session = Session::open(cli.hub);
    for (const std::string& text : o.jobs) {
        const auto why =
            session.get<WhyView>(fmt::format("/v1/jobs/{}/why", resolve_job(session, text)));
        put_result(cli, why, why_text(why));
    }
    return ExitCode::ok;
}

ExitCode run_logs(Cli& cli, JobOptions& o) {
    Session session = Session::open(cli.hub);
    LogOptions log;
    log.job = resolve_job(session, o.jobs.at(0));
    log.stream = o.errors ? "err" : "out";
    log.task = o.task;
    log.attempt = o.attempt;
    if (o.follow)
        follow_output(session, log, put);
    else
        read_output(session, log, put);
    return ExitCode::ok;
}

ExitCode run_files(Cli& cli, JobOptions& o) {
    Session session = Session::open(cli.hub);
    const FileOptions options{resolve_job(session, o.jobs.at(0)), o.attempt};
    if (o.get.empty()) {
        const JobFileList list = list_files(session, options);
        put_result(cli, list, files_text(list));
        return ExitCode::ok;
    }
    fetch_file(session, options, o.get, o.output);
    return ExitCode::ok;
}

std::string ended_text(const JobView& job) {
    std::string text =
        fmt::format("Job {} {}", job_id_text(job), enum_text(JobState_descriptor(), job.state()));
    if (job.signal() != 0) text += fmt::format(" (signal {})", job.signal());
    if (job.signal() == 0 && job.exit_code() != 0)
        text += fmt::format(" (exit {})", job.exit_code());
    return text + fmt::format(", charged {} CNY.\n", yuan_text(job.charged_micro_yuan()));
}

ExitCode run_wait(Cli& cli, JobOptions& o) {
    Session session = Session::open(cli.hub);
    std::optional<Duration> timeout;
    if (!o.timeout.empty()) {
        auto span = parse_duration(o.timeout);
        if (!span) throw Failed(ExitCode::usage, "--timeout: " + span.error().context);
        timeout = *span;
    }
    int worst = 0;
    for (const std::string& text : o.jobs) {
        const auto job = wait_for_job(session, resolve_job(session, text), timeout);
        if (!job)
            throw Failed(ExitCode::try_again, fmt::format("job {} has not ended yet", text),
                         "wait again, or ask `suan job why`");
        put_result(cli, *job, ended_text(*job));
        worst = std::max(worst, shell_exit_code(*job));
    }
    if (worst == 0) return ExitCode::ok;
    return o.exit_code ? static_cast<ExitCode>(worst) : ExitCode::refused;
}

ExitCode run_cancel(Cli& cli, JobOptions& o) {
    Session session = Session::open(cli.hub);
    for (const std::string& text : o.jobs) {
        CancelRequest request;
        request.set_whole_array(o.whole_array);
        request.set_reason(o.reason);
        const auto change = session.send<ChangeAccepted>(
            "POST", fmt::format("/v1/jobs/{}/cancel", resolve_job(session, text)), request);
        put_result(cli, change, fmt::format("Job {} cancelled.\n", text));
    }
    return ExitCode::ok;
}

ExitCode change_jobs(Cli& cli, const JobOptions& o, std::string_view verb, std::string_view done) {
    Session session = Session::open(cli.hub);
    for (const std::string& text : o.jobs) {
        ChangeAccepted change;
        session.call("POST", fmt::format("/v1/jobs/{}/{}", resolve_job(session, text), verb),
                     nullptr, &change);
        put_result(cli, change, fmt::format("Job {} {}.\n", text, done));
    }
    return ExitCode::ok;
}

ExitCode run_hold(Cli& cli, JobOptions& o) {
    return change_jobs(cli, o, "hold", "held");
}

ExitCode run_release(Cli& cli, JobOptions& o) {
    return change_jobs(cli, o, "release", "released");
}

ExitCode run_bid(Cli& cli, JobOptions& o) {
    Session session = Session::open(cli.hub);
    BidRequest request;
    request.set_bid_micro_yuan(bid_option("--yuan", o.bid));
    for (const std::string& text : o.jobs) {
        const auto change = session.send<ChangeAccepted>(
            "POST", fmt::format("/v1/jobs/{}/bid", resolve_job(session, text)), request);
        put_result(cli, change,
                   fmt::format("Job {} bids {} CNY a device hour.\n", text,
                               yuan_text(request.bid_micro_yuan())));
    }
    return ExitCode::ok;
}

CLI::App& job_verb(Cli& cli, CLI::App& noun, const std::string& name, const std::string& what,
                   std::shared_ptr<JobOptions> o, ExitCode (*run)(Cli&, JobOptions&)) {
    CLI::App& verb = add_verb(cli, noun, name, what, o, run);
    verb.add_option("job", o->jobs, "job id: 17, or 12_3 of an array")->required()->type_name("ID");
    return verb;
}

void add_list(Cli& cli, CLI::App& noun) {
    auto o = std::make_shared<ListOptions>();
    CLI::App& verb = add_verb(cli, noun, "list", "Jobs, newest first", o, run_list);
    verb.add_option("--org", o->org, "of one org");
    verb.add_option("--project", o->project, "of one project");
    verb.add_option("--member", o->member, "of one member");
    verb.add_option("--pool", o->pool, "in one pool");
    verb.add_option("--name", o->name, "of this name");
    verb.add_option("--state", o->state, "waiting,running,stopping,completed,failed,cancelled,...");
    verb.add_option("--array", o->array, "elements of one array");
    verb.add_option("--since", o->since, "submitted since then, e.g. 2026-12-01");
    verb.add_option("--limit", o->limit, "at most so many (default 50)");
}

}  // namespace

void add_job_commands(Cli& cli) {
    CLI::App& noun = add_noun(cli, "job", "Submit, watch, explain and stop jobs");
    auto submit = std::make_shared<SubmitOptions>();
    CLI::App& submit_verb = add_verb(cli, noun, "submit",
                                     "Submit a job file, a --wrap command, or -- program arguments",
                                     submit, run_submit);
    add_submit_options(submit_verb, *submit);
    add_list(cli, noun);
    auto o = std::make_shared<JobOptions>();
    job_verb(cli, noun, "show", "Everything about a job", o, run_show);
    job_verb(cli, noun, "why", "Every reason why a job waits, and what would help", o, run_why);
    CLI::App& logs = job_verb(cli, noun, "logs", "A job's output", o, run_logs);
    logs.add_flag("-f,--follow", o->follow, "go on until the job has ended");
    logs.add_flag("--stderr", o->errors, "its error stream");
    logs.add_option("--task", o->task, "of which task (default 0)");
    logs.add_option("--attempt", o->attempt, "of which attempt (default the newest)");
    CLI::App& files =
        job_verb(cli, noun, "files", "Files a job left in its own working folder", o, run_files);
    files.add_option("--attempt", o->attempt, "of which attempt (default the newest)");
    auto* get = files.add_option("--get", o->get, "fetch this file of the list")->type_name("PATH");
    auto* output = files.add_option("--output", o->output, "where to write it, - for the terminal")
                       ->type_name("FILE")
                       ->needs(get);
    get->needs(output);
    CLI::App& wait = job_verb(cli, noun, "wait", "Wait until jobs have ended", o, run_wait);
    wait.add_option("--timeout", o->timeout, "give up after, e.g. 10m (exit status 75)");
    wait.add_flag("--exit-code", o->exit_code, "end with the job's own exit status");
    CLI::App& cancel =
        job_verb(cli, noun, "cancel", "Stop jobs, or take them out of the queue", o, run_cancel);
    cancel.add_option("--reason", o->reason, "kept with the job");
    cancel.add_flag("--whole-array", o->whole_array, "the id is an array's: all of it");
    job_verb(cli, noun, "hold", "Keep waiting jobs from starting", o, run_hold);
    job_verb(cli, noun, "release", "Let held jobs start", o, run_release);
    job_verb(cli, noun, "bid", "Bid more or less for waiting spot jobs", o, run_bid)
        .add_option("--yuan", o->bid, "most that it pays for a device hour, e.g. 1.20")
        ->required();
}

}  // namespace suan::bin
