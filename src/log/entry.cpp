#include "log/entry.hpp"

#include "base/assert.hpp"
#include "crypto/merkle.hpp"
#include "crypto/sm3.hpp"
#include "log/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace suan::log {
namespace {

constexpr std::uint32_t actor_field = 4;
constexpr std::uint32_t command_field = 5;
constexpr std::uint32_t event_field = 6;
constexpr std::uint32_t salt_field = 7;
// Field numbers in Command.kind: SubmitJob to LeaseReport.
constexpr std::uint32_t first_job_command = 2;
constexpr std::uint32_t last_job_command = 6;
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
    return command_kind >= first_job_command && command_kind <= last_job_command;
}

namespace {

constexpr char part_prefix = 0x04;

std::string salt_seed(std::string_view salt, std::uint32_t part) {
    std::string bytes(1, '\x03');
    bytes.append(salt);
    append_u32(bytes, part);
    return bytes;
}

}  // namespace

Hash256 part_salt(std::string_view salt, std::uint32_t part) {
    return crypto::sm3(salt_seed(salt, part));
}

Hash256 part_hash(const Hash256& salt, std::string_view bytes) {
    return crypto::Sm3().update({&part_prefix, 1}).update(salt).update(bytes).finish();
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

// The hashes of an entry's parts: the command's, then those of the events, which are the leaves of
// their tree. All salts are hashed together, and then all parts.
std::vector<Hash256> part_hashes(const EntryParts& parts) {
    const std::size_t count = parts.events.size() + 1;
    std::vector<std::string> seeds;
    for (std::uint32_t i = 0; i < count; ++i)
        seeds.push_back(salt_seed(parts.salt, i));
    const std::vector<std::string_view> views(seeds.begin(), seeds.end());
    std::vector<Hash256> salts(count);
    crypto::sm3_many(views, salts);
    std::vector<std::array<char, 33>> heads(count);
    std::vector<crypto::Sm3Message> messages;
    for (std::size_t i = 0; i < count; ++i) {
        heads[i][0] = part_prefix;
        std::copy(salts[i].begin(), salts[i].end(), heads[i].begin() + 1);
        messages.push_back(
            {{heads[i].data(), heads[i].size()}, i == 0 ? parts.command : parts.events[i - 1]});
    }
    std::vector<Hash256> out(count);
    crypto::sm3_many(messages, out);
    return out;
}

std::vector<Hash256> event_leaves(const EntryParts& parts) {
    std::vector<Hash256> leaves = part_hashes(parts);
    leaves.erase(leaves.begin());
    return leaves;
}

Hash256 hash_of_shown(const ShownEntry& shown) {
    const Hash256 command = shown.command.has_value()
                                ? part_hash(shown.command_salt, *shown.command)
                                : shown.command_hash;
    return hash_of_parts(shown.header, command, shown.event_count, shown.events_root);
}

// Not the hash of anything else, for bytes that claim to be shown parts and are not.
Hash256 hash_of_broken(std::string_view bytes) {
    crypto::Sm3 hash;
    return hash.update(std::string_view("\x05", 1)).update(bytes).finish();
}

}  // namespace

namespace {

// The hash of an entry that is not hashed whole, or nothing for one that is.
std::optional<Hash256> hash_in_parts(std::string_view bytes) {
    if (!bytes.empty() && bytes[0] == shown_mark) {
        const auto shown = decode_shown(bytes);
        return shown ? hash_of_shown(*shown) : hash_of_broken(bytes);
    }
    if (hashed_whole(peek_command_kind(bytes))) return std::nullopt;
    const auto parts = split_entry(bytes);
    if (!parts || parts->header.empty()) return std::nullopt;
    std::vector<Hash256> hashes = part_hashes(*parts);
    const Hash256 command = hashes.front();
    hashes.erase(hashes.begin());
    return hash_of_parts(parts->header, command, static_cast<std::uint32_t>(parts->events.size()),
                         crypto::merkle_root(std::move(hashes)));
}

}  // namespace

Hash256 entry_hash(std::string_view bytes) {
    const std::optional<Hash256> hash = hash_in_parts(bytes);
    return hash ? *hash : crypto::sm3(bytes);
}

void entry_hashes(std::span<const std::string_view> entries, std::span<Hash256> out) {
    SUAN_ASSERT(entries.size() == out.size());
    std::vector<std::string_view> whole;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (const std::optional<Hash256> hash = hash_in_parts(entries[i])) {
            out[i] = *hash;
        } else {
            whole.push_back(entries[i]);
            places.push_back(i);
        }
    }
    std::vector<Hash256> hashes(whole.size());
    crypto::sm3_many(whole, hashes);
    for (std::size_t i = 0; i < whole.size(); ++i)
        out[places[i]] = hashes[i];
}

Result<ShownEntry> show_parts(std::string_view entry, ShowCommand command,
                              std::span<const std::uint32_t> events) {
    const auto parts = split_entry(entry);
    if (!parts) return parts.error();
    if (hashed_whole(parts->command_kind)) {
        return Error{ErrorCode::invalid, "show parts: expected an entry that is hashed in parts"};
    }
    ShownEntry out;
    out.header = parts->header;
    out.command_salt = part_salt(parts->salt, 0);
    if (command == ShowCommand::yes) {
        out.command = parts->command;
    } else {
        out.command_hash = part_hash(out.command_salt, parts->command);
        out.command_salt = {};
    }
    const std::vector<Hash256> leaves = event_leaves(*parts);
    out.event_count = static_cast<std::uint32_t>(leaves.size());
    out.events_root = crypto::merkle_root(leaves);
    for (const std::uint32_t index : events) {
        if (index == 0 || index > leaves.size()) {
            return Error{ErrorCode::invalid, fmt::format("show parts: event {}: expected 1 to {}",
                                                         index, leaves.size())};
        }
        out.events.push_back({index, part_salt(parts->salt, index),
                              std::string(parts->events[index - 1]),
                              crypto::inclusion_path(leaves, index - 1)});
    }
    return out;
}

namespace {

void append_text(std::string& out, std::string_view text) {
    append_u32(out, static_cast<std::uint32_t>(text.size()));
    out.append(text);
}

ShownEvent read_event(ByteReader& in) {
    ShownEvent event;
    event.index = in.u32("event index");
    event.salt = in.hash("event salt");
    event.bytes = in.take(in.u32("event length"), "event");
    const std::uint32_t count = in.count(32, "event path");
    for (std::uint32_t i = 0; i < count; ++i) {
        event.path.push_back(in.hash("event path"));
    }
    return event;
}

Result<void> check_shown(const ShownEntry& shown) {
    std::uint32_t last = 0;
    for (const ShownEvent& event : shown.events) {
        const bool in_tree =
            event.index > last && event.index <= shown.event_count &&
            crypto::verify_inclusion(part_hash(event.salt, event.bytes), event.index - 1,
                                     shown.event_count, event.path, shown.events_root);
        if (!in_tree) {
            return Error{ErrorCode::corrupt,
                         fmt::format("shown entry: event {}: expected a part of the tree under {}, "
                                     "found one that is not",
                                     event.index, to_hex(shown.events_root))};
        }
        last = event.index;
    }
    return {};
}

}  // namespace

std::string encode_shown(const ShownEntry& shown) {
    std::string out(1, shown_mark);
    append_text(out, shown.header);
    append_u32(out, shown.command.has_value() ? 1 : 0);
    append_fixed(out, shown.command.has_value() ? shown.command_salt : shown.command_hash);
    if (shown.command.has_value()) append_text(out, *shown.command);
    append_u32(out, shown.event_count);
    append_fixed(out, shown.events_root);
    append_u32(out, static_cast<std::uint32_t>(shown.events.size()));
    for (const ShownEvent& event : shown.events) {
        append_u32(out, event.index);
        append_fixed(out, event.salt);
        append_text(out, event.bytes);
        append_u32(out, static_cast<std::uint32_t>(event.path.size()));
        for (const Hash256& hash : event.path) {
            append_fixed(out, hash);
        }
    }
    return out;
}

Result<ShownEntry> decode_shown(std::string_view bytes) {
    ByteReader in(bytes, "shown entry");
    ShownEntry shown;
    in.expect(std::string_view(&shown_mark, 1), "mark");
    shown.header = in.take(in.u32("header length"), "header");
    const std::uint32_t command_shown = in.u32("command shown");
    const bool with_command = command_shown == 1;
    (with_command ? shown.command_salt : shown.command_hash) = in.hash("command");
    if (with_command) shown.command = in.take(in.u32("command length"), "command");
    shown.event_count = in.u32("event count");
    shown.events_root = in.hash("events root");
    const std::uint32_t count = in.count(44, "events");
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        shown.events.push_back(read_event(in));
    }
    in.expect_end();
    if (!in.ok()) return in.error();
    if (command_shown > 1) {
        return Error{
            ErrorCode::corrupt,
            fmt::format("shown entry: command shown: expected 0 or 1, found {}", command_shown)};
    }
    auto checked = check_shown(shown);
    if (!checked) return std::move(checked).error();
    return shown;
}

}  // namespace suan::log
