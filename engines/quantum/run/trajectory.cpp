#include "quantum/run/trajectory.hpp"

#include "quantum/run/channel_step.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace suan::quantum {

double strength(const Op& op) {
    if (op.kind != OpKind::channel) return 0;
    if (channel_of(op) == Channel::pauli) return op.params[0] + op.params[1] + op.params[2];
    return op.params[0];
}

namespace {

template <typename Real>
class Runner {
public:
    Runner(std::span<const Op> ops, std::uint32_t qubits, const TrajectoryOptions& options)
        : ops_(ops), qubits_(qubits), options_(options), threads_(options.threads), alone_(1) {
        double quiet = 1;
        for (std::size_t i = 0; i < ops.size(); ++i) {
            if (ops[i].kind != OpKind::channel) continue;
            quiet *= 1 - strength(ops[i]);
            channels_.push_back(i);
            quiet_.push_back(quiet);
        }
    }

    Result<TrajectoryResult> run();

private:
    using State = StateVector<Real>;
    static constexpr std::size_t none = SIZE_MAX;

    // The first channel from `from` on that may do something.
    std::size_t draw_channel(std::size_t from, Random& random) const;
    // Operations up to `to`, every channel quiet.
    void go_on(State& state, std::size_t& at, std::size_t to) const;
    std::uint64_t one_shot(State& state, std::size_t channel, Random& random) const;
    Result<void> make_checkpoints(const std::vector<std::size_t>& wanted);

    std::span<const Op> ops_;
    std::uint32_t qubits_;
    const TrajectoryOptions& options_;
    Threads threads_;
    Threads alone_;
    std::vector<std::size_t> channels_;  // their operations
    std::vector<double> quiet_;          // probability that all up to this one are quiet
    std::vector<std::pair<std::size_t, State>> checkpoints_;  // before an operation
    std::optional<State> final_;
};

template <typename Real>
std::size_t Runner<Real>::draw_channel(std::size_t from, Random& random) const {
    const double before = from == 0 ? 1 : quiet_[from - 1];
    const double u = random.uniform() * before;
    // The first whose quiet probability has fallen to u or below.
    const auto found = std::partition_point(quiet_.begin() + static_cast<std::ptrdiff_t>(from),
                                            quiet_.end(), [&](double q) { return q > u; });
    return found == quiet_.end() ? none : static_cast<std::size_t>(found - quiet_.begin());
}

template <typename Real>
void Runner<Real>::go_on(State& state, std::size_t& at, std::size_t to) const {
    for (; at < to; ++at) {
        const Op& op = ops_[at];
        if (op.kind != OpKind::channel)
            state.add_op(op);
        else
            apply_quiet(state, op);
    }
}

template <typename Real>
std::uint64_t Runner<Real>::one_shot(State& state, std::size_t channel, Random& random) const {
    const std::size_t first = channels_[channel];
    const auto after = std::partition_point(checkpoints_.begin(), checkpoints_.end(),
                                            [&](const auto& c) { return c.first <= first; });
    const auto& start = *(after - 1);
    state.copy_from(start.second);
    std::size_t at = start.first;
    while (channel != none) {
        go_on(state, at, channels_[channel]);
        apply_jump(state, ops_[at], random);
        ++at;
        channel = draw_channel(channel + 1, random);
    }
    go_on(state, at, ops_.size());
    std::vector<std::uint64_t> drawn;
    const double number[1] = {random.uniform()};
    state.draw(number, drawn);
    return state.logical(drawn[0]);
}

// Walks the quiet path once. Checkpoints are spread over the channels that shots begin at.
template <typename Real>
Result<void> Runner<Real>::make_checkpoints(const std::vector<std::size_t>& wanted) {
    auto state = State::create(qubits_, options_.simulator.isa, threads_);
    if (!state) return std::move(state).error();
    const std::uint64_t each = State::bytes_needed(qubits_, 1);
    const std::uint64_t room = options_.simulator.memory_bytes_max / each;
    std::uint64_t most = options_.checkpoints_max;
    if (room < most + options_.threads + 2)
        most = room > options_.threads + 3 ? room - options_.threads - 2 : 1;
    std::size_t at = 0;
    const std::size_t count = wanted.empty() ? 0 : std::min<std::size_t>(most, wanted.size());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t to = i == 0 ? 0 : channels_[wanted[i * wanted.size() / count]];
        if (i > 0 && to <= at) continue;
        go_on(*state, at, to);
        state->flush();
        auto copy = State::create(qubits_, options_.simulator.isa, alone_);
        if (!copy) return std::move(copy).error();
        copy->copy_from(*state);
        checkpoints_.emplace_back(at, std::move(*copy));
    }
    go_on(*state, at, ops_.size());
    state->flush();
    final_ = std::move(*state);
    return {};
}

template <typename Real>
Result<TrajectoryResult> Runner<Real>::run() {
    TrajectoryResult result;
    result.basis.resize(options_.shots);
    std::vector<std::pair<std::size_t, std::size_t>> noisy;  // channel, shot
    std::vector<std::pair<double, std::size_t>> quiet;       // number, shot
    for (std::uint64_t shot = 0; shot < options_.shots; ++shot) {
        Random random(options_.seed, shot + 1);
        const std::size_t channel = draw_channel(0, random);
        if (channel == none)
            quiet.emplace_back(random.uniform(), shot);
        else
            noisy.emplace_back(channel, shot);
    }
    std::sort(noisy.begin(), noisy.end());
    std::sort(quiet.begin(), quiet.end());
    std::vector<std::size_t> wanted;
    for (const auto& [channel, shot] : noisy)
        wanted.push_back(channel);
    if (auto good = make_checkpoints(wanted); !good) return std::move(good).error();
    std::vector<double> numbers;
    for (const auto& [number, shot] : quiet)
        numbers.push_back(number);
    std::vector<std::uint64_t> drawn;
    final_->draw(numbers, drawn);
    for (std::size_t i = 0; i < quiet.size(); ++i)
        result.basis[quiet[i].second] = final_->logical(drawn[i]);
    result.shared = quiet.size();
    std::vector<State> states;
    for (unsigned i = 0; i < threads_.count() && !noisy.empty(); ++i) {
        auto state = State::create(qubits_, options_.simulator.isa, alone_);
        if (!state) return std::move(state).error();
        states.push_back(std::move(*state));
    }
    threads_.run(noisy.size(), [&](unsigned worker, std::size_t piece) {
        const auto [channel, shot] = noisy[piece];
        Random random(options_.seed, shot + 1);
        (void)draw_channel(0, random);
        result.basis[shot] = one_shot(states[worker], channel, random);
    });
    return result;
}

}  // namespace

Result<TrajectoryResult> run_trajectories(std::span<const Op> ops, std::uint32_t qubits,
                                          const TrajectoryOptions& options) {
    if (options.simulator.precision == Precision::single)
        return Runner<float>(ops, qubits, options).run();
    return Runner<double>(ops, qubits, options).run();
}

}  // namespace suan::quantum
