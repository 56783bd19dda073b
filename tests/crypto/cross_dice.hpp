// What the parts of cross_check share: repeatable choices, messages, and the end of a run in which
// two disagree.
#pragma once

#include "crypto/cpu.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace suan::crypto::cross {

// The same numbers for the same seed.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::size_t below(std::size_t n) {
        std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return std::size_t((x ^ (x >> 31)) % n);
    }

private:
    std::uint64_t state_;
};

// Up to 299 bytes, and often just full blocks of SM3, which end in a block of padding alone.
inline std::string any_text(Dice& dice) {
    const std::size_t size = dice.below(4) == 0 ? 64 * dice.below(5) : dice.below(300);
    std::string out(size, char('a' + dice.below(26)));
    for (std::size_t i = 0; i < 4 && i < size; ++i)
        out[dice.below(size)] = char(dice.below(256));
    return out;
}

inline std::vector<Isa> levels() {
    std::vector<Isa> out;
    for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
        if (isa <= best_isa()) out.push_back(isa);
    return out;
}

// `tell()` is what a person needs to try the case again.
template <typename Tell>
void expect(bool holds, std::string_view what, const Tell& tell) {
    if (holds) return;
    fmt::print(stderr, "cross_check: DISAGREEMENT: {}: {}\n", what, tell());
    std::abort();
}

}  // namespace suan::crypto::cross
