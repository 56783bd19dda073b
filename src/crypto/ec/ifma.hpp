// Eight field elements side by side in AVX-512: five limbs of 52 bits, multiplied with IFMA.
//
// A value is "tight" when it is below 2^256 and "loose" when below 6p; the limbs of both are below
// 2^52, as the multiplier reads no more. Products and differences are loose, what is stored is
// tight. The multiplier of this generation of processors starts one vector a clock, so cost is
// counted in multiplier instructions: 70 a product for SM2, 61 for 2^255-19.
//
// P gives the prime: reduce(t[10]), fold constants, multiples of p, and the curve's numerator.
#pragma once

#include "crypto/ec/point.hpp"
#include "crypto/ec/u256.hpp"

#include <immintrin.h>

namespace suan::crypto::ec {
namespace {

struct Limbs {
    __m512i l[5];
};

constexpr std::uint64_t limb_mask = (std::uint64_t(1) << 52) - 1;

struct LimbConstant {
    std::uint64_t l[5];
};
constexpr LimbConstant to_limbs(const U256& a) {
    return {{a.w[0] & limb_mask, ((a.w[0] >> 52) | (a.w[1] << 12)) & limb_mask,
             ((a.w[1] >> 40) | (a.w[2] << 24)) & limb_mask,
             ((a.w[2] >> 28) | (a.w[3] << 36)) & limb_mask, a.w[3] >> 16}};
}
constexpr LimbConstant times(const LimbConstant& a, std::uint64_t k) {
    LimbConstant out{};
    std::uint64_t carry = 0;
    for (int i = 0; i < 5; ++i) {
        const std::uint64_t sum = a.l[i] * k + carry;  // k is small and a.l below 2^52
        out.l[i] = i < 4 ? sum & limb_mask : sum;
        carry = sum >> 52;
    }
    return out;
}

SUAN_INLINE __m512i all(std::uint64_t x) {
    return _mm512_set1_epi64(std::int64_t(x));
}
SUAN_INLINE Limbs all(const LimbConstant& c) {
    return {{all(c.l[0]), all(c.l[1]), all(c.l[2]), all(c.l[3]), all(c.l[4])}};
}

// Carries upwards, keeping the signs; the top limb keeps what is left.
SUAN_INLINE void carry_up(Limbs& t) {
    const __m512i mask = all(limb_mask);
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i) {
        t.l[i + 1] = _mm512_add_epi64(t.l[i + 1], _mm512_srai_epi64(t.l[i], 52));
        t.l[i] = _mm512_and_si512(t.l[i], mask);
    }
}

SUAN_INLINE void products(const Limbs& a, const Limbs& b, __m512i (&t)[10]) {
    SUAN_UNROLL
    for (int i = 0; i < 10; ++i)
        t[i] = _mm512_setzero_si512();
    SUAN_UNROLL
    for (int i = 0; i < 5; ++i) {
        SUAN_UNROLL
        for (int j = 0; j < 5; ++j) {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.l[i], b.l[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.l[i], b.l[j]);
        }
    }
}
SUAN_INLINE void squares(const Limbs& a, __m512i (&t)[10]) {
    SUAN_UNROLL
    for (int i = 0; i < 10; ++i)
        t[i] = _mm512_setzero_si512();
    SUAN_UNROLL
    for (int i = 0; i < 5; ++i) {
        SUAN_UNROLL
        for (int j = i + 1; j < 5; ++j) {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.l[i], a.l[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.l[i], a.l[j]);
        }
    }
    SUAN_UNROLL
    for (int i = 1; i < 9; ++i)
        t[i] = _mm512_add_epi64(t[i], t[i]);
    SUAN_UNROLL
    for (int i = 0; i < 5; ++i) {
        t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a.l[i], a.l[i]);
        t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a.l[i], a.l[i]);
    }
}

// Four words of each of eight places become limbs.
SUAN_INLINE Limbs gather_limbs(const std::uint64_t* const (&from)[8]) {
    const auto row = [&](int i) {
        return _mm256_load_si256(reinterpret_cast<const __m256i*>(from[i]));
    };
    __m512i z[4];
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i)
        z[i] = _mm512_inserti64x4(_mm512_castsi256_si512(row(i)), row(i + 4), 1);
    const __m512i lo01 = _mm512_unpacklo_epi64(z[0], z[1]);
    const __m512i hi01 = _mm512_unpackhi_epi64(z[0], z[1]);
    const __m512i lo23 = _mm512_unpacklo_epi64(z[2], z[3]);
    const __m512i hi23 = _mm512_unpackhi_epi64(z[2], z[3]);
    const __m512i even = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i odd = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    const __m512i w0 = _mm512_permutex2var_epi64(lo01, even, lo23);
    const __m512i w1 = _mm512_permutex2var_epi64(hi01, even, hi23);
    const __m512i w2 = _mm512_permutex2var_epi64(lo01, odd, lo23);
    const __m512i w3 = _mm512_permutex2var_epi64(hi01, odd, hi23);
    const __m512i mask = all(limb_mask);
    return {{_mm512_and_si512(w0, mask), _mm512_and_si512(_mm512_shrdi_epi64(w0, w1, 52), mask),
             _mm512_and_si512(_mm512_shrdi_epi64(w1, w2, 40), mask),
             _mm512_and_si512(_mm512_shrdi_epi64(w2, w3, 28), mask), _mm512_srli_epi64(w3, 16)}};
}

SUAN_INLINE void to_words(const Limbs& a, __m512i* w) {
    w[0] = _mm512_or_si512(a.l[0], _mm512_slli_epi64(a.l[1], 52));
    w[1] = _mm512_or_si512(_mm512_srli_epi64(a.l[1], 12), _mm512_slli_epi64(a.l[2], 40));
    w[2] = _mm512_or_si512(_mm512_srli_epi64(a.l[2], 24), _mm512_slli_epi64(a.l[3], 28));
    w[3] = _mm512_or_si512(_mm512_srli_epi64(a.l[3], 36), _mm512_slli_epi64(a.l[4], 16));
}

// Eight words of eight lanes become eight rows of eight words.
SUAN_INLINE void transpose(__m512i (&w)[8]) {
    __m512i t[8];
    SUAN_UNROLL
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm512_unpacklo_epi64(w[i], w[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi64(w[i], w[i + 1]);
    }
    // t[2k] holds rows 0, 2, 4, 6 of words 2k and 2k+1 in its 128-bit parts, t[2k+1] rows 1, 3,
    // 5, 7.
    SUAN_UNROLL
    for (int odd = 0; odd < 2; ++odd) {
        const __m512i a = _mm512_shuffle_i64x2(t[odd], t[2 + odd], 0x44);
        const __m512i b = _mm512_shuffle_i64x2(t[4 + odd], t[6 + odd], 0x44);
        const __m512i c = _mm512_shuffle_i64x2(t[odd], t[2 + odd], 0xee);
        const __m512i d = _mm512_shuffle_i64x2(t[4 + odd], t[6 + odd], 0xee);
        w[0 + odd] = _mm512_shuffle_i64x2(a, b, 0x88);
        w[2 + odd] = _mm512_shuffle_i64x2(a, b, 0xdd);
        w[4 + odd] = _mm512_shuffle_i64x2(c, d, 0x88);
        w[6 + odd] = _mm512_shuffle_i64x2(c, d, 0xdd);
    }
}

template <class P>
struct IfmaField {
    using V = Limbs;
    using Prime = P;
    static constexpr int lanes = 8;
    // No loose value is a greater multiple of p.
    static constexpr std::uint64_t loose_multiples = P::sub_multiple + 4;

    SUAN_INLINE static V zero() { return all(LimbConstant{}); }
    SUAN_INLINE static V one() { return all(P::one); }

    SUAN_INLINE static V mul(const V& a, const V& b) {
        __m512i t[10];
        products(a, b, t);
        V out = P::reduce(t);
        carry_up(out);
        return out;
    }
    SUAN_INLINE static V sqr(const V& a) {
        __m512i t[10];
        squares(a, t);
        V out = P::reduce(t);
        carry_up(out);
        return out;
    }
    // a - b, loose; a and b are tight or negated tight.
    SUAN_INLINE static V sub(const V& a, const V& b) {
        constexpr LimbConstant k = times(P::p, P::sub_multiple);
        V out;
        SUAN_UNROLL
        for (int i = 0; i < 5; ++i)
            out.l[i] = _mm512_add_epi64(_mm512_sub_epi64(a.l[i], b.l[i]), all(k.l[i]));
        carry_up(out);
        return out;
    }
    // a * b - c, tight.
    template <Timing T = Timing::variable>
    SUAN_INLINE static V mul_sub(const V& a, const V& b, const V& c) {
        __m512i t[10];
        products(a, b, t);
        V out = P::reduce(t);
        SUAN_UNROLL
        for (int i = 0; i < 5; ++i)
            out.l[i] = _mm512_sub_epi64(out.l[i], c.l[i]);
        return tight<T>(out);
    }
    // a^2 - b - c, tight.
    template <Timing T = Timing::variable>
    SUAN_INLINE static V sqr_sub(const V& a, const V& b, const V& c) {
        __m512i t[10];
        squares(a, t);
        V out = P::reduce(t);
        SUAN_UNROLL
        for (int i = 0; i < 5; ++i)
            out.l[i] = _mm512_sub_epi64(out.l[i], _mm512_add_epi64(b.l[i], c.l[i]));
        return tight<T>(out);
    }

    // The same residue below 2^256, from limbs of any size and sign that fits. A multiple of p is
    // taken off by the top bits before the carries are known; that leaves the value outside
    // [0, 2^256) once in 2^26 times or less, by less than 2^228, and then it is done again.
    template <Timing T = Timing::variable>
    SUAN_INLINE static V tight(const V& a) {
        V out = a;
        fold(out,
             _mm512_srai_epi64(_mm512_add_epi64(out.l[4], _mm512_srai_epi64(out.l[3], 52)), 48));
        carry_up(out);
        if constexpr (T == Timing::variable) {
            const __m512i above = all(~((std::uint64_t(1) << 48) - 1));
            if (_mm512_test_epi64_mask(out.l[4], above) == 0) [[likely]]
                return out;
        }
        fold(out, _mm512_srai_epi64(out.l[4], 48));
        carry_up(out);
        return out;
    }

    // mask ? b : a in each lane.
    SUAN_INLINE static V blend(std::uint8_t mask, const V& a, const V& b) {
        V out;
        SUAN_UNROLL
        for (int i = 0; i < 5; ++i)
            out.l[i] = _mm512_mask_blend_epi64(mask, a.l[i], b.l[i]);
        return out;
    }
    // -a where the mask is set: limbs are negative then, fit for sub, mul_sub's c and tight only.
    SUAN_INLINE static V negate_if(std::uint8_t mask, const V& a) {
        V out;
        SUAN_UNROLL
        for (int i = 0; i < 5; ++i)
            out.l[i] = _mm512_mask_sub_epi64(a.l[i], mask, _mm512_setzero_si512(), a.l[i]);
        return out;
    }

    // Lanes that may be zero modulo p: all that are, and one in 2^47 others.
    SUAN_INLINE static std::uint8_t maybe_zero(const V& loose) {
        constexpr std::uint64_t step = ((limb_mask + 1) - P::p.l[0]) * loose_multiples;
        const __m512i moved =
            _mm512_and_si512(_mm512_add_epi64(loose.l[0], all(step)), all(limb_mask));
        return _mm512_cmple_epu64_mask(moved, all(step));
    }
    static std::uint8_t is_zero(const V& loose) {
        std::uint8_t found = 0;
        for (std::uint64_t k = 0; k <= loose_multiples; ++k)
            found |= equals(loose, all(times(P::p, k)));
        return found;
    }
    SUAN_INLINE static std::uint8_t equals(const V& a, const V& b) {
        std::uint8_t same = 0xff;
        for (int i = 0; i < 5; ++i)
            same &= _mm512_cmpeq_epi64_mask(a.l[i], b.l[i]);
        return same;
    }
    // Lanes whose stored words are all zero: one half of the point at infinity.
    SUAN_INLINE static std::uint8_t maybe_absent(const V& stored) {
        return _mm512_testn_epi64_mask(stored.l[0], stored.l[0]);
    }
    static std::uint8_t is_absent(const V& stored) { return equals(stored, zero()); }

    SUAN_INLINE static V gather(const std::uint64_t* const (&from)[8]) {
        return gather_limbs(from);
    }
    SUAN_INLINE static void scatter(const V& x, const V& y, PackedPoint* const (&to)[8]) {
        __m512i w[8];
        to_words(x, w);
        to_words(y, w + 4);
        transpose(w);
        SUAN_UNROLL
        for (int i = 0; i < 8; ++i)
            _mm512_store_si512(to[i], w[i]);
    }
    SUAN_INLINE static PairSigns signs(const PointRef* pairs) {
        const unsigned minus =
            _mm512_test_epi32_mask(_mm512_loadu_si512(pairs), _mm512_set1_epi32(1));
        return {std::uint8_t(_pext_u32(minus, 0x5555)), std::uint8_t(_pext_u32(minus, 0xaaaa))};
    }
    // 8 values as words: out[lane].
    static void store_words(const V& tight_value, U256* out) {
        alignas(64) std::uint64_t words[4][8];
        __m512i w[4];
        to_words(tight_value, w);
        for (int k = 0; k < 4; ++k)
            _mm512_store_si512(words[k], w[k]);
        for (int i = 0; i < 8; ++i)
            for (int k = 0; k < 4; ++k)
                out[i].w[k] = words[k][i];
    }

private:
    // a -= h * 2^256, plus what 2^256 is modulo p.
    SUAN_INLINE static void fold(V& a, __m512i h) {
        a.l[4] = _mm512_sub_epi64(a.l[4], _mm512_slli_epi64(h, 48));
        P::add_folded(a, h);
    }
};

}  // namespace
}  // namespace suan::crypto::ec
