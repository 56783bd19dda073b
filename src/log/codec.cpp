#include "log/codec.hpp"

#include <fmt/format.h>

namespace suan::log {

void ByteReader::fail(std::string_view field, std::string_view expected, std::string_view found) {
    if (!error_.empty()) return;
    error_ = fmt::format("{}: offset {}: {}: expected {}, found {}", what_, offset_, field,
                         expected, found);
}

std::string_view ByteReader::take(std::size_t size, std::string_view field) {
    if (ok() && left() < size) {
        fail(field, fmt::format("{} bytes", size), fmt::format("{}", left()));
    }
    if (!ok()) return {};
    const std::string_view part = bytes_.substr(offset_, size);
    offset_ += size;
    return part;
}

std::uint32_t ByteReader::u32(std::string_view field) {
    const std::string_view part = take(4, field);
    return ok() ? read_u32(part, 0) : 0;
}

std::uint64_t ByteReader::u64(std::string_view field) {
    const std::string_view part = take(8, field);
    return ok() ? read_u64(part, 0) : 0;
}

std::uint32_t ByteReader::count(std::size_t item_bytes, std::string_view field) {
    const std::uint32_t value = u32(field);
    if (ok() && value > left() / item_bytes) {
        offset_ -= 4;
        fail(field, fmt::format("at most {}", (left() - 4) / item_bytes), fmt::format("{}", value));
        return 0;
    }
    return value;
}

void ByteReader::expect(std::string_view magic, std::string_view field) {
    const std::string_view part = take(magic.size(), field);
    if (!ok() || part == magic) return;
    offset_ -= magic.size();
    fail(field, to_hex(as_bytes(magic)), to_hex(as_bytes(part)));
}

void ByteReader::expect_end() {
    if (ok() && left() != 0) fail("end", "no more bytes", fmt::format("{}", left()));
}

}  // namespace suan::log
