// CRC-32C (Castagnoli, RFC 3720 appendix B.4), as storage formats use it: polynomial 0x1EDC6F41
// reflected, starting from and ending with all bits inverted. Finds accidents, not forgers.
#pragma once

#include <cstdint>
#include <string_view>

namespace suan::log {

// The checksum of `bytes`; pass the checksum of what came before to continue it.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace suan::log
