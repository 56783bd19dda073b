// Unpredictable bytes from OpenSSL's generator, for tokens and ids that must not be guessed.
#pragma once

#include <cstddef>
#include <string>

namespace suan::crypto {

// `count` random bytes. A generator without entropy is a broken machine: asserted, never weakened.
std::string random_bytes(std::size_t count);

}  // namespace suan::crypto
