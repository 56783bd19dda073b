#include "log/sqlite/wal_check.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace suan::log {
namespace {

constexpr std::size_t header_bytes = 32;
constexpr std::size_t frame_head_bytes = 24;
constexpr std::uint32_t magic_little = 0x377F0682;  // checksums over little-endian words
constexpr std::uint32_t magic_big = 0x377F0683;

std::uint32_t big_endian(std::string_view bytes, std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = (value << 8) | static_cast<std::uint8_t>(bytes[offset + i]);
    return value;
}

struct Sum {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    friend bool operator==(Sum, Sum) = default;
};

struct Wal {
    std::uint32_t magic = 0;
    std::uint32_t page_bytes = 0;
    std::array<std::uint32_t, 2> salt{};
    Sum sum;
};

std::uint32_t word(const Wal& wal, std::string_view bytes, std::size_t offset) {
    const std::uint32_t value = big_endian(bytes, offset);
    return wal.magic == magic_big ? value : __builtin_bswap32(value);
}

Sum add(const Wal& wal, Sum sum, std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
        sum.a += word(wal, bytes, at) + sum.b;
        sum.b += word(wal, bytes, at + 4) + sum.a;
    }
    return sum;
}

Sum stored_sum(std::string_view bytes, std::size_t offset) {
    return {big_endian(bytes, offset), big_endian(bytes, offset + 4)};
}

Wal read_wal_header(std::string_view bytes) {
    Wal wal;
    wal.magic = big_endian(bytes, 0);
    wal.page_bytes = big_endian(bytes, 8);
    wal.salt = {big_endian(bytes, 16), big_endian(bytes, 20)};
    wal.sum = stored_sum(bytes, 24);
    return wal;
}

bool sane(const Wal& wal, std::string_view header) {
    if (wal.magic != magic_little && wal.magic != magic_big) return false;
    if (wal.page_bytes < 512 || wal.page_bytes > 65'536) return false;
    return add(wal, {}, header.substr(0, 24)) == wal.sum;
}

// A frame is judged from the sum that the frame before it carries, right or wrong, so that frames
// behind a bad one can still be recognised.
bool good_frame(const Wal& wal, Sum before, std::string_view frame) {
    if (big_endian(frame, 8) != wal.salt[0] || big_endian(frame, 12) != wal.salt[1]) return false;
    const Sum sum = add(wal, add(wal, before, frame.substr(0, 8)), frame.substr(frame_head_bytes));
    return sum == stored_sum(frame, 16);
}

bool ends_a_commit(std::string_view frame) {
    return big_endian(frame, 4) != 0;
}

Result<void> check_frames(const Wal& wal, std::ifstream& in) {
    std::string frame(frame_head_bytes + wal.page_bytes, '\0');
    Sum before = wal.sum;
    std::uint64_t offset = header_bytes;
    std::uint64_t bad_offset = 0;
    bool commit_behind = false;
    while (in.read(frame.data(), std::streamsize(frame.size()))) {
        const bool good = good_frame(wal, before, frame);
        if (!good && bad_offset == 0) bad_offset = offset;
        if (good && commit_behind) {
            return Error{ErrorCode::corrupt,
                         fmt::format("write-ahead file: offset {}: expected a frame whose checksum "
                                     "holds, as commits follow it up to offset {}, found another",
                                     bad_offset, offset)};
        }
        if (good && bad_offset != 0 && ends_a_commit(frame)) commit_behind = true;
        before = stored_sum(frame, 16);
        offset += frame.size();
    }
    return {};
}

}  // namespace

Result<void> check_wal(const std::filesystem::path& wal_file) {
    std::ifstream in(wal_file, std::ios::binary);
    std::string header(header_bytes, '\0');
    if (!in.read(header.data(), std::streamsize(header.size()))) return {};
    const Wal wal = read_wal_header(header);
    if (sane(wal, header)) return check_frames(wal, in);
    // The header is synced before the first frame is written.
    if (in.peek() == std::ifstream::traits_type::eof()) return {};
    return Error{
        ErrorCode::corrupt,
        "write-ahead file: offset 0: expected a header whose checksum holds, found another"};
}

}  // namespace suan::log
