// Eight messages side by side. This file is compiled for AVX-512 (CMakeLists.txt): it uses nothing
// of the standard library that is not a plain type, see sm3_kernel.hpp.
#include "crypto/ec/compiler.hpp"
#include "crypto/sha512_lanes.hpp"

#include <immintrin.h>

#include <cstring>

namespace suan::crypto {
namespace {

constexpr std::uint64_t round_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};
constexpr std::uint64_t initial[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                      0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                      0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr std::size_t lanes = 8;

using Word = __m512i;

Word add(Word a, Word b) {
    return _mm512_add_epi64(a, b);
}
Word xor3(Word a, Word b, Word c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

// Eight rows of 64 bytes become eight words of eight lanes, in host byte order.
SUAN_INLINE void load_half(const std::uint8_t* const* blocks, std::size_t offset, Word* w) {
    const Word swap =
        _mm512_broadcast_i32x4(_mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));
    Word t[8];
    SUAN_UNROLL
    for (std::size_t i = 0; i < 8; i += 2) {
        const Word a = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks[i] + offset), swap);
        const Word b = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks[i + 1] + offset), swap);
        t[i] = _mm512_unpacklo_epi64(a, b);
        t[i + 1] = _mm512_unpackhi_epi64(a, b);
    }
    SUAN_UNROLL
    for (int odd = 0; odd < 2; ++odd) {
        const Word a = _mm512_shuffle_i64x2(t[odd], t[2 + odd], 0x44);
        const Word b = _mm512_shuffle_i64x2(t[4 + odd], t[6 + odd], 0x44);
        const Word c = _mm512_shuffle_i64x2(t[odd], t[2 + odd], 0xee);
        const Word d = _mm512_shuffle_i64x2(t[4 + odd], t[6 + odd], 0xee);
        w[0 + odd] = _mm512_shuffle_i64x2(a, b, 0x88);
        w[2 + odd] = _mm512_shuffle_i64x2(a, b, 0xdd);
        w[4 + odd] = _mm512_shuffle_i64x2(c, d, 0x88);
        w[6 + odd] = _mm512_shuffle_i64x2(c, d, 0xdd);
    }
}

SUAN_INLINE void round(Word a, Word b, Word c, Word& d, Word e, Word f, Word g, Word& h, Word kw) {
    const Word sum1 =
        xor3(_mm512_ror_epi64(e, 14), _mm512_ror_epi64(e, 18), _mm512_ror_epi64(e, 41));
    const Word choice = _mm512_ternarylogic_epi64(e, f, g, 0xca);
    const Word t1 = add(add(h, kw), add(sum1, choice));
    const Word sum0 =
        xor3(_mm512_ror_epi64(a, 28), _mm512_ror_epi64(a, 34), _mm512_ror_epi64(a, 39));
    const Word majority = _mm512_ternarylogic_epi64(a, b, c, 0xe8);
    d = add(d, t1);
    h = add(t1, add(sum0, majority));
}

// The word 16 rounds on, in place of w[i & 15].
SUAN_INLINE Word expanded(const Word (&w)[16], std::size_t i) {
    const Word x = w[(i + 1) & 15];
    const Word y = w[(i + 14) & 15];
    const Word small0 =
        xor3(_mm512_ror_epi64(x, 1), _mm512_ror_epi64(x, 8), _mm512_srli_epi64(x, 7));
    const Word small1 =
        xor3(_mm512_ror_epi64(y, 19), _mm512_ror_epi64(y, 61), _mm512_srli_epi64(y, 6));
    return add(add(w[i & 15], small0), add(w[(i + 9) & 15], small1));
}

// Rounds [from + Half, from + Half + 8). All indices are known to the compiler, so that words and
// state stay in registers.
template <int Half>
SUAN_INLINE void eight(Word (&s)[8], Word (&w)[16], std::size_t from) {
    SUAN_UNROLL
    for (int k = 0; k < 8; ++k) {
        const std::size_t at = Half + std::size_t(k);
        const Word kw = add(w[at], _mm512_set1_epi64(std::int64_t(round_constants[from + at])));
        if (from < 64) w[at] = expanded(w, at);
        round(s[(8 - k) & 7], s[(9 - k) & 7], s[(10 - k) & 7], s[(11 - k) & 7], s[(12 - k) & 7],
              s[(13 - k) & 7], s[(14 - k) & 7], s[(15 - k) & 7], kw);
    }
}

void compress(Word (&state)[8], const std::uint8_t* const* blocks) {
    Word w[16];
    load_half(blocks, 0, w);
    load_half(blocks, 64, w + 8);
    Word s[8];
    for (int i = 0; i < 8; ++i)
        s[i] = state[i];
    for (std::size_t i = 0; i < 80; i += 16) {
        eight<0>(s, w, i);
        eight<8>(s, w, i);
    }
    for (int i = 0; i < 8; ++i)
        state[i] = add(state[i], s[i]);
}

std::size_t block_count(const Sha512Job& job) {
    return (64 + job.body_bytes + 17 + 127) / 128;
}

// Block `index` of a message: in place where it can be, else put together in `buffer`.
const std::uint8_t* block_at(const Sha512Job& job, std::size_t index, std::uint8_t* buffer) {
    const std::size_t total = 64 + job.body_bytes;
    const std::size_t at = 128 * index;
    if (index > 0 && at + 128 <= total) return job.body + (at - 64);
    std::memset(buffer, 0, 128);
    std::size_t filled = 0;
    if (index == 0) {
        std::memcpy(buffer, job.head, 64);
        filled = 64;
    }
    if (at + filled < total) {
        const std::size_t left = total - (at + filled);
        const std::size_t count = left < 128 - filled ? left : 128 - filled;
        std::memcpy(buffer + filled, job.body + (at + filled - 64), count);
        filled += count;
    }
    if (filled < 128 && at + filled == total) buffer[filled] = 0x80;
    if (index + 1 == block_count(job)) {
        const std::uint64_t bits = __builtin_bswap64(std::uint64_t(total) * 8);
        std::memcpy(buffer + 120, &bits, 8);
    }
    return buffer;
}

void store(const std::uint64_t (&words)[8][lanes], std::size_t lane, std::uint8_t* out) {
    for (std::size_t i = 0; i < 8; ++i) {
        const std::uint64_t word = __builtin_bswap64(words[i][lane]);
        std::memcpy(out + 8 * i, &word, 8);
    }
}

// `count` messages, at most one for each lane.
void hash_group(const Sha512Job* jobs, std::size_t count) {
    alignas(64) std::uint8_t buffer[lanes][128];
    std::size_t most = 0;
    for (std::size_t i = 0; i < count; ++i)
        if (block_count(jobs[i]) > most) most = block_count(jobs[i]);
    Word state[8];
    for (int i = 0; i < 8; ++i)
        state[i] = _mm512_set1_epi64(std::int64_t(initial[i]));
    for (std::size_t b = 0; b < most; ++b) {
        const std::uint8_t* blocks[lanes];
        for (std::size_t i = 0; i < lanes; ++i) {
            const bool busy = i < count && b < block_count(jobs[i]);
            blocks[i] = busy ? block_at(jobs[i], b, buffer[i]) : buffer[i];
        }
        compress(state, blocks);
        alignas(64) std::uint64_t words[8][lanes];
        std::memcpy(words, state, sizeof words);
        for (std::size_t i = 0; i < count; ++i)
            if (block_count(jobs[i]) == b + 1) store(words, i, jobs[i].out);
    }
}

}  // namespace

void sha512_many_avx512(const Sha512Job* jobs, std::size_t count) {
    for (std::size_t at = 0; at < count; at += lanes)
        hash_group(jobs + at, count - at < lanes ? count - at : lanes);
}

}  // namespace suan::crypto
