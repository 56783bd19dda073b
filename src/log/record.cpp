#include "log/record.hpp"

#include "base/limits.hpp"
#include "log/crc32c.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace suan::log {
namespace {

std::uint32_t checksum(Seq seq, std::string_view entry) {
    std::array<char, 8> number{};
    for (std::size_t i = 0; i < number.size(); ++i)
        number[i] = char(std::uint8_t(seq >> (8 * i)));
    return crc32c(entry, crc32c({number.data(), number.size()}));
}

Error bad_record(Seq seq, std::size_t offset, std::string_view what, std::string expected,
                 std::string found) {
    return Error{ErrorCode::corrupt,
                 fmt::format("entry {}: chunk offset {}: {}: expected {}, found {}", seq, offset,
                             what, expected, found)};
}

// The entry at `offset`, or what is wrong there. Its checksum is for the caller to check.
Result<std::string_view> entry_of(std::string_view body, std::size_t offset, Seq seq) {
    const std::size_t left = body.size() - offset;
    if (left < record_head_bytes) {
        return bad_record(seq, offset, "record", "8 bytes at least", fmt::format("{}", left));
    }
    const std::uint32_t length = read_u32(body, offset);
    if (length == 0 || length > limits::entry_bytes_max || length > left - record_head_bytes) {
        return bad_record(seq, offset, "length",
                          fmt::format("1 to {}", std::min<std::size_t>(left - record_head_bytes,
                                                                       limits::entry_bytes_max)),
                          fmt::format("{}", length));
    }
    return body.substr(offset + record_head_bytes, length);
}

Result<void> check(std::string_view body, std::size_t offset, Seq seq, std::string_view entry) {
    const std::uint32_t stored = read_u32(body, offset + 4);
    const std::uint32_t computed = checksum(seq, entry);
    if (stored == computed) return {};
    return bad_record(seq, offset, "CRC-32C", fmt::format("{:08x}", stored),
                      fmt::format("{:08x}", computed));
}

}  // namespace

void append_records(std::string& body, Seq first_seq, std::span<const std::string_view> entries) {
    std::size_t size = body.size();
    for (const std::string_view entry : entries)
        size += record_head_bytes + entry.size();
    body.reserve(size);
    for (const std::string_view entry : entries) {
        append_u32(body, std::uint32_t(entry.size()));
        append_u32(body, checksum(first_seq++, entry));
        body.append(entry);
    }
}

Result<Next> for_each_record(std::string_view body, Seq first_seq, std::uint64_t count, Seq from,
                             Seq to, const EntryVisitor& visit) {
    std::size_t offset = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const Seq seq = first_seq + i;
        if (seq > to) return Next::more;
        auto entry = entry_of(body, offset, seq);
        if (!entry) return std::move(entry).error();
        if (seq >= from) {
            auto good = check(body, offset, seq, *entry);
            if (!good) return std::move(good).error();
            auto next = visit(seq, *entry);
            if (!next || *next == Next::stop) return next;
        }
        offset += record_head_bytes + entry->size();
    }
    if (offset == body.size()) return Next::more;
    return bad_record(first_seq + count, offset, "chunk end", fmt::format("{} bytes", offset),
                      fmt::format("{}", body.size()));
}

}  // namespace suan::log
