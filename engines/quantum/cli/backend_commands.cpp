#include "quantum/cli/backend_commands.hpp"

#include "quantum/backend/noisy_run.hpp"
#include "quantum/cli/cli.hpp"
#include "quantum/cli/limits.hpp"
#include "quantum/draw/draw.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>

namespace suan::quantum {

namespace {

namespace json = boost::json;

int fail(const Error& error) {
    fmt::print(stderr, "suan-quantum: {}\n", error.context);
    return exit_code(error.code);
}

Result<Program> program_of(const std::string& path) {
    auto text = read_file(path);
    if (!text) return std::move(text).error();
    return parse(path, std::move(*text));
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

json::object summary(const Backend& b) {
    std::vector<double> t1, t2, gate, readout, pair;
    for (const QubitCalibration& q : b.qubits) {
        t1.push_back(q.t1_s * 1e6);
        t2.push_back(q.t2_s * 1e6);
        gate.push_back(q.gate_error);
        readout.push_back((q.readout_0_as_1 + q.readout_1_as_0) / 2);
    }
    for (const Coupling& one : b.couplings)
        pair.push_back(one.error);
    return {{"name", b.name},
            {"description", b.description},
            {"qubits", b.qubits.size()},
            {"couplings", b.couplings.size()},
            {"calibrated", b.calibrated},
            {"sm3", b.sm3},
            {"t1_us_median", median(t1)},
            {"t2_us_median", median(t2)},
            {"one_qubit_error_median", median(gate)},
            {"two_qubit_error_median", median(pair)},
            {"readout_error_median", median(readout)},
            {"price_task_yuan", b.price_task_yuan},
            {"price_shot_yuan", b.price_shot_yuan}};
}

Result<TranspileOptions> transpile_options(const BackendArguments& a) {
    TranspileOptions options;
    if (a.router != "sabre" && a.router != "greedy")
        return Error{ErrorCode::invalid, "--router is sabre or greedy"};
    options.router = a.router == "sabre" ? Router::sabre : Router::greedy;
    if (a.level < 0 || a.level > 2) return Error{ErrorCode::invalid, "--level is 0, 1 or 2"};
    options.level = a.level;
    options.seed = a.seed;
    return options;
}

}  // namespace

int backends_command(const BackendArguments& a) {
    const std::string folder = backend_folder();
    json::array all;
    const auto names =
        a.backend.empty() ? list_backends(folder) : std::vector<std::string>{a.backend};
    for (const std::string& name : names) {
        auto backend = load_backend(folder, name);
        if (!backend) return fail(backend.error());
        const json::object one = summary(*backend);
        if (!a.json)
            fmt::print(
                "{:<12} {:>4} qubits  T1 {:.0f} us  T2 {:.0f} us  errors {:.1e} / {:.1e}  "
                "readout {:.1e}  {}\n",
                backend->name, backend->qubits.size(), one.at("t1_us_median").as_double(),
                one.at("t2_us_median").as_double(), one.at("one_qubit_error_median").as_double(),
                one.at("two_qubit_error_median").as_double(),
                one.at("readout_error_median").as_double(), backend->description);
        all.push_back(one);
    }
    if (a.json) fmt::print("{}\n", json::serialize(all));
    return 0;
}

int transpile_command(const BackendArguments& a) {
    auto options = transpile_options(a);
    if (!options) return fail(options.error());
    auto backend = load_backend(backend_folder(), a.backend);
    if (!backend) return fail(backend.error());
    auto program = program_of(a.file);
    if (!program) return fail(program.error());
    auto elaborated = Elaborator::create(std::move(*program), {});
    if (!elaborated) return fail(elaborated.error());
    if (!elaborated->first().finished)
        return fail({ErrorCode::invalid,
                     "only programs without decisions on measurements can be transpiled to text"});
    auto done = transpile(elaborated->first().ops, elaborated->qubits(), *backend, *options);
    if (!done) return fail(done.error());
    std::uint32_t measurements = 0;
    for (const Op& op : done->ops)
        if (op.kind == OpKind::measure) measurements = std::max(measurements, op.measurement + 1);
    const std::string text = to_qasm3(done->ops, measurements);
    if (!a.json) {
        fmt::print(
            "// {} for {}: {} swaps; gates {} -> {}, on two qubits {} -> {}, depth {} -> {}, "
            "{:.3g} us\n{}",
            a.file, backend->name, done->swaps, done->before.gates, done->after.gates,
            done->before.two_qubit, done->after.two_qubit, done->before.depth, done->after.depth,
            done->duration_s * 1e6, text);
        return 0;
    }
    const auto size = [](const CircuitSize& s) {
        return json::object{{"gates", s.gates}, {"two_qubit", s.two_qubit}, {"depth", s.depth}};
    };
    fmt::print("{}\n",
               json::serialize(json::object{{"backend", backend->name},
                                            {"router", a.router},
                                            {"before", size(done->before)},
                                            {"after", size(done->after)},
                                            {"swaps", done->swaps},
                                            {"duration_s", done->duration_s},
                                            {"initial_layout", json::value_from(done->initial)},
                                            {"final_layout", json::value_from(done->final)},
                                            {"program", text}}));
    return 0;
}

int estimate_command(const BackendArguments& a, const RunArguments& run) {
    NoisyOptions options;
    options.run.shots = run.shots;
    options.run.exact = run.probabilities;
    options.run.isa = best_isa();
    options.run.memory_bytes_max =
        run.memory_mib > 0 ? run.memory_mib << 20 : default_memory_bytes();
    auto inputs = parse_params(run.params);
    if (!inputs) return fail(inputs.error());
    options.run.inputs = std::move(*inputs);
    std::optional<Backend> backend;
    if (!a.backend.empty()) {
        auto loaded = load_backend(backend_folder(), a.backend);
        if (!loaded) return fail(loaded.error());
        backend = std::move(*loaded);
    }
    auto program = program_of(a.file);
    if (!program) return fail(program.error());
    const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
    auto e = estimate(std::move(*program), backend ? &*backend : nullptr, options, threads);
    if (!e) return fail(e.error());
    const json::object out{{"qubits", e->qubits},    {"shots", e->shots},
                           {"method", e->method},    {"memory_bytes", e->bytes},
                           {"seconds", e->seconds},  {"yuan", e->yuan},
                           {"gates", e->size.gates}, {"two_qubit", e->size.two_qubit},
                           {"depth", e->size.depth}};
    if (a.json)
        fmt::print("{}\n", json::serialize(out));
    else
        fmt::print("{} qubits, {} shots by {}: about {:.2g} s, {} MiB, {:.4f} yuan\n", e->qubits,
                   e->shots, e->method, e->seconds, e->bytes >> 20, e->yuan);
    if (auto good = check_limits(e->yuan, e->seconds, run.limit_yuan, run.limit_seconds); !good)
        return fail(good.error());
    if (e->bytes > options.run.memory_bytes_max)
        return fail({ErrorCode::exhausted,
                     fmt::format("{} MiB of memory are needed; {} MiB are allowed", e->bytes >> 20,
                                 options.run.memory_bytes_max >> 20)});
    return 0;
}

namespace {

std::string noisy_text(const NoisyResult& result, std::size_t top) {
    std::string text = result_text(result.run, top);
    for (const NoisyObservable& one : result.observables)
        text += fmt::format("<{}> = {:.6f} +- {:.2g}\n", one.text, one.value, one.error);
    return text;
}

}  // namespace

int run_backend_command(const RunArguments& a) {
    auto backend = load_backend(backend_folder(), a.backend);
    if (!backend) return fail(backend.error());
    NoisyOptions options;
    auto run = options_of(a);
    if (!run) return fail(run.error());
    options.run = std::move(*run);
    for (const std::string& one : a.mitigations) {
        if (one == "readout")
            options.mitigate_readout = true;
        else if (one == "zne")
            options.extrapolate = true;
        else
            return fail({ErrorCode::invalid, "--mitigation is readout or zne"});
    }
    options.noise_factor = a.noise_factor;
    if (!(a.noise_factor >= 0 && a.noise_factor <= 100))
        return fail({ErrorCode::invalid, "--noise-factor is a number from 0 to 100"});
    auto runs = runs_of(a);
    if (!runs) return fail(runs.error());
    const auto read = read_files(a.files);
    if (!read) return fail(read.error());
    const std::vector<NamedText>& files = *read;
    const unsigned count = threads_of(a);
    if (auto good = check_limits(files, *runs, options.run, count, a, &*backend); !good)
        return fail(good.error());
    Threads threads(count);
    std::vector<std::string> documents;
    for (const BatchRun& one : *runs) {
        NoisyOptions with = options;
        for (const auto& [name, value] : one.inputs)
            with.run.inputs[name] = value;
        auto program = parse(files[one.file].name, files[one.file].text);
        if (!program) return fail(program.error());
        auto result = run_on_backend(std::move(*program), *backend, with, threads);
        if (!result) return fail(result.error());
        if (!a.json) fmt::print("{}", noisy_text(*result, a.top));
        if (!a.histogram.empty() && documents.empty())
            if (auto good = write_file(a.histogram, histogram_svg(result->run)); !good)
                return fail(good.error());
        documents.push_back(to_json(*result, *backend, a.top));
        if (a.progress) print_progress(documents.size(), runs->size(), files[one.file].name);
    }
    return put_documents(a, documents);
}

}  // namespace suan::quantum
