#include "runtime/entry.hpp"

#include "crypto/merkle.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

namespace suan::runtime {
namespace {

constexpr std::uint32_t actor_field = 4;
constexpr std::uint32_t command_field = 5;
constexpr std::uint32_t event_field = 6;
constexpr std::uint32_t salt_field = 7;
constexpr std::uint32_t wire_varint = 0;
constexpr std::uint32_t wire_bytes = 2;

// Reads the two wire types that an entry uses.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

    bool at_end() const { return offset_ == bytes_.size(); }
    bool ok() const { return ok_; }
    std::size_t offset() const { return offset_; }

    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (at_end()) break;
            const auto byte = static_cast<std::uint8_t>(bytes_[offset_++]);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) return value;
        }
        ok_ = false;
        return 0;
    }
    std::string_view text() {
        const std::uint64_t size = varint();
        if (!ok_ || size > bytes_.size() - offset_) {
            ok_ = false;
            return {};
        }
        const std::string_view out = bytes_.substr(offset_, size);
        offset_ += size;
        return out;
    }

private:
    std::string_view bytes_;
    std::size_t offset_ = 0;
    bool ok_ = true;
};

std::uint32_t expected_wire(std::uint32_t field) {
    return field < actor_field ? wire_varint : wire_bytes;
}

std::uint32_t kind_of(std::string_view command) {
    WireReader in(command);
    if (in.at_end()) return 0;
    const std::uint64_t tag = in.varint();
    return in.ok() ? static_cast<std::uint32_t>(tag >> 3) : 0;
}

Error bad_entry(std::size_t offset, std::string_view found) {
    return Error{ErrorCode::corrupt,
                 fmt::format("entry: offset {}: expected its next field, found {}", offset, found)};
}

}  // namespace

Result<EntryParts> split_entry(std::string_view bytes) {
    EntryParts parts;
    WireReader in(bytes);
    std::uint32_t last = 0;
    while (!in.at_end()) {
        const std::size_t start = in.offset();
        const std::uint64_t tag = in.varint();
        const auto field = static_cast<std::uint32_t>(tag >> 3);
        const bool in_order = field > last || (field == event_field && last == event_field);
        if (!in.ok() || !in_order || field > salt_field || (tag & 7) != expected_wire(field)) {
            return bad_entry(start, fmt::format("tag {}", tag));
        }
        last = field;
        std::string_view text;
        if (field < actor_field) {
            static_cast<void>(in.varint());
        } else {
            text = in.text();
        }
        if (!in.ok()) return bad_entry(start, "the end");
        if (field <= actor_field) parts.header = bytes.substr(0, in.offset());
        if (field == command_field) parts.command = text;
        if (field == event_field) parts.events.push_back(text);
        if (field == salt_field) parts.salt = text;
    }
    parts.command_kind = kind_of(parts.command);
    return parts;
}

bool hashed_whole(std::uint32_t command_kind) {
    return command_kind >= Command::kSubmitJob && command_kind <= Command::kLeaseReport;
}

Hash256 part_salt(std::string_view salt, std::uint32_t part) {
    std::string bytes(1, '\x03');
    bytes.append(salt);
    append_u32(bytes, part);
    return crypto::sm3(bytes);
}

Hash256 part_hash(const Hash256& salt, std::string_view bytes) {
    thread_local crypto::Sm3 hash;
    return hash.update(std::string_view("\x04", 1)).update(as_text(salt)).update(bytes).finish();
}

Hash256 hash_of_parts(std::string_view header, const Hash256& command, std::uint32_t events,
                      const Hash256& events_root) {
    std::string bytes(1, '\x02');
    append_u32(bytes, static_cast<std::uint32_t>(header.size()));
    bytes.append(header);
    bytes.append(as_text(command));
    append_u32(bytes, events);
    bytes.append(as_text(events_root));
    return crypto::sm3(bytes);
}

namespace {

// The command is the first field of these entries that is a message and not the actor; looking for
// it is much cheaper than splitting the whole entry.
std::uint32_t peek_command_kind(std::string_view bytes) {
    WireReader in(bytes);
    while (!in.at_end() && in.ok()) {
        const std::uint64_t tag = in.varint();
        const auto field = static_cast<std::uint32_t>(tag >> 3);
        if ((tag & 7) != expected_wire(field)) return 0;
        if (field == command_field) return kind_of(in.text());
        if (field < actor_field) {
            static_cast<void>(in.varint());
        } else {
            static_cast<void>(in.text());
        }
    }
    return 0;
}

}  // namespace

Hash256 entry_hash(std::string_view bytes) {
    if (hashed_whole(peek_command_kind(bytes))) return crypto::sm3(bytes);
    const auto parts = split_entry(bytes);
    if (!parts) return crypto::sm3(bytes);
    std::vector<Hash256> leaves;
    leaves.reserve(parts->events.size());
    std::uint32_t i = 0;
    const Hash256 command = part_hash(part_salt(parts->salt, i), parts->command);
    for (const std::string_view event : parts->events) {
        leaves.push_back(part_hash(part_salt(parts->salt, ++i), event));
    }
    return hash_of_parts(parts->header, command, i, crypto::merkle_root(std::move(leaves)));
}

}  // namespace suan::runtime
