// Texts stored once each and named by a small index: a million jobs name a few thousand
// organisations and members. Indices count from 0 in order of first use, so they are the same on
// every run. Not for threads to share while one of them interns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::sim {

class StringTable {
public:
    // The index of `text`, added when it is new.
    std::uint32_t intern(std::string_view text);
    std::optional<std::uint32_t> find(std::string_view text) const;

    // Valid until the next intern(). `index` < size() (asserted).
    std::string_view operator[](std::uint32_t index) const;
    std::size_t size() const { return ends_.size(); }

private:
    std::size_t slot_of(std::string_view text) const;
    void grow();

    std::string bytes_;                 // all texts, one after another
    std::vector<std::uint64_t> ends_;   // text i is bytes_[ends_[i - 1], ends_[i])
    std::vector<std::uint32_t> slots_;  // open addressing: 0 is free, else index + 1
};

}  // namespace suan::sim
