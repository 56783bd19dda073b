// 256-bit integers as four 64-bit words, least significant first, and Montgomery arithmetic modulo
// an odd number over them. Nothing here branches on a value or uses one as an address.
//
// The headers of this folder are kernels: the engine_*.cpp files beside it include them, each
// compiled for another instruction set. Everything has internal linkage, for the reason given in
// sm3_kernel.hpp, and memory comes from the caller.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#define SUAN_INLINE [[gnu::always_inline]] inline

// g++ leaves short loops as they are at -O2, and then keeps their arrays in memory.
#if defined(__clang__)
#define SUAN_UNROLL
#else
#define SUAN_UNROLL _Pragma("GCC unroll 10")
#endif

namespace suan::crypto::ec {
namespace {

// Whether a function may take longer for some values: where those are secret it may not.
enum class Timing { variable, constant };

__extension__ typedef unsigned __int128 Wide;

struct U256 {
    std::uint64_t w[4];
};

// a + b + carry; carry is 0 or 1, before and after. g++ makes chains of adc of the intrinsics, and
// of nothing else.
SUAN_INLINE std::uint64_t add_carry(std::uint64_t a, std::uint64_t b, std::uint64_t& carry) {
    unsigned long long sum;
    carry = _addcarry_u64(static_cast<unsigned char>(carry), a, b, &sum);
    return sum;
}
SUAN_INLINE std::uint64_t sub_borrow(std::uint64_t a, std::uint64_t b, std::uint64_t& borrow) {
    unsigned long long difference;
    borrow = _subborrow_u64(static_cast<unsigned char>(borrow), a, b, &difference);
    return difference;
}

SUAN_INLINE std::uint64_t add(U256& out, const U256& a, const U256& b) {
    std::uint64_t carry = 0;
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i)
        out.w[i] = add_carry(a.w[i], b.w[i], carry);
    return carry;
}
SUAN_INLINE std::uint64_t sub(U256& out, const U256& a, const U256& b) {
    std::uint64_t borrow = 0;
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i)
        out.w[i] = sub_borrow(a.w[i], b.w[i], borrow);
    return borrow;
}

// mask is 0 or all ones: mask ? a : b.
SUAN_INLINE U256 select(std::uint64_t mask, const U256& a, const U256& b) {
    U256 out;
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i)
        out.w[i] = b.w[i] ^ (mask & (a.w[i] ^ b.w[i]));
    return out;
}

// All ones when x is zero, else 0.
SUAN_INLINE std::uint64_t zero_mask(std::uint64_t x) {
    return ((x | (0 - x)) >> 63) - 1;
}
SUAN_INLINE std::uint64_t is_zero_mask(const U256& a) {
    return zero_mask(a.w[0] | a.w[1] | a.w[2] | a.w[3]);
}
SUAN_INLINE std::uint64_t equal_mask(const U256& a, const U256& b) {
    return zero_mask((a.w[0] ^ b.w[0]) | (a.w[1] ^ b.w[1]) | (a.w[2] ^ b.w[2]) | (a.w[3] ^ b.w[3]));
}
// All ones when a < b.
SUAN_INLINE std::uint64_t less_mask(const U256& a, const U256& b) {
    U256 unused;
    return 0 - sub(unused, a, b);
}

// The 257-bit number (carry, a) less m where that is not negative.
SUAN_INLINE U256 reduce_once(std::uint64_t carry, const U256& a, const U256& m) {
    U256 less;
    const std::uint64_t borrow = sub(less, a, m);
    return select(0 - (borrow & (carry ^ 1)), a, less);
}

SUAN_INLINE U256 from_be(const std::uint8_t* bytes) {
    U256 out;
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i) {
        std::uint64_t word;
        std::memcpy(&word, bytes + 8 * (3 - i), 8);
        out.w[i] = __builtin_bswap64(word);
    }
    return out;
}
SUAN_INLINE void to_be(const U256& a, std::uint8_t* bytes) {
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t word = __builtin_bswap64(a.w[3 - i]);
        std::memcpy(bytes + 8 * i, &word, 8);
    }
}

// t[0..4] += a * b; t[4] is set.
SUAN_INLINE void add_row(std::uint64_t* t, std::uint64_t a, const U256& b) {
    std::uint64_t low[4];
    std::uint64_t high[4];
    SUAN_UNROLL
    for (int j = 0; j < 4; ++j) {
        const Wide product = Wide(a) * b.w[j];
        low[j] = std::uint64_t(product);
        high[j] = std::uint64_t(product >> 64);
    }
    std::uint64_t carry = 0;
    SUAN_UNROLL
    for (int j = 1; j < 4; ++j)
        low[j] = add_carry(low[j], high[j - 1], carry);
    high[3] = add_carry(high[3], 0, carry);
    SUAN_UNROLL
    for (int j = 0; j < 4; ++j)
        t[j] = add_carry(t[j], low[j], carry);
    t[4] = add_carry(high[3], 0, carry);
}
SUAN_INLINE void mul_wide(std::uint64_t (&t)[8], const U256& a, const U256& b) {
    t[0] = t[1] = t[2] = t[3] = 0;
    SUAN_UNROLL
    for (int i = 0; i < 4; ++i)
        add_row(t + i, a.w[i], b);
}

// Arithmetic modulo M::modulus, an odd number over 2^255. Elements are in [0, modulus); the names
// with mont_ work on elements times 2^256.
template <class M>
struct Modular {
    static constexpr std::uint64_t negated_inverse() {
        std::uint64_t x = 1;
        for (int i = 0; i < 6; ++i)
            x *= 2 - M::modulus.w[0] * x;
        return 0 - x;
    }

    static U256 add(const U256& a, const U256& b) {
        U256 sum;
        const std::uint64_t carry = ec::add(sum, a, b);
        return reduce_once(carry, sum, M::modulus);
    }
    static U256 sub(const U256& a, const U256& b) {
        U256 out;
        U256 back;
        const std::uint64_t borrow = ec::sub(out, a, b);
        ec::add(back, out, M::modulus);
        return select(0 - borrow, back, out);
    }
    static U256 reduced(const U256& a) { return reduce_once(0, a, M::modulus); }

    // t / 2^256 for t < 2^256 * modulus.
    static U256 mont_reduce(std::uint64_t (&t)[8]) {
        std::uint64_t over = 0;
        SUAN_UNROLL
        for (int i = 0; i < 4; ++i) {
            const std::uint64_t q = t[i] * negated_inverse();
            std::uint64_t carry = 0;
            SUAN_UNROLL
            for (int j = 0; j < 4; ++j) {
                const Wide sum = Wide(q) * M::modulus.w[j] + t[i + j] + carry;
                t[i + j] = std::uint64_t(sum);
                carry = std::uint64_t(sum >> 64);
            }
            const Wide sum = Wide(t[i + 4]) + carry + over;
            t[i + 4] = std::uint64_t(sum);
            over = std::uint64_t(sum >> 64);
        }
        return reduce_once(over, U256{{t[4], t[5], t[6], t[7]}}, M::modulus);
    }
    static U256 mont_mul(const U256& a, const U256& b) {
        std::uint64_t t[8];
        mul_wide(t, a, b);
        return mont_reduce(t);
    }

    // 2^(64 * words) mod modulus, by doubling: only for constants.
    static constexpr U256 power_of_two(int exponent) {
        U256 x{{1, 0, 0, 0}};
        for (int i = 0; i < exponent; ++i) {
            const std::uint64_t top = x.w[3] >> 63;
            for (int k = 3; k > 0; --k)
                x.w[k] = (x.w[k] << 1) | (x.w[k - 1] >> 63);
            x.w[0] <<= 1;
            U256 less{};
            std::uint64_t borrow = 0;
            for (int k = 0; k < 4; ++k) {
                const Wide difference = Wide(x.w[k]) - M::modulus.w[k] - borrow;
                borrow = std::uint64_t(difference >> 64) & 1;
                less.w[k] = std::uint64_t(difference);
            }
            if (top != 0 || borrow == 0) x = less;
        }
        return x;
    }
    static constexpr U256 mont_one = power_of_two(256);
    static constexpr U256 mont_square = power_of_two(512);

    static U256 to_mont(const U256& a) { return mont_mul(a, mont_square); }
    static U256 from_mont(const U256& a) { return mont_mul(a, U256{{1, 0, 0, 0}}); }
    static U256 mul(const U256& a, const U256& b) { return mont_mul(to_mont(a), b); }

    // a^exponent for a public exponent, all in Montgomery form.
    static U256 mont_pow(const U256& a, const U256& exponent) {
        U256 out = mont_one;
        for (int i = 255; i >= 0; --i) {
            out = mont_mul(out, out);
            if ((exponent.w[i / 64] >> (i % 64)) & 1) out = mont_mul(out, a);
        }
        return out;
    }
    // 1/a in Montgomery form; 0 for 0. The modulus is prime.
    static U256 mont_inverse(const U256& a) {
        U256 exponent = M::modulus;
        exponent.w[0] -= 2;
        return mont_pow(a, exponent);
    }
};

}  // namespace
}  // namespace suan::crypto::ec
