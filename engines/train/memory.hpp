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

// Bytes kept for one parameter, and what else of the software decides on memory.
struct StateWidths {
    double weight = 2;
    double gradient = 4;
    double unsharded_gradient = 0;  // a 32-bit copy that ZeRO 1 does not divide (DeepSpeed's bf16)
    double optimizer = 12;          // 32-bit weight and two moments
    double selective_keeps = 1;     // of a fused layer's activations, under selective recomputation
    double gathered_bytes_min = 0;  // live parameters and buckets that ZeRO-3 holds at least
    Ends ends = Ends::fewer;
};

struct MemoryUse {
    double weights = 0;
    double gradients = 0;
    double optimizer = 0;
    double activations = 0;
    double working = 0;   // a layer done again, and gradients of its widest part
    double head = 0;      // logits and their gradients, of the last stage
    double gathered = 0;  // live full parameters of ZeRO-3
    double reserve = 0;   // context, communication buffers, workspaces
    double fragmentation = 0;

    double states() const { return weights + gradients + optimizer; }
    double total() const {
        return states() + activations + working + head + gathered + reserve + fragmentation;
    }
    double total_gib() const { return total() / (1024.0 * 1024.0 * 1024.0); }
};

// Activations of one layer and one micro-batch, on one device: Korthikanti equations 1 to 4 and
// 6, with widths of heads and MLP taken from the model instead of h and 4h, and without the
// dropout masks where the model has no dropout (gated MLPs).
double layer_activation_bytes(const ModelShape& model, const Layout& layout, const Execution& run,
                              LayerKind kind);

MemoryUse memory_use(const ModelShape& model, const Layout& layout, const Execution& run,
                     const StateWidths& widths, const Constants& constants);

}  // namespace suan::train
