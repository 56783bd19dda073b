#include "train/job.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace suan::train {
namespace {

Error bad(std::string text) {
    return Error{ErrorCode::invalid, "plan: " + std::move(text)};
}

// A single-quoted YAML text.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') out += '\'';
        out += c == '\n' ? ' ' : c;
    }
    return out + "'";
}

std::string span(double seconds) {
    const auto minutes = static_cast<std::int64_t>(std::ceil(seconds / 60));
    return fmt::format("{}h{}m", minutes / 60, minutes % 60);
}

// Fewer nodes than this stay under one switch: tensor and pipeline traffic asks for it.
std::string topology(std::int64_t nodes) {
    if (nodes == 1) return "one_node";
    return nodes <= 32 ? "one_rack" : "any";
}

std::string torch_line(const JobOptions& o) {
    return fmt::format(
        "torchrun --nnodes $SUAN_NTASKS --nproc_per_node {} --node_rank $SUAN_PROCID "
        "--master_addr $MASTER_ADDR --master_port $MASTER_PORT {}",
        o.devices_per_node, o.script);
}

std::string mindspore_line(const JobOptions& o, std::int64_t devices) {
    return fmt::format(
        "msrun --worker_num {} --local_worker_num {} --node_rank $SUAN_PROCID "
        "--master_addr $MASTER_ADDR --master_port $MASTER_PORT --join True {}",
        devices, o.devices_per_node, o.script);
}

std::string environment(const boost::json::object& layout) {
    constexpr std::array fields = {
        std::pair{"tp", "TENSOR_PARALLEL"},        std::pair{"pp", "PIPELINE_PARALLEL"},
        std::pair{"dp", "DATA_PARALLEL"},          std::pair{"cp", "CONTEXT_PARALLEL"},
        std::pair{"ep", "EXPERT_PARALLEL"},        std::pair{"etp", "EXPERT_TENSOR_PARALLEL"},
        std::pair{"vpp", "VIRTUAL_PIPELINE"},      std::pair{"micro_batch", "MICRO_BATCH"},
        std::pair{"global_batch", "GLOBAL_BATCH"}, std::pair{"zero_stage", "ZERO_STAGE"}};
    std::string out = "environment:\n";
    for (const auto& [key, name] : fields)
        out += fmt::format("  {}: \"{}\"\n", name, layout.at(key).to_number<std::int64_t>());
    out += fmt::format("  RECOMPUTE: {}\n", std::string(layout.at("recompute").as_string()));
    out += fmt::format("  SEQUENCE_PARALLEL: \"{}\"\n",
                       layout.at("sequence_parallel").as_bool() ? 1 : 0);
    out += fmt::format("  OPTIMIZER_OFFLOAD: \"{}\"\n", layout.at("offload").as_bool() ? 1 : 0);
    // One queue of kernels: collectives start in the order that all ranks issue them.
    return out + "  CUDA_DEVICE_MAX_CONNECTIONS: \"1\"\n";
}

std::string file_of(const boost::json::object& quote, const JobOptions& o) {
    const boost::json::object& layout = quote.at("layout").as_object();
    const auto devices = layout.at("devices").to_number<std::int64_t>();
    const std::int64_t per_node = std::min(o.devices_per_node, devices);
    const std::int64_t nodes = (devices + per_node - 1) / per_node;
    JobOptions node = o;
    node.devices_per_node = per_node;
    std::string out = "# Written by suan-train launch; submit with: suan job submit FILE\n";
    out += "name: " + quoted(o.name) + "\n";
    if (!o.pool.empty()) out += "pool: " + quoted(o.pool) + "\n";
    out += fmt::format("tasks: {}\ndevices_per_task: {}\ntopology: {}\n", nodes, per_node,
                       topology(nodes));
    out += "launcher: process_per_task\n";
    // A quarter more than foreseen, and the error band.
    const double band = quote.at("error_nine_tenths").to_number<double>();
    if (quote.contains("days"))
        out += fmt::format("walltime: {}\n",
                           span(quote.at("days").to_number<double>() * 86'400 * (1 + band) * 1.25));
    const double interval = quote.at("checkpoint_interval_s").to_number<double>();
    if (interval > 0) out += fmt::format("checkpoint_interval: {}\n", span(interval));
    out += environment(layout);
    out += "script: |\n  #!/bin/bash\n  set -euo pipefail\n  exec ";
    out += (o.launcher == "torch" ? torch_line(node) : mindspore_line(node, devices)) + "\n";
    return out;
}

}  // namespace

Result<std::string> job_file(const boost::json::value& plan, std::size_t choice,
                             const JobOptions& options) {
    if (options.launcher != "torch" && options.launcher != "mindspore")
        return Error{ErrorCode::invalid,
                     fmt::format("launcher '{}': use torch or mindspore", options.launcher)};
    if (options.script.empty() || options.script.find('\n') != std::string::npos)
        return Error{ErrorCode::invalid, "script: needs one line, the program and its arguments"};
    if (options.devices_per_node < 1 || options.devices_per_node > 64)
        return Error{ErrorCode::invalid, "devices-per-node: must be 1 to 64"};
    const auto* object = plan.if_object();
    const auto* layouts = object != nullptr ? object->if_contains("layouts") : nullptr;
    if (layouts == nullptr || !layouts->is_array()) return bad("has no array 'layouts'");
    if (choice >= layouts->as_array().size())
        return bad(fmt::format("has {} layouts; there is no number {}", layouts->as_array().size(),
                               choice));
    try {
        return file_of(layouts->as_array()[choice].as_object(), options);
    } catch (const std::exception& e) {
        return bad(fmt::format("layouts[{}]: {}", choice, e.what()));
    }
}

}  // namespace suan::train
