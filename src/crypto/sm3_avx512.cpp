// Sixteen messages side by side, and twice sixteen in turns. This file alone is compiled for
// AVX-512 (CMakeLists.txt).
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

    static Word swap() {
        return _mm512_broadcast_i32x4(
            _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    }

    // Sixteen rows of 64 bytes become sixteen words of sixteen lanes, in host byte order.
    static void load_block(const std::uint8_t* const* blocks, Word (&w)[16]) {
        Word t[16];
        for (int i = 0; i < 16; i += 2) {
            const Word a = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks[i]), swap());
            const Word b = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks[i + 1]), swap());
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

    static void copy(std::uint8_t* to, const std::uint8_t* from, std::size_t count) {
        const __mmask64 mask = (std::uint64_t(1) << count) - 1;
        _mm512_storeu_si512(to, _mm512_maskz_loadu_epi8(mask, from));
    }

    // Four words of state, as rows: 128-bit part p of rows[k] is what lane 4p+k has of them.
    static void to_rows(const Word* w, Word (&rows)[4]) {
        const Word a = _mm512_unpacklo_epi32(w[0], w[1]);
        const Word b = _mm512_unpackhi_epi32(w[0], w[1]);
        const Word c = _mm512_unpacklo_epi32(w[2], w[3]);
        const Word d = _mm512_unpackhi_epi32(w[2], w[3]);
        rows[0] = _mm512_shuffle_epi8(_mm512_unpacklo_epi64(a, c), swap());
        rows[1] = _mm512_shuffle_epi8(_mm512_unpackhi_epi64(a, c), swap());
        rows[2] = _mm512_shuffle_epi8(_mm512_unpacklo_epi64(b, d), swap());
        rows[3] = _mm512_shuffle_epi8(_mm512_unpackhi_epi64(b, d), swap());
    }
    template <int Part>
    static void store_part(const Word (&first)[4], const Word (&second)[4], const Sm3Job* jobs) {
        for (int k = 0; k < 4; ++k) {
            auto* out = reinterpret_cast<__m128i*>(jobs[4 * Part + k].out);
            _mm_storeu_si128(out, _mm512_extracti32x4_epi32(first[k], Part));
            _mm_storeu_si128(out + 1, _mm512_extracti32x4_epi32(second[k], Part));
        }
    }
    static void store(const Word (&state)[8], const Sm3Job* jobs) {
        Word first[4];
        Word second[4];
        to_rows(state, first);
        to_rows(state + 4, second);
        store_part<0>(first, second, jobs);
        store_part<1>(first, second, jobs);
        store_part<2>(first, second, jobs);
        store_part<3>(first, second, jobs);
    }
};

}  // namespace

void sm3_many_avx512(const Sm3Job* jobs, std::size_t count) {
    // A round's steps wait for each other longer than sixteen lanes keep the units busy, above all
    // in a block of padding, which has nothing to expand: two groups take turns.
    Sm3Walk<Sm3Avx512, 2> two;
    Sm3Walk<Sm3Avx512> one;
    while (count > 0) {
        std::size_t taken = two.alike(jobs, count);
        if (taken == 0) taken = one.some(jobs, count);
        jobs += taken;
        count -= taken;
    }
}

}  // namespace suan::crypto
