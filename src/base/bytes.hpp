// Byte helpers: hexadecimal text and little-endian numbers, as used by the formats in docs/formats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace suan {

using Hash256 = std::array<std::uint8_t, 32>;

std::string to_hex(std::span<const std::uint8_t> bytes);

// Bytes of an even number of hexadecimal digits of either case; nothing else is accepted.
std::optional<std::string> from_hex(std::string_view text);
std::optional<Hash256> hash_from_hex(std::string_view text);

void append_u32(std::string& out, std::uint32_t value);
void append_u64(std::string& out, std::uint64_t value);

// The number at `offset`; the caller has checked that the bytes are there (asserted).
std::uint32_t read_u32(std::string_view bytes, std::size_t offset);
std::uint64_t read_u64(std::string_view bytes, std::size_t offset);

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// True for well-formed UTF-8 without overlong forms, surrogates or code points past U+10FFFF.
bool is_utf8(std::string_view text);
// Bytes at the front of `text` that are well-formed UTF-8: the offset of the first broken byte.
std::size_t utf8_prefix(std::string_view text);

}  // namespace suan
