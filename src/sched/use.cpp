#include "sched/use.hpp"

#include "base/money.hpp"

#include <algorithm>
#include <array>

namespace suan::sched {

namespace {

constexpr std::uint64_t one = 1ULL << 32;

// 2^(1/256) in 32 fractional bits is the eighth square root of 2; each entry is the product of
// those roots that the bits of its index name, so no entry carries more than eight roundings.
constexpr std::uint64_t square_root(std::uint64_t x) {  // of a value with 32 fractional bits
    const uint128 target = static_cast<uint128>(x) << 32;
    std::uint64_t low = one;
    std::uint64_t high = 2 * one;
    while (high - low > 1) {
        const std::uint64_t middle = low + (high - low) / 2;
        (static_cast<uint128>(middle) * middle <= target ? low : high) = middle;
    }
    return low;
}

constexpr std::array<std::uint64_t, 256> make_table() {
    std::array<std::uint64_t, 256> table{};
    std::array<std::uint64_t, 8> roots{};  // roots[i] = 2^(2^i / 256)
    std::uint64_t root = 2 * one;
    for (std::size_t i = 8; i-- > 0;)
        roots[i] = root = square_root(root);
    for (std::size_t i = 0; i < 256; ++i) {
        std::uint64_t value = one;
        for (std::size_t b = 0; b < 8; ++b) {
            if ((i >> b & 1) != 0) {
                value = static_cast<std::uint64_t>(static_cast<uint128>(value) * roots[b] >> 32);
            }
        }
        table[i] = value;
    }
    return table;
}

constexpr std::array<std::uint64_t, 256> powers = make_table();

std::uint64_t saturate(uint128 value) {
    return value > use_max ? use_max : static_cast<std::uint64_t>(value);
}

}  // namespace

std::uint64_t inflation(Duration elapsed, Duration half_life) {
    SUAN_ASSERT(elapsed.us >= 0);
    SUAN_ASSERT(elapsed < half_life);
    return powers[static_cast<std::size_t>(static_cast<int128>(elapsed.us) * 256 / half_life.us)];
}

std::uint64_t inflate(std::uint64_t use, std::uint64_t factor) {
    return saturate(static_cast<uint128>(use) * factor >> 32);
}

std::uint64_t deflate(std::uint64_t use, std::uint64_t factor) {
    return saturate((static_cast<uint128>(use) << 32) / factor);
}

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
    return saturate(static_cast<uint128>(a) + b);
}

}  // namespace suan::sched
