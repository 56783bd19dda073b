// The inner loops of the state vector, compiled once for each instruction set and chosen at run
// time. Amplitudes lie in vectors of 64 bytes: `lanes` real parts, then their imaginary parts. So
// the lowest `lane_bits` bits of an amplitude's index select the lane, the others the vector.
//
// Every gate is one of two things here: a multiplication by a table of factors, or a rotation
// a' = a - t b, b' = b + t a with |t| <= 1, which is RY without its factor cos(theta/2); the
// factors are collected and multiplied into the next table.
#pragma once

#include <cstddef>
#include <cstdint>

namespace suan::quantum {

// A complex number for code that must not share inline functions between instruction sets.
struct Factor {
    double re = 1;
    double im = 0;
};

template <typename Real>
struct Shape;
template <>
struct Shape<float> {
    static constexpr unsigned lanes = 16;
    static constexpr unsigned lane_bits = 4;
    static constexpr unsigned table_bits = 11;  // a table and its amplitudes fit the L1 cache
    static constexpr unsigned block_bits = 17;  // a block fits half of the L2 cache
    static constexpr unsigned chunk_bits = 7;   // contiguous in memory
};
template <>
struct Shape<double> {
    static constexpr unsigned lanes = 8;
    static constexpr unsigned lane_bits = 3;
    static constexpr unsigned table_bits = 10;
    static constexpr unsigned block_bits = 16;
    static constexpr unsigned chunk_bits = 6;
};

inline constexpr unsigned table_bits_max = 11;
inline constexpr unsigned pick_bits = 10;  // of a drawn number, that choose where a search begins

// Factors of a table: one for each bit, for each pair of bits and for sets of bits that are set.
struct TableTerms {
    Factor linear[table_bits_max];
    Factor pair[table_bits_max][table_bits_max];  // [high][low]
    std::uint32_t coupled[table_bits_max];        // lower bits that pair with this one
    Factor scale;                                 // of every entry
};

struct MaskTerm {
    std::uint32_t mask = 0;
    Factor factor;
};

template <typename Real>
struct Kernels {
    const char* name;
    // table[x] for 2^bits entries; bits >= lane_bits.
    void (*build_table)(Real* table, unsigned bits, const TableTerms& terms);
    // out[x] = base[x] * scale * product of linear[i] over the set bits i of x.
    void (*extend_table)(Real* out, const Real* base, unsigned bits, const Factor* linear,
                         Factor scale);
    // table[x] *= factor where x holds all bits of mask.
    void (*mask_table)(Real* table, unsigned bits, MaskTerm term);
    // amplitudes *= table * factor (table may be null: no multiplication), then a rotation by
    // lane_t[i] on each lane bit of lane_mask.
    void (*multiply)(Real* amps, const Real* table, std::size_t vectors, Factor factor,
                     const Real* lane_t, unsigned lane_mask);
    // Rotations on vector bits `bits` (ascending, at most 4), over 2^n vectors.
    void (*rotate)(Real* amps, std::size_t vectors, const unsigned* bits, const Real* t,
                   unsigned count);
    void (*copy)(Real* to, const Real* from, std::size_t reals);
    // Sum of |amplitude|^2 times weight[lane].
    double (*norm)(const Real* amps, std::size_t vectors, const Real* weight);
    // out[i] = |amplitude i|^2.
    void (*squares)(float* out, const Real* amps, std::size_t vectors);
    // Draws `shots` numbers in steps of `step`: 2^pick_bits steps are all. The first index not
    // below guide[the number's step] whose running sum is larger than the number is counted. Beyond
    // the last sum there must be 16 infinite ones. `words`: the state of 16 generators, 64 words
    // that are not all zero for one of them.
    void (*pick)(std::uint32_t* counts, const float* sums, const std::uint32_t* guide, float step,
                 std::uint32_t* words, std::size_t shots);
    // amplitudes *= weight[lane].
    void (*weigh)(Real* amps, std::size_t vectors, const Real* weight);
};

enum class Isa : std::uint8_t { portable, avx2, avx512 };

// The best instruction set of this processor; SUAN_QUANTUM_ISA=portable|avx2|avx512 lowers it.
Isa best_isa();
bool has_isa(Isa isa);
const char* name_of(Isa isa);

template <typename Real>
const Kernels<Real>& kernels(Isa isa);

}  // namespace suan::quantum
