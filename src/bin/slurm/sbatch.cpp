// sbatch: a batch script, its #SBATCH lines and options, to one job or array.
#include "bin/cli.hpp"
#include "bin/job_follow.hpp"
#include "bin/job_request.hpp"
#include "bin/slurm/script.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/slurm/submit.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace suan::bin::slurm {
namespace {

constexpr std::string_view help =
    "Usage: sbatch [OPTIONS...] SCRIPT [ARGS...]   or   sbatch [OPTIONS...] --wrap=COMMAND\n"
    "Submits a batch script to Suan. Options are Slurm's; docs/guides/slurm-users.md lists them.\n";

std::string wrapped(const std::string& command) {
    return "#!/bin/sh\n# This script was created by sbatch --wrap.\n\n" + command + "\n";
}

// Later options are stronger: script, environment, command line.
std::vector<Option> merged(const std::vector<Option>& script, const std::vector<Option>& variables,
                           const std::vector<Option>& arguments) {
    std::vector<Option> all = script;
    all.insert(all.end(), variables.begin(), variables.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

int wait_for_all(Session& session, const JobAccepted& accepted) {
    int worst = 0;
    for (std::uint32_t i = 0; i < accepted.count(); ++i) {
        const auto job = wait_for_job(session, accepted.id() + i, std::nullopt);
        worst = std::max(worst, shell_exit_code(*job));
    }
    return worst;
}

std::string script_name(const std::string& file) {
    return file == "-" ? "sbatch" : std::filesystem::path(file).filename().string();
}

}  // namespace

int run_sbatch(const std::vector<std::string>& arguments) {
    if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
        put(help);
        return 0;
    }
    const ParsedOptions line =
        usage_or(parse_options(arguments, submit_rules(), Words::stop_options));
    std::vector<std::string> words = line.words;
    std::string script;
    std::string name = "wrap";
    if (line.has("wrap")) {
        if (!words.empty()) throw Failed(ExitCode::usage, "--wrap and a script are one too many");
        script = wrapped(line.last("wrap"));
    } else {
        const std::string file = words.empty() ? "-" : words[0];
        script = read_file(file, script_bytes_max);
        name = script_name(file);
        if (!words.empty()) words.erase(words.begin());
    }
    auto lines = script_options(script);
    if (!lines) throw Failed(ExitCode::usage, name + ": " + lines.error().context);
    auto in_script = parse_options(*lines, submit_rules(), Words::between_options);
    if (!in_script) throw Failed(ExitCode::usage, name + ": #SBATCH: " + in_script.error().context);
    const auto variables =
        environment_options("SBATCH_", [](const char* v) { return std::getenv(v); });
    Submission submission = usage_or(
        read_submission(merged(in_script->options, variables, line.options), Time{now_us()}));
    if (submission.name.empty()) submission.name = name;
    submission.notes = in_script->notes;
    submission.notes.insert(submission.notes.end(), line.notes.begin(), line.notes.end());
    Session session = Session::open(HubOptions{});
    JobRequest job = job_request(session, submission);
    job.set_script(script);
    for (const std::string& word : words)
        job.add_argv(word);
    job.set_launcher(LAUNCHER_FIRST_NODE);
    if (!submission.quiet) put_notes("sbatch", submission.notes);
    const JobAccepted accepted = submit_job(session, job);
    put(submission.parsable ? fmt::format("{}\n", accepted.id())
                            : fmt::format("Submitted batch job {}\n", accepted.id()));
    return submission.wait ? wait_for_all(session, accepted) : 0;
}

}  // namespace suan::bin::slurm
