// Single signatures, by OpenSSL. How keys come and go is in sm2_keys.cpp.
#include "crypto/sm2.hpp"

#include "crypto/openssl.hpp"
#include "crypto/sm3.hpp"

#include <openssl/core_names.h>

namespace suan::crypto {
namespace {

// A context with the user id set, so that OpenSSL hashes ZA before the message. The id is set when
// the rest is: OpenSSL 3.0.19 refuses it among the parameters of Init.
template <auto Init>
MdContext context_with_id(EVP_PKEY* key) {
    MdContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* of_key = nullptr;  // the context's own
    if (Init(context.get(), &of_key, "SM3", nullptr, nullptr, key, nullptr) != 1) return nullptr;
    const int size = int(sm2_user_id.size());
    if (EVP_PKEY_CTX_set1_id(of_key, sm2_user_id.data(), size) != 1) return nullptr;
    return context;
}

Signature raw_of(const ECDSA_SIG* pair) {
    Signature out{};
    SUAN_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(pair), out.data(), 32) == 32);
    SUAN_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(pair), out.data() + 32, 32) == 32);
    return out;
}

std::string der_of(const Signature& signature) {
    EcSignature pair(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(signature.data(), 32, nullptr);
    BIGNUM* s = BN_bin2bn(signature.data() + 32, 32, nullptr);
    SUAN_ASSERT(ECDSA_SIG_set0(pair.get(), r, s) == 1);
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    SUAN_ASSERT(size > 0);
    std::string out(reinterpret_cast<char*>(der), std::size_t(size));
    OPENSSL_free(der);
    return out;
}

}  // namespace

Hash256 PublicKey::id() const {
    return sm3(as_text(raw_));
}

bool PublicKey::verify(std::string_view message, const Signature& signature) const {
    const MdContext context = context_with_id<EVP_DigestVerifyInit_ex>(key_.get());
    SUAN_ASSERT(context != nullptr);
    const std::string der = der_of(signature);
    const int good = EVP_DigestVerify(context.get(), as_bytes(der).data(), der.size(),
                                      as_bytes(message).data(), message.size());
    ERR_clear_error();
    return good == 1;
}

Result<Signature> PrivateKey::sign(std::string_view message) const {
    const MdContext context = context_with_id<EVP_DigestSignInit_ex>(key_.get());
    if (context == nullptr) return openssl_error(ErrorCode::internal, "start an SM2 signature");
    std::array<unsigned char, 128> der{};
    std::size_t size = der.size();
    if (EVP_DigestSign(context.get(), der.data(), &size, as_bytes(message).data(),
                       message.size()) != 1) {
        return openssl_error(ErrorCode::internal, "sign with SM2");
    }
    const unsigned char* at = der.data();
    const EcSignature pair(d2i_ECDSA_SIG(nullptr, &at, long(size)));
    if (pair == nullptr) return openssl_error(ErrorCode::internal, "read an SM2 signature");
    return raw_of(pair.get());
}

}  // namespace suan::crypto
