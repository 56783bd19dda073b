// Several strings in one input: each a length of two bytes, the lower first, and its bytes. The
// last may be cut short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace suan::fuzz {

inline std::vector<std::string_view> pieces_of(std::string_view input) {
    std::vector<std::string_view> out;
    while (input.size() >= 2) {
        const std::size_t size = static_cast<std::uint8_t>(input[0]) +
                                 (std::size_t{static_cast<std::uint8_t>(input[1])} << 8);
        out.push_back(input.substr(2, size));
        input.remove_prefix(2 + out.back().size());
    }
    return out;
}

}  // namespace suan::fuzz
