// The prime 2^255 - 19 and edwards25519 (RFC 8032), with the short Weierstrass curve that it is
// isomorphic to by u = (1 + y) / (1 - y), v = sqrt(-486664) u / x, X = u + A/3, Y = v, A = 486662
// (RFC 7748, section 4.1). The kernels of this folder add points in that form.
#pragma once

#include "crypto/ec/u256.hpp"

namespace suan::crypto::ec {
namespace {

constexpr U256 p25519{
    {0xffffffffffffffed, 0xffffffffffffffff, 0xffffffffffffffff, 0x7fffffffffffffff}};
constexpr U256 ed25519_order{
    {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0000000000000000, 0x1000000000000000}};
constexpr U256 ed25519_d{
    {0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73}};
constexpr U256 root_of_minus_one{
    {0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b}};
// sqrt(-486664); with the other root all Y change sign together, which is as good.
constexpr U256 v_scale{
    {0xcc6e04aaff457e06, 0xc5a1d3d14b7d1a82, 0xd27b08dc03fc4f7e, 0x0f26edf460a006bb}};
constexpr U256 a_third{
    {0xaaaaaaaaaaad2451, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0x2aaaaaaaaaaaaaaa}};
constexpr U256 weierstrass_a{
    {0xaaaaaa984914a144, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0x2aaaaaaaaaaaaaaa}};

struct Ed25519OrderModulus {
    static constexpr U256 modulus = ed25519_order;
};
using Ed25519Order = Modular<Ed25519OrderModulus>;

// Single elements, plain least residues. 2^256 is 38.
struct Field25519 {
    using V = U256;
    static constexpr U256 mont_one{{1, 0, 0, 0}};

    // (carry, a) mod p for a 257-bit number.
    SUAN_INLINE static U256 reduced(U256 a, std::uint64_t carry = 0) {
        // All bits from 2^255 on, times 19.
        const std::uint64_t top = (carry << 1 | a.w[3] >> 63) * 19;
        a.w[3] &= ~std::uint64_t(0) >> 1;
        U256 sum;
        ec::add(sum, a, U256{{top, 0, 0, 0}});
        return reduce_once(0, sum, p25519);
    }
    static U256 add(const U256& a, const U256& b) {
        U256 sum;
        const std::uint64_t carry = ec::add(sum, a, b);
        return reduced(sum, carry);
    }
    static U256 sub(const U256& a, const U256& b) {
        U256 less;
        ec::sub(less, p25519, b);  // b is at most p
        return add(a, less);
    }
    static U256 mul(const U256& a, const U256& b) {
        std::uint64_t t[8];
        mul_wide(t, a, b);
        std::uint64_t out[5] = {t[0], t[1], t[2], t[3], 0};
        std::uint64_t carry = 0;
        SUAN_UNROLL
        for (int i = 0; i < 4; ++i) {
            const Wide sum = Wide(t[i + 4]) * 38 + t[i] + carry;
            out[i] = std::uint64_t(sum);
            carry = std::uint64_t(sum >> 64);
        }
        U256 sum;
        const std::uint64_t over =
            ec::add(sum, U256{{out[0], out[1], out[2], out[3]}}, U256{{carry * 38, 0, 0, 0}});
        return reduced(sum, over);
    }
    static U256 sqr(const U256& a) { return mul(a, a); }
    static U256 inverse(const U256& a);
};

template <class F>
struct Powers25519 {
    using V = typename F::V;

    static V squared(V a, int times) {
        for (int i = 0; i < times; ++i)
            a = F::sqr(a);
        return a;
    }
    // a^(2^250 - 1), and a^11 beside it
    static V run_of_250(const V& a, V& a11) {
        const V a2 = F::sqr(a);
        const V a9 = F::mul(squared(a2, 2), a);
        a11 = F::mul(a9, a2);
        const V x5 = F::mul(F::sqr(a11), a9);
        const V x10 = F::mul(squared(x5, 5), x5);
        const V x20 = F::mul(squared(x10, 10), x10);
        const V x40 = F::mul(squared(x20, 20), x20);
        const V x50 = F::mul(squared(x40, 10), x10);
        const V x100 = F::mul(squared(x50, 50), x50);
        const V x200 = F::mul(squared(x100, 100), x100);
        return F::mul(squared(x200, 50), x50);
    }
    static V inverse(const V& a) {
        V a11;
        return F::mul(squared(run_of_250(a, a11), 5), a11);
    }
    // a^((p-5)/8), two at a time: a chain alone would wait for itself.
    static void root_power(V (&a)[2]) {
        const V one[2] = {a[0], a[1]};
        V x[2], x5[2], x10[2], x50[2], kept[2];
        const auto both = [](V(&out)[2], const V(&from)[2], int times, const V(&by)[2]) {
            V t[2] = {from[0], from[1]};
            for (int i = 0; i < times; ++i) {
                t[0] = F::sqr(t[0]);
                t[1] = F::sqr(t[1]);
            }
            out[0] = F::mul(t[0], by[0]);
            out[1] = F::mul(t[1], by[1]);
        };
        V a2[2] = {F::sqr(a[0]), F::sqr(a[1])};
        both(x, a2, 2, one);   // a^9
        both(kept, x, 0, a2);  // a^11
        both(x5, kept, 1, x);  // a^31
        both(x10, x5, 5, x5);
        both(x, x10, 10, x10);
        both(x, x, 20, x);
        both(x50, x, 10, x10);
        both(x, x50, 50, x50);
        both(x, x, 100, x);
        both(x, x, 50, x50);  // a^(2^250-1)
        both(a, x, 2, one);   // a^(2^252-3)
    }
};

inline U256 Field25519::inverse(const U256& a) {
    return Powers25519<Field25519>::inverse(a);
}

}  // namespace
}  // namespace suan::crypto::ec
