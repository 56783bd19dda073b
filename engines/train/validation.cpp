#include "train/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace suan::train {
namespace {

using Views = std::array<const std::vector<Residual>*, 3>;

// Of one group of rows, by view.
struct Errors {
    int rows = 0;
    std::array<double, 3> sum{};
    std::array<double, 3> worst_under{};

    void add(std::size_t view, double error) {
        sum[view] += std::abs(error);
        worst_under[view] = std::max(worst_under[view], -error);
    }
    double mean(std::size_t view) const { return 100 * sum[view] / rows; }
};

using Groups = std::map<std::string, Errors>;

Groups group(const std::vector<MeasuredCase>& cases, const Views& views,
             std::optional<double> Residual::*error) {
    Groups groups;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        if (!((*views[0])[i].*error)) continue;
        Errors& e = groups[cases[i].run.source];
        ++e.rows;
        for (std::size_t view = 0; view < views.size(); ++view)
            e.add(view, *((*views[view])[i].*error));
    }
    return groups;
}

std::string line(const std::string& name, int rows, const std::array<double, 3>& percent) {
    return fmt::format("{:<30} {:>5} {:>8.1f} {:>14.1f} {:>8.1f}\n", name, rows, percent[0],
                       percent[1], percent[2]);
}

std::string head(const char* what) {
    return fmt::format("{:<30} {:>5} {:>8} {:>14} {:>8}\n", what, "rows", "fitted", "configuration",
                       "source");
}

std::string means(const Groups& groups) {
    std::string out;
    std::array<double, 3> all{};
    for (const auto& [name, e] : groups) {
        out += line(name, e.rows, {e.mean(0), e.mean(1), e.mean(2)});
        for (std::size_t view = 0; view < all.size(); ++view)
            all[view] += e.mean(view) / static_cast<double>(groups.size());
    }
    return out + line("mean of sources", static_cast<int>(groups.size()), all);
}

}  // namespace

Validation validate(const std::vector<MeasuredCase>& cases, const Calibrations& start) {
    return {residuals(cases, fit(cases, start)), residuals_by_configuration(cases, start),
            residuals_by_source(cases, start)};
}

std::string validation_text(const std::vector<MeasuredCase>& cases, const Validation& v) {
    const Views views = {&v.fitted, &v.configuration, &v.source};
    const Groups time = group(cases, views, &Residual::time);
    const Groups memory = group(cases, views, &Residual::memory);
    std::string out;
    if (!time.empty()) out += head("mean error of step time, %") + means(time);
    if (memory.empty()) return out;
    out += head("mean error of memory, %") + means(memory) + head("memory, worst too low, %");
    for (const auto& [name, e] : memory)
        out += line(name, e.rows,
                    {100 * e.worst_under[0], 100 * e.worst_under[1], 100 * e.worst_under[2]});
    return out;
}

}  // namespace suan::train
