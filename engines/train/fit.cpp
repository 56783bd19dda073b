#include "train/fit.hpp"

#include "train/fit_memory.hpp"

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

bool same_memory(const Constants& a, const Constants& b) {
    return std::abs(a.reserve_gib - b.reserve_gib) < 1e-9 &&
           std::abs(a.fragmentation - b.fragmentation) < 1e-9;
}

// A family's "any" takes the allocator of its usual software.
std::string allocator_of(const Calibration& set, const Cases& members) {
    const std::string own = members.front()->run.software.allocator;
    if (set.generation != "any") return own;
    auto usual = find_software(usual_software(set.family), Precision::bf16);
    return usual ? usual->allocator : own;
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
    const std::map<std::string, MemoryConstants> memories = fit_memory(cases);
    Calibrations fitted;
    for (std::size_t level = 0; level < rows_min.size(); ++level)
        for (const auto& [key, members] : sets) {
            if (depth(key.second) != level) continue;
            Calibration set;
            set.family = key.first;
            set.generation = key.second;
            const MemoryConstants& memory = memories.at(allocator_of(set, members));
            const Calibration& given = start.find(key.first, key.second);
            const bool own = given.family == key.first && given.generation == key.second;
            set.constants =
                (own || level == 0 ? given : fitted.find(key.first, key.second)).constants;
            const Constants before = set.constants;
            set.constants.reserve_gib = memory.reserve_gib;
            set.constants.fragmentation = memory.fragmentation;
            const bool few = members.size() < rows_min[level];
            if (few && same_memory(before, set.constants)) continue;
            if (!few) fit_time(set, before, members);
            fitted.sets.push_back(std::move(set));
        }
    set_errors(cases, residuals(cases, fitted), fitted);
    return fitted;
}

}  // namespace suan::train
