// Private SM2 keys as bytes: PKCS #8 (RFC 5208) and SEC 1 (RFC 5915), in DER or PEM. Read and
// written here and not by OpenSSL, whose decoders leave copies of what they read in freed memory.
#pragma once

#include "base/result.hpp"
#include "crypto/secret_text.hpp"

#include <string>
#include <string_view>

namespace suan::crypto {

struct KeyText {
    SecretText number;  // 32 bytes, big-endian; not checked to be in range
    std::string point;  // the public key beside it as it was given, or empty; not checked
};

// Refuses, with a text that quotes nothing: what is no such key, is of another curve, is encrypted,
// or has anything behind it. DER is told by its first byte.
Result<KeyText> parse_private_key(std::string_view text);

// PKCS #8 of a number of 32 bytes and a point of 65.
SecretText private_key_der(std::string_view number, std::string_view point);
SecretText private_key_pem(std::string_view number, std::string_view point);

}  // namespace suan::crypto
