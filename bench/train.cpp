// links: suan_train_lib suan_base
// Training plans: errors of step time and memory on the shared tables against their bars, and the
// speed of the search, with Calculon's figures beside (commit caa4b11, its own models, 2 cores;
// errors without tuning to rows, on the rows that it can express).
//
// Errors are given twice: as the committed calibration has them, which has seen these rows, and
// with configurations left out, by fits on the other two of three parts. `suan-train validate` adds
// whole sources left out.
#include "rows.hpp"
#include "train/fit.hpp"
#include "train/search.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string_view>

namespace {

using namespace suan;
using namespace suan::train;
using suan::bench::Better;
using suan::bench::Row;

constexpr std::array memory_sources = {"bigscience_176b", "flagperf_paddle", "internevo_memory",
                                       "torchtitan", "flagperf"};

std::string tables_folder() {
    const char* shared = std::getenv("SUAN_SHARED");
    return (shared != nullptr ? std::string(shared) : "../shared") + "/training-tables";
}

struct Measurements {
    std::vector<TableRow> rows;
    std::vector<MeasuredCase> cases;
};

Measurements load() {
    Measurements all;
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(tables_folder()))
        if (entry.path().extension() == ".csv") paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) {
        auto rows = read_table(path);
        if (!rows) continue;
        all.rows.insert(all.rows.end(), rows->begin(), rows->end());
    }
    all.cases = measured_cases(all.rows);
    return all;
}

struct Bar {
    const char* name;
    double percent;
    const char* peer;
    double peer_percent;
    std::function<bool(const Case&)> belongs;
};

bool is_one_of(const std::string& source, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), source) != names.end();
}

std::vector<Bar> time_bars() {
    const auto from = [](std::initializer_list<std::string_view> names) {
        return [list = std::vector<std::string_view>(names)](const Case& c) {
            return std::find(list.begin(), list.end(), c.source) != list.end();
        };
    };
    return {{"Megatron papers", 6, "Calculon, without ZeRO-3: 3.8, 10.3, 25.4", 10.2,
             from({"korthikanti2022_time", "megatron_sc21_table2", "mt_nlg"})},
            {"bigscience_176b", 8, "Calculon", 24.5, from({"bigscience_176b"})},
            {"vtrain_multi", 10, "Calculon", 19.7, from({"vtrain_multi"})},
            {"llm_foundry", 10, "", 0, from({"llm_foundry"})},
            {"internevo", 10, "Calculon", 64.6, from({"internevo"})},
            {"mlperf and nemo_2407", 10, "", 0, from({"mlperf_training", "nemo_2407"})},
            {"megatron_bridge on H100", 15, "", 0,
             [](const Case& c) {
                 return c.source == "megatron_bridge" && c.cluster.device.family == "h100";
             }},
            {"all mixtures of experts", 20, "", 0, [](const Case& c) { return c.model.is_moe(); }},
            {"Ascend", 15, "", 0,
             [](const Case& c) {
                 return is_one_of(c.source, {"mindformers_ascend", "mindspeed_llm_ascend"});
             }},
            {"vtrain_single", 20, "Calculon", 36.0, from({"vtrain_single"})}};
}

double mean_error(const Measurements& m, const std::vector<Residual>& errors,
                  const std::function<bool(const Case&)>& belongs) {
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < m.cases.size(); ++i) {
        if (!errors[i].time || !belongs(m.cases[i].run)) continue;
        sum += std::abs(*errors[i].time);
        ++count;
    }
    return count > 0 ? 100 * sum / count : 0;
}

double mean_of_sources(const Measurements& m, const std::vector<Residual>& errors) {
    std::map<std::string, std::pair<double, int>> sums;
    for (std::size_t i = 0; i < m.cases.size(); ++i) {
        if (!errors[i].time) continue;
        auto& [sum, count] = sums[m.cases[i].run.source];
        sum += std::abs(*errors[i].time);
        ++count;
    }
    double mean = 0;
    for (const auto& [source, s] : sums)
        mean += 100 * s.first / s.second;
    return mean / static_cast<double>(sums.size());
}

void add_errors(std::vector<Row>& out, const Measurements& m, const std::vector<Residual>& errors,
                const std::string& how) {
    out.push_back({"step time, mean of sources, " + how, mean_of_sources(m, errors), "%", 12,
                   Better::lower, "a constant utilisation", 21});
    for (const Bar& bar : time_bars())
        out.push_back({std::string("step time, ") + bar.name + ", " + how,
                       mean_error(m, errors, bar.belongs), "%", bar.percent, Better::lower,
                       bar.peer, bar.peer_percent});
}

// Of rows whose configuration the fit has not seen.
void add_left_out_memory(std::vector<Row>& out, const Measurements& m,
                         const std::vector<Residual>& errors) {
    for (const char* source : memory_sources) {
        double sum = 0;
        double under = 0;
        int rows = 0;
        for (std::size_t i = 0; i < m.cases.size(); ++i) {
            if (m.cases[i].run.source != source || !errors[i].memory) continue;
            sum += std::abs(*errors[i].memory);
            under = std::max(under, -*errors[i].memory);
            ++rows;
        }
        if (rows == 0) continue;
        out.push_back({std::string("memory, ") + source + ", mean error, left out",
                       100 * sum / rows, "%", 10, Better::lower});
        out.push_back({std::string("memory, ") + source + ", worst too low, left out", 100 * under,
                       "%", 8, Better::lower});
    }
}

// Share of a source's rows that ran, or of all where it is empty.
double said_not_to_fit(const std::vector<EvaluatedRow>& evaluated, std::string_view source) {
    double said = 0;
    double ran = 0;
    for (const EvaluatedRow& row : evaluated) {
        const bool did = row.measured.step_s || row.measured.tokens_per_s_per_device;
        if (!did || !row.prediction || (!source.empty() && row.source != source)) continue;
        ran += 1;
        said += row.prediction->fits ? 0 : 1;
    }
    return ran > 0 ? said / ran : 0;
}

void add_memory(std::vector<Row>& out, const Measurements& m, const Calibrations& all) {
    const auto evaluated = evaluate_rows(m.rows, all);
    const auto scores = summarise(evaluated);
    for (const char* source : memory_sources) {
        const Score& s = scores.at(source);
        out.push_back({std::string("memory, ") + source + ", mean error", 100 * s.memory_mean, "%",
                       10, Better::lower});
        out.push_back({std::string("memory, ") + source + ", worst too low",
                       100 * s.memory_worst_under, "%", 8, Better::lower});
    }
    double refused = 0;
    double rows = 0;
    for (const EvaluatedRow& row : evaluated) {
        if (row.source != "bigscience_oom") continue;
        rows += 1;
        refused += row.prediction && !row.prediction->fits ? 1 : 0;
    }
    out.push_back({"memory, bigscience_oom refused", 100 * refused / rows, "%", 100});
    for (const char* source : {"llm_foundry", "internevo", ""})
        out.push_back({fmt::format("memory, said not to fit of rows that ran, {}",
                                   *source == 0 ? "all" : source),
                       100 * said_not_to_fit(evaluated, source), "%"});
    for (const char* source : {"bigscience_176b", "vtrain_multi"}) {
        const Score& s = scores.at(source);
        out.push_back({std::string("ranking, ") + source + ", Kendall's tau", s.tau, "", 0.7});
        out.push_back({std::string("ranking, ") + source + ", chosen over fastest, worst",
                       100 * s.pick_loss, "%", 5, Better::lower});
    }
}

struct Search {
    const char* name;
    const char* model;
    const char* cluster;
    std::int64_t devices;
    std::int64_t batch;
    double bar_ms;
    const char* peer;
    double peer_ms;
};

// Calculon rounds the batch down to what a layout divides, offers no context or expert degrees, and
// up to 16 sequences a micro-batch.
SearchRequest request_of(const Search& s, const ModelShape& model) {
    SearchRequest r;
    r.model = model;
    r.run = Execution{Precision::bf16,  AttentionKernel::fused, model.seq,
                      Sends::scattered, Purpose::pretrain,      1};
    r.global_batch = s.batch;
    r.devices = s.devices;
    if (std::string_view(s.model) != "turing-530b") return r;
    r.batch = SearchRequest::Batch::at_most;
    r.run.attention = AttentionKernel::standard;
    r.space.cp_max = 1;
    r.space.ep_max = 1;
    r.space.zero_max = 1;
    r.space.micro_batches = {1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16};
    return r;
}

void add_searches(std::vector<Row>& out, const Calibrations& all) {
    for (const Search& s :
         {Search{"GPT-3 175B on 4,096 devices, full space", "gpt3-175b", "a100", 4096, 4096, 1000,
                 "Calculon: hours, estimated from 126 a second", 15.7 * 3600e3},
          Search{"1.75T mixture of experts on 3,920 devices", "moe-1.75t", "1000P", 3920, 3920,
                 5000, "", 0},
          Search{"Turing-530B on 5,128 devices, Calculon's space", "turing-530b", "a100", 5128,
                 2520, 10, "Calculon", 65.2e3}}) {
        auto model = load_model(s.model);
        auto cluster = load_cluster(s.cluster);
        if (!model || !cluster) continue;
        const Machine machine = make_machine(
            *cluster, all.find(cluster->device.family, "megatron-2023").constants, Precision::bf16);
        const SearchRequest request = request_of(s, *model);
        std::vector<double> ms;
        SearchResult found;
        for (int i = 0; i < 7; ++i) {
            const auto began = std::chrono::steady_clock::now();
            found = search_device_counts(request, machine);
            ms.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
                    .count());
        }
        std::sort(ms.begin(), ms.end());
        out.push_back({std::string("search, ") + s.name, ms[3], "ms", s.bar_ms, Better::lower,
                       s.peer, s.peer_ms});
        out.push_back({std::string("  layouts found"), static_cast<double>(found.best.size()), ""});
        out.push_back({std::string("  steps evaluated"), static_cast<double>(found.evaluated), ""});
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<Row> out;
    const auto all = load_calibrations("");
    const auto priors = load_calibrations("priors");
    if (!all || !priors) return 1;
    add_searches(out, *all);
    if (std::filesystem::exists(tables_folder())) {
        const Measurements m = load();
        add_errors(out, m, residuals(m.cases, *all), "fitted");
        const std::vector<Residual> left_out = residuals_by_configuration(m.cases, *priors);
        add_errors(out, m, left_out, "left out");
        add_memory(out, m, *all);
        add_left_out_memory(out, m, left_out);
    } else {
        fmt::print(stderr, "{} is absent: errors are not measured; set SUAN_SHARED\n",
                   tables_folder());
    }
    if (argc > 1 && std::string_view(argv[1]) == "--json") {
        bench::print_json(out);
    } else {
        bench::print_text(out);
    }
    return 0;
}
