// Residuals of rows that a fit did not see.
#include "train/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace suan::train {
namespace {

// FNV-1a: the same parts on every machine.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash;
}

std::string configuration_of(const Case& c) {
    return fmt::format("{} {} {} {} {} {} {} {} {} {}", c.source, c.model.name, c.model.layers,
                       c.model.hidden, c.model.heads, c.run.seq, c.cluster.device.name,
                       to_string(c.run.precision), c.layout.global_batch, to_text(c.layout));
}

Residual residual_of(const MeasuredCase& c, const Constants& constants) {
    const Prediction p = predict(c.run, constants);
    Residual r;
    if (const double measured = measured_step_s(c); measured > 0) r.time = p.step_s / measured - 1;
    if (c.measured.memory_gib && c.run.memory_kind == MemoryKind::all)
        r.memory = p.memory_gib / *c.measured.memory_gib - 1;
    return r;
}

const Calibration& set_of(const MeasuredCase& c, const Calibrations& all) {
    return all.find(c.run.cluster.device.family, c.run.software.generation);
}

// Each case is predicted by a fit on the cases of other parts.
std::vector<Residual> left_out(const std::vector<MeasuredCase>& cases, const Calibrations& start,
                               const std::function<std::string(const Case&)>& part_of) {
    std::set<std::string> parts;
    for (const MeasuredCase& c : cases)
        parts.insert(part_of(c.run));
    std::vector<Residual> out(cases.size());
    for (const std::string& part : parts) {
        std::vector<MeasuredCase> others;
        for (const MeasuredCase& c : cases)
            if (part_of(c.run) != part) others.push_back(c);
        const Calibrations fitted = fit(others, start);
        for (std::size_t i = 0; i < cases.size(); ++i)
            if (part_of(cases[i].run) == part)
                out[i] = residual_of(cases[i], set_of(cases[i], fitted).constants);
    }
    return out;
}

double percentile(std::vector<double> values, double share) {
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::llround(share * last))];
}

std::vector<double> memory_of_allocator(const std::vector<MeasuredCase>& cases,
                                        const std::vector<Residual>& errors,
                                        const std::string& allocator) {
    std::vector<double> out;
    for (std::size_t i = 0; i < cases.size(); ++i)
        if (cases[i].run.software.allocator == allocator && errors[i].memory)
            out.push_back(std::abs(*errors[i].memory));
    return out;
}

}  // namespace

std::vector<Residual> residuals(const std::vector<MeasuredCase>& cases, const Calibrations& all) {
    std::vector<Residual> out;
    for (const MeasuredCase& c : cases)
        out.push_back(residual_of(c, set_of(c, all).constants));
    return out;
}

std::vector<Residual> residuals_by_configuration(const std::vector<MeasuredCase>& cases,
                                                 const Calibrations& start) {
    return left_out(cases, start,
                    [](const Case& c) { return std::to_string(hash_of(configuration_of(c)) % 3); });
}

std::vector<Residual> residuals_by_source(const std::vector<MeasuredCase>& cases,
                                          const Calibrations& start) {
    return left_out(cases, start, [](const Case& c) { return c.source; });
}

void set_errors(const std::vector<MeasuredCase>& cases, const std::vector<Residual>& errors,
                Calibrations& all) {
    for (Calibration& set : all.sets) {
        std::vector<double> time;
        std::vector<double> memory;
        std::string allocator;
        set.rows = 0;
        for (std::size_t i = 0; i < cases.size(); ++i) {
            // A set that stands for others ("any", "parent") is as far off as the rows of them all.
            const bool kin = cases[i].run.cluster.device.family == set.family;
            const bool below = set.generation == "any" ||
                               cases[i].run.software.generation.starts_with(set.generation + "/");
            const bool used = (kin && below) || &set_of(cases[i], all) == &set;
            if (!used) continue;
            ++set.rows;
            allocator = cases[i].run.software.allocator;
            if (errors[i].time) time.push_back(std::abs(*errors[i].time));
            if (errors[i].memory) memory.push_back(std::abs(*errors[i].memory));
        }
        // Who prints no memory is as far off as what shares its allocator.
        if (memory.empty()) memory = memory_of_allocator(cases, errors, allocator);
        if (!time.empty()) set.error_median = percentile(time, 0.5);
        if (!time.empty()) set.error_p90 = percentile(time, 0.9);
        if (!memory.empty()) set.memory_error_p90 = percentile(memory, 0.9);
    }
}

}  // namespace suan::train
