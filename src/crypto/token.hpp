// Keys that are kept in a PKCS #11 token, named by a URI of RFC 7512:
//
//     pkcs11:token=suan;object=operator?pin-source=/etc/suan/pin
//
// No standard PKCS #11 mechanism makes an SM2 signature, so the token guards the key and does not
// use it: the key is a private data object that holds it as PKCS #8, and is read after a login into
// memory that is locked and wiped (docs/decisions/0005-keys-in-tokens.md).
#pragma once

#include "base/result.hpp"
#include "crypto/secret_text.hpp"

#include <string_view>

namespace suan::crypto {

bool is_token_uri(std::string_view name);

// The value of the one data object that the URI names. The module is `module-path`, else those that
// the system's p11-kit knows. The PIN is the first line of the file `pin-source`, which is as
// secret as a key file; a `pin-value` in the URI is refused, as other users can read command lines.
// Errors name neither the PIN nor the value: `invalid` (the URI), `not_found` (no token, no object,
// or several), `forbidden` (the PIN), `io` (the module). A wrong PIN is tried once only. Any
// thread; calls take turns.
Result<SecretText> read_token_object(std::string_view uri);

}  // namespace suan::crypto
