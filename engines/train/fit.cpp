#include "train/fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace suan::train {
namespace {

using Cases = std::vector<const MeasuredCase*>;

constexpr double pull = 2;  // per squared share of its range; chosen by leaving configurations out

// Where a constant lies between its bounds; by ratio where it cannot be zero.
double position(const ConstantInfo& info, double value) {
    if (info.min > 0) return std::log(value / info.min) / std::log(info.max / info.min);
    return (value - info.min) / (info.max - info.min);
}

double value_at(const ConstantInfo& info, double at) {
    const double x = std::clamp(at, 0.0, 1.0);
    if (info.min > 0) return info.min * std::pow(info.max / info.min, x);
    return info.min + x * (info.max - info.min);
}

}  // namespace

double measured_step_s(const MeasuredCase& c) {
    if (c.measured.step_s) return *c.measured.step_s;
    if (!c.measured.tokens_per_s_per_device) return 0;
    const Layout& l = c.run.layout;
    return static_cast<double>(l.global_batch * c.run.run.seq) /
           (*c.measured.tokens_per_s_per_device * static_cast<double>(l.devices()));
}

namespace {

double time_error(const MeasuredCase& c, const Constants& constants) {
    const Machine machine = make_machine(c.run.cluster, constants, c.run.run.precision);
    const StepTime step = step_time(c.run.model, c.run.layout, c.run.run, machine);
    return std::log(step.total() / measured_step_s(c));
}

// Mean over sources of the mean error.
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

// The fewer rows, the harder the pull: one row should not choose several constants.
double pulled(const Constants& now, const Constants& start,
              const std::vector<const ConstantInfo*>& free, std::size_t rows) {
    const double strength = pull / static_cast<double>(rows);
    double sum = 0;
    for (const ConstantInfo* info : free) {
        const double moved =
            position(*info, now.*info->value) - position(*info, start.*info->value);
        sum += moved * moved;
    }
    return strength * sum;
}

// Pattern search from one point: each constant in turn, a step up or down, halved when none helps.
void search(Constants& constants, const std::vector<const ConstantInfo*>& free,
            const std::function<double(const Constants&)>& cost) {
    double best = cost(constants);
    for (double step = 0.16; step > 0.004; step /= 2) {
        for (int round = 0; round < 40; ++round) {
            const double before = best;
            for (const ConstantInfo* info : free)
                for (const double side : {step, -step}) {
                    Constants next = constants;
                    next.*info->value =
                        value_at(*info, position(*info, constants.*info->value) + side);
                    const double c = cost(next);
                    if (c >= best - 1e-7) continue;
                    best = c;
                    constants = next;
                    break;
                }
            if (best >= before - 1e-5) break;
        }
    }
}

const ConstantInfo* info_of(const char* name) {
    for (const ConstantInfo& info : constant_infos())
        if (std::string_view(info.name) == name) return &info;
    SUAN_ASSERT(false);
}

// Constants that the rows of a set say something about.
std::vector<const ConstantInfo*> time_constants(const Cases& cases) {
    std::set<std::string> names = {"gemm_efficiency", "vector_efficiency", "launch_us", "step_ms"};
    const auto any = [&](auto predicate) {
        return std::any_of(cases.begin(), cases.end(), predicate);
    };
    const auto when = [&](auto predicate, std::initializer_list<const char*> more) {
        if (any(predicate)) names.insert(more.begin(), more.end());
    };
    when([](const MeasuredCase* c) { return c->run.run.attention == AttentionKernel::fused; },
         {"attention_efficiency"});
    when([](const MeasuredCase* c) { return c->run.run.precision == Precision::fp8; },
         {"gemm8_efficiency"});
    when([](const MeasuredCase* c) { return c->run.run.precision == Precision::fp4; },
         {"gemm4_efficiency"});
    when([](const MeasuredCase* c) { return c->run.layout.tp > 1; }, {"tensor_exposed"});
    when([](const MeasuredCase* c) { return c->run.layout.pp > 1; }, {"pipeline_exposed"});
    when([](const MeasuredCase* c) { return c->run.run.purpose == Purpose::finetune; },
         {"tune_ms"});
    when([](const MeasuredCase* c) { return c->run.model.is_moe(); }, {"permute_passes"});
    when([](const MeasuredCase* c) { return c->run.layout.ep > 1; }, {"expert_exposed"});
    when([](const MeasuredCase* c) { return c->run.layout.zero_stage == 3; }, {"gather_overlap"});
    when([](const MeasuredCase* c) { return c->run.layout.dp > 1; }, {"data_overlap"});
    when([](const MeasuredCase* c) { return c->run.layout.dp > 1 && c->run.layout.zero_stage > 0; },
         {"parameter_exposed", "bucket_mib"});
    when(
        [](const MeasuredCase* c) {
            return c->run.layout.zero_stage == 1 || c->run.layout.zero_stage == 2;
        },
        {"accumulate_bytes"});
    when(
        [](const MeasuredCase* c) {
            return c->run.layout.devices() > c->run.cluster.devices_per_domain;
        },
        {"network_efficiency", "straggle"});
    when(
        [](const MeasuredCase* c) {
            return c->run.layout.recompute == Recompute::selective &&
                   c->run.run.attention == AttentionKernel::fused;
        },
        {"selective_share"});
    if (cases.size() >= 60)
        names.insert({"gemm_depth", "gemm_tail", "gap_us", "attention_tokens", "fast_efficiency",
                      "network_latency_us", "fast_latency_us", "attention_width"});
    std::vector<const ConstantInfo*> free;
    for (const ConstantInfo& info : constant_infos())
        if (names.count(info.name) > 0) free.push_back(&info);
    return free;
}

void fit_time(Calibration& set, const Constants& start, const Cases& all) {
    Cases cases;
    for (const MeasuredCase* c : all)
        if (measured_step_s(*c) > 0) cases.push_back(c);
    if (cases.empty()) return;
    const auto free = time_constants(cases);
    for (const ConstantInfo* info : free)
        set.fitted.emplace_back(info->name);
    search(set.constants, free, [&](const Constants& now) {
        // A far outlier counts as twice off, not more.
        return mean_by_source(cases,
                              [&](const MeasuredCase& c) {
                                  return std::min(std::abs(time_error(c, now)), 0.7);
                              }) +
               pulled(now, start, free, cases.size());
    });
}

bool has_memory(const MeasuredCase& c) {
    return c.measured.memory_gib && c.run.memory_kind == MemoryKind::all;
}

// Who allocates is the software: a set's memory constants are fitted to the rows of its generation
// on every device family, and those of a family's "any" to the rows of the family.
Cases memory_cases(const std::vector<MeasuredCase>& cases, const Calibration& set) {
    Cases out;
    for (const MeasuredCase& c : cases) {
        const std::string& own = c.run.software.generation;
        const bool inside = own == set.generation || own.starts_with(set.generation + "/");
        const bool meant =
            set.generation == "any" ? c.run.cluster.device.family == set.family : inside;
        if (meant && has_memory(c)) out.push_back(&c);
    }
    return out;
}

constexpr std::size_t memory_rows_min = 3;

// Too little promises a run that will not start: beyond 7 % it counts six times more. A row that is
// far off pulls a twentieth as hard.
double memory_cost(const Cases& cases, const std::map<const MeasuredCase*, double>& need_gib,
                   const Constants& now) {
    return mean_by_source(cases, [&](const MeasuredCase& c) {
        const double total = need_gib.at(&c) * (1 + now.fragmentation) + now.reserve_gib;
        const double ratio = total / *c.measured.memory_gib;
        const double far = std::max(0.0, 0.93 - ratio) * 6;
        const double error = std::abs(ratio - 1) + far;
        return std::min(error, 0.665 + 0.05 * error);
    });
}

// The best of a grid: rows that are far off give the cost several minima. The pull is to the
// defaults, so that a generation gets the same constants on every device family.
void fit_memory(Calibration& set, const Cases& cases) {
    // One or two rows do not tell what is reserved.
    if (cases.size() < memory_rows_min) return;
    const std::vector<const ConstantInfo*> free = {info_of("reserve_gib"),
                                                   info_of("fragmentation")};
    for (const ConstantInfo* info : free)
        set.fitted.emplace_back(info->name);
    std::map<const MeasuredCase*, double> need_gib;
    Constants now = set.constants;
    now.reserve_gib = now.fragmentation = 0;
    for (const MeasuredCase* c : cases)
        need_gib[c] =
            memory_use(c->run.model, c->run.layout, c->run.run, c->run.software.widths, now)
                .total_gib();
    double best = -1;
    for (int r = 0; r <= 48; ++r)
        for (int f = 0; f <= 40; ++f) {
            now.reserve_gib = r * 0.25;
            now.fragmentation = f * 0.01;
            const double cost = memory_cost(cases, need_gib, now) +
                                pulled(now, Constants{}, free, 10 * cases.size());
            if (best >= 0 && cost >= best) continue;
            best = cost;
            set.constants.reserve_gib = now.reserve_gib;
            set.constants.fragmentation = now.fragmentation;
        }
}

using Key = std::pair<std::string, std::string>;

std::map<Key, Cases> by_set(const std::vector<MeasuredCase>& cases) {
    std::map<Key, Cases> sets;
    for (const MeasuredCase& c : cases)
        sets[{c.run.cluster.device.family, c.run.software.generation}].push_back(&c);
    return sets;
}

}  // namespace

std::vector<MeasuredCase> measured_cases(const std::vector<TableRow>& rows) {
    std::vector<MeasuredCase> cases;
    for (const TableRow& row : rows) {
        auto c = case_of(row);
        const Measured m = measured_of(row);
        if (!c || (!m.step_s && !m.tokens_per_s_per_device && !m.memory_gib)) continue;
        cases.push_back({std::move(*c), m, 1});
    }
    return cases;
}

std::size_t depth(const std::string& generation) {
    if (generation == "any") return 0;
    return generation.find('/') == std::string::npos ? 1 : 2;
}

// From the general to the particular: all of a family, a generation, a generation inside another
// ("parent/child"). Each begins at and is pulled to the one above; one of few rows is left to it,
// but for its memory where the same software has been measured on other families.
Calibrations fit(const std::vector<MeasuredCase>& cases, const Calibrations& start) {
    constexpr std::array<std::size_t, 3> rows_min = {1, 2, 6};
    std::map<Key, Cases> sets;
    for (const auto& [key, members] : by_set(cases)) {
        const std::string parent = key.second.substr(0, key.second.find('/'));
        for (const std::string& generation : std::set<std::string>{"any", parent, key.second}) {
            Cases& all = sets[{key.first, generation}];
            all.insert(all.end(), members.begin(), members.end());
        }
    }
    Calibrations fitted;
    for (std::size_t level = 0; level < rows_min.size(); ++level)
        for (const auto& [key, members] : sets) {
            if (depth(key.second) != level) continue;
            Calibration set;
            set.family = key.first;
            set.generation = key.second;
            const Cases measured = memory_cases(cases, set);
            const bool few = members.size() < rows_min[level];
            if (few && measured.size() < memory_rows_min) continue;
            const Calibration& given = start.find(key.first, key.second);
            const bool own = given.family == key.first && given.generation == key.second;
            set.constants =
                (own || level == 0 ? given : fitted.find(key.first, key.second)).constants;
            const Constants before = set.constants;
            if (!few) fit_time(set, before, members);
            fit_memory(set, measured);
            fitted.sets.push_back(std::move(set));
        }
    set_errors(cases, residuals(cases, fitted), fitted);
    return fitted;
}

}  // namespace suan::train
