#include "crypto/sm3.hpp"

#include "base/assert.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace suan::crypto {

void Sm3::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Sm3::Sm3() : context_(EVP_MD_CTX_new()) {
    SUAN_ASSERT(context_ != nullptr);
    SUAN_ASSERT(EVP_DigestInit_ex2(context_.get(), EVP_sm3(), nullptr) == 1);
}
Sm3::~Sm3() = default;
Sm3::Sm3(Sm3&&) noexcept = default;
Sm3& Sm3::operator=(Sm3&&) noexcept = default;

Sm3& Sm3::update(std::string_view part) {
    SUAN_ASSERT(EVP_DigestUpdate(context_.get(), part.data(), part.size()) == 1);
    return *this;
}

Hash256 Sm3::finish() {
    Hash256 hash;
    unsigned size = 0;
    SUAN_ASSERT(EVP_DigestFinal_ex(context_.get(), hash.data(), &size) == 1);
    SUAN_ASSERT(size == hash.size());
    // Without a digest named, OpenSSL starts again with the one it has, and fetches nothing.
    SUAN_ASSERT(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1);
    return hash;
}

namespace {
Sm3& context_of_this_thread() {
    thread_local Sm3 context;
    return context;
}
}  // namespace

Hash256 sm3(std::string_view message) {
    return context_of_this_thread().update(message).finish();
}

void sm3_many(std::span<const std::string_view> messages, std::span<Hash256> out) {
    SUAN_ASSERT(messages.size() == out.size());
    Sm3& context = context_of_this_thread();
    for (std::size_t i = 0; i < messages.size(); ++i)
        out[i] = context.update(messages[i]).finish();
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace suan::crypto
