// Verifies Ed25519 signatures (RFC 8032) in batches, each with an exact verdict.
//
// The rule, which single and batch checks of this class share: the key and R decode as RFC 8032,
// section 5.1.3 says, and no other way; S is below the order L; and [8][S]B = [8]R + [8][k]A with
// k = SHA-512(R | A | M) mod L. This is the equation with the cofactor 8. A rule without it, as
// libsodium and OpenSSL have, cannot be checked in batches without now and then a verdict that
// depends on the batch. The two differ for signatures only that their signer made to differ, with
// points of small order; those of honest signers pass both or neither.
//
// A batch is one sum z_i ([S_i]B - R_i - [k_i]A_i) with 128-bit z_i drawn when all else is fixed.
// One that fails is halved until the bad ones are found.
#pragma once

#include "base/result.hpp"
#include "crypto/cpu.hpp"
#include "crypto/sm2_verifier.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace suan::crypto {

using Ed25519Key = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

struct Ed25519Signed {
    std::uint32_t signer = 0;  // as Ed25519Verifier::add gave it
    std::string_view message;  // borrowed for the call
    Ed25519Signature signature{};
};

// One object belongs to one thread at a time.
class Ed25519Verifier {
public:
    explicit Ed25519Verifier(Isa isa = best_isa());
    ~Ed25519Verifier();
    Ed25519Verifier(Ed25519Verifier&&) noexcept;
    Ed25519Verifier& operator=(Ed25519Verifier&&) noexcept;

    // The number of a signer: 0, 1, ... Refuses bytes that are not a point.
    Result<std::uint32_t> add(const Ed25519Key& key);

    // verdicts[i] is of items[i]; the spans have the same length and every signer was added (both
    // asserted).
    void verify(std::span<const Ed25519Signed> items, std::span<Verdict> verdicts);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace suan::crypto
