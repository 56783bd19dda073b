#include "train/evaluate_output.hpp"

#include <fmt/format.h>

namespace suan::train {
namespace {

using boost::json::value;

std::string figure(const std::optional<double>& v) {
    return v ? fmt::format("{:.5g}", *v) : "-";
}

std::string row_text(const EvaluatedRow& row) {
    if (!row.prediction) return fmt::format("{:<28} missing: {}\n", row.row_id, row.missing_reason);
    const Prediction& p = *row.prediction;
    return fmt::format("{:<28} {:>10.5g} {:>10} {:>10.5g} {:>10} {:>8.1f} {:>8}{}\n", row.row_id,
                       p.step_s, figure(row.measured.step_s), p.tokens_per_s_per_device,
                       figure(row.measured.tokens_per_s_per_device), p.memory_gib,
                       figure(row.measured.memory_gib), p.fits ? "" : "  does not fit");
}

std::string score_text(const std::string& source, const Score& s) {
    std::string out = fmt::format("{:<24} {:>5} rows, {} missing", source, s.rows, s.missing);
    if (s.scored > 0)
        out += fmt::format("; time: mean {:.1f} %, median {:.1f} %, p90 {:.1f} %, bias {:+.1f} %",
                           100 * s.mean, 100 * s.median, 100 * s.p90, 100 * s.bias);
    if (s.memory_rows > 0)
        out += fmt::format("; memory: mean {:.1f} %, worst {:.1f} % under", 100 * s.memory_mean,
                           100 * s.memory_worst_under);
    if (s.groups > 0)
        out += fmt::format("; layouts: {} groups, tau {:.2f}, chosen within {:.1f} %", s.groups,
                           s.tau, 100 * s.pick_loss);
    return out + "\n";
}

boost::json::object row_json(const EvaluatedRow& row) {
    boost::json::object out{{"row_id", row.row_id}};
    if (row.prediction) {
        const Prediction& p = *row.prediction;
        out["predicted_step_time_s"] = p.step_s;
        out["predicted_tokens_per_s_per_gpu"] = p.tokens_per_s_per_device;
        out["predicted_mem_gib_per_gpu"] = p.memory_gib;
        out["fits"] = p.fits;
        out["missing_reason"] = nullptr;
        boost::json::object time;
        for (std::size_t i = 0; i < term_count; ++i)
            time[to_string(static_cast<Term>(i))] = p.step.seconds[i];
        out["time_s"] = std::move(time);
        return out;
    }
    for (const char* name : {"predicted_step_time_s", "predicted_tokens_per_s_per_gpu",
                             "predicted_mem_gib_per_gpu", "fits"})
        out[name] = nullptr;
    out["missing_reason"] = row.missing_reason;
    return out;
}

boost::json::object score_json(const Score& s) {
    const auto with = [](int count, double v) { return count > 0 ? value(v) : value(nullptr); };
    return {{"rows", s.rows},
            {"missing", s.missing},
            {"scored", s.scored},
            {"mean_error", with(s.scored, s.mean)},
            {"median_error", with(s.scored, s.median)},
            {"p90_error", with(s.scored, s.p90)},
            {"bias", with(s.scored, s.bias)},
            {"memory_rows", s.memory_rows},
            {"memory_mean_error", with(s.memory_rows, s.memory_mean)},
            {"memory_worst_under", with(s.memory_rows, s.memory_worst_under)},
            {"layout_groups", s.groups},
            {"kendall_tau", with(s.groups, s.tau)},
            {"worst_choice_over_fastest", with(s.groups, s.pick_loss)}};
}

}  // namespace

std::string evaluation_text(const std::vector<EvaluatedRow>& rows) {
    std::string out = fmt::format("{:<28} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}\n", "row",
                                  "step s", "measured", "tok/s/dev", "measured", "GiB", "measured");
    for (const EvaluatedRow& row : rows)
        out += row_text(row);
    for (const auto& [source, score] : summarise(rows))
        out += score_text(source, score);
    return out;
}

boost::json::object evaluation_json(const std::vector<EvaluatedRow>& rows) {
    boost::json::array list;
    for (const EvaluatedRow& row : rows)
        list.push_back(row_json(row));
    boost::json::object summary;
    for (const auto& [source, score] : summarise(rows))
        summary[source] = score_json(score);
    return {{"rows", std::move(list)}, {"summary", std::move(summary)}};
}

}  // namespace suan::train
