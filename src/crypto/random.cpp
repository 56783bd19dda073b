#include "crypto/random.hpp"

#include "base/assert.hpp"

#include <climits>
#include <openssl/rand.h>

namespace suan::crypto {

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    random_fill(std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

void random_fill(std::span<std::byte> out) {
    SUAN_ASSERT(out.size() <= INT_MAX);
    const int got = RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), int(out.size()));
    SUAN_ASSERT(got == 1);
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
    SUAN_ASSERT(RAND_priv_bytes(out.data(), int(out.size())) == 1);
}

}  // namespace suan::crypto
