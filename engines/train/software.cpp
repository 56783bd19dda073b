#include "train/software.hpp"

#include <fmt/format.h>

#include <array>

namespace suan::train {
namespace {

// Bytes of a gradient under FP16 and under BF16, and the undivided 32-bit copy under BF16.
struct Entry {
    const char* name;
    const char* generation;
    AttentionKernel attention;
    double gradient_fp16;
    double gradient_bf16;
    double unsharded_bf16;
    Sends sends = Sends::whole;
    double selective_keeps = 1;
    double gathered_bytes_min = 0;
    Ends ends = Ends::fewer;
    SequenceParallel sequence_parallel = SequenceParallel::on;
    Recompute recompute = Recompute::full;
    Launches launches = Launches::ahead;
    Reduces reduces = Reduces::behind;
    int zero_stage_min = 0;
};

constexpr std::array entries = {
    // Megatron-LM keeps 32-bit main gradients: 18 bytes a parameter (Korthikanti 2022, figure 1).
    // It
    // reduces them once the schedule has ended (train_step of its training.py), as DeepSpeed's
    // pipeline engine does (ReduceGrads follows the last BackwardPass in its TrainSchedule).
    Entry{"megatron-lm-2021", "megatron-2021/lm", AttentionKernel::standard, 4, 4, 0,
          Sends::scattered, 1, 0, Ends::fewer, SequenceParallel::on, Recompute::full,
          Launches::ahead, Reduces::after},
    // DeepSpeed reduces FP16 gradients in place; its BF16 optimizer adds a 32-bit copy.
    Entry{"megatron-deepspeed-2021", "megatron-2021/deepspeed", AttentionKernel::standard, 2, 2, 4,
          Sends::whole, 1, 0, Ends::weighed, SequenceParallel::on, Recompute::full, Launches::ahead,
          Reduces::after},
    // BigScience's fork of 2022, with ZeRO 1 and fused softmax. Its launch scripts set
    // CUDA_LAUNCH_BLOCKING=1 ("do not remove or the training will hang").
    Entry{"megatron-deepspeed-2022", "megatron-2021/blocking", AttentionKernel::standard, 2, 2, 4,
          Sends::whole, 1, 0, Ends::weighed, SequenceParallel::on, Recompute::full,
          Launches::blocking, Reduces::after},
    Entry{"zero-2021", "zero-2021", AttentionKernel::standard, 2, 2, 0},
    // FlagPerf's launch script turns its recompute switch into --recompute-activations, and leaves
    // --overlap-grad-reduce out.
    Entry{"megatron-2023", "megatron-2023", AttentionKernel::fused, 4, 4, 0, Sends::whole, 1, 0,
          Ends::fewer, SequenceParallel::on, Recompute::selective, Launches::ahead, Reduces::after},
    // The same, launched without sequence parallelism and with --use-distributed-optimizer.
    Entry{"flagscale-2023", "megatron-2023", AttentionKernel::fused, 4, 4, 0, Sends::whole, 1, 0,
          Ends::fewer, SequenceParallel::off, Recompute::full, Launches::ahead, Reduces::after, 1},
    // FlagPerf launches it with grad_accum_dtype bf16 and overlap_comm off: 16-bit gradients,
    // reduced
    // at the end.
    Entry{"megatron-deepspeed-2023", "megatron-2023", AttentionKernel::fused, 2, 2, 0, Sends::whole,
          1, 0, Ends::fewer, SequenceParallel::on, Recompute::full, Launches::ahead,
          Reduces::after},
    // Defaults of ZeRO-3's configuration: 1e9 live and 1e9 reused parameters, two reduce buckets of
    // 5e8, and one sub-group of 1e9 with 32-bit gradients during the step.
    Entry{"deepspeed-2023", "deepspeed-2023", AttentionKernel::fused, 2, 2, 0, Sends::whole, 1,
          10e9},
    Entry{"fsdp-2023", "fsdp-2023", AttentionKernel::fused, 4, 4, 0},
    // Layers that do not divide go to the last stages, and its optimizer keeps 32-bit gradients.
    Entry{"internevo", "internevo", AttentionKernel::fused, 2, 2, 4, Sends::whole, 1, 0,
          Ends::same},
    Entry{"paddle", "paddle", AttentionKernel::fused, 2, 2, 0},
    // Its selective mode keeps every second product, attention and a layer's input: of Llama 3 8B's
    // 139 KB a token and layer 43 + 8 + 8.
    Entry{"torchtitan", "torchtitan", AttentionKernel::fused, 4, 4, 0, Sends::whole, 0.43},
    Entry{"megatron-core", "megatron-core/2025", AttentionKernel::fused, 4, 4, 0},
    Entry{"megatron-core-26.02", "megatron-core/26.02", AttentionKernel::fused, 4, 4, 0},
    Entry{"megatron-core-26.06", "megatron-core/26.06", AttentionKernel::fused, 4, 4, 0},
    Entry{"mindspore-1.0", "mindspore/1.0", AttentionKernel::fused, 2, 2, 0},
    Entry{"mindspore", "mindspore/1.1", AttentionKernel::fused, 2, 2, 0},
    Entry{"mindspeed-legacy", "mindspeed/legacy", AttentionKernel::fused, 4, 4, 0},
    Entry{"mindspeed", "mindspeed/mcore", AttentionKernel::fused, 4, 4, 0},
};

// First match wins; attention "" matches any.
struct Label {
    const char* framework;  // prefix
    const char* attention;  // prefix
    const char* software;
};

constexpr std::array labels = {
    Label{"Megatron-DeepSpeed", "fused-softmax", "megatron-deepspeed-2022"},
    Label{"Megatron-DeepSpeed", "", "megatron-deepspeed-2021"},
    Label{"Megatron-LM", "standard", "megatron-lm-2021"},
    Label{"Megatron-LM", "flash", "megatron-core"},
    Label{"DeepSpeed ZeRO-3", "", "zero-2021"},
    Label{"Megatron-Bridge 26.02", "", "megatron-core-26.02"},
    Label{"Megatron-Bridge 26.04", "", "megatron-core-26.02"},
    Label{"Megatron-Bridge 26.0", "", "megatron-core-26.06"},
    Label{"Megatron-Bridge", "", "megatron-core"},
    Label{"Megatron-Core", "", "megatron-core"},
    Label{"NeMo", "", "megatron-core"},
    Label{"Meta internal", "", "megatron-core"},
    Label{"PyTorch FSDP", "", "fsdp-2023"},
    Label{"torchtitan", "", "torchtitan"},
    Label{"InternEvo", "", "internevo"},
    Label{"PaddleNLP", "", "paddle"},
    Label{"deepspeed", "", "deepspeed-2023"},
    Label{"megatron-deepspeed", "", "megatron-deepspeed-2023"},
    Label{"megatron", "", "megatron-2023"},
    Label{"flagscale", "", "flagscale-2023"},
    Label{"MindSpore r1.0", "", "mindspore-1.0"},
    Label{"MindSpore", "", "mindspore"},
    Label{"MindSpeed-LLM/ModelLink Legacy", "", "mindspeed-legacy"},
    Label{"MindSpeed", "", "mindspeed"},
};

}  // namespace

std::vector<std::string> software_names() {
    std::vector<std::string> names;
    for (const Entry& e : entries)
        names.emplace_back(e.name);
    return names;
}

std::string usual_software(const std::string& family) {
    if (family.starts_with("ascend")) return "mindspeed";
    if (family == "a100") return "megatron-2023";
    return "megatron-core";
}

Result<Software> find_software(const std::string& name, Precision precision) {
    for (const Entry& e : entries) {
        if (name != e.name) continue;
        Software s{e.name,     e.generation, e.attention, e.sends,          e.sequence_parallel,
                   e.launches, e.reduces,    e.recompute, e.zero_stage_min, {}};
        if (precision == Precision::fp16) {
            s.widths.gradient = e.gradient_fp16;
        } else {
            s.widths.gradient = e.gradient_bf16;
            s.widths.unsharded_gradient = e.unsharded_bf16;
        }
        s.widths.selective_keeps = e.selective_keeps;
        s.widths.gathered_bytes_min = e.gathered_bytes_min;
        s.widths.ends = e.ends;
        if (precision == Precision::fp32)
            s.widths = StateWidths{4, 4, 0, 8, e.selective_keeps, 0, e.ends};
        return s;
    }
    return Error{ErrorCode::not_found, fmt::format("software '{}': use one of {}", name,
                                                   fmt::join(software_names(), " "))};
}

Result<std::string> software_of(const std::string& framework, const std::string& attention) {
    for (const Label& l : labels)
        if (framework.starts_with(l.framework) && attention.starts_with(l.attention))
            return std::string(l.software);
    return Error{ErrorCode::invalid,
                 fmt::format("framework: '{}' is not one that a calibration knows", framework)};
}

}  // namespace suan::train
