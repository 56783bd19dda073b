#include "crypto/secret_text.hpp"

#include "base/assert.hpp"

#include <openssl/crypto.h>

#include <cstring>
#include <mutex>

namespace suan::crypto {
namespace {

// Some 30,000 private keys. Most systems let a process lock 8 MiB; where they do not, the memory
// is still wiped.
constexpr std::size_t locked_bytes = std::size_t(4) << 20;
constexpr std::size_t smallest_bytes = 32;

}  // namespace

void lock_secret_memory() {
    static std::once_flag once;
    std::call_once(once, [] { CRYPTO_secure_malloc_init(locked_bytes, smallest_bytes); });
}

SecretText::SecretText(std::size_t size) : size_(size) {
    lock_secret_memory();
    // One byte more, so that an empty text is no null pointer to a library that asks for one.
    bytes_ = {static_cast<char*>(OPENSSL_secure_zalloc(size + 1)), Wipe{size + 1}};
    SUAN_ASSERT(bytes_ != nullptr);
}

SecretText::SecretText(std::string_view copied) : SecretText(copied.size()) {
    if (!copied.empty()) std::memcpy(bytes_.get(), copied.data(), copied.size());
}

void SecretText::shorten(std::size_t size) {
    SUAN_ASSERT(size <= size_);
    size_ = size;
}

void SecretText::Wipe::operator()(char* bytes) const {
    OPENSSL_secure_clear_free(bytes, size);
}

}  // namespace suan::crypto
