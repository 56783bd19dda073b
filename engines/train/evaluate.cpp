#include "train/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suan::train {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

std::string group_of(const TableRow& row) {
    std::string key;
    for (const char* column : {"source", "model", "layers", "hidden", "heads", "seq", "gpu",
                               "num_gpus", "precision", "gbs"})
        key += row.at(column) + "|";
    return key;
}

// Relative error of a step; tokens per second where no step time is printed.
std::optional<double> error_of(const EvaluatedRow& row) {
    if (!row.prediction) return std::nullopt;
    if (row.measured.step_s) return row.prediction->step_s / *row.measured.step_s - 1;
    if (row.measured.tokens_per_s_per_device)
        return *row.measured.tokens_per_s_per_device / row.prediction->tokens_per_s_per_device - 1;
    return std::nullopt;
}

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::llround(share * last))];
}

struct Pair {
    double predicted;
    double measured;
};

// Kendall's tau-b without ties in the prediction; ties in the measurement count for neither.
double kendall(const std::vector<Pair>& pairs) {
    double concordant = 0;
    double discordant = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i)
        for (std::size_t j = i + 1; j < pairs.size(); ++j) {
            const double product =
                (pairs[i].predicted - pairs[j].predicted) * (pairs[i].measured - pairs[j].measured);
            concordant += product > 0 ? 1 : 0;
            discordant += product < 0 ? 1 : 0;
        }
    const double all = concordant + discordant;
    return all > 0 ? (concordant - discordant) / all : 1;
}

void rank(Score& score, const std::map<std::string, std::vector<Pair>>& groups) {
    double taus = 0;
    for (const auto& [key, pairs] : groups) {
        if (pairs.size() < 4) continue;
        ++score.groups;
        taus += kendall(pairs);
        const auto by_measured = [](const Pair& a, const Pair& b) {
            return a.measured < b.measured;
        };
        const auto by_predicted = [](const Pair& a, const Pair& b) {
            return a.predicted < b.predicted;
        };
        const double best = std::min_element(pairs.begin(), pairs.end(), by_measured)->measured;
        const double chosen = std::min_element(pairs.begin(), pairs.end(), by_predicted)->measured;
        score.pick_loss = std::max(score.pick_loss, chosen / best - 1);
    }
    if (score.groups > 0) score.tau = taus / score.groups;
}

Score score_of(const std::vector<const EvaluatedRow*>& rows) {
    Score score;
    std::vector<double> errors;
    std::map<std::string, std::vector<Pair>> groups;
    double memory_sum = 0;
    for (const EvaluatedRow* row : rows) {
        ++score.rows;
        if (!row->prediction) ++score.missing;
        if (const auto error = error_of(*row)) {
            errors.push_back(std::abs(*error));
            score.bias += *error;
        }
        if (row->prediction && row->measured.step_s)
            groups[row->layout_group].push_back({row->prediction->step_s, *row->measured.step_s});
        if (row->prediction && row->measured.memory_gib) {
            const double error = row->prediction->memory_gib / *row->measured.memory_gib - 1;
            memory_sum += std::abs(error);
            ++score.memory_rows;
            score.memory_worst_under = std::max(score.memory_worst_under, -error);
        }
    }
    score.scored = static_cast<int>(errors.size());
    if (score.scored > 0) {
        for (const double e : errors)
            score.mean += e / score.scored;
        score.bias /= score.scored;
    }
    if (score.memory_rows > 0) score.memory_mean = memory_sum / score.memory_rows;
    score.median = percentile(errors, 0.5);
    score.p90 = percentile(errors, 0.9);
    rank(score, groups);
    return score;
}

double counted_memory_gib(const Case& c, const MemoryUse& use, const Constants& constants) {
    if (c.memory_kind == MemoryKind::all) return use.total_gib();
    // Figures of the first stage's layers alone.
    ModelShape layers_only = c.model;
    layers_only.vocab = 1;
    layers_only.vocab_multiple = 1;
    const MemoryUse first = memory_use(layers_only, c.layout, c.run, c.software.widths, constants);
    return (c.memory_kind == MemoryKind::states ? first.states() : first.activations) / gib;
}

}  // namespace

Prediction predict(const Case& c, const Constants& constants) {
    const Machine machine = make_machine(c.cluster, constants, c.run.precision);
    Prediction p;
    p.step = step_time(c.model, c.layout, c.run, machine);
    p.step_s = p.step.total();
    p.tokens_per_s_per_device = static_cast<double>(c.layout.global_batch * c.run.seq) /
                                (p.step_s * static_cast<double>(c.layout.devices()));
    const double device_bytes = c.cluster.device.memory_gib * gib;
    p.memory = seen_within(memory_use(c.model, c.layout, c.run, c.software.widths, constants),
                           device_bytes);
    p.fits = p.memory.need() <= device_bytes;
    p.memory_gib = counted_memory_gib(c, p.memory, constants);
    return p;
}

std::vector<EvaluatedRow> evaluate_rows(const std::vector<TableRow>& rows,
                                        const Calibrations& calibrations) {
    std::vector<EvaluatedRow> out;
    for (const TableRow& row : rows) {
        EvaluatedRow e;
        e.row_id = row.at("row_id");
        e.source = row.at("source");
        e.measured = measured_of(row);
        e.layout_group = group_of(row);
        auto c = case_of(row);
        if (c) {
            const Calibration& set =
                calibrations.find(c->cluster.device.family, c->software.generation);
            e.prediction = predict(*c, set.constants);
        } else {
            e.missing_reason = c.error().context;
        }
        out.push_back(std::move(e));
    }
    return out;
}

std::map<std::string, Score> summarise(const std::vector<EvaluatedRow>& rows) {
    std::map<std::string, std::vector<const EvaluatedRow*>> by_source;
    std::vector<const EvaluatedRow*> all;
    for (const EvaluatedRow& row : rows) {
        by_source[row.source].push_back(&row);
        all.push_back(&row);
    }
    std::map<std::string, Score> scores;
    Score total = score_of(all);
    double mean = 0;
    int sources = 0;
    for (const auto& [source, members] : by_source) {
        const Score score = score_of(members);
        if (score.scored > 0) mean += score.mean;
        if (score.scored > 0) ++sources;
        scores.emplace(source, score);
    }
    if (sources > 0) total.mean = mean / sources;
    scores.emplace("all", total);
    return scores;
}

}  // namespace suan::train
