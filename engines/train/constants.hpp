// What cannot be derived: how much of a datasheet's figure is reached, what a kernel launch costs,
// how much communication a framework hides. One set for a device family and software generation,
// fitted by `suan-train calibrate` and kept in calibration/*.yaml; never one for a source or a row.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::train {

struct Constants {
    // Device.
    double gemm_efficiency = 0.8;   // of the 16-bit peak, large products
    double gemm8_efficiency = 0.6;  // of the FP8 peak
    double gemm4_efficiency = 0.4;  // of the FP4 peak
    double gemm_depth = 128;  // k at which a product spends as long on its ends as on its body
    double gemm_tail = 0.5;   // waves of tiles lost at the end of a product
    double attention_efficiency = 0.5;  // of the 16-bit peak, fused attention
    double attention_tokens = 300;      // sequence length at which half of it is reached
    double attention_width = 40;        // head width at which half of it is reached
    double vector_efficiency = 0.8;     // of the memory's bandwidth
    double fast_efficiency = 0.7;       // of the fast domain's links
    double fast_latency_us = 10;        // of one hop
    double network_efficiency = 0.7;
    double network_latency_us = 20;
    // Software.
    double launch_us = 6;         // of the host, for one kernel: the floor of a short layer
    double gap_us = 1;            // of the device, between two kernels
    double tensor_exposed = 1;    // of tensor-parallel communication, not hidden behind products
    double pipeline_exposed = 1;  // of the sends between stages
    double expert_exposed = 1;    // of the experts' all-to-all
    double permute_passes = 1;    // to sort tokens by expert and back, relative to two fused copies
    double data_overlap = 0;      // of the last backward pass, that gradients may hide behind
    double parameter_exposed = 1;  // of the parameter gather after a sharded optimizer step
    double bucket_mib = 500;       // of a data-parallel collective: each pays its ring's latency
    double accumulate_bytes =
        6;  // a parameter and micro-batch, to add up gradients under ZeRO 1, 2
    double gather_overlap = 0.8;   // of a layer's compute, that ZeRO-3 gathers may hide behind
    double step_ms = 20;           // of every step: data, logging, clipping, host work
    double tune_ms = 20;           // more in a fine-tuning step: padding, masks, sample by sample
    double straggle = 0.005;       // slowdown for each doubling of fast domains
    double selective_share = 0.1;  // of a forward pass, done again under selective recomputation
    // Memory.
    double reserve_gib = 2.5;     // context, communication buffers, workspaces
    double fragmentation = 0.05;  // of what is allocated
};

struct ConstantInfo {
    const char* name;
    double Constants::*value;
    double min;
    double max;
    const char* meaning;
};

std::span<const ConstantInfo> constant_infos();

// One fitted set and how far it is off, as measured when it was fitted.
struct Calibration {
    std::string family;      // of the device
    std::string generation;  // of the software
    Constants constants{};
    std::vector<std::string> fitted;  // names of the constants that the fit was free to choose
    double error_median = 0.15;       // absolute, relative to the measured step time
    double error_p90 = 0.3;
    double memory_error_p90 = 0.15;
    int rows = 0;  // measured rows behind it
};

struct Calibrations {
    std::vector<Calibration> sets;
    // The set for both; else the generation's parent ("megatron-core/26.06" falls back to
    // "megatron-core"); else another of the family; else the generation on another device. Never
    // fails; `rows == 0` marks an extrapolation from nothing.
    const Calibration& find(const std::string& family, const std::string& generation) const;
};

Result<Calibrations> parse_calibrations(std::string_view yaml, const std::string& where);
std::string to_yaml(const Calibrations& all, const std::string& command);
// The committed file, which is built in.
Result<Calibrations> load_calibrations(const std::string& path_or_empty);

}  // namespace suan::train
