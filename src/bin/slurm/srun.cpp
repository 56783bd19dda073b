// srun: outside of a job it submits a gang and streams its output; inside of a batch script it
// starts the tasks of a step on this node.
#include "bin/cli.hpp"
#include "bin/job_follow.hpp"
#include "bin/job_request.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/slurm/step.hpp"
#include "bin/slurm/submit.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace suan::bin::slurm {
namespace {

constexpr std::string_view help =
    "Usage: srun [OPTIONS...] PROGRAM [ARGS...]\n"
    "Runs a gang of tasks and shows their output; ends with the program's exit status.\n"
    "Options are Slurm's; docs/guides/slurm-users.md lists them.\n";

// Waits until it runs or has ended; output can be followed from then on.
void wait_for_start(Session& session, std::uint64_t id, bool quiet) {
    bool told = false;
    while (true) {
        const JobView job = get_job(session, id);
        if (job.state() != JOB_STATE_WAITING) return;
        if (!told && !quiet)
            put_error(fmt::format("srun: job {} queued and waiting for resources\n", id));
        told = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

// One stream for each task, in order; with --label every line tells its task.
void show_output(Session& session, const JobRequest& job, std::uint64_t id, bool label) {
    for (std::uint32_t task = 0; task < job.tasks(); ++task) {
        LogOptions log;
        log.job = id;
        log.task = task;
        LineLabel labelled(task, label);
        const auto sink = [&](std::string_view text) { put(labelled.text(text)); };
        if (task == 0)
            follow_output(session, log, sink);
        else
            read_output(session, log, sink);
        put(labelled.rest());
    }
    LogOptions errors;
    errors.job = id;
    errors.stream = "err";
    read_output(session, errors, [](std::string_view text) { put_error(text); });
}

}  // namespace

int run_srun(const std::vector<std::string>& arguments) {
    if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
        put(help);
        return 0;
    }
    const ParsedOptions line =
        usage_or(parse_options(arguments, submit_rules(), Words::stop_options));
    if (line.words.empty())
        throw Failed(ExitCode::usage, "no program to run",
                     "write srun [options] program arguments");
    const bool in_job = std::getenv("SUAN_JOB_ID") != nullptr;
    // Inside of a job SLURM_* describe that job.
    std::vector<Option> options;
    if (!in_job)
        options = environment_options("SLURM_", [](const char* v) { return std::getenv(v); });
    options.insert(options.end(), line.options.begin(), line.options.end());
    Submission submission = usage_or(read_submission(options, Time{now_us()}));
    submission.notes.insert(submission.notes.end(), line.notes.begin(), line.notes.end());
    if (in_job) return run_step(submission, line.words);
    if (!submission.array.empty())
        throw Failed(ExitCode::usage, "srun runs no arrays", "use sbatch --array");
    if (submission.name.empty())
        submission.name = std::filesystem::path(line.words[0]).filename().string();
    Session session = Session::open(HubOptions{});
    JobRequest job = job_request(session, submission);
    if (submission.output.empty()) job.clear_stdout_pattern();
    for (const std::string& word : line.words)
        job.add_argv(word);
    job.set_launcher(LAUNCHER_PROCESS_PER_TASK);
    if (!submission.quiet) put_notes("srun", submission.notes);
    const JobAccepted accepted = submit_job(session, job);
    wait_for_start(session, accepted.id(), submission.quiet);
    try {
        show_output(session, job, accepted.id(), submission.label);
    } catch (const Failed&) {
        // It may have ended before it wrote anything; its end says how.
    }
    const auto ended = wait_for_job(session, accepted.id(), std::nullopt);
    const int code = shell_exit_code(*ended);
    if (code != 0)
        put_error(fmt::format("srun: job {}: {}{}\n", accepted.id(),
                              enum_text(JobState_descriptor(), ended->state()),
                              ended->reason().empty() ? "" : ": " + ended->reason()));
    return code;
}

}  // namespace suan::bin::slurm
