// links: suan_crypto
// keys: any bytes as a private and as a public key, in PEM, DER or raw. What is taken is written
// and read again as the same key, and a private key's text is taken by OpenSSL too.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "crypto/sm2.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace {

using namespace suan;
using namespace suan::crypto;

void private_key(std::string_view text) {
    const auto key = PrivateKey::from_text(text);
    if (!key) return;
    const SecretText der = key->to_der();
    SUAN_ASSERT(PrivateKey::from_text(der)->secret() == key->secret());
    SUAN_ASSERT(PrivateKey::from_text(key->to_pem())->secret() == key->secret());
    const auto* at = as_bytes(der.view()).data();
    EVP_PKEY* by_openssl = d2i_AutoPrivateKey(nullptr, &at, long(der.size()));
    SUAN_ASSERT(by_openssl != nullptr);
    EVP_PKEY_free(by_openssl);
    SUAN_ASSERT(key->public_key().verify("m", key->sign("m").value()));
}

void public_key(std::string_view text) {
    for (const auto& key : {PublicKey::from_text(text), PublicKey::from_raw(text)}) {
        if (!key) continue;
        SUAN_ASSERT(PublicKey::from_text(key->to_der()).value() == *key);
        SUAN_ASSERT(PublicKey::from_text(key->to_pem()).value() == *key);
        SUAN_ASSERT(PublicKey::from_raw(as_text(key->raw())).value() == *key);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(std::span(data, size));
    private_key(text);
    public_key(text);
    ERR_clear_error();
    return 0;
}
