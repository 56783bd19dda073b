#include "train/software.hpp"

#include <fmt/format.h>

#include <array>

namespace suan::train {
namespace {

// Bytes of a gradient under FP16 and under BF16, and the undivided 32-bit copy under BF16.
struct Entry {
    const char* name;
    const char* generation;
    const char* allocator;
    double gradient_fp16 = 4;
    double gradient_bf16 = 4;
    double unsharded_bf16 = 0;
    AttentionKernel attention = AttentionKernel::fused;
    Sends sends = Sends::whole;
    SequenceParallel sequence_parallel = SequenceParallel::on;
    Recompute recompute = Recompute::full;
    Launches launches = Launches::ahead;
    Reduces reduces = Reduces::behind;
    int zero_stage_min = 0;
    StateWidths widths{};  // but for its gradients
};

constexpr auto standard = AttentionKernel::standard;

// Transformer Engine keeps the 8 or 4 bits that it multiplied. Megatron-Core weights what experts
// return inside their activation (moe_permute_fusion, 0.12 and later).
// NeMo's and Megatron-Bridge's recipes set use_distributed_optimizer. Selective recomputation there
// is of norms and activations (recompute_modules "layernorm", "moe_act", "mlp"): of Llama 3 8B's
// 139 KB a token and layer they drop 16 and 29.
constexpr StateWidths core_widths{.selective_keeps = 0.68,
                                  .quantized = Quantized::kept,
                                  .expert_outputs = ExpertOutputs::dropped};
// Performance recipes of Megatron-Bridge: cross_entropy_fusion_impl "te" overwrites 16-bit logits
// with their gradient, and those of latent attention list mla_up_proj among recompute_modules.
constexpr StateWidths bridge_widths{.selective_keeps = 0.68,
                                    .logit = 4,
                                    .quantized = Quantized::kept,
                                    .expert_outputs = ExpertOutputs::dropped,
                                    .latent_heads = LatentHeads::projected_again};

constexpr std::array entries = {
    // Megatron-LM keeps 32-bit main gradients: 18 bytes a parameter (Korthikanti 2022, figure 1).
    // It reduces them once the schedule has ended (train_step of its training.py), as DeepSpeed's
    // pipeline engine does (ReduceGrads follows the last BackwardPass in its TrainSchedule).
    Entry{.name = "megatron-lm-2021",
          .generation = "megatron-2021/lm",
          .allocator = "megatron-2021",
          .attention = standard,
          .sends = Sends::scattered,
          .reduces = Reduces::after},
    // DeepSpeed reduces FP16 gradients in place; its BF16 optimizer adds a 32-bit copy.
    Entry{.name = "megatron-deepspeed-2021",
          .generation = "megatron-2021/deepspeed",
          .allocator = "megatron-2021",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2,
          .unsharded_bf16 = 4,
          .attention = standard,
          .reduces = Reduces::after,
          .widths = {.ends = Ends::weighed, .gradients = Gradients::allocated}},
    // BigScience's fork of 2022, with ZeRO 1 and fused softmax. Its launch scripts set
    // CUDA_LAUNCH_BLOCKING=1 ("do not remove or the training will hang").
    Entry{.name = "megatron-deepspeed-2022",
          .generation = "megatron-2021/blocking",
          .allocator = "megatron-2021",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2,
          .unsharded_bf16 = 4,
          .attention = standard,
          .launches = Launches::blocking,
          .reduces = Reduces::after,
          .widths = {.ends = Ends::weighed, .gradients = Gradients::allocated}},
    Entry{.name = "zero-2021",
          .generation = "zero-2021",
          .allocator = "megatron-2021",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2,
          .attention = standard,
          .widths = {.gradients = Gradients::allocated}},
    // FlagPerf's launch script turns its recompute switch into --recompute-activations, and leaves
    // --overlap-grad-reduce out.
    Entry{.name = "megatron-2023",
          .generation = "megatron-2023",
          .allocator = "megatron",
          .recompute = Recompute::selective,
          .reduces = Reduces::after},
    // The same, launched without sequence parallelism and with --use-distributed-optimizer.
    Entry{.name = "flagscale-2023",
          .generation = "megatron-2023",
          .allocator = "megatron",
          .sequence_parallel = SequenceParallel::off,
          .reduces = Reduces::after,
          .zero_stage_min = 1},
    // FlagPerf launches it with grad_accum_dtype bf16 and overlap_comm off: 16-bit gradients,
    // reduced at the end.
    Entry{.name = "megatron-deepspeed-2023",
          .generation = "megatron-2023",
          .allocator = "megatron",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2,
          .reduces = Reduces::after,
          .widths = {.gradients = Gradients::allocated}},
    // Defaults of ZeRO-3's configuration: 1e9 live and 1e9 reused parameters, two reduce buckets of
    // 5e8, and one sub-group of 1e9 with 32-bit gradients during the step. Models are those of
    // Hugging Face's transformers, whose loss copies the logits to 32 bits and shifts them.
    Entry{.name = "deepspeed-2023",
          .generation = "deepspeed-2023",
          .allocator = "deepspeed",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2,
          .widths = {.gathered_bytes_min = 10e9,
                     .logit = 16,
                     .kernels = Kernels::plain,
                     .gradients = Gradients::allocated}},
    // FSDP shards the 32-bit weights themselves; a 16-bit copy lives while it is gathered. MosaicML
    // takes flash-attention's cross entropy: 16-bit logits and gradients.
    Entry{.name = "fsdp-2023",
          .generation = "fsdp-2023",
          .allocator = "pytorch",
          .widths = {.weight_shard = 0,
                     .logit = 4,
                     .gradients = Gradients::allocated,
                     .dropout = Dropout::none}},
    // Layers that do not divide go to the last stages. What a rank updates is copied flat in 16
    // bits and then in 32 (_step of hybrid_zero_optim.py), and AdamW of PyTorch 2.0 adds two 32-bit
    // temporaries.
    Entry{.name = "internevo",
          .generation = "internevo",
          .allocator = "internevo",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2,
          .widths = {.step = 14, .ends = Ends::same, .gradients = Gradients::allocated}},
    Entry{.name = "paddle",
          .generation = "paddle",
          .allocator = "paddle",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2,
          .widths = {.gradients = Gradients::allocated}},
    // Its selective mode keeps every second product, attention and a layer's input: of Llama 3 8B's
    // 139 KB a token and layer 43 + 8 + 8.
    Entry{.name = "torchtitan",
          .generation = "torchtitan",
          .allocator = "pytorch",
          .widths = {.weight_shard = 0,
                     .selective_keeps = 0.43,
                     .logit = 12,
                     .gathered_inputs = GatheredInputs::kept,
                     .gradients = Gradients::allocated}},
    Entry{.name = "megatron-core",
          .generation = "megatron-core/2025",
          .allocator = "megatron",
          .zero_stage_min = 1,
          .widths = core_widths},
    Entry{.name = "megatron-core-26.02",
          .generation = "megatron-core/26.02",
          .allocator = "megatron",
          .zero_stage_min = 1,
          .widths = bridge_widths},
    Entry{.name = "megatron-core-26.06",
          .generation = "megatron-core/26.06",
          .allocator = "megatron",
          .zero_stage_min = 1,
          .widths = bridge_widths},
    Entry{.name = "mindspore-1.0",
          .generation = "mindspore/1.0",
          .allocator = "mindspore",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2},
    Entry{.name = "mindspore",
          .generation = "mindspore/1.1",
          .allocator = "mindspore",
          .gradient_fp16 = 2,
          .gradient_bf16 = 2},
    Entry{.name = "mindspeed-legacy", .generation = "mindspeed/legacy", .allocator = "megatron"},
    Entry{.name = "mindspeed", .generation = "mindspeed/mcore", .allocator = "megatron"},
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
        Software s{e.name,      e.generation,        e.allocator, e.attention,
                   e.sends,     e.sequence_parallel, e.launches,  e.reduces,
                   e.recompute, e.zero_stage_min,    e.widths};
        const bool half = precision == Precision::fp16;
        s.widths.gradient = half ? e.gradient_fp16 : e.gradient_bf16;
        s.widths.unsharded_gradient = half ? 0 : e.unsharded_bf16;
        if (precision == Precision::fp32) {
            s.widths.weight = s.widths.gradient = 4;
            s.widths.weight_shard = 4;
            s.widths.unsharded_gradient = s.widths.gathered_bytes_min = 0;
            s.widths.optimizer = 8;
        }
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
