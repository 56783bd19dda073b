#include "quantum/backend/dynamic_run.hpp"

#include "quantum/run/channel_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

namespace suan::quantum {

namespace {

constexpr std::size_t parts_max = 100'000;

// One way through the program up to a decision: what is run, and what follows each outcome.
struct Part {
    std::vector<Op> ops;  // with channels, on the region's qubits
    Segment segment;      // its operations are in `ops`
    Layout layout;        // at its end
    std::size_t ops_before = 0;
    std::vector<std::int8_t> decided;  // what the program asked for on the way here
    std::array<std::unique_ptr<Part>, 2> next;
};

// A connected piece of the machine that holds these qubits: all parts are routed within it.
std::vector<std::uint32_t> region_of(const Backend& backend, std::vector<std::uint32_t> wanted) {
    const auto neighbours = backend.neighbours();
    std::vector<bool> in(backend.qubits.size(), false);
    std::vector<std::uint32_t> region = {wanted.front()};
    in[wanted.front()] = true;
    for (const std::uint32_t goal : wanted) {
        if (in[goal]) continue;
        // The shortest way from the region to the goal, breadth first.
        std::vector<std::uint32_t> from(backend.qubits.size(), UINT32_MAX);
        std::vector<std::uint32_t> queue = region;
        for (const std::uint32_t q : region)
            from[q] = q;
        for (std::size_t i = 0; i < queue.size() && from[goal] == UINT32_MAX; ++i)
            for (const std::uint32_t n : neighbours[queue[i]])
                if (from[n] == UINT32_MAX) {
                    from[n] = queue[i];
                    queue.push_back(n);
                }
        for (std::uint32_t q = goal; from[goal] != UINT32_MAX && !in[q]; q = from[q]) {
            in[q] = true;
            region.push_back(q);
        }
    }
    std::sort(region.begin(), region.end());
    return region;
}

Backend piece_of(const Backend& backend, const std::vector<std::uint32_t>& region) {
    Backend piece = backend;
    piece.qubits.clear();
    piece.couplings.clear();
    const auto place = [&](std::uint32_t q) {
        const auto found = std::lower_bound(region.begin(), region.end(), q);
        return found != region.end() && *found == q
                   ? static_cast<std::uint32_t>(found - region.begin())
                   : UINT32_MAX;
    };
    for (const std::uint32_t q : region)
        piece.qubits.push_back(backend.qubits[q]);
    for (const Coupling& one : backend.couplings) {
        const Coupling moved{place(one.a), place(one.b), one.error};
        if (moved.a != UINT32_MAX && moved.b != UINT32_MAX) piece.couplings.push_back(moved);
    }
    return piece;
}

class DynamicRunner {
public:
    DynamicRunner(Elaborator& program, const Backend& backend, const NoisyOptions& options)
        : program_(program), backend_(backend), options_(options) {}

    Result<DynamicResult> run(unsigned threads);

private:
    using State = StateVector<float>;

    Result<Transpiled> prepare();
    Result<std::unique_ptr<Part>> make_part(Segment segment, const Layout& from,
                                            std::size_t ops_before, NoiseSpan span);
    Result<Part*> follow(Part& part, bool outcome);
    Result<Key> shot(State& state, std::uint64_t number);
    void step(State& state, const Op& op, Random& random, std::vector<std::int8_t>& outcomes) const;
    Key key_of(const Segment& segment, const std::vector<std::int8_t>& outcomes) const;

    Elaborator& program_;
    const Backend& backend_;
    const NoisyOptions& options_;
    Backend piece_;
    std::mutex growing_;  // of the tree of parts
    std::unique_ptr<Part> root_;
    std::size_t parts_ = 1;
};

Result<std::unique_ptr<Part>> DynamicRunner::make_part(Segment segment, const Layout& from,
                                                       std::size_t ops_before, NoiseSpan span) {
    auto done = transpile(segment.ops, program_.qubits(), piece_, options_.transpile, from);
    if (!done) return std::move(done).error();
    auto part = std::make_unique<Part>();
    part->ops = options_.noise_factor > 0 ? with_noise(*done, piece_, span) : done->ops;
    part->layout = done->final;
    part->ops_before = ops_before + segment.ops.size();
    part->segment = std::move(segment);
    return part;
}

// The first segment's place decides which piece of the machine is used.
Result<Transpiled> DynamicRunner::prepare() {
    const Segment& first = program_.first();
    auto done = transpile(first.ops, program_.qubits(), backend_, options_.transpile);
    if (!done) return std::move(done).error();
    std::vector<std::uint32_t> wanted = done->initial;
    for (const Op& op : done->ops)
        if (op.kind != OpKind::barrier)
            wanted.insert(wanted.end(), op.qubits.begin(), op.qubits.end());
    const std::vector<std::uint32_t> region = region_of(backend_, std::move(wanted));
    piece_ = piece_of(backend_, region);
    Layout start = done->initial;
    for (std::uint32_t& q : start)
        q = static_cast<std::uint32_t>(std::lower_bound(region.begin(), region.end(), q) -
                                       region.begin());
    auto part = make_part(first, start, 0, NoiseSpan::first);
    if (!part) return std::move(part).error();
    root_ = std::move(*part);
    return std::move(*done);
}

// Of a part that other threads read, only what follows it changes, and only here.
Result<Part*> DynamicRunner::follow(Part& part, bool outcome) {
    const std::lock_guard lock(growing_);
    auto& next = part.next[outcome ? 1 : 0];
    if (next == nullptr) {
        auto decided = part.decided;
        if (decided.size() <= part.segment.decision)
            decided.resize(part.segment.decision + 1, std::int8_t{-1});
        decided[part.segment.decision] = outcome ? 1 : 0;
        auto segment = program_.next(decided, part.ops_before);
        if (!segment) return std::move(segment).error();
        auto made = make_part(std::move(*segment), part.layout, part.ops_before, NoiseSpan::later);
        if (!made) return std::move(made).error();
        if (++parts_ > parts_max)
            return Error{
                ErrorCode::exhausted,
                fmt::format("the program has more than {} courses of decisions", parts_max)};
        (*made)->decided = std::move(decided);
        next = std::move(*made);
    }
    return next.get();
}

void DynamicRunner::step(State& state, const Op& op, Random& random,
                         std::vector<std::int8_t>& outcomes) const {
    const std::uint32_t q = op.qubits.empty() ? 0 : op.qubits[0];
    switch (op.kind) {
        case OpKind::gate:
            state.add_op(op);
            break;
        case OpKind::channel:
            if (random.uniform() < strength(op))
                apply_jump(state, op, random);
            else
                apply_quiet(state, op);
            break;
        case OpKind::measure:
        case OpKind::reset: {
            state.flush();
            const bool one = random.uniform() < state.probability_one(q);
            state.project(q, one);
            state.normalise();
            if (op.kind == OpKind::reset) {
                if (one) state.add_op(make_gate(GateKind::x, {q}));
                break;
            }
            const QubitCalibration& c = piece_.qubits[q];
            const double flip = options_.noise_factor * (one ? c.readout_1_as_0 : c.readout_0_as_1);
            const bool read = random.uniform() < flip ? !one : one;
            if (outcomes.size() <= op.measurement)
                outcomes.resize(op.measurement + 1, std::int8_t{-1});
            outcomes[op.measurement] = read ? 1 : 0;
            break;
        }
        default:
            break;
    }
}

Key DynamicRunner::key_of(const Segment& segment, const std::vector<std::int8_t>& outcomes) const {
    Key key = make_key(std::max<std::size_t>(segment.outputs.size(), 1));
    for (std::size_t i = 0; i < segment.outputs.size(); ++i) {
        const Bit bit = segment.outputs[i];
        set_key_bit(key, i, bit < 2 ? bit == 1 : outcomes[static_cast<std::size_t>(bit - 2)] == 1);
    }
    return key;
}

Result<Key> DynamicRunner::shot(State& state, std::uint64_t number) {
    Random random(options_.run.seed, number + 1);
    std::vector<std::int8_t> outcomes;
    state.reset();
    Part* part = root_.get();
    for (;;) {
        for (const Op& op : part->ops)
            step(state, op, random, outcomes);
        if (part->segment.finished) return key_of(part->segment, outcomes);
        auto next = follow(*part, outcomes[part->segment.decision] == 1);
        if (!next) return std::move(next).error();
        part = *next;
    }
}

Result<DynamicResult> DynamicRunner::run(unsigned threads) {
    DynamicResult result;
    auto prepared = prepare();
    if (!prepared) return std::move(prepared).error();
    result.transpiled = std::move(*prepared);
    const auto qubits = static_cast<std::uint32_t>(piece_.qubits.size());
    const std::uint64_t each = State::bytes_needed(qubits, 1);
    const std::uint64_t room = options_.run.memory_bytes_max / std::max<std::uint64_t>(each, 1);
    if (qubits > 40 || room == 0)
        return Error{ErrorCode::exhausted,
                     fmt::format("{} qubits in use need more than the {} MiB of memory allowed",
                                 qubits, options_.run.memory_bytes_max >> 20)};
    Threads workers(static_cast<unsigned>(std::min<std::uint64_t>(threads, room)));
    Threads alone(1);
    std::vector<State> states;
    for (unsigned i = 0; i < workers.count(); ++i) {
        auto state = State::create(qubits, options_.run.isa, alone);
        if (!state) return std::move(state).error();
        states.push_back(std::move(*state));
    }
    std::vector<Key> keys(options_.run.shots);
    std::mutex failing;
    std::optional<Error> error;
    workers.run(keys.size(), [&](unsigned worker, std::size_t i) {
        auto key = shot(states[worker], i);
        if (key) {
            keys[i] = std::move(*key);
            return;
        }
        const std::lock_guard lock(failing);
        error = key.error();
    });
    if (error) return *error;
    result.tally.bits = program_.result_bits();
    for (const Key& key : keys)
        result.tally.counts[key] += 1;
    if (options_.run.keep_order) result.tally.shots = std::move(keys);
    return result;
}

}  // namespace

Result<DynamicResult> run_dynamic(Elaborator& program, const Backend& backend,
                                  const NoisyOptions& options, unsigned threads) {
    return DynamicRunner(program, backend, options).run(threads);
}

}  // namespace suan::quantum
