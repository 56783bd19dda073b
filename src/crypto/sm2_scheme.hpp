// What signing and verifying share: numbers modulo n and the hash that is signed. For sm2_*.cpp
// alone.
#pragma once

#include "base/bytes.hpp"
#include "crypto/ec/sm2_engine.hpp"
#include "crypto/ec/sm2_params.hpp"
#include "crypto/sm2.hpp"

#include <string_view>

namespace suan::crypto {

// ZA of GM/T 0003.2: SM3 of the id's length in bits, the id, the curve's a, b, G, and the key. An
// id has at most 8,191 bytes (asserted).
Hash256 sm2_za(const RawPublicKey& key, std::string_view user_id);

namespace {

// e + x mod n for any 256-bit numbers. No branch depends on them.
inline ec::U256 sum_mod_n(const ec::U256& e, const ec::U256& x) {
    ec::U256 sum;
    const std::uint64_t carry = ec::add(sum, e, x);
    // The sum is below 3n: once off for the carry or the size, and once more.
    return ec::reduce_once(0, ec::reduce_once(carry, sum, ec::sm2_n), ec::sm2_n);
}

inline std::array<std::uint8_t, 64> generator_bytes() {
    std::array<std::uint8_t, 64> out;
    ec::to_be(ec::sm2_gx, out.data());
    ec::to_be(ec::sm2_gy, out.data() + 32);
    return out;
}

}  // namespace
}  // namespace suan::crypto
