#include "train/fit_memory.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace suan::train {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;
// One or two rows do not tell what is reserved.
constexpr std::size_t rows_min = 3;

bool has_memory(const MeasuredCase& c) {
    return c.measured.memory_gib && c.run.memory_kind == MemoryKind::all;
}

bool ran(const MeasuredCase& c) {
    return !c.measured.memory_gib && measured_step_s(c) > 0;
}

// GiB, without reserve and fragmentation.
struct Need {
    double all = 0;
    double fragmenting = 0;
};

using Needs = std::map<const MeasuredCase*, Need>;

Needs needs_of(const Cases& measured, const Cases& ran) {
    Constants bare;
    bare.reserve_gib = bare.fragmentation = 0;
    Needs needs;
    for (const Cases* cases : {&measured, &ran})
        for (const MeasuredCase* c : *cases) {
            const MemoryUse use =
                memory_use(c->run.model, c->run.layout, c->run.run, c->run.software.widths, bare);
            needs[c] = {use.need() / gib, use.fragmenting() / gib};
        }
    return needs;
}

// Too little promises a run that will not start: beyond 7 % it counts six times more. A row that is
// far off pulls a twentieth as hard. A run that ran fitted, without what fragmentation holds.
double cost_of(const MeasuredCase& c, const Need& need, const MemoryConstants& now) {
    const double device = c.run.cluster.device.memory_gib;
    const double least = need.all + now.reserve_gib;
    if (!c.measured.memory_gib) return std::clamp(least / device - 1, 0.0, 0.3);
    // What fragmentation holds is given back before memory runs out.
    const double most = std::max(least, device);
    const double total = std::min(least + need.fragmenting * now.fragmentation, most);
    const double ratio = total / *c.measured.memory_gib;
    const double error = std::abs(ratio - 1) + 6 * std::max(0.0, 0.93 - ratio);
    return std::min(error, 0.665 + 0.05 * error);
}

double square(double x) {
    return x * x;
}

// The best of a grid: rows that are far off give the cost several minima. Few rows are pulled to
// the defaults.
MemoryConstants best_of(const Cases& measured, const Cases& ran) {
    const Constants usual;
    const double pull = 0.2 / static_cast<double>(std::max<std::size_t>(1, measured.size()));
    const Needs needs = needs_of(measured, ran);
    MemoryConstants best;
    double least = -1;
    for (int r = 0; r <= 48; ++r)
        for (int f = 0; f <= 40; ++f) {
            const MemoryConstants now{r * 0.25, f * 0.01, 0};
            const double moved = square((now.reserve_gib - usual.reserve_gib) / 12) +
                                 square((now.fragmentation - usual.fragmentation) / 0.4);
            const auto error = [&](const MeasuredCase& c) { return cost_of(c, needs.at(&c), now); };
            double cost = pull * moved;
            if (!measured.empty()) cost += mean_by_source(measured, error);
            if (!ran.empty()) cost += mean_by_source(ran, error);
            if (least >= 0 && cost >= least) continue;
            least = cost;
            best = now;
        }
    return best;
}

}  // namespace

double mean_by_source(const Cases& cases, const std::function<double(const MeasuredCase&)>& error) {
    std::map<std::string, std::pair<double, double>> sums;
    for (const MeasuredCase* c : cases) {
        auto& [sum, weight] = sums[c->run.source];
        sum += c->weight * error(*c);
        weight += c->weight;
    }
    double total = 0;
    double sources = 0;
    for (const auto& [source, sum] : sums) {
        // A source of few rows says less of a constant: it counts by the root of its rows up to 16.
        const double share = std::sqrt(std::min(sum.second, 16.0));
        total += share * sum.first / sum.second;
        sources += share;
    }
    return total / sources;
}

std::map<std::string, MemoryConstants> fit_memory(const std::vector<MeasuredCase>& cases) {
    std::map<std::string, MemoryConstants> out;
    for (const std::string& name : software_names()) {
        const std::string allocator = find_software(name, Precision::bf16)->allocator;
        if (out.count(allocator) > 0) continue;
        Cases own;
        Cases all;
        Cases without;
        for (const MeasuredCase& c : cases) {
            const bool mine = c.run.software.allocator == allocator;
            if (has_memory(c)) all.push_back(&c);
            if (mine && has_memory(c)) own.push_back(&c);
            if (mine && ran(c)) without.push_back(&c);
        }
        const bool few = own.size() < rows_min;
        out[allocator] = best_of(few ? all : own, without);
        out[allocator].rows = few ? 0 : static_cast<int>(own.size());
    }
    return out;
}

}  // namespace suan::train
