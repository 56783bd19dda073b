// The curve's kernels of one instruction set, as a table of functions. They work on raw memory that
// the caller owns; what the numbers mean for signatures is decided above, in sm2_*.cpp.
#pragma once

#include "crypto/cpu.hpp"
#include "crypto/ec/arena.hpp"
#include "crypto/ec/point.hpp"

namespace suan::crypto::ec {

struct Sm2Engine {
    // Points from 64 bytes x | y, big-endian. good[i] is 0 where a coordinate is not below p or the
    // point is not on the curve; out[i] is then the generator, so that it can be worked with.
    void (*import_points)(const std::uint8_t* const* xy, std::size_t count, PackedPoint* out,
                          std::uint8_t* good);
    // The same from x (4 words each, least significant first) and the parity of y.
    void (*import_x)(const std::uint64_t* x, const std::uint8_t* odd, std::size_t count,
                     PackedPoint* out, std::uint8_t* good);

    // Room that sum_is_infinity needs in the pool behind its own points.
    std::size_t (*msm_room)(const MsmTerms* terms, std::size_t kinds);
    // Whether the sum of all terms is the point at infinity.
    bool (*sum_is_infinity)(Arena& arena, PackedPoint* pool, std::size_t used, std::size_t capacity,
                            const MsmTerms* terms, std::size_t kinds);

    // The comb table of one point, shape.points() long.
    void (*make_comb)(Arena& arena, const PackedPoint& base, const CombShape& shape,
                      PackedPoint* table);
    // x coordinates (4 words each, plain form) of the sums of the terms; infinite[i] is 1 where
    // there is none.
    void (*comb_sums)(Arena& arena, const CombTerm* terms, std::size_t kinds, std::size_t count,
                      std::uint64_t* x, std::uint8_t* infinite);

    // The x coordinate (plain form) of a G + b Q for a point without a table; false where there is
    // none. Public scalars.
    bool (*double_multiple)(const std::uint64_t* a, const PackedPoint& g, const std::uint64_t* b,
                            const PackedPoint& q, std::uint64_t* x);

    // A comb of the generator for secret scalars, of secret_shape; secret_words long.
    std::size_t secret_words;
    void (*make_secret_comb)(Arena& arena, std::uint64_t* table);
    // x and y (plain form) of k times the generator, for secret k in [1, n-1]: no branch and no
    // address depends on them.
    void (*secret_multiples)(Arena& arena, const std::uint64_t* table, const std::uint64_t* k,
                             std::size_t count, std::uint64_t* x, std::uint64_t* y);
};

// The machine has the instructions.
const Sm2Engine& sm2_engine(Isa isa);

const Sm2Engine& sm2_engine_portable();
const Sm2Engine& sm2_engine_avx2();
const Sm2Engine& sm2_engine_avx512();

}  // namespace suan::crypto::ec
