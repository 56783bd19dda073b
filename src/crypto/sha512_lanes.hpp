// SHA-512 (FIPS 180-4) of many messages, which Ed25519 hashes with. Used by ed25519_verifier.cpp
// alone.
#pragma once

#include "crypto/cpu.hpp"

#include <cstddef>
#include <cstdint>

namespace suan::crypto {

// A message of two parts: 64 bytes, and the rest.
struct Sha512Job {
    const std::uint8_t* head;
    const std::uint8_t* body;
    std::size_t body_bytes;
    std::uint8_t* out;  // 64 bytes
};

// Eight at a time with AVX-512, else one by one by OpenSSL.
void sha512_many(const Sha512Job* jobs, std::size_t count, Isa isa);

// The machine has the instructions.
void sha512_many_avx512(const Sha512Job* jobs, std::size_t count);

}  // namespace suan::crypto
