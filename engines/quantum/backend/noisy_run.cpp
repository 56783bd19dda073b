#include "quantum/backend/noisy_run.hpp"

#include "quantum/run/trajectory.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace suan::quantum {

namespace {

// The calibration with all errors scaled.
Backend scaled(Backend backend, double factor) {
    for (QubitCalibration& q : backend.qubits) {
        q.gate_error = std::min(0.75, q.gate_error * factor);
        q.t1_s /= std::max(factor, 1e-12);
        q.t2_s /= std::max(factor, 1e-12);
    }
    for (Coupling& one : backend.couplings)
        one.error = std::min(0.9, one.error * factor);
    return backend;
}

bool ends_with_measurements(const Segment& segment) {
    if (!segment.finished) return false;
    std::vector<bool> measured;
    for (const Op& op : segment.ops) {
        if (op.kind == OpKind::reset) return false;
        for (const std::uint32_t q : op.qubits) {
            if (measured.size() <= q) measured.resize(q + 1, false);
            if (op.kind == OpKind::measure) measured[q] = true;
            if (op.kind == OpKind::gate && measured[q]) return false;
        }
    }
    return true;
}

// Only the qubits in use, numbered from 0; says which those are.
std::vector<std::uint32_t> compact(std::vector<Op>& ops) {
    std::vector<std::uint32_t> used;
    for (const Op& op : ops)
        if (op.kind != OpKind::barrier) used.insert(used.end(), op.qubits.begin(), op.qubits.end());
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    std::erase_if(
        ops, [](const Op& op) { return op.kind == OpKind::barrier || op.kind == OpKind::delay; });
    for (Op& op : ops)
        for (std::uint32_t& q : op.qubits)
            q = static_cast<std::uint32_t>(std::lower_bound(used.begin(), used.end(), q) -
                                           used.begin());
    return used;
}

struct Source {
    std::uint32_t bit = 0;
    std::uint32_t qubit = 0;    // of the compacted circuit
    std::uint32_t machine = 0;  // of the backend
};

// Which qubit each result bit comes from.
std::vector<Source> sources_of(const Elaborator& program, const std::vector<Op>& ops,
                               const std::vector<std::uint32_t>& used, Key& base) {
    std::map<std::uint32_t, std::uint32_t> qubit_of;
    for (const Op& op : ops)
        if (op.kind == OpKind::measure) qubit_of[op.measurement] = op.qubits[0];
    std::vector<Source> out;
    const auto& outputs = program.first().outputs;
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
        if (outputs[i] < 2) {
            set_key_bit(base, i, outputs[i] == 1);
            continue;
        }
        const std::uint32_t q = qubit_of[static_cast<std::uint32_t>(outputs[i] - 2)];
        out.push_back({i, q, used[q]});
    }
    return out;
}

}  // namespace

namespace {

Result<void> check_program(const Elaborator& program, const NoisyOptions& options) {
    if (!ends_with_measurements(program.first()))
        return Error{ErrorCode::invalid,
                     "a backend runs programs that measure at their end: this one measures or "
                     "resets in the middle"};
    if (!program.has_measurement())
        return Error{ErrorCode::invalid, "a backend needs a measurement: add measure statements"};
    if (options.run.exact)
        return Error{ErrorCode::invalid,
                     "a backend gives shots: --probabilities is for ideal runs"};
    if (options.run.shots == 0 || options.run.shots > 1'000'000'000)
        return Error{ErrorCode::invalid, "--shots is from 1 to 1,000,000,000"};
    if (!options.run.observables.empty())
        return Error{ErrorCode::invalid, "observables are for ideal runs: leave out --backend"};
    return {};
}

Result<TrajectoryResult> run_shots(const std::vector<Op>& ops, std::uint32_t qubits,
                                   const NoisyOptions& options, unsigned threads) {
    TrajectoryOptions trajectory;
    trajectory.shots = options.run.shots;
    trajectory.seed = options.run.seed;
    trajectory.threads = threads;
    trajectory.simulator.precision = options.run.precision.value_or(Precision::single);
    trajectory.simulator.isa = options.run.isa;
    trajectory.simulator.memory_bytes_max = options.run.memory_bytes_max;
    const std::uint64_t needed =
        bytes_needed(Method::statevector, qubits, trajectory.simulator, threads);
    if (qubits > 40 || needed > options.run.memory_bytes_max)
        return Error{ErrorCode::exhausted,
                     fmt::format("{} qubits in use need more than the {} MiB of memory allowed",
                                 qubits, options.run.memory_bytes_max >> 20)};
    return run_trajectories(ops, qubits, trajectory);
}

// What is read of each shot: bits may flip.
void read_out(const TrajectoryResult& shots, const std::vector<Source>& sources, const Key& base,
              const Backend& backend, const NoisyOptions& options, Tally& tally) {
    for (std::uint64_t i = 0; i < shots.basis.size(); ++i) {
        Key key = base;
        Random random(~options.run.seed, i + 1);
        for (const Source& source : sources) {
            bool value = (shots.basis[i] >> source.qubit & 1) != 0;
            const QubitCalibration& q = backend.qubits[source.machine];
            const double flip = value ? q.readout_1_as_0 : q.readout_0_as_1;
            if (random.uniform() < flip * options.noise_factor) value = !value;
            set_key_bit(key, source.bit, value);
        }
        tally.counts[key] += 1;
        if (options.run.keep_order) tally.shots.push_back(std::move(key));
    }
}

void describe(RunResult& run, const Elaborator& program, const NoisyOptions& options,
              std::size_t ops) {
    run.qubits = program.qubits();
    run.registers = program.registers();
    run.method = Method::statevector;
    run.method_reason =
        "trajectories of the backend's noise; shots that no error touches share one state";
    run.precision = options.run.precision.value_or(Precision::single);
    run.isa = name_of(options.run.isa);
    run.seed = options.run.seed;
    run.shots = options.run.shots;
    run.ops = ops;
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
    auto transpiled =
        transpile(elaborated->first().ops, elaborated->qubits(), backend, options.transpile);
    if (!transpiled) return std::move(transpiled).error();
    result.transpiled = std::move(*transpiled);
    std::vector<Op> ops = options.noise_factor > 0
                              ? with_noise(result.transpiled, scaled(backend, options.noise_factor))
                              : result.transpiled.ops;
    const std::vector<std::uint32_t> used = compact(ops);
    run.tally.bits = elaborated->result_bits();
    Key base = make_key(std::max<std::size_t>(run.tally.bits, 1));
    const std::vector<Source> sources = sources_of(*elaborated, ops, used, base);
    std::erase_if(ops, [](const Op& op) { return op.kind == OpKind::measure; });
    const auto qubits = static_cast<std::uint32_t>(std::max<std::size_t>(used.size(), 1));
    auto shots = run_shots(ops, qubits, options, threads.count());
    if (!shots) return std::move(shots).error();
    result.shared_shots = shots->shared;
    read_out(*shots, sources, base, backend, options, run.tally);
    if (options.mitigation == Mitigation::readout) {
        std::vector<QubitCalibration> by_bit(run.tally.bits);
        for (const Source& source : sources)
            by_bit[source.bit] = backend.qubits[source.machine];
        result.mitigated = mitigate_readout(run.tally.counts, run.tally.bits, by_bit);
    }
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
    if (!result.mitigated.empty()) {
        json::object mitigated;
        for (const auto& [key, p] : result.mitigated)
            mitigated[key_text(key, result.run.tally.bits)] = p;
        out["mitigated"] = std::move(mitigated);
    }
    return json::serialize(out);
}

}  // namespace suan::quantum
