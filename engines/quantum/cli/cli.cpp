#include "quantum/cli/cli.hpp"

#include "quantum/backend/backend.hpp"
#include "quantum/cli/backend_commands.hpp"
#include "quantum/cli/bench_command.hpp"
#include "quantum/cli/run_command.hpp"
#include "quantum/draw/draw.hpp"
#include "quantum/qasm/parser.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace suan::quantum {

namespace {

// The library reads "-5" as a very large number.
CLI::Option* whole(CLI::Option* option) {
    return option->check([](const std::string& text) {
        return text.starts_with('-') ? text + " is negative" : std::string();
    });
}

void add_run(CLI::App& app, RunArguments& a, int& status) {
    CLI::App* run = app.add_subcommand("run", "simulate programs and print what came out");
    run->add_option("file", a.files, "OpenQASM 2 or 3 programs; - is standard input")->required();
    run->add_option("--method", a.method, "automatic, statevector, stabilizer, mps or density");
    run->add_option("--precision", a.precision, "single or double");
    whole(run->add_option("--shots", a.shots, "how many shots"));
    whole(run->add_option("--seed", a.seed, "of the random numbers"));
    whole(run->add_option("--threads", a.threads, "0: all processors"));
    whole(run->add_option("--memory-limit", a.memory_mib, "MiB; a run that needs more is refused"));
    run->add_flag("--probabilities", a.probabilities, "exact probabilities instead of shots");
    whole(run->add_option("--top", a.top, "list only so many outcomes, the likeliest"));
    run->add_flag("--json", a.json, "print the result as JSON");
    run->add_flag("--memory", a.memory, "list the result of every shot");
    run->add_flag("--progress", a.progress, "print progress lines to standard error");
    run->add_option("--param", a.params, "NAME=VALUE of an input of the program");
    run->add_option("--sweep", a.sweeps, "NAME=FROM:TO:COUNT: one run for each value");
    run->add_option("--observable", a.observables, "Pauli strings, as in '0.5*ZZI + XIX'");
    run->add_option("--output", a.output, "write the JSON to this file");
    whole(run->add_option("--bond", a.bond_max, "largest bond of a matrix product state"));
    run->add_option("--truncation", a.truncation, "largest weight dropped at one cut");
    run->add_option("--histogram", a.histogram, "write an SVG of the outcomes to this file");
    run->add_option("--backend", a.backend, "run on a simulated machine, with its noise");
    run->add_option("--mitigation", a.mitigations,
                    "readout: undo readout errors; zne: observables extrapolated to no noise")
        ->delimiter(',');
    run->add_option("--limit-yuan", a.limit_yuan, "do not start what would cost more");
    run->add_option("--limit-seconds", a.limit_seconds, "do not start what would take longer");
    run->add_option("--noise-factor", a.noise_factor, "multiplies a backend's errors; 0: none");
    run->callback([&] { status = a.backend.empty() ? run_files(a) : run_backend_command(a); });
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

void add_backends(CLI::App& app, BackendArguments& a, RunArguments& run, int& status) {
    CLI::App* list = app.add_subcommand("backends", "list the simulated machines");
    list->add_option("name", a.backend, "only this one");
    list->add_flag("--json", a.json, "as JSON");
    list->callback([&] { status = backends_command(a); });
    CLI::App* transpile = app.add_subcommand("transpile", "fit a program to a machine");
    transpile->add_option("file", a.file, "the program")->required();
    transpile->add_option("--backend", a.backend, "the machine")->required();
    transpile->add_option("--router", a.router, "sabre or greedy");
    transpile->add_option("--level", a.level, "of optimisation: 0, 1 or 2");
    whole(transpile->add_option("--seed", a.seed, "of the router's choices"));
    transpile->add_flag("--json", a.json, "as JSON");
    transpile->callback([&] { status = transpile_command(a); });
    CLI::App* estimate = app.add_subcommand("estimate", "what a run would need, before it is run");
    estimate->add_option("file", a.file, "the program")->required();
    estimate->add_option("--backend", a.backend, "the machine; none: an ideal simulator");
    whole(estimate->add_option("--shots", run.shots, "how many shots"));
    estimate->add_option("--param", run.params, "NAME=VALUE of an input of the program");
    whole(estimate->add_option("--memory-limit", run.memory_mib, "MiB"));
    estimate->add_flag("--probabilities", run.probabilities, "exact probabilities");
    estimate->add_option("--limit-yuan", run.limit_yuan, "fail if it would cost more");
    estimate->add_option("--limit-seconds", run.limit_seconds, "fail if it would take longer");
    estimate->add_flag("--json", a.json, "as JSON");
    estimate->callback([&] { status = estimate_command(a, run); });
}

// A program's circuit, or a machine.
int draw_command(const std::string& file, const std::string& backend, const std::string& output) {
    std::string svg;
    Error error;
    if (!backend.empty()) {
        auto loaded = load_backend(backend_folder(), backend);
        if (loaded)
            svg = backend_svg(*loaded);
        else
            error = loaded.error();
    } else {
        auto text = read_file(file);
        auto program = text ? parse(file, std::move(*text)) : Result<Program>(text.error());
        auto elaborated = program ? Elaborator::create(std::move(*program), {})
                                  : Result<Elaborator>(program.error());
        if (elaborated)
            svg = circuit_svg(elaborated->first().ops, elaborated->qubits());
        else
            error = elaborated.error();
    }
    if (!svg.empty() && output.empty()) fmt::print("{}", svg);
    if (!svg.empty() && !output.empty())
        if (auto good = write_file(output, svg); !good) {
            error = good.error();
            svg.clear();
        }
    if (!svg.empty()) return 0;
    fmt::print(stderr, "suan-quantum: {}\n", error.context);
    return exit_code(error.code);
}

struct DrawArguments {
    std::string file;
    std::string backend;
    std::string output;
};

void add_draw(CLI::App& app, DrawArguments& a, int& status) {
    CLI::App* draw = app.add_subcommand("draw", "an SVG of a program's circuit or of a machine");
    draw->add_option("file", a.file, "the program");
    draw->add_option("--backend", a.backend, "draw this machine instead");
    draw->add_option("--output", a.output, "the file; none: standard output");
    draw->callback([&] { status = draw_command(a.file, a.backend, a.output); });
}

void add_bench(CLI::App& app, BenchArguments& a, int& status) {
    CLI::App* bench = app.add_subcommand("bench", "how fast this machine runs the usual circuits");
    whole(bench->add_option("--qubits", a.qubits, "of the large circuits (default 20)"));
    whole(bench->add_option("--threads", a.threads, "0: all processors"));
    bench->add_flag("--json", a.json, "as JSON");
    bench->callback([&] { status = bench_command(a); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app("suan-quantum: quantum circuits in, counts out");
    app.require_subcommand(1);
    int status = 0;
    RunArguments run;
    std::string parse_path;
    add_run(app, run, status);
    BackendArguments backends;
    DrawArguments draw;
    BenchArguments bench;
    add_parse(app, parse_path, status);
    add_backends(app, backends, run, status);
    add_draw(app, draw, status);
    add_bench(app, bench, status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return status;
}

}  // namespace suan::quantum
