// SM2 signatures (GB/T 32918, GM/T 0003) with SM3 and the user id "1234567812345678" of GM/T 0009,
// which enters the signed hash as ZA together with the public key. OpenSSL computes them.
// Keys are immutable; any number of threads may use one. The numbers of private keys lie in memory
// that is locked where the system allows it, and are wiped with the key.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/secret_text.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace suan::crypto {

// r then s, 32 bytes each, big-endian.
using Signature = std::array<std::uint8_t, 64>;

// A point in the uncompressed form: 0x04, x, y.
using RawPublicKey = std::array<std::uint8_t, 65>;

// The user id of GM/T 0009, where no other is agreed on.
inline constexpr std::string_view sm2_user_id = "1234567812345678";

// A private key's number, 32 bytes, big-endian. Its user wipes it.
using SecretBytes = std::array<std::uint8_t, 32>;

class PublicKey {
public:
    // Refuses bytes that are not a point of the curve.
    static Result<PublicKey> from_raw(std::string_view raw);
    // PEM or DER, as OpenSSL writes public keys (SubjectPublicKeyInfo), compressed points too.
    static Result<PublicKey> from_text(std::string_view text);
    static Result<PublicKey> from_pem(std::string_view pem) { return from_text(pem); }
    static Result<PublicKey> load(const std::filesystem::path& file);

    const RawPublicKey& raw() const { return raw_; }
    std::string to_pem() const;
    std::string to_der() const;

    // SM3 of the raw key: its short name in block headers.
    Hash256 id() const;

    bool verify(std::string_view message, const Signature& signature) const;

    friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.raw_ == b.raw_; }

private:
    friend class PrivateKey;
    explicit PublicKey(std::shared_ptr<evp_pkey_st> key);

    std::shared_ptr<evp_pkey_st> key_;
    RawPublicKey raw_{};
};

class PrivateKey {
public:
    static Result<PrivateKey> generate();

    // PEM or DER: PKCS #8 or SEC 1 (`EC PRIVATE KEY`), as OpenSSL writes private keys. Refused: one
    // encrypted with a passphrase, one of another curve, a number that is not in [1, n-2], a public
    // key that is not the number's.
    static Result<PrivateKey> from_text(std::string_view text);

    // `name` is a key file, refused unless it is the user's own and nobody else may read it, or a
    // `pkcs11:` URI of an object in a token (token.hpp).
    static Result<PrivateKey> load(const std::filesystem::path& name);

    // Writes PKCS #8 PEM with mode 0600 and syncs it. An existing file is never overwritten.
    Result<void> save(const std::filesystem::path& file) const;

    // PKCS #8, byte for byte what `openssl pkey` and `openssl pkcs8 -topk8 -nocrypt -outform DER`
    // write.
    SecretText to_pem() const;
    SecretText to_der() const;

    // About half a millisecond to one. Different on every call: SM2 draws a random number.
    Result<Signature> sign(std::string_view message) const;

    SecretBytes secret() const;

    const PublicKey& public_key() const { return public_key_; }

private:
    PrivateKey(std::shared_ptr<evp_pkey_st> key, SecretText number);

    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<const SecretText> number_;
    PublicKey public_key_;
};

}  // namespace suan::crypto
