// Verifying signatures, as settlement needs it: many at a time, with an exact verdict for each.
// One object belongs to one thread at a time; the engine makes one for each thread that verifies.
#pragma once

#include "base/result.hpp"
#include "crypto/sm2.hpp"
#include "settle/batch.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace suan::settle {

struct SignedItem {
    std::uint32_t signer = 0;  // as add_signer gave it
    std::string_view message;  // borrowed for the call
    crypto::Signature signature{};
};

class SignatureVerifier {
public:
    virtual ~SignatureVerifier() = default;

    // The number of a signer: 0, 1, ... The key is a point of the curve (asserted).
    virtual std::uint32_t add_signer(const RawKey& key) = 0;

    // verdicts[i] is of items[i]: 1 for a good signature. `points` and `hints` are empty or as long
    // as items; they may be wrong, and then cost time only.
    virtual void verify(std::span<const SignedItem> items, std::span<const SignaturePoint> points,
                        std::span<const std::uint8_t> hints, std::span<std::uint8_t> verdicts) = 0;
};

using VerifierFactory = std::function<std::unique_ptr<SignatureVerifier>()>;

// One signature after the other, as crypto::PublicKey does it. Ignores points and hints.
std::unique_ptr<SignatureVerifier> make_single_verifier();

// All at once, as crypto::Sm2Verifier does it: the one to use.
std::unique_ptr<SignatureVerifier> make_batch_verifier();

}  // namespace suan::settle
