#include "crypto/random.hpp"

#include "base/assert.hpp"

#include <climits>
#include <openssl/rand.h>

namespace suan::crypto {

std::string random_bytes(std::size_t count) {
    SUAN_ASSERT(count <= INT_MAX);
    std::string bytes(count, '\0');
    const int got = RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), int(count));
    SUAN_ASSERT(got == 1);
    return bytes;
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
    SUAN_ASSERT(RAND_priv_bytes(out.data(), int(out.size())) == 1);
}

}  // namespace suan::crypto
