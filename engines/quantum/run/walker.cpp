#include "quantum/run/walker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace suan::quantum {

namespace {

struct Pending {
    std::uint32_t qubit = 0;
    std::uint32_t measurement = 0;
};

struct Branch {
    std::unique_ptr<Simulator> state;
    std::vector<std::int8_t> outcomes;
    std::vector<Pending> pending;
    Layout layout;
    std::vector<bool> touched;
    std::size_t ops_before = 0;
    double weight = 1;
    std::uint64_t shots = 0;
};

struct Prepared {
    Segment segment;
    std::vector<Op> ops;  // as they are run
};

class Walker {
public:
    Walker(Elaborator& program, const WalkOptions& options)
        : program_(program), options_(options), random_(options.seed) {}

    Result<Tally> run();

private:
    Result<void> go(Branch branch, std::shared_ptr<const Prepared> part, std::size_t at);
    Result<void> step(Branch& branch, const std::shared_ptr<const Prepared>& part, std::size_t at,
                      bool& done);
    Result<void> split(Branch& branch, std::uint32_t qubit, Branch& other, bool& has_other,
                       bool& value);
    Result<void> decide(Branch& branch, const std::shared_ptr<const Prepared>& part, std::size_t at,
                        std::uint32_t qubit);
    Result<void> reset(Branch& branch, const std::shared_ptr<const Prepared>& part, std::size_t at,
                       std::uint32_t qubit);
    Result<void> finish(Branch& branch, const Segment& segment);
    Result<std::shared_ptr<const Prepared>> prepared(Segment segment, Branch& branch);
    Result<void> finish_segment(Branch& branch, const Segment& segment, bool& done,
                                std::shared_ptr<const Prepared>& part, std::size_t& at);
    static void settle(Branch& branch, std::uint32_t qubit, bool value);
    static bool is_pending(const Branch& branch, std::uint32_t qubit);
    void count(const Key& key, std::uint64_t shots);
    Error too_many() const;

    Elaborator& program_;
    const WalkOptions& options_;
    Random random_;
    Tally tally_;
    std::uint64_t live_bytes_ = 0;
    double done_ = 0;
};

bool Walker::is_pending(const Branch& branch, std::uint32_t qubit) {
    return std::any_of(branch.pending.begin(), branch.pending.end(),
                       [&](const Pending& one) { return one.qubit == qubit; });
}

// Every measurement of the qubit that was put off has this outcome.
void Walker::settle(Branch& branch, std::uint32_t qubit, bool value) {
    std::erase_if(branch.pending, [&](const Pending& one) {
        if (one.qubit != qubit) return false;
        if (branch.outcomes.size() <= one.measurement)
            branch.outcomes.resize(one.measurement + 1, std::int8_t{-1});
        branch.outcomes[one.measurement] = value ? 1 : 0;
        return true;
    });
}

Error Walker::too_many() const {
    return {ErrorCode::exhausted,
            fmt::format("the program has more than {} different courses of measurement outcomes",
                        options_.branches_max)};
}

// Projects the branch on one value of the qubit; if the other is to be followed too, `other` is.
Result<void> Walker::split(Branch& branch, std::uint32_t qubit, Branch& other, bool& has_other,
                           bool& value) {
    const double p1 = branch.state->probability_one(qubit);
    double one_weight = branch.weight * p1;
    double zero_weight = branch.weight * (1 - p1);
    std::uint64_t ones = 0;
    if (options_.exact) {
        has_other = p1 > options_.prune && 1 - p1 > options_.prune;
        value = p1 > 0.5;
    } else {
        if (branch.shots == 1)
            ones = random_.uniform() < p1 ? 1 : 0;
        else
            ones = std::binomial_distribution<std::uint64_t>(branch.shots, p1)(random_);
        has_other = ones != 0 && ones != branch.shots;
        value = ones != 0 && !has_other ? true : p1 > 0.5;
        if (!has_other) value = ones != 0;
    }
    if (has_other) {
        if (++tally_.branches > options_.branches_max) return too_many();
        other.state = branch.state->clone();
        if (other.state == nullptr)
            return Error{ErrorCode::exhausted, "no memory for one more state"};
        other.outcomes = branch.outcomes;
        other.pending = branch.pending;
        other.layout = branch.layout;
        other.touched = branch.touched;
        other.ops_before = branch.ops_before;
        other.weight = value ? zero_weight : one_weight;
        other.shots = value ? branch.shots - ones : ones;
        other.state->project(qubit, !value, value ? 1 - p1 : p1);
        settle(other, qubit, !value);
        branch.weight = value ? one_weight : zero_weight;
        branch.shots -= other.shots;
    }
    branch.state->project(qubit, value, value ? p1 : 1 - p1);
    settle(branch, qubit, value);
    return {};
}

// Takes the measurement of a qubit before the operation at `at`.
Result<void> Walker::decide(Branch& branch, const std::shared_ptr<const Prepared>& part,
                            std::size_t at, std::uint32_t qubit) {
    Branch other;
    bool has_other = false;
    bool value = false;
    auto good = split(branch, qubit, other, has_other, value);
    if (!good) return good;
    return has_other ? go(std::move(other), part, at) : Result<void>{};
}

Result<void> Walker::reset(Branch& branch, const std::shared_ptr<const Prepared>& part,
                           std::size_t at, std::uint32_t qubit) {
    if (!branch.touched[qubit]) return {};
    Branch other;
    bool has_other = false;
    bool value = false;
    auto good = split(branch, qubit, other, has_other, value);
    if (!good) return good;
    const Op flip = make_gate(GateKind::x, {qubit});
    if (value) branch.state->apply(flip);
    branch.touched[qubit] = false;
    if (!has_other) return {};
    if (!value) other.state->apply(flip);
    other.touched[qubit] = false;
    return go(std::move(other), part, at + 1);
}

Result<void> Walker::step(Branch& branch, const std::shared_ptr<const Prepared>& part,
                          std::size_t at, bool& done) {
    const Op& op = part->ops[at];
    done = true;
    if (op.kind == OpKind::measure) {
        branch.pending.push_back({op.qubits[0], op.measurement});
        return {};
    }
    if (op.kind == OpKind::barrier || op.kind == OpKind::delay) return {};
    if (op.kind == OpKind::reset) {
        if (is_pending(branch, op.qubits[0])) {
            auto good = decide(branch, part, at, op.qubits[0]);
            if (!good) return good;
        }
        return reset(branch, part, at, op.qubits[0]);
    }
    // A measured bit may still control something; anything else changes it.
    for (std::size_t i = 0; i < op.qubits.size(); ++i) {
        const bool changes = i >= op.controls && !is_diagonal(op.gate);
        if (!changes) continue;
        branch.touched[op.qubits[i]] = true;
        if (!branch.pending.empty() && is_pending(branch, op.qubits[i])) {
            auto good = decide(branch, part, at, op.qubits[i]);
            if (!good) return good;
        }
    }
    if (!branch.state->apply(op))
        return program_.program().sources.error(
            op.place, "this gate is beyond the method that was asked for", ErrorCode::unavailable);
    return {};
}

void Walker::count(const Key& key, std::uint64_t shots) {
    tally_.counts[key] += shots;
    if (options_.keep_order) tally_.shots.insert(tally_.shots.end(), shots, key);
}

Result<void> Walker::finish(Branch& branch, const Segment& segment) {
    // Which result bits are settled, and which still come from qubits.
    const bool over_qubits = !program_.has_measurement();
    Key base = make_key(std::max<std::size_t>(tally_.bits, 1));
    std::vector<std::uint32_t> qubits;
    std::vector<std::pair<std::size_t, std::size_t>> sources;  // result bit, place in qubits
    const auto take = [&](std::size_t bit, std::uint32_t qubit) {
        const auto found = std::find(qubits.begin(), qubits.end(), qubit);
        sources.emplace_back(bit, static_cast<std::size_t>(found - qubits.begin()));
        if (found == qubits.end()) qubits.push_back(qubit);
    };
    if (over_qubits) {
        for (std::uint32_t q = 0; q < program_.qubits(); ++q)
            take(q, branch.layout.empty() ? q : branch.layout[q]);
    }
    std::map<std::uint32_t, std::uint32_t> qubit_of;
    for (const Pending& one : branch.pending)
        qubit_of[one.measurement] = one.qubit;
    for (std::size_t i = 0; !over_qubits && i < segment.outputs.size(); ++i) {
        const Bit bit = segment.outputs[i];
        if (bit < 2) {
            set_key_bit(base, i, bit == 1);
            continue;
        }
        const auto number = static_cast<std::uint32_t>(bit - 2);
        if (const auto found = qubit_of.find(number); found != qubit_of.end())
            take(i, found->second);
        else
            set_key_bit(base, i, branch.outcomes[number] == 1);
    }
    const auto key_of = [&](const Key& values) {
        Key key = base;
        for (const auto& [bit, place] : sources)
            set_key_bit(key, bit, key_bit(values, place));
        return key;
    };
    tally_.error_estimate = std::max(tally_.error_estimate, branch.state->error_estimate());
    if (options_.exact) {
        auto good = branch.state->distribution(qubits, [&](const Key& values, double p) {
            tally_.probabilities[key_of(values)] += p * branch.weight;
        });
        if (!good) return good;
    } else if (qubits.empty()) {
        count(base, branch.shots);
    } else {
        std::vector<Key> drawn;
        branch.state->sample(qubits, branch.shots, random_, drawn);
        for (const Key& values : drawn)
            count(key_of(values), 1);
    }
    done_ += options_.exact ? branch.weight
                            : static_cast<double>(branch.shots) /
                                  static_cast<double>(std::max<std::uint64_t>(options_.shots, 1));
    if (options_.progress) options_.progress(done_);
    return {};
}

Result<std::shared_ptr<const Prepared>> Walker::prepared(Segment segment, Branch& branch) {
    auto part = std::make_shared<Prepared>();
    if (options_.prepare) {
        auto ops = options_.prepare(segment.ops, branch.layout);
        if (!ops) return std::move(ops).error();
        part->ops = std::move(*ops);
    } else {
        part->ops = segment.ops;
    }
    part->segment = std::move(segment);
    return std::shared_ptr<const Prepared>(std::move(part));
}

// At the end of a segment: the result, or the next segment once its decision is taken.
Result<void> Walker::finish_segment(Branch& branch, const Segment& segment, bool& done,
                                    std::shared_ptr<const Prepared>& part, std::size_t& at) {
    done = segment.finished;
    if (done) return finish(branch, segment);
    const std::uint32_t wanted = segment.decision;
    const auto found = std::find_if(branch.pending.begin(), branch.pending.end(),
                                    [&](const Pending& one) { return one.measurement == wanted; });
    // The qubit may have been settled already, when a gate changed it.
    if (found != branch.pending.end()) {
        auto good = decide(branch, part, part->ops.size(), found->qubit);
        if (!good) return good;
    }
    branch.ops_before += segment.ops.size();
    auto next = program_.next(branch.outcomes, branch.ops_before);
    if (!next) return std::move(next).error();
    auto ready = prepared(std::move(*next), branch);
    if (!ready) return std::move(ready).error();
    part = std::move(*ready);
    at = 0;
    return {};
}

Result<void> Walker::go(Branch branch, std::shared_ptr<const Prepared> part, std::size_t at) {
    const std::uint64_t bytes = branch.state->bytes();
    live_bytes_ += bytes;
    if (live_bytes_ > options_.memory_bytes_max)
        return Error{ErrorCode::exhausted,
                     "measurements in the middle need more states at once than memory allows"};
    bool finished = false;
    while (!finished) {
        while (at < part->ops.size()) {
            bool done = false;
            auto good = step(branch, part, at, done);
            if (!good) return good;
            ++at;
        }
        auto good = finish_segment(branch, part->segment, finished, part, at);
        if (!good) return good;
    }
    live_bytes_ -= bytes;
    return {};
}

Result<Tally> Walker::run() {
    tally_.bits = program_.has_measurement() ? program_.result_bits() : program_.qubits();
    if (options_.exact && tally_.bits == 0) tally_.probabilities[make_key(1)] = 1;
    // A program whose states would not fit beside each other runs shot by shot.
    Branch branch;
    auto state = options_.make();
    if (!state) return std::move(state).error();
    branch.state = std::move(*state);
    const bool dynamic = !program_.first().finished ||
                         std::any_of(program_.first().ops.begin(), program_.first().ops.end(),
                                     [](const Op& op) { return op.kind == OpKind::reset; });
    const bool alone =
        dynamic && !options_.exact && branch.state->bytes() > options_.memory_bytes_max / 64;
    const std::uint64_t rounds = alone ? options_.shots : 1;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        if (i > 0) {
            auto fresh = options_.make();
            if (!fresh) return std::move(fresh).error();
            branch.state = std::move(*fresh);
        }
        Branch start;
        start.state = std::move(branch.state);
        start.touched.assign(std::max(program_.qubits(), options_.qubits_run), false);
        start.shots = alone ? 1 : options_.shots;
        auto first = prepared(program_.first(), start);
        if (!first) return std::move(first).error();
        auto good = go(std::move(start), std::move(*first), 0);
        if (!good) return std::move(good).error();
    }
    return std::move(tally_);
}

}  // namespace

Result<Tally> walk(Elaborator& program, const WalkOptions& options) {
    return Walker(program, options).run();
}

}  // namespace suan::quantum
