#include "settle/id_text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace suan::settle {

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_id_halves(std::string_view text) {
    constexpr std::size_t half = 16;
    if (text.starts_with('#')) text.remove_prefix(1);
    if (text.empty() || text.size() > 2 * half) return std::nullopt;
    const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
        std::uint64_t value = 0;
        const char* const end = digits.data() + digits.size();
        const auto [at, error] = std::from_chars(digits.data(), end, value, 16);
        if (error != std::errc{} || at != end) return std::nullopt;
        return value;
    };
    const std::size_t high_digits = text.size() > half ? text.size() - half : 0;
    const auto high = high_digits == 0 ? 0 : number(text.substr(0, high_digits));
    const auto low = number(text.substr(high_digits));
    if (!high || !low || (*high | *low) == 0) return std::nullopt;
    return std::pair(*high, *low);
}

std::string id_halves_text(std::uint64_t high, std::uint64_t low) {
    return high == 0 ? fmt::format("{:x}", low) : fmt::format("{:x}{:016x}", high, low);
}

}  // namespace suan::settle
