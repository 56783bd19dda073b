// Reads small files of keys and PINs.
#pragma once

#include "base/result.hpp"
#include "crypto/secret_text.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace suan::crypto {

inline constexpr std::size_t key_bytes_max = 16 << 10;

// A secret: refused (`forbidden`) unless it is a plain file of the user who runs this, which nobody
// else may read. The errors never quote what is in it.
Result<SecretText> read_secret_file(const std::filesystem::path& file);

// A public key.
Result<std::string> read_key_file(const std::filesystem::path& file);

// Writes a new file of mode 0600 and syncs it; an existing one is never overwritten (`exists`).
Result<void> write_secret_file(const std::filesystem::path& file, std::string_view text);

}  // namespace suan::crypto
