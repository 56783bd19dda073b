#include "train/constants.hpp"

#include "train/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace suan::train {
namespace {

using C = Constants;

constexpr std::array infos = {
    ConstantInfo{"gemm_efficiency", &C::gemm_efficiency, 0.4, 0.95,
                 "of the 16-bit peak, large products"},
    ConstantInfo{"gemm8_efficiency", &C::gemm8_efficiency, 0.25, 0.9, "of the FP8 peak"},
    ConstantInfo{"gemm4_efficiency", &C::gemm4_efficiency, 0.15, 0.8, "of the FP4 peak"},
    ConstantInfo{"gemm_depth", &C::gemm_depth, 30, 600,
                 "depth at which a product is half efficient"},
    ConstantInfo{"gemm_tail", &C::gemm_tail, 0.05, 1,
                 "waves of tiles lost at the end of a product"},
    ConstantInfo{"attention_efficiency", &C::attention_efficiency, 0.1, 0.85,
                 "of the 16-bit peak, fused attention"},
    ConstantInfo{"attention_tokens", &C::attention_tokens, 20, 1500,
                 "length at which it is half efficient"},
    ConstantInfo{"vector_efficiency", &C::vector_efficiency, 0.3, 1, "of the memory's bandwidth"},
    ConstantInfo{"fast_efficiency", &C::fast_efficiency, 0.25, 0.95, "of the fast domain's links"},
    ConstantInfo{"fast_latency_us", &C::fast_latency_us, 1, 40, "of one hop"},
    ConstantInfo{"network_efficiency", &C::network_efficiency, 0.06, 0.95,
                 "of the network's links"},
    ConstantInfo{"network_latency_us", &C::network_latency_us, 4, 100, "of one hop"},
    ConstantInfo{"launch_us", &C::launch_us, 1, 60, "host time of one kernel"},
    ConstantInfo{"gap_us", &C::gap_us, 0.1, 20, "device time between two kernels"},
    ConstantInfo{"tensor_exposed", &C::tensor_exposed, 0.1, 1.2,
                 "of tensor-parallel communication"},
    ConstantInfo{"pipeline_exposed", &C::pipeline_exposed, 0.05, 1.5, "of sends between stages"},
    ConstantInfo{"expert_exposed", &C::expert_exposed, 0.3, 1.3, "of the experts' all-to-all"},
    ConstantInfo{"permute_passes", &C::permute_passes, 0.5, 15,
                 "to sort tokens by expert and back"},
    ConstantInfo{"data_overlap", &C::data_overlap, 0, 1.5,
                 "of the last backward pass hides gradients"},
    ConstantInfo{"parameter_exposed", &C::parameter_exposed, 0.05, 1.5,
                 "of the parameter gather after a step"},
    ConstantInfo{"bucket_mib", &C::bucket_mib, 5, 2000, "of one data-parallel collective"},
    ConstantInfo{"accumulate_bytes", &C::accumulate_bytes, 2, 60,
                 "a parameter and micro-batch, ZeRO 1 and 2"},
    ConstantInfo{"attention_width", &C::attention_width, 5, 200,
                 "head width at which fused attention is half efficient"},
    ConstantInfo{"gather_overlap", &C::gather_overlap, 0.3, 1, "of compute hides ZeRO-3 gathers"},
    ConstantInfo{"step_ms", &C::step_ms, 1, 300, "of every step"},
    ConstantInfo{"tune_ms", &C::tune_ms, 1, 400, "more of every fine-tuning step"},
    ConstantInfo{"straggle", &C::straggle, 0.0005, 0.02, "for each doubling of fast domains"},
    ConstantInfo{"selective_share", &C::selective_share, 0.02, 1, "of a forward pass done again"},
    ConstantInfo{"reserve_gib", &C::reserve_gib, 0, 12, "context, buffers, workspaces"},
    ConstantInfo{"fragmentation", &C::fragmentation, 0, 0.4, "of what is allocated"},
};

Result<Calibration> parse_one(const YAML::Node& node, const std::string& where) {
    Fields fields(node, where);
    Calibration c;
    fields.require("family");
    fields.require("generation");
    fields.read("family", c.family);
    fields.read("generation", c.generation);
    std::int64_t rows = 0;
    fields.read("rows", rows);
    c.rows = static_cast<int>(rows);
    fields.read("error_median", c.error_median);
    fields.read("error_p90", c.error_p90);
    fields.read("memory_error_p90", c.memory_error_p90);
    for (const auto& name : fields.node("fitted"))
        c.fitted.push_back(name.as<std::string>());
    for (const ConstantInfo& info : infos) {
        double& value = c.constants.*info.value;
        fields.read(info.name, value);
        if (value < info.min || value > info.max)
            fields.fail(info.name,
                        fmt::format("is {}; it must be {} to {}", value, info.min, info.max));
    }
    if (auto ok = fields.finish(); !ok) return std::move(ok).error();
    return c;
}

}  // namespace

std::span<const ConstantInfo> constant_infos() {
    return infos;
}

const Calibration& Calibrations::find(const std::string& family,
                                      const std::string& generation) const {
    static const Calibration unknown{};
    const std::string parent = generation.substr(0, generation.find('/'));
    const Calibration* nearest = &unknown;
    int nearness = 0;
    for (const Calibration& c : sets) {
        const bool kin = c.family == family;
        int score = 0;
        if (kin && c.generation == generation) score = 6;
        if (score == 0 && kin && c.generation == parent) score = 5;
        if (score == 0 && kin && c.generation.starts_with(parent)) score = 4;
        if (score == 0 && kin) score = c.generation == "any" ? 3 : 2;
        if (score == 0 && c.generation.starts_with(parent)) score = 1;
        if (score > nearness) nearest = &c;
        nearness = std::max(nearness, score);
    }
    return *nearest;
}

Result<Calibrations> parse_calibrations(std::string_view yaml, const std::string& where) {
    auto node = parse_yaml(yaml, where);
    if (!node) return std::move(node).error();
    Fields fields(*node, where);
    fields.require("calibrations");
    Calibrations all;
    const YAML::Node list = fields.node("calibrations");
    if (auto ok = fields.finish(); !ok) return std::move(ok).error();
    for (const auto& item : list) {
        auto one = parse_one(item, fmt::format("{}: calibrations[{}]", where, all.sets.size()));
        if (!one) return std::move(one).error();
        all.sets.push_back(std::move(*one));
    }
    return all;
}

std::string to_yaml(const Calibrations& all, const std::string& command) {
    std::string out = "# Fitted constants by device family and software generation. Made by:\n";
    out += "#   " + command + "\n";
    for (const ConstantInfo& info : infos)
        out += fmt::format("# {}: {}\n", info.name, info.meaning);
    out += "calibrations:\n";
    for (const Calibration& c : all.sets) {
        out += fmt::format("  - family: {}\n    generation: {}\n    rows: {}\n", c.family,
                           c.generation, c.rows);
        out += fmt::format("    error_median: {:.4f}\n    error_p90: {:.4f}\n", c.error_median,
                           c.error_p90);
        out += fmt::format("    memory_error_p90: {:.4f}\n", c.memory_error_p90);
        out += fmt::format("    fitted: [{}]\n", fmt::join(c.fitted, ", "));
        for (const ConstantInfo& info : infos)
            out += fmt::format("    {}: {:.5g}\n", info.name, c.constants.*info.value);
    }
    return out;
}

Result<Calibrations> load_calibrations(const std::string& path_or_empty) {
    const std::string name = path_or_empty.empty() ? "fitted" : path_or_empty;
    auto text = read_data("calibration", name);
    if (!text) return std::move(text).error().wrap("calibration");
    return parse_calibrations(*text, name);
}

}  // namespace suan::train
