#include "quantum/backend/route.hpp"

#include <algorithm>
#include <limits>

namespace suan::quantum {

namespace {

constexpr std::size_t lookahead = 20;  // gates beyond the front that count half
constexpr double lookahead_weight = 0.5;
constexpr double decay_step = 0.001;
constexpr int decay_reset = 5;

Op placed(const Op& op, const Layout& layout) {
    Op out = op;
    for (std::uint32_t& q : out.qubits)
        q = layout[q];
    return out;
}

bool is_pair(const Op& op) {
    return op.kind == OpKind::gate && op.qubits.size() == 2;
}
bool is_rename(const Op& op) {
    return is_pair(op) && op.gate == GateKind::swap;
}

class Sabre {
public:
    Sabre(std::span<const Op> ops, Layout layout, const Machine& machine, Random& random)
        : ops_(ops), machine_(machine), random_(random), waits_(ops.size()), next_(ops.size()) {
        out_.layout = std::move(layout);
        holder_.assign(machine.qubits, UINT32_MAX);
        for (std::uint32_t q = 0; q < out_.layout.size(); ++q)
            holder_[out_.layout[q]] = q;
        std::vector<std::int64_t> last(out_.layout.size(), -1);
        for (std::size_t i = 0; i < ops.size(); ++i)
            for (const std::uint32_t q : ops[i].qubits) {
                if (last[q] >= 0) {
                    next_[static_cast<std::size_t>(last[q])].push_back(i);
                    ++waits_[i];
                }
                last[q] = static_cast<std::int64_t>(i);
            }
        decay_.assign(machine.qubits, 1);
    }

    Routed run();

private:
    void advance();
    void finish(std::size_t i);
    void swap_best();
    void swap(std::uint32_t a, std::uint32_t b);
    double cost(std::uint32_t a, std::uint32_t b, const std::vector<std::size_t>& ahead) const;
    std::vector<std::size_t> extended() const;

    std::span<const Op> ops_;
    const Machine& machine_;
    Random& random_;
    std::vector<int> waits_;
    std::vector<std::vector<std::size_t>> next_;
    std::vector<std::size_t> front_;
    std::vector<std::uint32_t> holder_;  // program qubit on a machine's qubit
    std::vector<double> decay_;
    Routed out_;
    int since_reset_ = 0;
    std::size_t stuck_ = 0;
};

void Sabre::finish(std::size_t i) {
    for (const std::size_t after : next_[i])
        if (--waits_[after] == 0) front_.push_back(after);
}

// Takes everything from the front that can be done where qubits lie.
void Sabre::advance() {
    for (bool changed = true; changed;) {
        changed = false;
        std::vector<std::size_t> waiting;
        std::vector<std::size_t> front;
        front.swap(front_);
        std::sort(front.begin(), front.end());
        for (const std::size_t i : front) {
            const Op& op = ops_[i];
            if (is_rename(op)) {
                const std::uint32_t a = op.qubits[0];
                const std::uint32_t b = op.qubits[1];
                std::swap(out_.layout[a], out_.layout[b]);
                std::swap(holder_[out_.layout[a]], holder_[out_.layout[b]]);
            } else if (is_pair(op) && machine_.distance(out_.layout[op.qubits[0]],
                                                        out_.layout[op.qubits[1]]) > 1) {
                waiting.push_back(i);
                continue;
            } else {
                out_.ops.push_back(placed(op, out_.layout));
            }
            changed = true;
            stuck_ = 0;
            finish(i);
        }
        front_.insert(front_.end(), waiting.begin(), waiting.end());
    }
}

std::vector<std::size_t> Sabre::extended() const {
    std::vector<std::size_t> ahead;
    std::vector<std::size_t> queue = front_;
    std::vector<int> left = {};
    for (std::size_t k = 0; k < queue.size() && ahead.size() < lookahead && k < 200; ++k)
        for (const std::size_t after : next_[queue[k]]) {
            if (std::find(queue.begin(), queue.end(), after) != queue.end()) continue;
            queue.push_back(after);
            if (is_pair(ops_[after]) && !is_rename(ops_[after])) ahead.push_back(after);
        }
    return ahead;
}

double Sabre::cost(std::uint32_t a, std::uint32_t b, const std::vector<std::size_t>& ahead) const {
    const auto after = [&](std::uint32_t q) {
        const std::uint32_t at = out_.layout[q];
        return at == a ? b : (at == b ? a : at);
    };
    const auto mean = [&](const std::vector<std::size_t>& gates) {
        double sum = 0;
        for (const std::size_t i : gates)
            sum += machine_.distance(after(ops_[i].qubits[0]), after(ops_[i].qubits[1]));
        return gates.empty() ? 0 : sum / static_cast<double>(gates.size());
    };
    return std::max(decay_[a], decay_[b]) * (mean(front_) + lookahead_weight * mean(ahead));
}

void Sabre::swap(std::uint32_t a, std::uint32_t b) {
    out_.ops.push_back(make_gate(GateKind::swap, {a, b}));
    ++out_.swaps;
    std::swap(holder_[a], holder_[b]);
    if (holder_[a] != UINT32_MAX) out_.layout[holder_[a]] = a;
    if (holder_[b] != UINT32_MAX) out_.layout[holder_[b]] = b;
}

void Sabre::swap_best() {
    // Going round in circles: the first gate is brought together by a shortest way.
    if (++stuck_ > 10 * std::size_t{machine_.qubits}) {
        const Op& op = ops_[front_[0]];
        const std::uint32_t from = out_.layout[op.qubits[0]];
        const std::uint32_t to = out_.layout[op.qubits[1]];
        for (const std::uint32_t n : machine_.neighbours[from])
            if (machine_.distance(n, to) < machine_.distance(from, to)) return swap(from, n);
    }
    const auto ahead = extended();
    double best = std::numeric_limits<double>::infinity();
    std::vector<std::pair<std::uint32_t, std::uint32_t>> candidates;
    for (const std::size_t i : front_)
        for (const std::uint32_t q : ops_[i].qubits) {
            const std::uint32_t a = out_.layout[q];
            for (const std::uint32_t b : machine_.neighbours[a]) {
                const double c = cost(a, b, ahead);
                if (c < best - 1e-12) candidates.clear();
                if (c < best + 1e-12) candidates.emplace_back(a, b);
                best = std::min(best, c);
            }
        }
    const auto [a, b] = candidates[random_.below(candidates.size())];
    swap(a, b);
    decay_[a] += decay_step;
    decay_[b] += decay_step;
    if (++since_reset_ == decay_reset) {
        since_reset_ = 0;
        std::fill(decay_.begin(), decay_.end(), 1.0);
    }
}

Routed Sabre::run() {
    for (std::size_t i = 0; i < ops_.size(); ++i)
        if (waits_[i] == 0) front_.push_back(i);
    for (;;) {
        advance();
        if (front_.empty()) return std::move(out_);
        swap_best();
    }
}

}  // namespace

Routed route_sabre(std::span<const Op> ops, Layout layout, const Machine& machine, Random& random) {
    return Sabre(ops, std::move(layout), machine, random).run();
}

Routed route_greedy(std::span<const Op> ops, Layout layout, const Machine& machine) {
    Routed out;
    std::vector<std::uint32_t> holder(machine.qubits, UINT32_MAX);
    for (std::uint32_t q = 0; q < layout.size(); ++q)
        holder[layout[q]] = q;
    for (const Op& op : ops) {
        if (is_rename(op)) {
            std::swap(layout[op.qubits[0]], layout[op.qubits[1]]);
            std::swap(holder[layout[op.qubits[0]]], holder[layout[op.qubits[1]]]);
            continue;
        }
        while (is_pair(op) && machine.distance(layout[op.qubits[0]], layout[op.qubits[1]]) > 1) {
            const std::uint32_t from = layout[op.qubits[0]];
            const std::uint32_t to = layout[op.qubits[1]];
            for (const std::uint32_t n : machine.neighbours[from]) {
                if (machine.distance(n, to) >= machine.distance(from, to)) continue;
                out.ops.push_back(make_gate(GateKind::swap, {from, n}));
                ++out.swaps;
                std::swap(holder[from], holder[n]);
                if (holder[from] != UINT32_MAX) layout[holder[from]] = from;
                layout[holder[n]] = n;
                break;
            }
        }
        out.ops.push_back(placed(op, layout));
    }
    out.layout = std::move(layout);
    return out;
}

}  // namespace suan::quantum
