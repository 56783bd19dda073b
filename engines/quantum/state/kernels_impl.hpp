// The kernels' one source, included by a file for each instruction set. Nothing here may be an
// inline function with external linkage: the linker would keep one copy, perhaps the one for the
// wrong processor.
#pragma once

#include "quantum/state/kernels.hpp"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace suan::quantum {
namespace {

template <typename Real>
struct Lanes;
template <>
struct Lanes<float> {
    typedef float Vec __attribute__((vector_size(64)));
};
template <>
struct Lanes<double> {
    typedef double Vec __attribute__((vector_size(64)));
};
template <typename Real>
using Vec = typename Lanes<Real>::Vec;

template <typename Real>
struct Pair {
    Vec<Real> re;
    Vec<Real> im;
};

template <typename Real>
[[gnu::always_inline]] inline Pair<Real> load(const Real* at) {
    const auto* v = reinterpret_cast<const Vec<Real>*>(at);
    return {v[0], v[1]};
}

template <typename Real>
[[gnu::always_inline]] inline void store(Real* at, Pair<Real> p) {
    auto* v = reinterpret_cast<Vec<Real>*>(at);
    v[0] = p.re;
    v[1] = p.im;
}

template <typename Real>
[[gnu::always_inline]] inline Pair<Real> mul(Pair<Real> a, Pair<Real> b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

template <typename Real>
[[gnu::always_inline]] inline Pair<Real> spread(Factor f) {
    const Vec<Real> zero{};
    return {zero + static_cast<Real>(f.re), zero + static_cast<Real>(f.im)};
}

[[gnu::always_inline]] inline Factor mul(Factor a, Factor b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

inline bool is_one(Factor f) {
    return f.re == 1 && f.im == 0;
}

// v with lanes exchanged whose numbers differ in bit B.
template <int B>
[[gnu::always_inline]] inline Vec<float> swap_lanes(Vec<float> v) {
    constexpr int m = 1 << B;
    return __builtin_shufflevector(v, v, 0 ^ m, 1 ^ m, 2 ^ m, 3 ^ m, 4 ^ m, 5 ^ m, 6 ^ m, 7 ^ m,
                                   8 ^ m, 9 ^ m, 10 ^ m, 11 ^ m, 12 ^ m, 13 ^ m, 14 ^ m, 15 ^ m);
}
template <int B>
[[gnu::always_inline]] inline Vec<double> swap_lanes(Vec<double> v) {
    constexpr int m = 1 << B;
    return __builtin_shufflevector(v, v, 0 ^ m, 1 ^ m, 2 ^ m, 3 ^ m, 4 ^ m, 5 ^ m, 6 ^ m, 7 ^ m);
}

// The lanes' entries: products of `linear` over the set bits of the lane's number, and of pairs.
template <typename Real>
Pair<Real> lane_table(const Factor* linear, const TableTerms* pairs, Factor scale) {
    constexpr unsigned lanes = Shape<Real>::lanes;
    Factor entries[lanes];
    entries[0] = scale;
    for (unsigned b = 0; b < Shape<Real>::lane_bits; ++b) {
        for (unsigned x = 0; x < (1U << b); ++x) {
            Factor f = mul(entries[x], linear[b]);
            if (pairs != nullptr)
                for (unsigned j = 0; j < b; ++j)
                    if (((pairs->coupled[b] & x) >> j & 1) != 0) f = mul(f, pairs->pair[b][j]);
            entries[x | (1U << b)] = f;
        }
    }
    Pair<Real> out{};
    for (unsigned i = 0; i < lanes; ++i) {
        out.re[i] = static_cast<Real>(entries[i].re);
        out.im[i] = static_cast<Real>(entries[i].im);
    }
    return out;
}

// The factor of bit b, above the lanes, where no other bit above the lanes is set.
template <typename Real>
Pair<Real> first_of_bit(const TableTerms& terms, unsigned b) {
    constexpr unsigned lane_bits = Shape<Real>::lane_bits;
    if ((terms.coupled[b] & (Shape<Real>::lanes - 1)) == 0) return spread<Real>(terms.linear[b]);
    Factor lane_pairs[lane_bits];
    for (unsigned j = 0; j < lane_bits; ++j)
        lane_pairs[j] = (terms.coupled[b] >> j & 1) != 0 ? terms.pair[b][j] : Factor{};
    return lane_table<Real>(lane_pairs, nullptr, terms.linear[b]);
}

template <typename Real>
void build_table(Real* table, unsigned bits, const TableTerms& terms) {
    constexpr unsigned lane_bits = Shape<Real>::lane_bits;
    constexpr unsigned step = 2 * Shape<Real>::lanes;
    store(table, lane_table<Real>(terms.linear, &terms, terms.scale));
    // The factor of one more bit, for each setting of the bits below it.
    alignas(64) Real lower[std::size_t{1} << (table_bits_max - lane_bits)][step];
    for (unsigned b = lane_bits; b < bits; ++b) {
        const std::size_t half = std::size_t{1} << (b - lane_bits);
        if (terms.coupled[b] == 0 && is_one(terms.linear[b])) {
            for (std::size_t m = 0; m < half; ++m)
                store(table + (half + m) * step, load<Real>(table + m * step));
            continue;
        }
        const Pair<Real> first = first_of_bit<Real>(terms, b);
        if ((terms.coupled[b] >> lane_bits) == 0) {
            for (std::size_t m = 0; m < half; ++m)
                store(table + (half + m) * step, mul(load(table + m * step), first));
            continue;
        }
        store(lower[0], first);
        for (unsigned j = lane_bits; j < b; ++j) {
            const std::size_t size = std::size_t{1} << (j - lane_bits);
            if ((terms.coupled[b] >> j & 1) == 0) {
                for (std::size_t m = 0; m < size; ++m)
                    store(lower[size + m], load<Real>(lower[m]));
                continue;
            }
            const Pair<Real> f = spread<Real>(terms.pair[b][j]);
            for (std::size_t m = 0; m < size; ++m)
                store(lower[size + m], mul(load<Real>(lower[m]), f));
        }
        for (std::size_t m = 0; m < half; ++m)
            store(table + (half + m) * step, mul(load(table + m * step), load<Real>(lower[m])));
    }
}

template <typename Real>
void extend_table(Real* out, const Real* base, unsigned bits, const Factor* linear, Factor scale) {
    constexpr unsigned lane_bits = Shape<Real>::lane_bits;
    constexpr unsigned step = 2 * Shape<Real>::lanes;
    const std::size_t vectors = std::size_t{1} << (bits - lane_bits);
    store(out, lane_table<Real>(linear, nullptr, scale));
    for (unsigned b = lane_bits; b < bits; ++b) {
        const std::size_t half = std::size_t{1} << (b - lane_bits);
        const Pair<Real> f = spread<Real>(linear[b]);
        for (std::size_t m = 0; m < half; ++m)
            store(out + (half + m) * step, mul(load(out + m * step), f));
    }
    for (std::size_t m = 0; m < vectors; ++m)
        store(out + m * step, mul(load(out + m * step), load(base + m * step)));
}

template <typename Real>
void mask_table(Real* table, unsigned bits, MaskTerm term) {
    constexpr unsigned lane_bits = Shape<Real>::lane_bits;
    constexpr unsigned step = 2 * Shape<Real>::lanes;
    const std::size_t vectors = std::size_t{1} << (bits - lane_bits);
    const std::uint32_t lane_mask = term.mask & (Shape<Real>::lanes - 1);
    Pair<Real> f{};
    for (unsigned i = 0; i < Shape<Real>::lanes; ++i) {
        const bool set = (i & lane_mask) == lane_mask;
        f.re[i] = static_cast<Real>(set ? term.factor.re : 1);
        f.im[i] = static_cast<Real>(set ? term.factor.im : 0);
    }
    const std::size_t mask = term.mask >> lane_bits;
    for (std::size_t m = 0; m < vectors; ++m)
        if ((m & mask) == mask) store(table + m * step, mul(load(table + m * step), f));
}

// One rotation on lane bit B of both parts.
template <typename Real, int B>
[[gnu::always_inline]] inline void rotate_lane(Pair<Real>& p, const Vec<Real>* t) {
    p.re = p.re + t[B] * swap_lanes<B>(p.re);
    p.im = p.im + t[B] * swap_lanes<B>(p.im);
}

template <typename Real, unsigned Mask>
[[gnu::always_inline]] inline void rotate_lanes(Pair<Real>& p, const Vec<Real>* t) {
    if constexpr ((Mask & 1) != 0) rotate_lane<Real, 0>(p, t);
    if constexpr ((Mask & 2) != 0) rotate_lane<Real, 1>(p, t);
    if constexpr ((Mask & 4) != 0) rotate_lane<Real, 2>(p, t);
    if constexpr ((Mask & 8) != 0) rotate_lane<Real, 3>(p, t);
}

enum class Multiply { none, table, table_and_factor };

template <typename Real, unsigned Mask, Multiply How>
void multiply_loop(Real* amps, const Real* table, std::size_t vectors, Factor factor,
                   const Vec<Real>* t) {
    constexpr unsigned step = 2 * Shape<Real>::lanes;
    const Pair<Real> f = spread<Real>(factor);
    for (std::size_t v = 0; v < vectors; ++v) {
        Pair<Real> p = load(amps + v * step);
        if constexpr (How == Multiply::table) p = mul(p, load(table + v * step));
        if constexpr (How == Multiply::table_and_factor) p = mul(p, mul(load(table + v * step), f));
        rotate_lanes<Real, Mask>(p, t);
        store(amps + v * step, p);
    }
}

template <typename Real, unsigned Mask>
void multiply_mask(Real* amps, const Real* table, std::size_t vectors, Factor factor,
                   const Vec<Real>* t, unsigned mask) {
    if constexpr (Mask > 0) {
        if (mask != Mask)
            return multiply_mask<Real, Mask - 1>(amps, table, vectors, factor, t, mask);
    }
    if (table == nullptr)
        return multiply_loop<Real, Mask, Multiply::none>(amps, table, vectors, factor, t);
    if (is_one(factor))
        return multiply_loop<Real, Mask, Multiply::table>(amps, table, vectors, factor, t);
    return multiply_loop<Real, Mask, Multiply::table_and_factor>(amps, table, vectors, factor, t);
}

template <typename Real>
void multiply(Real* amps, const Real* table, std::size_t vectors, Factor factor, const Real* lane_t,
              unsigned lane_mask) {
    Vec<Real> t[4]{};
    for (unsigned b = 0; b < Shape<Real>::lane_bits; ++b) {
        if ((lane_mask >> b & 1) == 0) continue;
        for (unsigned i = 0; i < Shape<Real>::lanes; ++i)
            t[b][i] = (i >> b & 1) != 0 ? lane_t[b] : -lane_t[b];
    }
    multiply_mask<Real, Shape<Real>::lanes - 1>(amps, table, vectors, factor, t, lane_mask);
}

// Rotations on K vector bits at once: 2^K vectors are in registers.
template <typename Real, unsigned K>
void rotate_bits(Real* amps, std::size_t vectors, const unsigned* bits, const Real* t) {
    auto* const base = reinterpret_cast<Vec<Real>*>(amps);
    std::size_t offset[1U << K];
    for (unsigned i = 0; i < (1U << K); ++i) {
        offset[i] = 0;
        for (unsigned k = 0; k < K; ++k)
            if ((i >> k & 1) != 0) offset[i] += std::size_t{2} << bits[k];
    }
    Vec<Real> tv[K];
    for (unsigned k = 0; k < K; ++k)
        tv[k] = Vec<Real>{} + t[k];
    for (std::size_t group = 0; group < (vectors >> K); ++group) {
        std::size_t v = group;
        for (unsigned k = 0; k < K; ++k) {
            const std::size_t low = (std::size_t{1} << bits[k]) - 1;
            v = ((v & ~low) << 1) | (v & low);
        }
        // Real and imaginary parts turn alike.
        for (unsigned part = 0; part < 2; ++part) {
            Vec<Real>* const at = base + 2 * v + part;
            Vec<Real> r[1U << K];
            for (unsigned i = 0; i < (1U << K); ++i)
                r[i] = at[offset[i]];
            for (unsigned k = 0; k < K; ++k) {
                for (unsigned i = 0; i < (1U << K); ++i) {
                    if ((i >> k & 1) != 0) continue;
                    const unsigned j = i | (1U << k);
                    const Vec<Real> a = r[i];
                    r[i] = a - tv[k] * r[j];
                    r[j] = r[j] + tv[k] * a;
                }
            }
            for (unsigned i = 0; i < (1U << K); ++i)
                at[offset[i]] = r[i];
        }
    }
}

template <typename Real>
void rotate(Real* amps, std::size_t vectors, const unsigned* bits, const Real* t, unsigned count) {
    if (count == 1) return rotate_bits<Real, 1>(amps, vectors, bits, t);
    if (count == 2) return rotate_bits<Real, 2>(amps, vectors, bits, t);
    if (count == 3) return rotate_bits<Real, 3>(amps, vectors, bits, t);
    if (count == 4) return rotate_bits<Real, 4>(amps, vectors, bits, t);
}

template <typename Real>
void copy(Real* to, const Real* from, std::size_t reals) {
    auto* out = reinterpret_cast<Vec<Real>*>(to);
    const auto* in = reinterpret_cast<const Vec<Real>*>(from);
    for (std::size_t i = 0; i < reals / Shape<Real>::lanes; ++i)
        out[i] = in[i];
}

template <typename Real>
double norm(const Real* amps, std::size_t vectors, const Real* weight) {
    constexpr unsigned step = 2 * Shape<Real>::lanes;
    double total = 0;
    const Vec<Real> w = *reinterpret_cast<const Vec<Real>*>(weight);
    for (std::size_t from = 0; from < vectors; from += 32) {
        // Few terms in single precision, then double.
        Vec<Real> sum{};
        const std::size_t to = from + 32 < vectors ? from + 32 : vectors;
        for (std::size_t v = from; v < to; ++v) {
            const Pair<Real> p = load(amps + v * step);
            sum += p.re * p.re + p.im * p.im;
        }
        sum *= w;
        double part = 0;
        for (unsigned i = 0; i < Shape<Real>::lanes; ++i)
            part += static_cast<double>(sum[i]);
        total += part;
    }
    return total;
}

template <typename Real>
void squares(float* out, const Real* amps, std::size_t vectors) {
    constexpr unsigned lanes = Shape<Real>::lanes;
    for (std::size_t v = 0; v < vectors; ++v) {
        const Real* at = amps + v * 2 * lanes;
        for (unsigned i = 0; i < lanes; ++i)
            out[v * lanes + i] = static_cast<float>(at[i] * at[i] + at[lanes + i] * at[lanes + i]);
    }
}

// How many of sixteen ascending sums are not larger than `wanted`.
[[gnu::always_inline]] inline std::uint32_t not_larger(const float* sums, float wanted) {
    typedef float Sums __attribute__((vector_size(64), aligned(4)));
    const Sums next = *reinterpret_cast<const Sums*>(sums);
#ifdef __AVX512F__
    return static_cast<std::uint32_t>(__builtin_popcount(
        _mm512_cmp_ps_mask(reinterpret_cast<__m512>(next), _mm512_set1_ps(wanted), _CMP_LE_OQ)));
#else
    typedef std::int32_t Flags __attribute__((vector_size(64)));
    // The flags are 0 or -1: added up in halves.
    Flags sum = next <= (Sums{} + wanted);
    sum += __builtin_shufflevector(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    sum += __builtin_shufflevector(sum, sum, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    sum += __builtin_shufflevector(sum, sum, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    return static_cast<std::uint32_t>(-(sum[0] + sum[1]));
#endif
}

// Sixteen generators side by side: xoshiro128++ (Blackman, Vigna 2019).
struct Words {
    typedef std::uint32_t Vec __attribute__((vector_size(64)));
    Vec s[4];

    [[gnu::always_inline]] static Vec rotated(Vec x, int by) {
        return (x << by) | (x >> (32 - by));
    }
    [[gnu::always_inline]] Vec next() {
        const Vec result = rotated(s[0] + s[3], 7) + s[0];
        const Vec t = s[1] << 9;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotated(s[3], 11);
        return result;
    }
};

inline void pick(std::uint32_t* counts, const float* sums, const std::uint32_t* guide, float step,
                 std::uint32_t* words, std::size_t shots) {
    Words random;
    __builtin_memcpy(&random, words, sizeof random);
    typedef float Floats __attribute__((vector_size(64)));
    for (std::size_t from = 0; from < shots; from += 16) {
        // Ten bits choose the step, the others the place in it.
        const Words::Vec bits = random.next();
        alignas(64) std::uint32_t entry[16];
        alignas(64) float wanted[16];
        const Words::Vec entries = bits >> (32 - pick_bits);
        const Words::Vec places = bits & ((1U << (32 - pick_bits)) - 1);
        *reinterpret_cast<Words::Vec*>(entry) = entries;
        *reinterpret_cast<Floats*>(wanted) =
            step * (__builtin_convertvector(entries, Floats) +
                    __builtin_convertvector(places, Floats) * (1.0F / (1U << (32 - pick_bits))));
        const std::size_t most = shots - from < 16 ? shots - from : 16;
        for (std::size_t i = 0; i < most; ++i) {
            std::uint32_t at = guide[entry[i]];
            std::uint32_t passed = not_larger(sums + at, wanted[i]);
            at += passed;
            while (passed == 16) {
                passed = not_larger(sums + at, wanted[i]);
                at += passed;
            }
            ++counts[at];
        }
    }
}

template <typename Real>
void weigh(Real* amps, std::size_t vectors, const Real* weight) {
    constexpr unsigned step = 2 * Shape<Real>::lanes;
    const Vec<Real> w = *reinterpret_cast<const Vec<Real>*>(weight);
    for (std::size_t v = 0; v < vectors; ++v) {
        Pair<Real> p = load(amps + v * step);
        p.re *= w;
        p.im *= w;
        store(amps + v * step, p);
    }
}

template <typename Real>
constexpr Kernels<Real> kernel_set(const char* name) {
    return {name,         build_table<Real>, extend_table<Real>, mask_table<Real>, multiply<Real>,
            rotate<Real>, copy<Real>,        norm<Real>,         squares<Real>,    pick,
            weigh<Real>};
}

}  // namespace
}  // namespace suan::quantum
