#include "base/bytes.hpp"

#include "base/assert.hpp"

namespace suan {
namespace {

int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

template <typename T>
void append_le(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out.push_back(static_cast<char>(value >> (8 * i)));
}

template <typename T>
T read_le(std::string_view bytes, std::size_t offset) {
    SUAN_ASSERT(offset <= bytes.size());
    SUAN_ASSERT(bytes.size() - offset >= sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value |= static_cast<T>(static_cast<std::uint8_t>(bytes[offset + i])) << (8 * i);
    }
    return value;
}

// Length of the UTF-8 sequence at the front of `s`, 0 when malformed.
std::size_t utf8_length(std::string_view s) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(s[i]); };
    const std::uint8_t lead = at(0);
    if (lead < 0x80) return 1;
    const std::size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || s.size() < n) return 0;
    for (std::size_t i = 1; i < n; ++i) {
        if ((at(i) & 0xC0) != 0x80) return 0;
    }
    if (lead == 0xE0 && at(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && at(1) > 0x9F) return 0;  // surrogate
    if (lead == 0xF0 && at(1) < 0x90) return 0;  // overlong
    if (lead == 0xF4 && at(1) > 0x8F) return 0;  // past U+10FFFF
    return n;
}

}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t b : bytes) {
        out.push_back(digits[b >> 4]);
        out.push_back(digits[b & 15]);
    }
    return out;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = nibble(text[i]);
        const int low = nibble(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out.push_back(static_cast<char>(high * 16 + low));
    }
    return out;
}

std::optional<Hash256> hash_from_hex(std::string_view text) {
    const std::optional<std::string> bytes = from_hex(text);
    if (!bytes || bytes->size() != 32) return std::nullopt;
    Hash256 hash{};
    for (std::size_t i = 0; i < 32; ++i)
        hash[i] = static_cast<std::uint8_t>((*bytes)[i]);
    return hash;
}

void append_u32(std::string& out, std::uint32_t value) {
    append_le(out, value);
}
void append_u64(std::string& out, std::uint64_t value) {
    append_le(out, value);
}
std::uint32_t read_u32(std::string_view bytes, std::size_t offset) {
    return read_le<std::uint32_t>(bytes, offset);
}
std::uint64_t read_u64(std::string_view bytes, std::size_t offset) {
    return read_le<std::uint64_t>(bytes, offset);
}

std::size_t utf8_prefix(std::string_view text) {
    std::size_t good = 0;
    while (good < text.size()) {
        const std::size_t n = utf8_length(text.substr(good));
        if (n == 0) break;
        good += n;
    }
    return good;
}

bool is_utf8(std::string_view text) {
    return utf8_prefix(text) == text.size();
}

}  // namespace suan
