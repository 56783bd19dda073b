// Compiled for AVX-512 (CMakeLists.txt), so it holds no test itself and includes no library's code.
#include "crypto/ec/ed25519_ifma.hpp"
#include "crypto/ec/ifma_faults.hpp"
#include "crypto/ec/sm2_ifma.hpp"

namespace suan::crypto::ec {
namespace {

template <class F>
struct FaultFinder {
    using S = typename F::Scalar;
    using V = Limbs;

    std::uint64_t state = 1;
    std::size_t faults = 0;

    std::uint64_t next() {
        std::uint64_t x = state += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
    // Words that are often all zeros or all ones, where carries run far.
    U256 number() {
        U256 out;
        for (auto& word : out.w) {
            const std::uint64_t kind = next() % 5;
            word = kind == 0 ? 0 : kind == 1 ? ~std::uint64_t(0) : kind == 2 ? next() % 3 : next();
        }
        return out;
    }
    V load(const U256 (&numbers)[8]) {
        const std::uint64_t* from[8];
        for (int i = 0; i < 8; ++i)
            from[i] = numbers[i].w;
        return F::gather(from);
    }
    // The value that single arithmetic works with.
    static U256 single(const U256& packed) { return F::to_scalar(packed); }

    void expect(const V& got, const U256 (&right)[8]) {
        U256 words[8];
        const V stored = F::tight(got);
        for (int k = 0; k < 5; ++k) {
            // Limbs that are too long would be cut by the next product.
            const std::uint64_t top = k < 4 ? limb_mask : (std::uint64_t(1) << 48) - 1;
            faults += _mm512_cmpgt_epu64_mask(stored.l[k], all(top)) != 0;
        }
        F::store_words(stored, words);
        for (int i = 0; i < 8; ++i)
            faults += equal_mask(single(words[i]), right[i]) == 0;
    }

    void round() {
        alignas(64) U256 a[8], b[8], c[8];
        U256 sum[8], product[8], mul_sub[8], sqr_sub[8], negative[8];
        for (int i = 0; i < 8; ++i) {
            a[i] = number();
            b[i] = next() % 8 == 0 ? a[i] : number();
            c[i] = number();
            const U256 x = single(a[i]), y = single(b[i]), z = single(c[i]);
            sum[i] = S::sub(x, y);
            product[i] = S::mul(x, y);
            mul_sub[i] = S::sub(S::mul(x, y), z);
            sqr_sub[i] = S::sub(S::sub(S::sqr(x), y), z);
            negative[i] = i % 2 == 1 ? S::sub(U256{}, x) : x;
        }
        const V x = load(a), y = load(b), z = load(c);
        const V difference = F::sub(x, y);
        expect(x, reinterpret_cast<const U256(&)[8]>(*singles(a)));
        expect(difference, sum);
        expect(F::mul(x, y), product);
        expect(F::mul_sub(x, y, z), mul_sub);
        expect(F::template mul_sub<Timing::constant>(x, y, z), mul_sub);
        expect(F::sqr_sub(x, y, z), sqr_sub);
        expect(F::template sqr_sub<Timing::constant>(x, y, z), sqr_sub);
        expect(F::negate_if(0xaa, x), negative);
        U256 square[8], chained[8];
        for (int i = 0; i < 8; ++i) {
            square[i] = S::sqr(sum[i]);
            chained[i] = S::mul(square[i], sum[i]);
        }
        expect(F::sqr(difference), square);
        expect(F::mul(F::sqr(difference), difference), chained);
        unsigned zero = 0;
        for (int i = 0; i < 8; ++i)
            zero |= unsigned(is_zero_mask(sum[i]) & 1) << i;
        faults += F::is_zero(difference) != zero;
        faults += (F::maybe_zero(difference) & zero) != zero;
        PackedPoint points[8];
        PackedPoint* to[8];
        for (int i = 0; i < 8; ++i)
            to[i] = &points[i];
        F::scatter(x, y, to);
        for (int i = 0; i < 8; ++i)
            faults += std::memcmp(points[i].x, a[i].w, 32) != 0 ||
                      std::memcmp(points[i].y, b[i].w, 32) != 0;
    }
    U256 kept[8];
    const U256* singles(const U256 (&packed)[8]) {
        for (int i = 0; i < 8; ++i)
            kept[i] = single(packed[i]);
        return kept;
    }
};

}  // namespace

std::size_t sm2_ifma_faults(std::size_t rounds) {
    FaultFinder<Sm2Ifma> finder;
    for (std::size_t i = 0; i < rounds; ++i)
        finder.round();
    return finder.faults;
}

std::size_t ifma25519_faults(std::size_t rounds) {
    FaultFinder<Ifma25519> finder;
    for (std::size_t i = 0; i < rounds; ++i)
        finder.round();
    return finder.faults;
}

}  // namespace suan::crypto::ec
