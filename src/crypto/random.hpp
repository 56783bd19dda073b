// Unpredictable bytes from OpenSSL's generator, for tokens, ids, nonces and weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace suan::crypto {

// `count` random bytes. A generator without entropy is a broken machine: asserted, never weakened.
std::string random_bytes(std::size_t count);

// The same, in place.
void random_fill(std::span<std::byte> out);

// Where the nonces of signatures come from: the system, or a test that knows what it gives.
class RandomSource {
public:
    virtual ~RandomSource() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;
};

// OpenSSL's generator for secrets, which it keeps apart from the one for public values.
class SystemRandom : public RandomSource {
public:
    void fill(std::span<std::uint8_t> out) override;
};

}  // namespace suan::crypto
