#include "train/roofline.hpp"

#include <algorithm>
#include <cmath>

namespace suan::train {
namespace {

constexpr double tile = 128;

}  // namespace

ProductBits product_bits(Precision precision) {
    switch (precision) {
        case Precision::fp8:
            return ProductBits::b8;
        case Precision::fp4:
            return ProductBits::b4;
        case Precision::fp32:
            return ProductBits::b32;
        case Precision::fp16:
        case Precision::bf16:
            break;
    }
    return ProductBits::b16;
}

Rates rates(const Device& device, const Constants& c, Precision precision) {
    Rates r;
    r.flop16_s = device.tflops_16 * 1e12 * c.gemm_efficiency;
    r.flop_s = r.flop16_s;
    const ProductBits bits = product_bits(precision);
    if (bits == ProductBits::b8 && device.tflops_8 > 0)
        r.flop_s = device.tflops_8 * 1e12 * c.gemm8_efficiency;
    if (bits == ProductBits::b4 && device.tflops_4 > 0)
        r.flop_s = device.tflops_4 * 1e12 * c.gemm4_efficiency;
    if (bits == ProductBits::b32) r.flop_s = device.tflops_32 * 1e12 * c.gemm_efficiency;
    r.attention_flop_s = device.tflops_16 * 1e12 * c.attention_efficiency;
    r.memory_bytes_s = device.memory_gbytes_s * 1e9 * c.vector_efficiency;
    r.depth = c.gemm_depth;
    r.tail = c.gemm_tail;
    r.multiprocessors = static_cast<double>(device.multiprocessors);
    r.attention_tokens = c.attention_tokens;
    r.attention_width = c.attention_width;
    return r;
}

double gemm_seconds(const Gemm& g, const Rates& r, double flop_s) {
    const double tiles = std::ceil(g.m / tile) * std::ceil(g.n / tile) * g.count;
    const double waves = std::max(1.0, tiles / r.multiprocessors + r.tail);
    const double tile_flop = 2 * tile * tile * (g.k + r.depth);
    const double arithmetic = waves * tile_flop * r.multiprocessors / flop_s;
    const double bytes = 2 * g.count * (g.m * g.k + g.k * g.n + g.m * g.n);
    return std::max(arithmetic, bytes / r.memory_bytes_s);
}

double gemm_weight_gradient_seconds(const Gemm& g, const Rates& r, double flop_s) {
    const double arithmetic = gemm_seconds(Gemm{g.k, g.n, g.m, g.count}, r, flop_s);
    const double bytes = g.count * (2 * g.m * (g.k + g.n) + 8 * g.k * g.n);
    return std::max(arithmetic, bytes / r.memory_bytes_s);
}

double attention_seconds(double flop, double seq, double width, const Rates& r) {
    // Relative to heads of 128, which the constant speaks of.
    const double narrow = (1 + r.attention_width / width) / (1 + r.attention_width / 128);
    return flop / r.attention_flop_s * (1 + r.attention_tokens / seq) * narrow;
}

double vector_seconds(double bytes, const Rates& r) {
    return bytes / r.memory_bytes_s;
}

}  // namespace suan::train
