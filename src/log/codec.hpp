// Reads the fixed layouts of docs/formats: little-endian numbers, hashes, texts with a length.
// The first field that does not fit is remembered with its offset; later reads give zeros, so a
// decoder reads everything and asks once.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace suan::log {

class ByteReader {
public:
    // `what` names the thing being decoded in errors, for example "receipt".
    ByteReader(std::string_view bytes, std::string_view what) : bytes_(bytes), what_(what) {}

    std::uint32_t u32(std::string_view field);
    std::uint64_t u64(std::string_view field);
    std::string_view take(std::size_t count, std::string_view field);
    Hash256 hash(std::string_view field) { return fixed<32>(field); }

    template <std::size_t N>
    std::array<std::uint8_t, N> fixed(std::string_view field) {
        std::array<std::uint8_t, N> out{};
        const std::string_view part = take(N, field);
        std::copy(part.begin(), part.end(), out.begin());
        return out;
    }

    // A u32 count of items of at least `item_bytes` each: a count that cannot fit in what is left
    // is an error, so nobody reserves memory for it.
    std::uint32_t count(std::size_t item_bytes, std::string_view field);

    // The next bytes must be these.
    void expect(std::string_view magic, std::string_view field);
    // Nothing may be left.
    void expect_end();

    std::size_t offset() const { return offset_; }
    std::size_t left() const { return bytes_.size() - offset_; }
    bool ok() const { return error_.empty(); }
    // `corrupt`, naming offset, expected and found.
    Error error() const { return Error{ErrorCode::corrupt, error_}; }

private:
    void fail(std::string_view field, std::string_view expected, std::string_view found);

    std::string_view bytes_;
    std::string what_;
    std::size_t offset_ = 0;
    std::string error_;
};

template <std::size_t N>
void append_fixed(std::string& out, const std::array<std::uint8_t, N>& bytes) {
    out.append(as_text(bytes));
}

}  // namespace suan::log
