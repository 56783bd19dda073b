// The bits of one outcome: result bit i is bit i % 64 of word i / 64.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace suan::quantum {

using Key = std::vector<std::uint64_t>;

inline Key make_key(std::size_t bits) {
    return Key((bits + 63) / 64);
}
inline bool key_bit(const Key& key, std::size_t bit) {
    return (key[bit / 64] >> (bit % 64) & 1) != 0;
}
inline void set_key_bit(Key& key, std::size_t bit, bool value) {
    const std::uint64_t one = std::uint64_t{1} << (bit % 64);
    key[bit / 64] = value ? key[bit / 64] | one : key[bit / 64] & ~one;
}
// The highest bit first.
inline std::string key_text(const Key& key, std::size_t bits) {
    std::string text;
    for (std::size_t i = bits; i > 0; --i)
        text += key_bit(key, i - 1) ? '1' : '0';
    return text;
}

}  // namespace suan::quantum
