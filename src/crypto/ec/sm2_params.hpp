// The SM2 curve of GB/T 32918.5: y^2 = x^3 - 3x + b over p, of prime order n.
#pragma once

#include "crypto/ec/u256.hpp"

namespace suan::crypto::ec {
namespace {

constexpr U256 sm2_p{
    {0xffffffffffffffff, 0xffffffff00000000, 0xffffffffffffffff, 0xfffffffeffffffff}};
constexpr U256 sm2_n{
    {0x53bbf40939d54123, 0x7203df6b21c6052b, 0xffffffffffffffff, 0xfffffffeffffffff}};
constexpr U256 sm2_b{
    {0xddbcbd414d940e93, 0xf39789f515ab8f92, 0x4d5a9e4bcf6509a7, 0x28e9fa9e9d9f5e34}};
constexpr U256 sm2_gx{
    {0x715a4589334c74c7, 0x8fe30bbff2660be1, 0x5f9904466a39c994, 0x32c4ae2c1f198119}};
constexpr U256 sm2_gy{
    {0x02df32e52139f0a0, 0xd0a9877cc62a4740, 0x59bdcee36b692153, 0xbc3736a2f4f6779c}};

struct Sm2OrderModulus {
    static constexpr U256 modulus = sm2_n;
};
using Sm2Order = Modular<Sm2OrderModulus>;

struct Sm2FieldModulus {
    static constexpr U256 modulus = sm2_p;
};

// The field in Montgomery form, with the reduction that p allows: -1/p mod 2^64 is 1, and
// p + 1 = 2^64 (2^192 - 2^160 - 2^32 + 1), so that a step needs shifts and no multiplication.
struct Sm2Field : Modular<Sm2FieldModulus> {
    SUAN_INLINE static U256 reduce(std::uint64_t (&t)[8]) {
        std::uint64_t over = 0;
        SUAN_UNROLL
        for (int i = 0; i < 4; ++i) {
            const std::uint64_t q = t[i];
            const std::uint64_t low = q << 32;
            const std::uint64_t high = q >> 32;
            std::uint64_t borrow = 0;
            const std::uint64_t m0 = sub_borrow(q, low, borrow);
            const std::uint64_t m1 = sub_borrow(0, high, borrow);
            const std::uint64_t m2 = sub_borrow(0, low, borrow);
            const std::uint64_t m3 = sub_borrow(q, high, borrow);
            std::uint64_t carry = 0;
            t[i + 1] = add_carry(t[i + 1], m0, carry);
            t[i + 2] = add_carry(t[i + 2], m1, carry);
            t[i + 3] = add_carry(t[i + 3], m2, carry);
            t[i + 4] = add_carry(t[i + 4], m3, carry);
            // The carry of the step before belongs to this word.
            std::uint64_t late = 0;
            t[i + 4] = add_carry(t[i + 4], over, late);
            over = carry | late;
        }
        return reduce_once(over, U256{{t[4], t[5], t[6], t[7]}}, sm2_p);
    }
    static U256 mul(const U256& a, const U256& b) {
        std::uint64_t t[8];
        mul_wide(t, a, b);
        return reduce(t);
    }
    static U256 sqr(const U256& a) { return mul(a, a); }
    static U256 inverse(const U256& a);

    using V = U256;  // for Sm2Powers
};

// The powers that need one: shared by the single and the eight-lane field F.
template <class F>
struct Sm2Powers {
    using V = typename F::V;

    static V squared(V a, int times) {
        for (int i = 0; i < times; ++i)
            a = F::sqr(a);
        return a;
    }

    // a^(2^30-1), a^(2^31-1), a^(2^32-1)
    static void ones(const V& a, V& x30, V& x31, V& x32) {
        const V x2 = F::mul(squared(a, 1), a);
        const V x3 = F::mul(squared(x2, 1), a);
        const V x6 = F::mul(squared(x3, 3), x3);
        const V x12 = F::mul(squared(x6, 6), x6);
        const V x15 = F::mul(squared(x12, 3), x3);
        x30 = F::mul(squared(x15, 15), x15);
        x31 = F::mul(squared(x30, 1), a);
        x32 = F::mul(squared(x31, 1), a);
    }

    // a^(p-2): in 32-bit words fffffffe ffffffff x4, 00000000 ffffffff fffffffd.
    static V inverse(const V& a) {
        V x30, x31, x32;
        ones(a, x30, x31, x32);
        V out = squared(x31, 1);
        for (int i = 0; i < 4; ++i)
            out = F::mul(squared(out, 32), x32);
        out = F::mul(squared(out, 64), x32);
        out = F::mul(squared(out, 30), x30);
        return F::mul(squared(out, 2), a);
    }

    // a^((p+1)/4), a root of a where there is one:
    // (p+1)/4 = 2^62 * (fffffffe ffffffff x4 00000001).
    static V root(const V& a) {
        V x30, x31, x32;
        ones(a, x30, x31, x32);
        V out = squared(x31, 1);
        for (int i = 0; i < 4; ++i)
            out = F::mul(squared(out, 32), x32);
        out = F::mul(squared(out, 32), a);
        return squared(out, 62);
    }
};

inline U256 Sm2Field::inverse(const U256& a) {
    return Sm2Powers<Sm2Field>::inverse(a);
}

}  // namespace
}  // namespace suan::crypto::ec
