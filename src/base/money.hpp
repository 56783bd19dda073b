// Money: whole micro-yuan (1e-6 CNY). No floating point, ever. 64 bits hold 9.2 trillion yuan.
#pragma once

#include "base/assert.hpp"

#include <compare>
#include <cstdint>

namespace suan {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

struct Money {
    std::int64_t micro_yuan = 0;

    friend constexpr auto operator<=>(Money, Money) = default;
    static constexpr Money yuan(std::int64_t n) { return Money{n * 1'000'000}; }
};

// Sums assert that they do not overflow: amounts are bounded by limits::money_max on the way in.
constexpr Money operator+(Money a, Money b) {
    std::int64_t sum = 0;
    SUAN_ASSERT(!__builtin_add_overflow(a.micro_yuan, b.micro_yuan, &sum));
    return Money{sum};
}
constexpr Money operator-(Money a, Money b) {
    std::int64_t difference = 0;
    SUAN_ASSERT(!__builtin_sub_overflow(a.micro_yuan, b.micro_yuan, &difference));
    return Money{difference};
}
constexpr Money& operator+=(Money& a, Money b) {
    return a = a + b;
}
constexpr Money& operator-=(Money& a, Money b) {
    return a = a - b;
}

// a * b / c rounded down, exact in between. b and c are not negative, c is not zero.
constexpr std::int64_t mul_div_floor(std::int64_t a, std::int64_t b, std::int64_t c) {
    SUAN_ASSERT(a >= 0);
    SUAN_ASSERT(b >= 0);
    SUAN_ASSERT(c > 0);
    const int128 q = static_cast<int128>(a) * b / c;
    SUAN_ASSERT(q <= INT64_MAX);
    return static_cast<std::int64_t>(q);
}

// a * b / c rounded up. Same domain.
constexpr std::int64_t mul_div_ceil(std::int64_t a, std::int64_t b, std::int64_t c) {
    SUAN_ASSERT(a >= 0);
    SUAN_ASSERT(b >= 0);
    SUAN_ASSERT(c > 0);
    const int128 q = (static_cast<int128>(a) * b + (c - 1)) / c;
    SUAN_ASSERT(q <= INT64_MAX);
    return static_cast<std::int64_t>(q);
}

}  // namespace suan
