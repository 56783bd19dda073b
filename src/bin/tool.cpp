// `suan sim replay`, `suan version`, `suan completion`, `suan slurm-names`.
#include "bin/cli.hpp"
#include "bin/slurm/slurm.hpp"
#include "bin/units.hpp"
#include "bin/version.hpp"
#include "sim/replay/replay.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace suan::bin {
namespace {

struct ReplayCommandOptions {
    std::string centre, trace, format, rules, scale = "1", walltime = "exact", checkpoint_interval;
    std::vector<std::string> orgs;
};

ExitCode run_replay(Cli& cli, ReplayCommandOptions& o) {
    sim::ReplayOptions options;
    options.centre_file = o.centre;
    options.trace_file = o.trace;
    const auto format = sim::trace_format_from(o.format);
    if (!format)
        throw Failed(ExitCode::usage, fmt::format("--format: \"{}\" is not one of {}", o.format,
                                                  sim::trace_format_names));
    options.format = *format;
    options.read.orgs = o.orgs;
    options.run.rules = o.rules;
    auto scale = parse_yuan(o.scale);  // a decimal with at most six places
    if (!scale || *scale < 1'000 || *scale % 1'000 != 0)
        throw Failed(ExitCode::usage,
                     fmt::format("--scale: \"{}\" is not a number from 0.001 up with at most three "
                                 "places",
                                 o.scale));
    options.run.scale_milli = *scale / 1'000;
    const auto walltime = sim::walltime_rule_from(o.walltime);
    if (!walltime)
        throw Failed(ExitCode::usage,
                     fmt::format("--walltime: \"{}\" is not exact, max or factor:N", o.walltime));
    options.run.walltime = *walltime;
    if (!o.checkpoint_interval.empty()) {
        const auto interval = parse_duration(o.checkpoint_interval);
        if (!interval)
            throw Failed(ExitCode::usage, "--checkpoint-interval: " + interval.error().context);
        options.run.checkpoint_us = interval->us;
    }
    auto report = sim::replay(options);
    if (!report) {
        const bool io =
            report.error().code == ErrorCode::io || report.error().code == ErrorCode::not_found;
        throw Failed(io ? ExitCode::io : ExitCode::refused, report.error().context);
    }
    put(cli.json ? sim::to_json(*report) : sim::to_text(*report));
    return ExitCode::ok;
}

struct NoOptions {
    std::string shell, folder;
};

// Words of the program, taken from the parser itself, so that they never go stale.
std::string completion_words(CLI::App& app) {
    std::string nouns;
    std::string cases;
    for (const CLI::App* noun : app.get_subcommands({})) {
        nouns += (nouns.empty() ? "" : " ") + noun->get_name();
        std::string verbs;
        for (const CLI::App* verb : noun->get_subcommands({})) {
            verbs += (verbs.empty() ? "" : " ") + verb->get_name();
            std::string flags;
            for (const CLI::App* part : verb->get_subcommands({}))
                flags += (flags.empty() ? "" : " ") + part->get_name();
            for (const CLI::Option* option : verb->get_options())
                for (const std::string& name : option->get_lnames())
                    flags += (flags.empty() ? "--" : " --") + name;
            cases += fmt::format("        '{} {}') words='{}' ;;\n", noun->get_name(),
                                 verb->get_name(), flags);
        }
        if (!verbs.empty())
            cases += fmt::format("        '{} ') words='{}' ;;\n", noun->get_name(), verbs);
    }
    return fmt::format("    case \"$noun $verb\" in\n        ' ') words='{}' ;;\n{}    esac\n",
                       nouns, cases);
}

ExitCode run_completion(Cli& cli, NoOptions& o) {
    if (o.shell != "bash")
        throw Failed(ExitCode::usage, fmt::format("no completion for {}", o.shell), "use bash");
    put(
        fmt::format("# Completion of suan for bash: source <(suan completion bash)\n"
                    "_suan() {{\n"
                    "    local noun='' verb='' words='' current=${{COMP_WORDS[COMP_CWORD]}}\n"
                    "    ((COMP_CWORD > 1)) && noun=${{COMP_WORDS[1]}}\n"
                    "    ((COMP_CWORD > 2)) && verb=${{COMP_WORDS[2]}}\n"
                    "{}"
                    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                    "}}\n"
                    "complete -o default -F _suan suan\n",
                    completion_words(cli.app)));
    return ExitCode::ok;
}

ExitCode run_version(Cli& cli, NoOptions&) {
    put(cli.json ? fmt::format("{{\"version\":\"{}\"}}\n", version)
                 : fmt::format("suan {}\n", version));
    return ExitCode::ok;
}

// Links, so that `sbatch` is this program.
ExitCode run_slurm_names(Cli&, NoOptions& o) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    fs::create_directories(o.folder, error);
    for (const char* name : {"sbatch", "srun", "squeue", "scancel", "sinfo", "sacct"}) {
        const fs::path link = fs::path(o.folder) / name;
        if (fs::is_symlink(link, error)) fs::remove(link, error);
        fs::create_symlink(self, link, error);
        if (error)
            throw Failed(ExitCode::io,
                         fmt::format("cannot make {}: {}", link.string(), error.message()));
    }
    put(fmt::format("sbatch, srun, squeue, scancel, sinfo and sacct are in {}; put it into PATH.\n",
                    o.folder));
    return ExitCode::ok;
}

template <typename Options>
CLI::App& add_plain(Cli& cli, CLI::App& parent, const std::string& name, const std::string& what,
                    std::shared_ptr<Options> o, ExitCode (*run)(Cli&, Options&)) {
    CLI::App& verb = *parent.add_subcommand(name, what);
    add_json_option(cli, verb);
    verb.callback([&cli, o, run] { cli.action = [&cli, o, run] { return run(cli, *o); }; });
    return verb;
}

}  // namespace

void add_tool_commands(Cli& cli) {
    CLI::App& sim = add_noun(cli, "sim", "The same core in virtual time");
    auto replay = std::make_shared<ReplayCommandOptions>();
    CLI::App& verb =
        add_plain(cli, sim, "replay", "Replay a trace on a centre", replay, run_replay);
    verb.add_option("--centre", replay->centre, "centre file")->required();
    verb.add_option("--trace", replay->trace, "trace file, gzip or not")->required();
    verb.add_option("--format", replay->format, std::string(sim::trace_format_names))->required();
    verb.add_option("--rules", replay->rules, std::string(sim::replay_rules));
    verb.add_option("--scale", replay->scale, "submit so many times faster (default 1)");
    verb.add_option("--walltime", replay->walltime, "exact, max or factor:N (default exact)");
    verb.add_option("--checkpoint-interval", replay->checkpoint_interval,
                    "take every job to save its work so often, e.g. 30m (default: never)");
    verb.add_option("--org", replay->orgs, "only jobs of this org (again for more)");
    add_whatif_command(cli, sim);
    auto o = std::make_shared<NoOptions>();
    add_plain(cli, cli.app, "version", "The version of this program", o, run_version);
    add_plain(cli, cli.app, "completion", "Shell completion", o, run_completion)
        .add_option("shell", o->shell, "bash")
        ->required();
    add_plain(cli, cli.app, "slurm-names", "Make sbatch, squeue, ... as links to this program", o,
              run_slurm_names)
        .add_option("folder", o->folder, "folder for the links")
        ->required();
}

}  // namespace suan::bin
