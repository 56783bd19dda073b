#include "quantum/backend/noisy_observable.hpp"

#include "quantum/backend/noisy_shots.hpp"

#include <algorithm>
#include <cmath>

namespace suan::quantum {

namespace {

struct Mean {
    double value = 0;
    double error = 0;
};

bool has(const std::vector<std::uint32_t>& list, std::uint32_t qubit) {
    return std::find(list.begin(), list.end(), qubit) != list.end();
}

// The circuit with X and Y turned to Z, and the string's qubits measured.
std::vector<Op> measured(std::span<const Op> ops, const Observable::Term& term) {
    std::vector<Op> out(ops.begin(), ops.end());
    std::vector<std::uint32_t> qubits = term.x;
    for (const std::uint32_t q : term.z)
        if (!has(qubits, q)) qubits.push_back(q);
    std::sort(qubits.begin(), qubits.end());
    std::uint32_t number = 0;
    for (const std::uint32_t q : qubits) {
        if (has(term.x, q) && has(term.z, q)) out.push_back(make_gate(GateKind::sdg, {q}));
        if (has(term.x, q)) out.push_back(make_gate(GateKind::h, {q}));
        Op measure;
        measure.kind = OpKind::measure;
        measure.qubits = {q};
        measure.measurement = number++;
        out.push_back(std::move(measure));
    }
    return out;
}

Result<Mean> mean_of(const Observable::Term& term, std::span<const Op> ops, std::uint32_t qubits,
                     const Backend& backend, const NoisyOptions& options, unsigned threads) {
    if (term.x.empty() && term.z.empty()) return Mean{1, 0};
    auto shots = noisy_shots(measured(ops, term), qubits, backend, options, threads);
    if (!shots) return std::move(shots).error();
    // A flipped bit turns the parity around: the mean shrinks by 1 - a - b for each bit, and
    // confusions that are not alike shift it. Both are undone bit by bit.
    double sum = 0;
    double squares = 0;
    for (const Key& key : shots->bits) {
        double product = 1;
        for (std::size_t i = 0; i < shots->machine.size(); ++i) {
            const QubitCalibration& c = backend.qubits[shots->machine[i]];
            const double a = c.readout_0_as_1 * options.noise_factor;
            const double b = c.readout_1_as_0 * options.noise_factor;
            const double sign = key_bit(key, i) ? -1 : 1;
            const bool undo = options.mitigate_readout && a + b < 1;
            product *= undo ? (sign - (b - a)) / (1 - a - b) : sign;
        }
        sum += product;
        squares += product * product;
    }
    const auto n = static_cast<double>(shots->bits.size());
    const double value = sum / n;
    return Mean{value, std::sqrt(std::max(0.0, squares / n - value * value) / n)};
}

Result<Mean> total_of(const Observable& observable, std::span<const Op> ops, std::uint32_t qubits,
                      const Backend& backend, NoisyOptions options, unsigned threads) {
    Mean total;
    double variance = 0;
    for (const Observable::Term& term : observable.terms) {
        options.run.seed += 0x9e3779b97f4a7c15ULL;  // a stream of its own
        auto mean = mean_of(term, ops, qubits, backend, options, threads);
        if (!mean) return std::move(mean).error();
        total.value += term.factor * mean->value;
        variance += term.factor * term.factor * mean->error * mean->error;
    }
    total.error = std::sqrt(variance);
    return total;
}

}  // namespace

Result<std::vector<NoisyObservable>> observe_on_backend(const Elaborator& program,
                                                        const Backend& backend,
                                                        const NoisyOptions& options,
                                                        unsigned threads) {
    if (options.run.observables.empty()) return std::vector<NoisyObservable>{};
    const Segment& segment = program.first();
    const bool plain =
        segment.finished && std::none_of(segment.ops.begin(), segment.ops.end(), [](const Op& op) {
            return op.kind == OpKind::measure || op.kind == OpKind::reset;
        });
    if (!plain)
        return Error{ErrorCode::invalid,
                     "observables are of a program without measurements and resets"};
    std::vector<NoisyObservable> results;
    for (const std::string& text : options.run.observables) {
        auto parsed = parse_observable(text, program.qubits());
        if (!parsed) return std::move(parsed).error();
        NoisyObservable one;
        one.text = text;
        const double factors_max = options.extrapolate ? 3 : 1;
        std::vector<std::pair<double, double>> line;
        for (double factor = 1; factor <= factors_max; factor += 1) {
            NoisyOptions more = options;
            more.noise_factor = options.noise_factor * factor;
            more.run.seed = options.run.seed + static_cast<std::uint64_t>(factor) * 1'000'003;
            auto total = total_of(*parsed, segment.ops, program.qubits(), backend, more, threads);
            if (!total) return std::move(total).error();
            one.points.push_back({more.noise_factor, total->value, total->error});
            line.emplace_back(factor, total->value);
        }
        one.value = options.extrapolate ? extrapolate(line) : line[0].second;
        // The line through 1, 2, 3 at 0 is 4/3, 1/3 and -2/3 of the values.
        const double weights[] = {4.0 / 3, 1.0 / 3, -2.0 / 3};
        double variance = 0;
        for (std::size_t i = 0; i < one.points.size(); ++i) {
            const double w = options.extrapolate ? weights[i] : 1;
            variance += w * w * one.points[i].error * one.points[i].error;
        }
        one.error = std::sqrt(variance);
        results.push_back(std::move(one));
    }
    return results;
}

}  // namespace suan::quantum
