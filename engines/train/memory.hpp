// Memory that the busiest device needs, by part. Bytes. States as in Rajbhandari 2020
// (arXiv:1910.02054, section 3), activations as in Korthikanti 2022 (arXiv:2205.05198, section 4).
#pragma once

#include "train/constants.hpp"
#include "train/layout.hpp"
#include "train/operators.hpp"

namespace suan::train {

// Do the stages that hold the embedding and the head get fewer layers where those do not divide?
// Or only where each counted as a layer makes the division even (DeepSpeed's partition methods
// "type:transformer|embedding", else "type:transformer": full stages first, the rest to the last).
enum class Ends { fewer, same, weighed };

// Plain kernels keep a 32-bit copy of what a norm reads beside its result, and both factors of a
// gated activation; fused ones keep their inputs.
enum class Kernels { fused, plain };
// Does an 8- or 4-bit product keep its input in those bits for the backward pass (Transformer
// Engine), or is the input quantized again there?
enum class Quantized { for_products, kept };
// Are experts' outputs kept to be weighted, or were they weighted inside the activation?
enum class ExpertOutputs { kept, dropped };
// Are heads of latent attention kept, or projected up from the latents again?
enum class LatentHeads { kept, projected_again };
// Under sequence parallelism, are what products read gathered again for the backward pass
// (Megatron-LM), or kept as gathered (PyTorch's DTensor)?
enum class GatheredInputs { again, kept };
// Are gradients views of one buffer (Megatron-LM), or does autograd allocate them in every step?
enum class Gradients { placed, allocated };
// Do models with a plain MLP drop out, and keep the masks?
enum class Dropout { kept, none };

// Bytes kept for one parameter, and what else of the software decides on memory.
struct StateWidths {
    double weight = 2;
    double gradient = 4;
    double unsharded_gradient = 0;  // a 32-bit copy that ZeRO 1 does not divide (DeepSpeed's bf16)
    double optimizer = 12;          // 32-bit weight and two moments
    double weight_shard = 2;        // under ZeRO-3, beside the optimizer's 32-bit weight
    double step = 0;                // of what a rank updates, during the update only
    double selective_keeps = 1;     // of a fused layer's activations, under selective recomputation
    double gathered_bytes_min = 0;  // live parameters and buckets that ZeRO-3 holds at least
    double logit = 10;              // in 16 bits, in 32, and its gradient
    Ends ends = Ends::fewer;
    Kernels kernels = Kernels::fused;
    Quantized quantized = Quantized::for_products;
    ExpertOutputs expert_outputs = ExpertOutputs::kept;
    LatentHeads latent_heads = LatentHeads::kept;
    GatheredInputs gathered_inputs = GatheredInputs::again;
    Gradients gradients = Gradients::placed;
    Dropout dropout = Dropout::kept;
};

struct MemoryUse {
    double weights = 0;
    double gradients = 0;
    double optimizer = 0;
    double activations = 0;
    double working = 0;   // a layer done again, and gradients of its widest part
    double head = 0;      // logits and their gradients, of the last stage
    double gathered = 0;  // live full parameters of ZeRO-3
    double update = 0;    // the optimizer's temporaries, beyond what the layers have freed by then
    double reserve = 0;   // context, communication buffers, workspaces
    double fragmentation = 0;        // of what comes and goes in a step; states are placed once
    double allocated_gradients = 0;  // among the gradients: those that come and go as well

    double states() const { return weights + gradients + optimizer; }
    double passing() const { return activations + working + head + gathered + update; }
    // Without this much a run stops. PyTorch's allocator gives back what it holds and does not use
    // before it fails, so fragmentation is not among it.
    double need() const { return states() + passing() + reserve; }
    double fragmenting() const { return passing() + allocated_gradients; }
    double total() const { return need() + fragmentation; }
    double total_gib() const { return total() / (1024.0 * 1024.0 * 1024.0); }
};

// Activations of one layer and one micro-batch, on one device: Korthikanti equations 1 to 4 and
// 6, with widths of heads and MLP taken from the model instead of h and 4h, and without the
// dropout masks where the model has no dropout (gated MLPs).
double layer_activation_bytes(const ModelShape& model, const Layout& layout, const Execution& run,
                              LayerKind kind);

// What is seen on a device of so many bytes: fragmentation takes no more than is left there.
MemoryUse seen_within(MemoryUse use, double device_bytes);

MemoryUse memory_use(const ModelShape& model, const Layout& layout, const Execution& run,
                     const StateWidths& widths, const Constants& constants);

}  // namespace suan::train
