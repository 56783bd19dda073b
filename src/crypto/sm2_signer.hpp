// Signs many messages with one SM2 key: nonces, multiples of the generator and hashes are made in
// batches. No branch and no address depends on the key or on a nonce (checked under memcheck, see
// README.md). Keys and nonces are wiped after use.
#pragma once

#include "crypto/cpu.hpp"
#include "crypto/random.hpp"
#include "crypto/sm2.hpp"
#include "crypto/sm2_verifier.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace suan::crypto {

// One object belongs to one thread at a time. About 2 ms to make, and 200 KB.
class Sm2Signer {
public:
    struct Options {
        Isa isa = best_isa();
    };

    explicit Sm2Signer(const PrivateKey& key);
    // `nonces` is borrowed, and gives 40 bytes for each signature.
    Sm2Signer(const PrivateKey& key, const Options& options, RandomSource& nonces);
    // Another key, with the tables, level and nonces of `like`: next to nothing to make.
    Sm2Signer(const PrivateKey& key, const Sm2Signer& like);
    ~Sm2Signer();
    Sm2Signer(Sm2Signer&&) noexcept;
    Sm2Signer& operator=(Sm2Signer&&) noexcept;

    // The spans have the same length (asserted). Thousands at a time are fastest; a single one
    // costs about 0.2 ms.
    void sign(std::span<const std::string_view> messages, std::span<Signature> out);

    // The same, with what verification in batches takes: the points R, or the hints.
    void sign(std::span<const std::string_view> messages, std::span<Signature> out,
              std::span<Sm2Point> points);
    void sign_hinted(std::span<const std::string_view> messages, std::span<Signature> out,
                     std::span<Sm2Hint> hints);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace suan::crypto
