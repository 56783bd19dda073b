#include "quantum/backend/noisy_run.hpp"

#include "quantum/backend/dynamic_run.hpp"
#include "quantum/backend/noisy_observable.hpp"
#include "quantum/backend/noisy_shots.hpp"
#include "quantum/run/channel_step.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace suan::quantum {

namespace {

// Each shot is remembered while the run lasts.
constexpr std::uint64_t noisy_shots_max = 10'000'000;

Result<void> check_program(const Elaborator& program, const NoisyOptions& options) {
    if (!program.has_measurement() && options.run.observables.empty())
        return Error{ErrorCode::invalid,
                     "a backend needs a measurement or an observable: add measure statements"};
    if (options.run.exact)
        return Error{ErrorCode::invalid,
                     "a backend gives shots: --probabilities is for ideal runs"};
    if (options.run.shots == 0 || options.run.shots > noisy_shots_max)
        return Error{ErrorCode::invalid,
                     fmt::format("--shots on a backend is from 1 to {}", noisy_shots_max)};
    if (program.has_measurement() && !options.run.observables.empty())
        return Error{ErrorCode::invalid,
                     "observables are of a program without measurements and resets"};
    if (options.extrapolate && options.run.observables.empty())
        return Error{ErrorCode::invalid,
                     "--mitigation zne extrapolates observables: add --observable"};
    return {};
}

// Shots by measurement become counts by result bit.
void count(const NoisyShots& shots, const Segment& segment, const NoisyOptions& options,
           Tally& tally) {
    for (const Key& bits : shots.bits) {
        Key key = make_key(std::max<std::size_t>(tally.bits, 1));
        for (std::size_t i = 0; i < segment.outputs.size(); ++i) {
            const Bit bit = segment.outputs[i];
            set_key_bit(key, i,
                        bit < 2 ? bit == 1 : key_bit(bits, static_cast<std::size_t>(bit - 2)));
        }
        tally.counts[key] += 1;
        if (options.run.keep_order) tally.shots.push_back(std::move(key));
    }
}

// The calibration behind each result bit.
std::vector<QubitCalibration> calibrations(const NoisyShots& shots, const Segment& segment,
                                           const Backend& backend, double factor) {
    std::vector<QubitCalibration> out(segment.outputs.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (segment.outputs[i] < 2) continue;
        out[i] = backend.qubits[shots.machine[static_cast<std::size_t>(segment.outputs[i] - 2)]];
        out[i].readout_0_as_1 *= factor;
        out[i].readout_1_as_0 *= factor;
    }
    return out;
}

void describe(RunResult& run, const Elaborator& program, const NoisyOptions& options,
              std::size_t ops) {
    run.qubits = program.qubits();
    run.registers = program.registers();
    run.method = Method::statevector;
    run.precision = options.run.precision.value_or(Precision::single);
    run.isa = name_of(options.run.isa);
    run.seed = options.run.seed;
    run.shots = options.run.shots;
    run.ops = ops;
}

Result<void> run_counts(Elaborator& program, const Backend& backend, const NoisyOptions& options,
                        unsigned threads, NoisyResult& result) {
    RunResult& run = result.run;
    run.tally.bits = program.result_bits();
    const Segment& first = program.first();
    if (!ends_with_measurements(first)) {
        if (options.mitigate_readout)
            return Error{ErrorCode::invalid,
                         "--mitigation readout is for programs that measure at their end: this one "
                         "measures or resets in the middle"};
        if (options.run.precision == Precision::dual)
            return Error{ErrorCode::invalid,
                         "--precision double on a backend is for programs that measure at their "
                         "end"};
        auto done = run_dynamic(program, scaled(backend, options.noise_factor), options, threads);
        if (!done) return std::move(done).error();
        run.tally = std::move(done->tally);
        result.transpiled = std::move(done->transpiled);
        run.method_reason = "one trajectory a shot: the program measures in the middle";
        return {};
    }
    auto shots = noisy_shots(first.ops, program.qubits(), backend, options, threads);
    if (!shots) return std::move(shots).error();
    count(*shots, first, options, run.tally);
    if (options.mitigate_readout)
        result.mitigated =
            mitigate_readout(run.tally.counts, run.tally.bits,
                             calibrations(*shots, first, backend, options.noise_factor));
    result.shared_shots = shots->shared;
    result.transpiled = std::move(shots->transpiled);
    run.method_reason =
        "trajectories of the backend's noise; shots that no error touches share one state";
    return {};
}

}  // namespace

Result<NoisyResult> run_on_backend(Program program, const Backend& backend,
                                   const NoisyOptions& options, Threads& threads) {
    const auto begin = std::chrono::steady_clock::now();
    NoisyResult result;
    RunResult& run = result.run;
    run.program = program.sources.file(0).name;
    run.sm3 = sm3_hex(program.sources.file(0).text);
    ElaborateOptions elaborate;
    elaborate.inputs = options.run.inputs;
    auto elaborated = Elaborator::create(std::move(program), elaborate);
    if (!elaborated) return std::move(elaborated).error();
    if (auto good = check_program(*elaborated, options); !good) return std::move(good).error();
    if (elaborated->has_measurement()) {
        auto good = run_counts(*elaborated, backend, options, threads.count(), result);
        if (!good) return std::move(good).error();
    } else {
        run.method_reason = "trajectories of the backend's noise, for each Pauli string";
    }
    auto observed = observe_on_backend(*elaborated, backend, options, threads.count());
    if (!observed) return std::move(observed).error();
    result.observables = std::move(*observed);
    describe(run, *elaborated, options, result.transpiled.ops.size());
    run.threads = threads.count();
    run.run_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

std::map<Key, double> mitigate_readout(const std::map<Key, std::uint64_t>& counts, std::size_t bits,
                                       const std::vector<QubitCalibration>& calibrations) {
    std::map<Key, double> out;
    double total = 0;
    for (const auto& [key, n] : counts)
        total += static_cast<double>(n);
    if (bits > 16) {
        for (const auto& [key, n] : counts)
            out[key] = static_cast<double>(n) / total;
        return out;
    }
    std::vector<double> p(std::size_t{1} << bits);
    for (const auto& [key, n] : counts)
        p[key[0]] = static_cast<double>(n) / total;
    // The inverse of each bit's 2x2 matrix, one after the other.
    for (std::size_t bit = 0; bit < bits; ++bit) {
        const double a = calibrations[bit].readout_0_as_1;
        const double b = calibrations[bit].readout_1_as_0;
        const double det = 1 - a - b;
        if (det <= 0) continue;
        for (std::size_t i = 0; i < p.size(); ++i) {
            const std::size_t one = i | std::size_t{1} << bit;
            if (i == one) continue;
            const double x = p[i];
            const double y = p[one];
            p[i] = ((1 - b) * x - b * y) / det;
            p[one] = ((1 - a) * y - a * x) / det;
        }
    }
    for (std::size_t i = 0; i < p.size(); ++i)
        if (std::abs(p[i]) > 1e-12) out[Key{i}] = p[i];
    return out;
}

double extrapolate(const std::vector<std::pair<double, double>>& values) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (const auto& [x, y] : values) {
        n += 1;
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    const double det = n * sxx - sx * sx;
    return det == 0 ? sy / std::max(n, 1.0) : (sxx * sy - sx * sxy) / det;
}

Result<Estimate> estimate(Program program, const Backend* backend, const NoisyOptions& options,
                          unsigned threads) {
    ElaborateOptions elaborate;
    elaborate.inputs = options.run.inputs;
    auto elaborated = Elaborator::create(std::move(program), elaborate);
    if (!elaborated) return std::move(elaborated).error();
    Estimate out;
    out.qubits = elaborated->qubits();
    out.shots = options.run.shots;
    auto choice = choose(*elaborated, options.run, threads);
    if (!choice) return std::move(choice).error();
    out.method = name_of(choice->method);
    out.bytes = choice->bytes;
    out.size = size_of(elaborated->first().ops);
    double state_qubits = out.qubits;
    double passes = static_cast<double>(out.size.gates);
    if (backend != nullptr) {
        auto transpiled =
            transpile(elaborated->first().ops, out.qubits, *backend, options.transpile);
        if (!transpiled) return std::move(transpiled).error();
        out.size = transpiled->after;
        // Every shot that an error touches runs about half of the circuit again.
        double quiet = 1;
        for (const Op& op : with_noise(*transpiled, *backend))
            quiet *= 1 - strength(op);
        passes = static_cast<double>(out.size.gates) *
                 (1 + 0.5 * (1 - quiet) * static_cast<double>(out.shots));
        out.yuan =
            backend->price_task_yuan + backend->price_shot_yuan * static_cast<double>(out.shots);
        out.method = "trajectories";
    }
    // A gate touches an amplitude in about a tenth of a nanosecond on one core, measured with
    // AVX-512.
    constexpr double seconds_per_amplitude_gate = 1e-10;
    out.seconds = choice->method == Method::stabilizer && backend == nullptr
                      ? 1e-8 * passes * state_qubits
                      : seconds_per_amplitude_gate * passes *
                            std::exp2(std::min(state_qubits, 60.0)) / threads;
    out.seconds += 1e-6 * static_cast<double>(out.shots);
    return out;
}

std::string to_json(const NoisyResult& result, const Backend& backend, std::size_t top) {
    namespace json = boost::json;
    json::object out = json::parse(to_json(result.run, top)).as_object();
    const Transpiled& t = result.transpiled;
    const auto size = [](const CircuitSize& s) {
        return json::object{{"gates", s.gates}, {"two_qubit", s.two_qubit}, {"depth", s.depth}};
    };
    out["backend"] = json::object{
        {"name", backend.name}, {"calibrated", backend.calibrated}, {"sm3", backend.sm3}};
    out["transpiled"] = json::object{{"before", size(t.before)},
                                     {"after", size(t.after)},
                                     {"swaps", t.swaps},
                                     {"duration_s", t.duration_s},
                                     {"initial_layout", json::value_from(t.initial)},
                                     {"final_layout", json::value_from(t.final)}};
    out["shots_without_error"] = result.shared_shots;
    if (!result.observables.empty()) {
        json::array all;
        for (const NoisyObservable& one : result.observables) {
            json::array points;
            for (const NoisyPoint& point : one.points)
                points.push_back(json::object{{"noise_factor", point.noise_factor},
                                              {"value", point.value},
                                              {"error", point.error}});
            all.push_back(json::object{{"observable", one.text},
                                       {"value", one.value},
                                       {"error", one.error},
                                       {"points", std::move(points)}});
        }
        out["observables"] = std::move(all);
    }
    if (!result.mitigated.empty()) {
        json::object mitigated;
        for (const auto& [key, p] : result.mitigated)
            mitigated[key_text(key, result.run.tally.bits)] = p;
        out["mitigated"] = std::move(mitigated);
    }
    return json::serialize(out);
}

}  // namespace suan::quantum
