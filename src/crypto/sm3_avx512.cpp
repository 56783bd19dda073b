// Sixteen messages side by side. This file alone is compiled for AVX-512 (CMakeLists.txt).
#include "crypto/sm3_kernel.hpp"

#include <immintrin.h>

namespace suan::crypto {
namespace {

struct Sm3Avx512 {
    static constexpr std::size_t lanes = 16;
    using Word = __m512i;

    static Word set1(std::uint32_t x) { return _mm512_set1_epi32(int(x)); }
    static Word add(Word a, Word b) { return _mm512_add_epi32(a, b); }
    static Word xor_(Word a, Word b) { return _mm512_xor_si512(a, b); }
    static Word xor3(Word a, Word b, Word c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
    static Word majority(Word a, Word b, Word c) {
        return _mm512_ternarylogic_epi32(a, b, c, 0xe8);
    }
    static Word choose(Word a, Word b, Word c) { return _mm512_ternarylogic_epi32(a, b, c, 0xca); }
    template <int N>
    static Word rotl(Word x) {
        return _mm512_rol_epi32(x, N);
    }

    // Sixteen rows of 64 bytes become sixteen words of sixteen lanes, in host byte order.
    static void load_block(const std::uint8_t* const* blocks, Word (&w)[16]) {
        const Word swap = _mm512_broadcast_i32x4(
            _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
        Word t[16];
        for (int i = 0; i < 16; i += 2) {
            const Word a = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks[i]), swap);
            const Word b = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks[i + 1]), swap);
            t[i] = _mm512_unpacklo_epi32(a, b);
            t[i + 1] = _mm512_unpackhi_epi32(a, b);
        }
        Word r[16];
        for (int i = 0; i < 16; i += 4) {
            r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
            r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
            r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
            r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
        }
        // r[4g+k] holds in 128-bit part p the word 4p+k of rows 4g to 4g+3.
        for (int k = 0; k < 4; ++k) {
            const Word a = _mm512_shuffle_i32x4(r[k], r[4 + k], 0x88);
            const Word b = _mm512_shuffle_i32x4(r[8 + k], r[12 + k], 0x88);
            const Word c = _mm512_shuffle_i32x4(r[k], r[4 + k], 0xdd);
            const Word d = _mm512_shuffle_i32x4(r[8 + k], r[12 + k], 0xdd);
            w[k] = _mm512_shuffle_i32x4(a, b, 0x88);
            w[8 + k] = _mm512_shuffle_i32x4(a, b, 0xdd);
            w[4 + k] = _mm512_shuffle_i32x4(c, d, 0x88);
            w[12 + k] = _mm512_shuffle_i32x4(c, d, 0xdd);
        }
    }
};

}  // namespace

void sm3_many_avx512(const Sm3Job* jobs, std::size_t count) {
    Sm3Walk<Sm3Avx512> walk;
    walk.run(jobs, count);
}

}  // namespace suan::crypto
