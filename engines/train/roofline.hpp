// Time of one kernel on one device: the longer of its arithmetic and its memory traffic, with the
// efficiency that a product of its size reaches. Seconds.
#pragma once

#include "train/cluster.hpp"
#include "train/constants.hpp"
#include "train/operators.hpp"

namespace suan::train {

enum class ProductBits { b16, b8, b4, b32 };
ProductBits product_bits(Precision precision);

// What a device reaches, from its datasheet and the constants.
struct Rates {
    double flop_s = 0;            // products of large size, in the run's precision
    double flop16_s = 0;          // the same in 16 bits
    double attention_flop_s = 0;  // fused attention of long sequences
    double memory_bytes_s = 0;
    double depth = 0;
    double tail = 0;
    double multiprocessors = 1;
    double attention_tokens = 0;
    double attention_width = 0;
};

Rates rates(const Device& device, const Constants& constants, Precision precision);

// Tiles of 128 x 128 dealt to the multiprocessors in waves; a tile takes k + depth steps. The last
// wave is on average part full. (Wave and tile quantisation: NVIDIA's matrix multiplication
// guide; the additive form of both is ours.)
double gemm_seconds(const Gemm& gemm, const Rates& rates, double flop_s);
// Forward; the weight-gradient product also accumulates into 32-bit gradients in memory.
double gemm_weight_gradient_seconds(const Gemm& gemm, const Rates& rates, double flop_s);
double attention_seconds(double flop, double seq, double width, const Rates& rates);
double vector_seconds(double bytes, const Rates& rates);

}  // namespace suan::train
