// The SM2 engine with eight field elements in AVX-512. Compiled for AVX-512 (CMakeLists.txt).
#include "crypto/ec/sm2_ifma.hpp"
#include "crypto/ec/sm2_kernels.hpp"

namespace suan::crypto::ec {
namespace {

// Each window's 64 entries of one limb lie together in eight registers, and a lookup picks by
// permuting registers: every load is the same whatever the index.
struct PermutedTable {
    static_assert(secret_shape.entries == 64);
    static constexpr std::size_t window_words = 2 * 5 * 64;
    static constexpr std::size_t words = secret_shape.windows * window_words;

    static void fill(const PackedPoint* table, std::uint64_t* out) {
        for (std::size_t w = 0; w < secret_shape.windows; ++w) {
            for (std::size_t i = 0; i < 64; ++i) {
                const PackedPoint& p = table[w * 64 + i];
                const LimbConstant x = to_limbs(U256{{p.x[0], p.x[1], p.x[2], p.x[3]}});
                const LimbConstant y = to_limbs(U256{{p.y[0], p.y[1], p.y[2], p.y[3]}});
                for (std::size_t k = 0; k < 5; ++k) {
                    out[w * window_words + k * 64 + i] = x.l[k];
                    out[w * window_words + (5 + k) * 64 + i] = y.l[k];
                }
            }
        }
    }
    SUAN_INLINE static Limbs look_up(const std::uint64_t* from, const std::uint64_t (&index)[8]) {
        const __m512i at = _mm512_loadu_si512(index);
        const __mmask8 bit4 = _mm512_test_epi64_mask(at, all(16));
        const __mmask8 bit5 = _mm512_test_epi64_mask(at, all(32));
        Limbs out;
        SUAN_UNROLL
        for (int k = 0; k < 5; ++k) {
            const std::uint64_t* row = from + 64 * k;
            __m512i part[4];
            SUAN_UNROLL
            for (int i = 0; i < 4; ++i) {
                part[i] = _mm512_permutex2var_epi64(_mm512_load_si512(row + 16 * i), at,
                                                    _mm512_load_si512(row + 16 * i + 8));
            }
            const __m512i low = _mm512_mask_blend_epi64(bit4, part[0], part[1]);
            const __m512i high = _mm512_mask_blend_epi64(bit4, part[2], part[3]);
            out.l[k] = _mm512_mask_blend_epi64(bit5, low, high);
        }
        return out;
    }
    SUAN_INLINE static Limbs x(const std::uint64_t* table, unsigned window,
                               const std::uint64_t (&index)[8]) {
        return look_up(table + window * window_words, index);
    }
    SUAN_INLINE static Limbs y(const std::uint64_t* table, unsigned window,
                               const std::uint64_t (&index)[8]) {
        return look_up(table + window * window_words + 5 * 64, index);
    }
};

}  // namespace

const Sm2Engine& sm2_engine_avx512() {
    return Sm2Kernels<Sm2Ifma, PermutedTable>::engine;
}

}  // namespace suan::crypto::ec
