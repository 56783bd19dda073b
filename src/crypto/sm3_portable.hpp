// One hash at a time in plain integers: the word type of sm3_kernel.hpp for any machine.
#pragma once

#include "crypto/sm3_kernel.hpp"

namespace suan::crypto {
namespace {

struct Sm3Portable {
    static constexpr std::size_t lanes = 1;
    using Word = std::uint32_t;

    static Word set1(std::uint32_t x) { return x; }
    static Word add(Word a, Word b) { return a + b; }
    static Word xor_(Word a, Word b) { return a ^ b; }
    static Word xor3(Word a, Word b, Word c) { return a ^ b ^ c; }
    static Word majority(Word a, Word b, Word c) { return (a & b) | (c & (a | b)); }
    static Word choose(Word a, Word b, Word c) { return c ^ (a & (b ^ c)); }
    template <int N>
    static Word rotl(Word x) {
        return (x << N) | (x >> (32 - N));
    }
    static void load_block(const std::uint8_t* const* blocks, Word (&w)[16]) {
        for (int i = 0; i < 16; ++i) {
            std::memcpy(&w[i], blocks[0] + 4 * i, 4);
            w[i] = __builtin_bswap32(w[i]);
        }
    }
    static void copy(std::uint8_t* to, const std::uint8_t* from, std::size_t count) {
        std::memcpy(to, from, count);
    }
    static void store(const Word (&state)[8], const Sm3Job* jobs) {
        store_hash(state, 1, jobs[0].out);
    }
};

}  // namespace
}  // namespace suan::crypto
