#include "quantum/run/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace suan::quantum {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Up to here a state vector is so small that nothing is gained by another method.
constexpr std::uint32_t small_qubits = 10;
// Probabilities of up to this many qubits are computed in double precision by default.
constexpr std::uint32_t dual_qubits = 20;

SimulatorOptions simulator_options(const RunOptions& options, Precision precision) {
    SimulatorOptions out;
    out.precision = precision;
    out.isa = options.isa;
    out.memory_bytes_max = options.memory_bytes_max;
    out.bond_max = options.bond_max;
    out.truncation_max = options.truncation_max;
    return out;
}

Result<void> check(const RunOptions& options) {
    if (!options.exact && options.shots == 0)
        return Error{ErrorCode::invalid, "--shots must be at least 1"};
    if (options.shots > 1'000'000'000)
        return Error{ErrorCode::exhausted, "--shots is at most 1,000,000,000"};
    return {};
}

Result<std::vector<ObservableResult>> observe(Elaborator& program, const RunOptions& options,
                                              const Choice& choice, Threads& threads) {
    std::vector<ObservableResult> results;
    if (options.observables.empty()) return results;
    const auto has_other = [](const Op& op) {
        return op.kind == OpKind::measure || op.kind == OpKind::reset;
    };
    const Segment& segment = program.first();
    if (!segment.finished || std::any_of(segment.ops.begin(), segment.ops.end(), has_other))
        return Error{ErrorCode::invalid,
                     "observables are of a program without measurements and resets"};
    auto state = make_simulator(choice.method, program.qubits(),
                                simulator_options(options, choice.precision), threads);
    if (!state) return std::move(state).error();
    for (const Op& op : segment.ops)
        (*state)->apply(op);
    for (const std::string& text : options.observables) {
        auto parsed = parse_observable(text, program.qubits());
        if (!parsed) return std::move(parsed).error();
        ObservableResult one;
        one.text = text;
        double variance = 0;
        for (const Observable::Term& term : parsed->terms) {
            const double value = (*state)->pauli(term.x, term.z);
            one.value += term.factor * value;
            // Each term measured with all shots.
            variance += term.factor * term.factor * std::max(0.0, 1 - value * value) /
                        static_cast<double>(std::max<std::uint64_t>(options.shots, 1));
        }
        one.error = std::sqrt(variance);
        results.push_back(std::move(one));
    }
    return results;
}

}  // namespace

bool is_clifford(std::span<const Op> ops) {
    auto probe = make_tableau(1);
    for (const Op& op : ops) {
        if (op.kind != OpKind::gate) continue;
        if (op.controls == 0 && target_count(op.gate) == 1) {
            Op one = op;
            one.qubits[0] = 0;
            if (!probe->apply(one)) return false;
            continue;
        }
        auto wide = make_tableau(4);
        Op few = op;
        if (few.qubits.size() > 4) return false;
        for (std::size_t i = 0; i < few.qubits.size(); ++i)
            few.qubits[i] = static_cast<std::uint32_t>(i);
        if (!wide->apply(few)) return false;
    }
    return true;
}

Result<Choice> choose(Elaborator& program, const RunOptions& options, unsigned threads) {
    Choice choice;
    const std::uint32_t qubits = program.qubits();
    const bool small_exact = options.exact && qubits <= dual_qubits;
    choice.precision =
        options.precision.value_or(small_exact ? Precision::dual : Precision::single);
    const SimulatorOptions simulator = simulator_options(options, choice.precision);
    const auto bytes = [&](Method method) {
        return bytes_needed(method, qubits, simulator, threads);
    };
    choice.method = options.method;
    choice.reason = "asked for";
    if (options.method == Method::automatic) {
        const std::uint64_t state_bytes = bytes(Method::statevector);
        if (qubits > small_qubits && is_clifford(program.first().ops)) {
            choice.method = Method::stabilizer;
            choice.reason = "every gate is a Clifford gate";
        } else if (state_bytes <= options.memory_bytes_max && qubits <= 40) {
            choice.method = Method::statevector;
            choice.reason = "the state vector fits the memory";
        } else {
            choice.method = Method::mps;
            choice.reason = fmt::format("a state vector of {} qubits does not fit {} MiB", qubits,
                                        options.memory_bytes_max >> 20);
        }
    }
    choice.bytes = bytes(choice.method);
    return choice;
}

Result<RunResult> run_program(Program program, const RunOptions& options, Threads& threads) {
    if (auto good = check(options); !good) return std::move(good).error();
    const auto start = Clock::now();
    RunResult result;
    result.program = program.sources.file(0).name;
    result.sm3 = sm3_hex(program.sources.file(0).text);
    ElaborateOptions elaborate;
    elaborate.inputs = options.inputs;
    auto elaborated = Elaborator::create(std::move(program), elaborate);
    if (!elaborated) return std::move(elaborated).error();
    result.parse_seconds = seconds_since(start);
    auto choice = choose(*elaborated, options, threads.count());
    if (!choice) return std::move(choice).error();
    const auto begin = Clock::now();
    for (;;) {
        WalkOptions walk_options;
        walk_options.exact = options.exact;
        walk_options.shots = options.shots;
        walk_options.seed = options.seed;
        walk_options.keep_order = options.keep_order;
        walk_options.memory_bytes_max = options.memory_bytes_max;
        walk_options.prune = choice->precision == Precision::single ? 1e-6 : 1e-12;
        walk_options.progress = options.progress;
        walk_options.make = [&] {
            return make_simulator(choice->method, elaborated->qubits(),
                                  simulator_options(options, choice->precision), threads);
        };
        auto tally = walk(*elaborated, walk_options);
        if (tally) {
            result.tally = std::move(*tally);
            break;
        }
        // A later part of the program may have turned out not to be Clifford after all.
        const bool again = tally.error().code == ErrorCode::unavailable &&
                           options.method == Method::automatic &&
                           choice->method == Method::stabilizer;
        if (!again) return std::move(tally).error();
        choice->method = choice->bytes <= options.memory_bytes_max && elaborated->qubits() <= 40
                             ? Method::statevector
                             : Method::mps;
        choice->reason = "a later gate is not a Clifford gate";
    }
    auto observed = observe(*elaborated, options, *choice, threads);
    if (!observed) return std::move(observed).error();
    result.observables = std::move(*observed);
    result.run_seconds = seconds_since(begin);
    result.qubits = elaborated->qubits();
    result.registers = elaborated->registers();
    result.over_qubits = !elaborated->has_measurement();
    result.ops = elaborated->first().ops.size();
    result.method = choice->method;
    result.method_reason = choice->reason;
    result.precision = choice->method == Method::statevector ? choice->precision : Precision::dual;
    result.isa = name_of(options.isa);
    result.seed = options.seed;
    result.shots = options.exact ? 0 : options.shots;
    result.exact = options.exact;
    result.threads = threads.count();
    return result;
}

}  // namespace suan::quantum
