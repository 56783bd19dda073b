// The engine's random numbers: the same seed gives the same numbers on every machine. xoshiro256**
// (Blackman, Vigna 2018), seeded through SplitMix64.
#pragma once

#include <array>
#include <cstdint>

namespace suan::quantum {

class Random {
public:
    using result_type = std::uint64_t;

    // Streams of one seed are independent of each other.
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0) {
        std::uint64_t x = seed ^ (stream * 0xd1342543de82ef95ULL);
        for (std::uint64_t& word : state_) {
            x += 0x9e3779b97f4a7c15ULL;
            std::uint64_t z = x;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
            word = z ^ (z >> 31);
        }
    }

    static constexpr std::uint64_t min() { return 0; }
    static constexpr std::uint64_t max() { return UINT64_MAX; }

    std::uint64_t operator()() {
        const std::uint64_t result = rotated(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotated(state_[3], 45);
        return result;
    }

    // In [0, 1), a multiple of 2^-53.
    double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
    // In [0, n); the bias of n / 2^64 is of no matter here.
    std::uint64_t below(std::uint64_t n) { return (*this)() % n; }

private:
    static std::uint64_t rotated(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

    std::array<std::uint64_t, 4> state_;
};

}  // namespace suan::quantum
