// A layer as the list of kernels that a device runs for one micro-batch: matrix products,
// attention, element-wise passes over memory, and what is sent to other devices. Counts and bytes
// only; roofline.hpp and collectives.hpp give them time.
#pragma once

#include "train/layout.hpp"
#include "train/model.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace suan::train {

enum class AttentionKernel { standard, fused };
enum class Purpose { pretrain, finetune };
enum class Launches { ahead, blocking };  // does the host wait for each kernel?
// Are gradients reduced behind the backward pass of the last micro-batch, or after it?
enum class Reduces { behind, after };
enum class Sends { whole, scattered };  // between pipeline stages, over a tensor group

// count products (m x k)(k x n), run as one kernel where they are batched.
struct Gemm {
    double m = 0;
    double n = 0;
    double k = 0;
    double count = 1;
};

// How the software runs a layer, beside the layout.
struct Execution {
    Precision precision = Precision::bf16;
    AttentionKernel attention = AttentionKernel::fused;
    std::int64_t seq = 0;  // tokens of a sequence in this run
    Sends sends = Sends::whole;
    Purpose purpose = Purpose::pretrain;
    double expert_imbalance = 1;  // tokens of the fullest expert over the mean
    Launches launches = Launches::ahead;
    Reduces reduces = Reduces::behind;
};

// Bytes of an activation or a parameter as it is kept, passed over and sent: 4 in FP32, else 2. FP8
// and FP4 runs keep 16 bits between their products.
double word_bytes(Precision precision);

struct Operators {
    std::array<Gemm, 12> products{};  // forward; backward is two of each
    std::size_t product_count = 0;
    std::array<Gemm, 2> scores{};  // of standard attention: batched, in 16 bits
    std::size_t score_count = 0;
    double attention_flop = 0;     // of fused attention, forward
    double attention_seq = 0;      // length that one rank's queries meet, on average
    double attention_width = 128;  // of a head
    double vector_bytes = 0;       // forward
    double vector_bytes_backward = 0;
    double permute_bytes = 0;  // to sort tokens by expert and back, forward and again backward
    double kernels = 0;        // launched forward
    double kernels_backward = 0;
    double tensor_bytes = 0;     // result of one collective over the tensor group
    int tensor_collectives = 0;  // all-reduces (or gather and scatter pairs) forward
    double expert_bytes = 0;     // that one rank sends in one all-to-all
    double expert_copies = 0;    // of a token, among those bytes
    int expert_exchanges = 0;    // forward: dispatch and combine
    double context_bytes = 0;    // keys and values that one rank receives, forward

    std::span<const Gemm> gemms() const { return {products.data(), product_count}; }
    std::span<const Gemm> score_gemms() const { return {scores.data(), score_count}; }
};

Operators layer_operators(const ModelShape& model, const Layout& layout, const Execution& run,
                          LayerKind kind);
// The product with the vocabulary matrix and the loss (SC'21, section 4.2; last stage only).
Operators head_operators(const ModelShape& model, const Layout& layout, const Execution& run);

}  // namespace suan::train
