// Eight messages side by side. This file alone is compiled for AVX2 (CMakeLists.txt).
#include "crypto/sm3_kernel.hpp"

#include <immintrin.h>

namespace suan::crypto {
namespace {

struct Sm3Avx2 {
    static constexpr std::size_t lanes = 8;
    using Word = __m256i;

    static Word set1(std::uint32_t x) { return _mm256_set1_epi32(int(x)); }
    static Word add(Word a, Word b) { return _mm256_add_epi32(a, b); }
    static Word xor_(Word a, Word b) { return _mm256_xor_si256(a, b); }
    static Word xor3(Word a, Word b, Word c) { return xor_(xor_(a, b), c); }
    static Word majority(Word a, Word b, Word c) {
        return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
    }
    static Word choose(Word a, Word b, Word c) { return xor_(c, _mm256_and_si256(a, xor_(b, c))); }
    template <int N>
    static Word rotl(Word x) {
        return _mm256_or_si256(_mm256_slli_epi32(x, N), _mm256_srli_epi32(x, 32 - N));
    }

    // Eight rows of 32 bytes become eight words of eight lanes, in host byte order.
    static void transpose(const std::uint8_t* const* blocks, std::size_t offset, Word* w) {
        const Word swap = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3,
                                           2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        Word r[8];
        for (int i = 0; i < 8; ++i) {
            const auto* from = reinterpret_cast<const __m256i*>(blocks[i] + offset);
            r[i] = _mm256_shuffle_epi8(_mm256_loadu_si256(from), swap);
        }
        Word t[8];
        for (int i = 0; i < 8; i += 2) {
            t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
            t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
        }
        for (int i = 0; i < 8; i += 4) {
            r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
            r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
            r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
            r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
        }
        for (int i = 0; i < 4; ++i) {
            w[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
            w[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
        }
    }
    static void load_block(const std::uint8_t* const* blocks, Word (&w)[16]) {
        transpose(blocks, 0, w);
        transpose(blocks, 32, w + 8);
    }
    static void copy(std::uint8_t* to, const std::uint8_t* from, std::size_t count) {
        std::memcpy(to, from, count);
    }
    static void store(const Word (&state)[8], const Sm3Job* jobs) {
        alignas(32) std::uint32_t words[8][lanes];
        std::memcpy(words, state, sizeof words);
        for (std::size_t i = 0; i < lanes; ++i)
            store_hash(&words[0][i], lanes, jobs[i].out);
    }
};

}  // namespace

void sm3_many_avx2(const Sm3Job* jobs, std::size_t count) {
    Sm3Walk<Sm3Avx2> walk;
    walk.run(jobs, count);
}

}  // namespace suan::crypto
