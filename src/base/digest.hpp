// A fast 128-bit mix of words, for comparing states: two runs of the same log must agree, and a
// difference shows with overwhelming probability. It is no defence against someone who builds
// collisions; that is what the SM3 Merkle root over the entries is for.
#pragma once

#include "base/money.hpp"

#include <cstdint>
#include <string_view>

namespace suan {

class Digest {
public:
    void word(std::uint64_t value) {
        a_ = fold(a_ ^ value, 0x9E3779B97F4A7C15ULL);
        b_ = fold(b_ + value, 0xD1B54A32D192ED03ULL) ^ a_;
    }
    void number(std::int64_t value) { word(static_cast<std::uint64_t>(value)); }
    void text(std::string_view bytes) {
        word(bytes.size());
        std::uint64_t w = 0;
        unsigned shift = 0;
        for (const char c : bytes) {
            w |= static_cast<std::uint64_t>(static_cast<unsigned char>(c)) << shift;
            shift += 8;
            if (shift == 64) {
                word(w);
                w = 0;
                shift = 0;
            }
        }
        if (shift != 0) word(w);
    }
    uint128 value() const { return (static_cast<uint128>(a_) << 64) | b_; }

private:
    // High and low half of the product, xored: the mixing step of the wyhash family.
    static std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
        const uint128 p = static_cast<uint128>(x ^ 0xA0761D6478BD642FULL) * y;
        return static_cast<std::uint64_t>(p) ^ static_cast<std::uint64_t>(p >> 64);
    }

    std::uint64_t a_ = 0x243F6A8885A308D3ULL;
    std::uint64_t b_ = 0x13198A2E03707344ULL;
};

}  // namespace suan
