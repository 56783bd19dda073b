// `suan app`: the centre's apps, and jobs made of them.
#include "bin/app.hpp"

#include "bin/app_request.hpp"
#include "bin/cli.hpp"
#include "bin/job_follow.hpp"
#include "bin/job_request.hpp"
#include "bin/job_submit.hpp"
#include "bin/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace suan::bin {
namespace {

constexpr std::size_t input_bytes_max = std::size_t{16} << 20;

struct AppOptions {
    std::string name;
    std::vector<std::string> params;
    bool dry_run = false;
    SubmitOptions job;
};

AppTemplate parsed_answer(const std::string& body) {
    auto app = parse_app(body);
    if (!app)
        throw Failed(ExitCode::refused, "the hub's app makes no sense: " + app.error().context,
                     "the hub may be newer than this program");
    return std::move(*app);
}

std::string answer_for(const AppOptions& o, Session& session) {
    return session.raw("/v1/apps/" + percent_encoded(o.name)).body;
}

ExitCode list_apps(Cli& cli, AppOptions&) {
    Session session = Session::open(cli.hub);
    const std::string body = session.raw("/v1/apps").body;
    if (cli.json) {
        put(body + "\n");
        return ExitCode::ok;
    }
    boost::system::error_code error;
    const auto list = boost::json::parse(body, error);
    const auto* apps = error ? nullptr : list.as_object().if_contains("apps");
    if (apps == nullptr || !apps->is_array())
        throw Failed(ExitCode::refused, "the hub's list of apps makes no sense");
    Table table({{"APP"}, {"PLATFORM"}, {"POOL"}, {"TITLE"}});
    for (const auto& one : apps->as_array()) {
        const AppTemplate app = parsed_answer(boost::json::serialize(one));
        table.row({printable(app.name), printable(app.platform), printable(app.pool),
                   printable(app.title.en)});
    }
    put(table.rows() == 0 ? "No apps.\n" : table.text());
    return ExitCode::ok;
}

std::string range_text(const AppParameter& p) {
    if (p.type == AppType::choice) return fmt::format("{}", fmt::join(p.choices, " | "));
    std::string out(name_of(p.type));
    if (p.min) out += fmt::format(", from {}", *p.min);
    if (p.max) out += fmt::format(", up to {}", *p.max);
    return out;
}

ExitCode show_app(Cli& cli, AppOptions& o) {
    Session session = Session::open(cli.hub);
    const std::string body = answer_for(o, session);
    if (cli.json) {
        put(body + "\n");
        return ExitCode::ok;
    }
    const AppTemplate app = parsed_answer(body);
    Table table({{"PARAMETER"}, {"VALUE"}, {"DEFAULT"}, {"WHAT"}});
    for (const AppParameter& p : app.parameters)
        table.row({printable(p.name), printable(range_text(p)),
                   printable(p.fallback   ? *p.fallback
                             : p.required ? "(required)"
                                          : ""),
                   printable(p.help.en.empty() ? p.title.en : p.title.en + ": " + p.help.en)});
    put(fmt::format("{}: {}\n{}", printable(app.name), printable(app.title.en), table.text()));
    return ExitCode::ok;
}

// A path stands for itself, a folder for its files whose names end in the suffix, in order.
std::vector<AppFile> read_inputs(const std::string& path, const std::string& suffix) {
    std::vector<std::string> paths;
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        for (const auto& entry : std::filesystem::directory_iterator(path, error))
            if (entry.is_regular_file(error) && entry.path().filename().string().ends_with(suffix))
                paths.push_back(entry.path().string());
        std::sort(paths.begin(), paths.end());
        if (paths.empty())
            throw Failed(ExitCode::io, fmt::format("folder {} has no file *{}", path, suffix));
    } else {
        paths.push_back(path);
    }
    std::vector<AppFile> files;
    std::size_t bytes = 0;
    for (const std::string& one : paths) {
        files.push_back({one, read_file(one, input_bytes_max)});
        bytes += files.back().text.size();
        if (bytes > input_bytes_max)
            throw Failed(ExitCode::usage,
                         fmt::format("{} holds more than {} MiB", path, input_bytes_max >> 20));
    }
    return files;
}

ExitCode submit_app(Cli& cli, AppOptions& o) {
    Session session = Session::open(cli.hub);
    const AppTemplate app = parsed_answer(answer_for(o, session));
    auto values = app_values(app, o.params, read_inputs);
    auto made = values ? app_request(app, *values) : Result<JobRequest>(values.error());
    if (!made)
        throw Failed(ExitCode::usage, made.error().context,
                     fmt::format("`suan app show {}` lists the parameters", app.name));
    // The caller's own wishes come after the app's.
    JobRequest job = std::move(*made);
    job.MergeFrom(request_of(o.job, {}));
    if (o.dry_run) {
        put_json(job);
        return ExitCode::ok;
    }
    const JobAccepted accepted = submit_job(session, job);
    put_result(cli, accepted, fmt::format("Job {} accepted.\n", accepted.id()));
    if (!o.job.wait) return ExitCode::ok;
    const auto ended = wait_for_job(session, accepted.id(), std::nullopt);
    return ended->state() == JOB_STATE_COMPLETED ? ExitCode::ok : ExitCode::refused;
}

}  // namespace

void add_app_commands(Cli& cli) {
    auto o = std::make_shared<AppOptions>();
    CLI::App& noun = add_noun(cli, "app", "Apps: jobs by filling in a form");
    add_verb(cli, noun, "list", "The centre's apps", o, list_apps);
    CLI::App& show = add_verb(cli, noun, "show", "An app's parameters", o, show_app);
    show.add_option("name", o->name, "the app")->required();
    CLI::App& submit = add_verb(cli, noun, "submit", "Submit a job of an app", o, submit_app);
    submit.add_option("name", o->name, "the app")->required();
    submit.add_option("--param", o->params, "NAME=VALUE; a file's value is its path");
    submit.add_flag("--dry-run", o->dry_run, "print the job instead of submitting it");
    submit.add_option("--org", o->job.org, "for operators: whose job");
    submit.add_option("--project", o->job.project, "project of the org");
    submit.add_option("-p,--pool", o->job.pool, "another pool than the app's");
    submit.add_option("-J,--name", o->job.name, "name of the job");
    submit.add_option("--tier", o->job.tier, "reserved, standard or spot");
    submit.add_option("-t,--walltime", o->job.walltime, "longest run, e.g. 1h30m");
    submit.add_option("-c,--cpus-per-task", o->job.cpus_per_task, "processor cores of the task");
    submit.add_flag("-W,--wait", o->job.wait, "wait for the end; exit status 1 unless completed");
}

}  // namespace suan::bin
