// What the kernels of this folder take and give: plain types, the same for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace suan::crypto::ec {

// An affine point in one cache line: two coordinates below 2^256, in the form of the engine that
// made it (Montgomery form, not always the least residue). All zeros is the point at infinity,
// which no curve here passes through.
struct alignas(64) PackedPoint {
    std::uint64_t x[4];
    std::uint64_t y[4];
};

// A point of a pool, to be added or subtracted: its index times two, plus one to subtract.
using PointRef = std::uint32_t;

// Which of some pairs subtract their first and their second point, a bit for each pair.
struct PairSigns {
    std::uint8_t first;
    std::uint8_t second;
};

// Points of a pool and their scalars of `words` 64-bit words each, least significant first, below
// 2^bits. Scalars are public: the time taken depends on them.
struct MsmTerms {
    std::size_t first;  // index of the first point
    std::size_t count;
    const std::uint64_t* scalars;
    unsigned words;
    unsigned bits;
};

// A comb: table[window * entries + i] = (2i + 1) 2^(width * window) P. A scalar below 2^256 made
// odd is a sum of one entry of each window, added or subtracted. width * windows is at least 256.
struct CombShape {
    unsigned width;
    unsigned windows;
    std::size_t entries;  // of one window, 2^(width-1)

    constexpr std::size_t points() const { return windows * entries; }
};
constexpr CombShape comb_of_width(unsigned width) {
    return {width, (256 + width - 1) / width, std::size_t(1) << (width - 1)};
}

// One factor of a comb sum: scalar i times the point that tables[i] was made of.
struct CombTerm {
    const PackedPoint* const* tables;
    const std::uint64_t* scalars;  // 4 words each, below the order, public
    CombShape shape;
};

}  // namespace suan::crypto::ec
