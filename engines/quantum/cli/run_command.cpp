#include "quantum/cli/run_command.hpp"

#include "quantum/cli/cli.hpp"
#include "quantum/cli/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <thread>

namespace suan::quantum {

namespace {

int fail(const Error& error) {
    fmt::print(stderr, "suan-quantum: {}\n", error.context);
    return exit_code(error.code);
}

Result<double> number(std::string_view text, std::string_view what) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return Error{ErrorCode::invalid,
                     fmt::format("{}: '{}' is not a finite number", what, text)};
    return value;
}

Result<Method> method_of(const std::string& name) {
    for (const Method method :
         {Method::automatic, Method::statevector, Method::stabilizer, Method::mps, Method::density})
        if (name == name_of(method)) return method;
    return Error{ErrorCode::invalid,
                 fmt::format("--method {}: there are automatic, statevector, stabilizer, mps and "
                             "density",
                             name)};
}

// One point of a sweep for each combination of values.
struct Sweep {
    std::string name;
    std::vector<double> values;
};

Result<Sweep> parse_sweep(const std::string& text) {
    const Error wrong{ErrorCode::invalid,
                      fmt::format("--sweep {}: expected NAME=FROM:TO:COUNT", text)};
    const auto equals = text.find('=');
    const auto first = text.find(':', equals == std::string::npos ? 0 : equals);
    const auto second = first == std::string::npos ? first : text.find(':', first + 1);
    if (equals == std::string::npos || equals == 0 || second == std::string::npos) return wrong;
    const auto from =
        number(std::string_view(text).substr(equals + 1, first - equals - 1), "--sweep");
    const auto to = number(std::string_view(text).substr(first + 1, second - first - 1), "--sweep");
    const auto count = number(std::string_view(text).substr(second + 1), "--sweep");
    if (!from || !to || !count) return wrong;
    if (*count < 1 || *count > 100'000 || *count != std::floor(*count))
        return Error{
            ErrorCode::invalid,
            fmt::format("--sweep {}: the count is a whole number from 1 to 100,000", text)};
    Sweep sweep{text.substr(0, equals), {}};
    const auto points = static_cast<std::size_t>(*count);
    for (std::size_t i = 0; i < points; ++i)
        sweep.values.push_back(points == 1 ? *from
                                           : *from + (*to - *from) * static_cast<double>(i) /
                                                         static_cast<double>(points - 1));
    return sweep;
}

}  // namespace

unsigned threads_of(const RunArguments& a) {
    const unsigned all = std::max(1U, std::thread::hardware_concurrency());
    return a.threads == 0 ? all : std::min(a.threads, 256U);
}

Result<RunOptions> options_of(const RunArguments& a) {
    RunOptions options;
    auto method = method_of(a.method);
    if (!method) return std::move(method).error();
    options.method = *method;
    if (a.precision == "single")
        options.precision = Precision::single;
    else if (a.precision == "double")
        options.precision = Precision::dual;
    else if (!a.precision.empty())
        return Error{ErrorCode::invalid, "--precision is single or double"};
    if (a.bond_max < 1) return Error{ErrorCode::invalid, "--bond is at least 1"};
    if (!(a.truncation >= 0 && a.truncation < 1))
        return Error{ErrorCode::invalid, "--truncation is from 0 to below 1"};
    options.isa = best_isa();
    options.exact = a.probabilities;
    options.shots = a.shots;
    options.seed = a.seed;
    options.keep_order = a.memory;
    options.memory_bytes_max = a.memory_mib > 0 ? a.memory_mib << 20 : default_memory_bytes();
    options.bond_max = a.bond_max;
    options.truncation_max = a.truncation;
    options.observables = a.observables;
    auto inputs = parse_params(a.params);
    if (!inputs) return std::move(inputs).error();
    options.inputs = std::move(*inputs);
    return options;
}

std::string result_text(const RunResult& r, std::size_t top) {
    std::string text =
        fmt::format("{}: {} qubits, {} ({}), {} threads, {:.3g} s\n", r.program, r.qubits,
                    name_of(r.method), r.method_reason, r.threads, r.run_seconds);
    const std::size_t most = top == 0 ? 32 : top;
    std::vector<std::pair<std::string, double>> rows;
    for (const auto& [key, p] : r.tally.probabilities)
        rows.emplace_back(key_text(key, r.tally.bits), p);
    for (const auto& [key, n] : r.tally.counts)
        rows.emplace_back(key_text(key, r.tally.bits), static_cast<double>(n));
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& x, const auto& y) { return x.second > y.second; });
    for (std::size_t i = 0; i < std::min(most, rows.size()); ++i)
        text += fmt::format("{} {}\n", rows[i].first, rows[i].second);
    if (rows.size() > most) text += fmt::format("... and {} more\n", rows.size() - most);
    for (const ObservableResult& one : r.observables)
        text += fmt::format("<{}> = {:.9f} +- {:.2g}\n", one.text, one.value, one.error);
    return text;
}

void print_progress(std::size_t done, std::size_t all, const std::string& message) {
    std::string clean;
    for (const char c : message)
        if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) clean += c;
    fmt::print(stderr, "suan-progress {{\"fraction\":{:.4f},\"message\":\"{}\"}}\n",
               static_cast<double>(done) / static_cast<double>(std::max<std::size_t>(all, 1)),
               clean);
}

Result<std::map<std::string, double, std::less<>>> parse_params(
    const std::vector<std::string>& params) {
    std::map<std::string, double, std::less<>> out;
    for (const std::string& one : params) {
        const auto equals = one.find('=');
        if (equals == std::string::npos || equals == 0)
            return Error{ErrorCode::invalid, fmt::format("--param {}: expected NAME=VALUE", one)};
        auto value = number(std::string_view(one).substr(equals + 1), "--param");
        if (!value) return std::move(value).error();
        out[one.substr(0, equals)] = *value;
    }
    return out;
}

Result<std::vector<NamedText>> read_files(const std::vector<std::string>& files) {
    std::vector<NamedText> out;
    for (const std::string& file : files) {
        auto text = read_file(file);
        if (!text) return std::move(text).error();
        out.push_back({file, std::move(*text)});
    }
    return out;
}

Result<std::vector<BatchRun>> runs_of(const RunArguments& a) {
    std::vector<Sweep> sweeps;
    std::size_t points = 1;
    for (const std::string& text : a.sweeps) {
        auto sweep = parse_sweep(text);
        if (!sweep) return std::move(sweep).error();
        points *= sweep->values.size();
        if (points * a.files.size() > 1'000'000)
            return Error{ErrorCode::exhausted, "--sweep: at most 1,000,000 points together"};
        sweeps.push_back(std::move(*sweep));
    }
    std::vector<BatchRun> runs;
    for (std::size_t file = 0; file < a.files.size(); ++file)
        for (std::size_t point = 0; point < points; ++point) {
            BatchRun run{file, {}};
            std::size_t rest = point;
            for (const Sweep& sweep : sweeps) {
                run.inputs[sweep.name] = sweep.values[rest % sweep.values.size()];
                rest /= sweep.values.size();
            }
            runs.push_back(std::move(run));
        }
    return runs;
}

int put_documents(const RunArguments& a, const std::vector<std::string>& documents) {
    std::string joined = documents.size() == 1 ? documents[0] : "[";
    for (std::size_t i = 0; documents.size() > 1 && i < documents.size(); ++i)
        joined += (i > 0 ? ",\n" : "") + documents[i];
    if (documents.size() > 1) joined += "]";
    if (a.json) fmt::print("{}\n", joined);
    if (!a.output.empty())
        if (auto good = write_file(a.output, joined + "\n"); !good) return fail(good.error());
    return 0;
}

int run_files(const RunArguments& a) {
    if (!a.mitigations.empty() || a.noise_factor != 1)
        return fail(
            {ErrorCode::invalid,
             "--mitigation and --noise-factor are about a machine's errors: add --backend"});
    BatchOptions options;
    auto run = options_of(a);
    if (!run) return fail(run.error());
    options.run = std::move(*run);
    options.top = a.top;
    options.as_json = a.json || !a.output.empty();
    options.as_text = !a.json;
    options.histogram = !a.histogram.empty();
    if (a.progress) options.progress = print_progress;
    auto runs = runs_of(a);
    if (!runs) return fail(runs.error());
    const auto read = read_files(a.files);
    if (!read) return fail(read.error());
    const std::vector<NamedText>& files = *read;
    const unsigned threads = threads_of(a);
    if (auto good = check_limits(files, *runs, options.run, threads, a); !good)
        return fail(good.error());
    Threads workers(threads);
    auto result = run_batch(files, *runs, options, workers);
    if (!result) return fail(result.error());
    for (const std::string& text : result->texts)
        fmt::print("{}", text);
    if (!a.histogram.empty())
        if (auto good = write_file(a.histogram, result->histogram); !good)
            return fail(good.error());
    return put_documents(a, result->documents);
}

}  // namespace suan::quantum
