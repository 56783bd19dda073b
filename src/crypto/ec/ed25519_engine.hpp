// The kernels of Ed25519's batch verification, as sm2_engine.hpp for SM2.
#pragma once

#include "crypto/cpu.hpp"
#include "crypto/ec/arena.hpp"
#include "crypto/ec/point.hpp"

namespace suan::crypto::ec {

struct Ed25519Engine {
    // Points from their 32 bytes (RFC 8032, section 5.1.3). good[i] is 0 where y is not below p,
    // there is no x, or the sign of x = 0 is set; out[i] is then infinity.
    void (*decode)(const std::uint8_t* const* bytes, std::size_t count, PackedPoint* out,
                   std::uint8_t* good);
    std::size_t (*msm_room)(const MsmTerms* terms, std::size_t kinds);
    // Whether eight times the sum of all terms is the neutral point.
    bool (*eightfold_is_neutral)(Arena& arena, PackedPoint* pool, std::size_t used,
                                 std::size_t capacity, const MsmTerms* terms, std::size_t kinds);
    // Whether 8 (s B + k A - R) is the neutral point, for scalars of 4 words.
    bool (*holds_alone)(const std::uint64_t* s, const PackedPoint& b, const std::uint64_t* k,
                        const PackedPoint& a, const PackedPoint& r);
};

// The machine has the instructions.
const Ed25519Engine& ed25519_engine(Isa isa);

const Ed25519Engine& ed25519_engine_portable();
const Ed25519Engine& ed25519_engine_avx2();
const Ed25519Engine& ed25519_engine_avx512();

}  // namespace suan::crypto::ec
