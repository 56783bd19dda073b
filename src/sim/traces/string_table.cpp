#include "sim/traces/string_table.hpp"

#include "base/assert.hpp"

namespace suan::sim {
namespace {

// FNV-1a with a last mix, because its low bits alone spread short decimal texts badly.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    return (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15ULL >> 16;
}

}  // namespace

std::string_view StringTable::operator[](std::uint32_t index) const {
    SUAN_ASSERT(index < ends_.size());
    const std::uint64_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
}

// The slot that holds `text`, or the free slot where it belongs.
std::size_t StringTable::slot_of(std::string_view text) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash_of(text) & mask;
    while (slots_[slot] != 0 && (*this)[slots_[slot] - 1] != text) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void StringTable::grow() {
    slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, 0);
    for (std::uint32_t i = 0; i < ends_.size(); ++i) {
        slots_[slot_of((*this)[i])] = i + 1;
    }
}

std::uint32_t StringTable::intern(std::string_view text) {
    if (slots_.empty() || ends_.size() * 4 >= slots_.size() * 3) grow();
    const std::size_t slot = slot_of(text);
    if (slots_[slot] == 0) {
        SUAN_ASSERT(ends_.size() < UINT32_MAX - 1);
        bytes_.append(text);
        ends_.push_back(bytes_.size());
        slots_[slot] = static_cast<std::uint32_t>(ends_.size());
    }
    return slots_[slot] - 1;
}

std::optional<std::uint32_t> StringTable::find(std::string_view text) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint32_t found = slots_[slot_of(text)];
    if (found == 0) return std::nullopt;
    return found - 1;
}

}  // namespace suan::sim
