#include "quantum/run/run.hpp"

#include "quantum/run/small.hpp"

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

// Up to here a draw's resolution, 2^-24 of the whole, is of no matter beside the shots' own error.
constexpr std::uint64_t small_shots_max = 1'000'000;

bool is_small(const Elaborator& program, const RunOptions& options, const Choice& choice) {
    return choice.method == Method::statevector && choice.precision == Precision::single &&
           program.qubits() <= small_qubits_max && !options.exact && !options.keep_order &&
           options.shots <= small_shots_max && ends_with_measurements(program.first());
}

// All shots at once; the same outcome every time for a seed.
Tally small_tally(const Elaborator& program, const RunOptions& options, SmallRunner& runner) {
    const Segment& segment = program.first();
    Tally tally;
    const bool over_qubits = !program.has_measurement();
    tally.bits = over_qubits ? program.qubits() : program.result_bits();
    std::vector<std::uint32_t> qubit_of;
    for (const Op& op : segment.ops) {
        if (op.kind != OpKind::measure) continue;
        if (qubit_of.size() <= op.measurement) qubit_of.resize(op.measurement + 1);
        qubit_of[op.measurement] = op.qubits[0];
    }
    Key base = make_key(std::max<std::size_t>(tally.bits, 1));
    std::vector<std::pair<std::size_t, std::uint32_t>> sources;  // result bit, qubit
    for (std::uint32_t i = 0; i < tally.bits; ++i) {
        const Bit bit = over_qubits ? Bit{2} : segment.outputs[i];
        if (bit < 2)
            set_key_bit(base, i, bit == 1);
        else
            sources.emplace_back(i, over_qubits ? i : qubit_of[static_cast<std::size_t>(bit - 2)]);
    }
    const auto shots = static_cast<std::uint32_t>(options.shots);
    for (const auto& [basis, n] : runner.run(program.qubits(), segment.ops, shots, options.seed)) {
        Key key = base;
        for (const auto& [bit, qubit] : sources)
            set_key_bit(key, bit, (basis >> qubit & 1) != 0);
        tally.counts[key] += n;
    }
    return tally;
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

Result<PreparedRun> prepare_run(Program program, const RunOptions& options) {
    if (auto good = check(options); !good) return std::move(good).error();
    const auto start = Clock::now();
    RunResult result;
    result.program = program.sources.file(0).name;
    result.sm3 = sm3_hex(program.sources.file(0).text);
    ElaborateOptions elaborate;
    elaborate.inputs = options.inputs;
    auto elaborated = Elaborator::create(std::move(program), elaborate);
    if (!elaborated) return std::move(elaborated).error();
    result.qubits = elaborated->qubits();
    result.registers = elaborated->registers();
    result.over_qubits = !elaborated->has_measurement();
    result.ops = elaborated->first().ops.size();
    result.isa = name_of(options.isa);
    result.seed = options.seed;
    result.shots = options.exact ? 0 : options.shots;
    result.exact = options.exact;
    result.parse_seconds = seconds_since(start);
    return PreparedRun{std::move(*elaborated), std::move(result)};
}

namespace {

Result<Tally> walk_by_choice(Elaborator& program, const RunOptions& options, Choice& choice,
                             Threads& threads) {
    for (;;) {
        WalkOptions walk_options;
        walk_options.exact = options.exact;
        walk_options.shots = options.shots;
        walk_options.seed = options.seed;
        walk_options.keep_order = options.keep_order;
        walk_options.memory_bytes_max = options.memory_bytes_max;
        walk_options.prune = choice.precision == Precision::single ? 1e-6 : 1e-12;
        walk_options.progress = options.progress;
        walk_options.make = [&] {
            return make_simulator(choice.method, program.qubits(),
                                  simulator_options(options, choice.precision), threads);
        };
        auto tally = walk(program, walk_options);
        // A later part of the program may have turned out not to be Clifford after all.
        const bool again = !tally && tally.error().code == ErrorCode::unavailable &&
                           options.method == Method::automatic &&
                           choice.method == Method::stabilizer;
        if (!again) return tally;
        choice.method = choice.bytes <= options.memory_bytes_max && program.qubits() <= 40
                            ? Method::statevector
                            : Method::mps;
        choice.reason = "a later gate is not a Clifford gate";
    }
}

}  // namespace

Result<RunResult> run_prepared(PreparedRun prepared, const RunOptions& options, Threads& threads,
                               SmallRunner* runner) {
    RunResult& result = prepared.result;
    Elaborator& program = prepared.program;
    auto choice = choose(program, options, threads.count());
    if (!choice) return std::move(choice).error();
    const auto begin = Clock::now();
    if (is_small(program, options, *choice)) {
        std::optional<SmallRunner> own;
        if (runner == nullptr) runner = &own.emplace(options.isa);
        result.tally = small_tally(program, options, *runner);
        if (options.progress) options.progress(1);
    } else {
        auto tally = walk_by_choice(program, options, *choice, threads);
        if (!tally) return std::move(tally).error();
        result.tally = std::move(*tally);
    }
    auto observed = observe(program, options, *choice, threads);
    if (!observed) return std::move(observed).error();
    result.observables = std::move(*observed);
    result.run_seconds = seconds_since(begin);
    result.method = choice->method;
    result.method_reason = choice->reason;
    result.precision = choice->method == Method::statevector ? choice->precision : Precision::dual;
    result.threads = threads.count();
    return std::move(result);
}

Result<RunResult> run_program(Program program, const RunOptions& options, Threads& threads) {
    auto prepared = prepare_run(std::move(program), options);
    if (!prepared) return std::move(prepared).error();
    return run_prepared(std::move(*prepared), options, threads);
}

}  // namespace suan::quantum
