#include "crypto/sha512_lanes.hpp"

#include "base/assert.hpp"

#include <openssl/evp.h>

#include <memory>

namespace suan::crypto {

void sha512_many(const Sha512Job* jobs, std::size_t count, Isa isa) {
    if (isa == Isa::avx512) {
        sha512_many_avx512(jobs, count);
        return;
    }
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    SUAN_ASSERT(context != nullptr);
    for (std::size_t i = 0; i < count; ++i) {
        unsigned size = 0;
        // Once the digest is named, it is not fetched again.
        const EVP_MD* digest = i == 0 ? EVP_sha512() : nullptr;
        SUAN_ASSERT(EVP_DigestInit_ex2(context.get(), digest, nullptr) == 1);
        SUAN_ASSERT(EVP_DigestUpdate(context.get(), jobs[i].head, 64) == 1);
        SUAN_ASSERT(EVP_DigestUpdate(context.get(), jobs[i].body, jobs[i].body_bytes) == 1);
        SUAN_ASSERT(EVP_DigestFinal_ex(context.get(), jobs[i].out, &size) == 1);
    }
}

}  // namespace suan::crypto
