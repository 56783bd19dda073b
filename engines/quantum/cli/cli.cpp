#include "quantum/cli/cli.hpp"

#include "quantum/cli/run_command.hpp"
#include "quantum/qasm/parser.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace suan::quantum {

namespace {

void add_run(CLI::App& app, RunArguments& a, int& status) {
    CLI::App* run = app.add_subcommand("run", "simulate programs and print what came out");
    run->add_option("file", a.files, "OpenQASM 2 or 3 programs; - is standard input")->required();
    run->add_option("--method", a.method, "automatic, statevector, stabilizer, mps or density");
    run->add_option("--precision", a.precision, "single or double");
    run->add_option("--shots", a.shots, "how many shots");
    run->add_option("--seed", a.seed, "of the random numbers");
    run->add_option("--threads", a.threads, "0: all processors");
    run->add_option("--memory-limit", a.memory_mib, "MiB; a run that needs more is refused");
    run->add_flag("--probabilities", a.probabilities, "exact probabilities instead of shots");
    run->add_option("--top", a.top, "list only so many outcomes, the likeliest");
    run->add_flag("--json", a.json, "print the result as JSON");
    run->add_flag("--memory", a.memory, "list the result of every shot");
    run->add_flag("--progress", a.progress, "print progress lines to standard error");
    run->add_option("--param", a.params, "NAME=VALUE of an input of the program");
    run->add_option("--sweep", a.sweeps, "NAME=FROM:TO:COUNT: one run for each value");
    run->add_option("--observable", a.observables, "Pauli strings, as in '0.5*ZZI + XIX'");
    run->add_option("--output", a.output, "write the JSON to this file");
    run->add_option("--bond", a.bond_max, "largest bond of a matrix product state");
    run->add_option("--truncation", a.truncation, "largest weight dropped at one cut");
    run->callback([&] { status = run_files(a); });
}

int parse_command(const std::string& path) {
    auto text = read_file(path);
    auto program = text ? parse(path, std::move(*text)) : Result<Program>(text.error());
    if (!program) {
        fmt::print(stderr, "suan-quantum: {}\n", program.error().context);
        return exit_code(program.error().code);
    }
    fmt::print("{}", print(*program));
    return 0;
}

void add_parse(CLI::App& app, std::string& path, int& status) {
    CLI::App* command = app.add_subcommand("parse", "check a program's syntax and print it");
    command->add_option("file", path, "the program")->required();
    command->callback([&] { status = parse_command(path); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app("suan-quantum: quantum circuits in, counts out");
    app.require_subcommand(1);
    int status = 0;
    RunArguments run;
    std::string parse_path;
    add_run(app, run, status);
    add_parse(app, parse_path, status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return status;
}

}  // namespace suan::quantum
