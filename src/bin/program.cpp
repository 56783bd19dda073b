#include "bin/program.hpp"

#include "bin/app.hpp"
#include "bin/cli.hpp"
#include "bin/console.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/table.hpp"
#include "bin/top.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <filesystem>

namespace suan::bin {
namespace {

// Line ends stay: a contradiction has a line for each field. Other control characters go.
std::string shown(std::string_view text) {
    std::string out;
    while (true) {
        const std::size_t end = text.find('\n');
        out += printable(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        out += '\n';
        text.remove_prefix(end + 1);
    }
}

int report(const Failed& failed, std::string_view program) {
    std::string line = fmt::format("{}: {}", program, shown(failed.what()));
    if (!failed.what_to_do().empty()) line += "; " + printable(failed.what_to_do());
    put_error(line + "\n");
    return static_cast<int>(failed.code());
}

void add_commands(Cli& cli) {
    add_up_command(cli);
    add_hub_commands(cli);
    add_job_commands(cli);
    add_app_commands(cli);
    add_org_commands(cli);
    add_money_commands(cli);
    add_invoice_commands(cli);
    add_centre_commands(cli);
    add_log_commands(cli);
    add_witness_commands(cli);
    add_ledger_commands(cli);
    add_crypto_commands(cli);
    add_plan_commands(cli);
    add_tool_commands(cli);
    add_console_command(cli);
    add_top_command(cli);
}

// The words after `--` are the user's command, whatever they look like.
std::vector<std::string> words_before_dashes(int argc, char** argv,
                                             std::vector<std::string>& rest) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const auto dashes = std::find(words.begin(), words.end(), "--");
    if (dashes != words.end()) rest.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    return words;
}

int run_suan(int argc, char** argv) {
    CLI::App app(
        "Suan runs a shared compute centre: it schedules, meters, prices and settles jobs.",
        "suan");
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "help of all commands");
    app.footer(
        "Slurm's commands work as `suan sbatch ...` or under their own names: sbatch srun squeue\n"
        "scancel sinfo sacct. Exit codes: 0 done, 1 refused, 2 usage, 65 never fits, 69 no hub,\n"
        "74 file, 75 try again, 77 not allowed. Guides: docs/guides/first-job.md");
    Cli cli{app, {}, false, {}, {}};
    add_commands(cli);
    try {
        app.parse(words_before_dashes(argc, argv, cli.rest));
        return static_cast<int>(cli.action());
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        put_error(fmt::format("suan: {}; `suan --help` and `suan NOUN --help` list what there is\n",
                              error.what()));
        return static_cast<int>(ExitCode::usage);
    } catch (const Failed& failed) {
        return report(failed, "suan");
    }
}

}  // namespace

int run_program(int argc, char** argv) {
    std::setlocale(LC_TIME, "C");
    std::signal(SIGPIPE, SIG_IGN);
    std::vector<std::string> words(argv, argv + argc);
    if (words.empty()) return static_cast<int>(ExitCode::usage);
    std::string name = std::filesystem::path(words[0]).filename();
    std::size_t first = 1;
    if (!slurm::is_name(name) && words.size() > 1 && slurm::is_name(words[1])) {
        name = words[1];
        first = 2;
    }
    if (!slurm::is_name(name)) return run_suan(argc, argv);
    try {
        words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first));
        return slurm::run(name, words);
    } catch (const Failed& failed) {
        return report(failed, name);
    }
}

}  // namespace suan::bin
