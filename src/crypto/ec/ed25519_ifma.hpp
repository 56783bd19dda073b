// The prime 2^255 - 19 for ifma.hpp: elements are kept as they are.
#pragma once

#include "crypto/ec/ed25519_params.hpp"
#include "crypto/ec/ifma.hpp"

namespace suan::crypto::ec {
namespace {

struct Prime25519 {
    static constexpr LimbConstant p = to_limbs(p25519);
    static constexpr LimbConstant one{{1, 0, 0, 0, 0}};
    static constexpr std::uint64_t sub_multiple = 8;

    // 2^260 is 608 and 2^255 is 19. The limbs that come out are not negative.
    SUAN_INLINE static Limbs reduce(__m512i (&t)[10]) {
        SUAN_UNROLL
        for (int i = 4; i < 9; ++i)
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64(t[i], 52));
        t[4] = _mm512_and_si512(t[4], all(limb_mask));
        const __m512i fold = all(608);
        __m512i over = _mm512_setzero_si512();
        SUAN_UNROLL
        for (int i = 0; i < 5; ++i) {
            t[i] = _mm512_madd52lo_epu64(t[i], t[i + 5], fold);
            __m512i& above = i < 4 ? t[i + 1] : over;
            above = _mm512_madd52hi_epu64(above, t[i + 5], fold);
        }
        t[0] = _mm512_madd52lo_epu64(t[0], over, fold);
        // Bits from 2^255 on, as far as they can be seen before the carries.
        const __m512i top =
            _mm512_srli_epi64(_mm512_add_epi64(t[4], _mm512_srli_epi64(t[3], 52)), 47);
        t[4] = _mm512_sub_epi64(t[4], _mm512_slli_epi64(top, 47));
        t[0] = _mm512_madd52lo_epu64(t[0], top, all(19));
        return {{t[0], t[1], t[2], t[3], t[4]}};
    }

    // 2^256 is 38.
    SUAN_INLINE static void add_folded(Limbs& a, __m512i h) {
        const __m512i six = _mm512_add_epi64(_mm512_slli_epi64(h, 2), _mm512_add_epi64(h, h));
        a.l[0] = _mm512_add_epi64(a.l[0], _mm512_add_epi64(_mm512_slli_epi64(h, 5), six));
    }
};

struct Ifma25519 : IfmaField<Prime25519> {
    using Scalar = Field25519;

    static U256 to_scalar(const U256& packed) { return Scalar::reduced(packed); }
    static U256 from_scalar(const U256& a) { return a; }
};

}  // namespace
}  // namespace suan::crypto::ec
