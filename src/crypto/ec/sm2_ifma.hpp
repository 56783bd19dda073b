// The SM2 prime for ifma.hpp: elements are kept times 2^260.
#pragma once

#include "crypto/ec/ifma.hpp"
#include "crypto/ec/sm2_params.hpp"

namespace suan::crypto::ec {
namespace {

struct Sm2Prime {
    static constexpr LimbConstant p = to_limbs(sm2_p);
    static constexpr LimbConstant one = to_limbs(Sm2Field::power_of_two(260));
    static constexpr std::uint64_t sub_multiple = 4;

    // t / 2^260. As p is -1 modulo 2^52, a step's quotient is the low limb as it is, and
    // p + 1 = 2^52 c1 - 2^104 + 2^208 c4.
    SUAN_INLINE static Limbs reduce(__m512i (&t)[10]) {
        const __m512i c1 = all(0xff00000001000);
        const __m512i c4 = all(0xffffffff0000);
        const __m512i mask = all(limb_mask);
        SUAN_UNROLL
        for (int i = 0; i < 5; ++i) {
            const __m512i q = t[i];
            const __m512i carry = _mm512_srai_epi64(q, 52);
            t[i + 1] = _mm512_add_epi64(_mm512_madd52lo_epu64(t[i + 1], q, c1), carry);
            t[i + 2] =
                _mm512_sub_epi64(_mm512_madd52hi_epu64(t[i + 2], q, c1), _mm512_and_si512(q, mask));
            t[i + 4] = _mm512_madd52lo_epu64(t[i + 4], q, c4);
            t[i + 5] = _mm512_madd52hi_epu64(t[i + 5], q, c4);
        }
        return {{t[5], t[6], t[7], t[8], t[9]}};
    }

    // 2^256 = 2^224 + 2^96 - 2^64 + 1.
    SUAN_INLINE static void add_folded(Limbs& a, __m512i h) {
        a.l[0] = _mm512_add_epi64(a.l[0], h);
        a.l[1] = _mm512_add_epi64(
            a.l[1], _mm512_sub_epi64(_mm512_slli_epi64(h, 44), _mm512_slli_epi64(h, 12)));
        a.l[4] = _mm512_add_epi64(a.l[4], _mm512_slli_epi64(h, 16));
    }
};

// Single elements in the eight lanes' form, which the few steps that are not batched use: a number
// times 2^260, handled by the 64-bit arithmetic that expects 2^256.
struct Sm2Ifma : IfmaField<Sm2Prime> {
    using Scalar = Sm2Field;
    static constexpr U256 down = Sm2Field::power_of_two(252);  // times 2^-4 after a reduction
    static constexpr U256 up = Sm2Field::power_of_two(260);

    static U256 to_scalar(const U256& packed) { return Scalar::mul(Scalar::reduced(packed), down); }
    static U256 from_scalar(const U256& a) { return Scalar::mul(a, up); }
};

}  // namespace
}  // namespace suan::crypto::ec
