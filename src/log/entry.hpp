// The bytes of an entry and the hash that stands for it in a block's Merkle tree.
// docs/formats/entry.md has both with worked bytes.
//
// An entry about one job (submit, cancel, hold, release, report) belongs to one org and is hashed
// whole. Any other (a tick ends and starts jobs of many orgs) is hashed in parts, so that an org
// can be shown its own events and nothing but salted hashes of the others':
//   whole      SM3(entry bytes)
//   in parts   SM3(0x02 | u32 length, header | part 0 | u32 events | Merkle root of parts 1..n)
//   part i     SM3(0x04 | salt i | bytes)     part 0 is the command, part i the i-th event, from 1
//   salt i     SM3(0x03 | entry's salt | u32 i)
// An entry begins with the byte 0x08 (its seq is never 0), so neither form passes for the other.
// The log treats entries as opaque; this file knows no more of them than their outermost fields,
// and bytes that are no entry are hashed whole.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::log {

inline constexpr std::size_t salt_bytes = 16;

// Views into an entry's bytes, which are the fields in ascending order without gaps.
struct EntryParts {
    std::string_view header;  // seq, time, rules version, actor: fields 1 to 4 as encoded
    std::string_view command;
    std::vector<std::string_view> events;
    std::string_view salt;
    std::uint32_t command_kind = 0;  // field number in Command.kind; 0: none
};
// `corrupt`, naming the offset, for bytes that the runtime would not have written.
Result<EntryParts> split_entry(std::string_view bytes);

// Whether an entry with this command is hashed whole.
bool hashed_whole(std::uint32_t command_kind);

// What takes the entry's place in the block's tree, computed from the entry, or from those parts of
// it that are shown (encode_shown): both give the same hash.
Hash256 entry_hash(std::string_view bytes);
// The same for many, hashed side by side: some ten times faster.
void entry_hashes(std::span<const std::string_view> entries, std::span<Hash256> out);

Hash256 part_salt(std::string_view salt, std::uint32_t part);
Hash256 part_hash(const Hash256& part_salt, std::string_view bytes);
Hash256 hash_of_parts(std::string_view header, const Hash256& command, std::uint32_t events,
                      const Hash256& events_root);

// One event of an entry that is hashed in parts, with what ties it to the rest.
struct ShownEvent {
    std::uint32_t index = 0;  // 1..event_count
    Hash256 salt{};
    std::string bytes;
    std::vector<Hash256> path;
    friend bool operator==(const ShownEvent&, const ShownEvent&) = default;
};

// What a tenant gets of an entry that concerns others too.
struct ShownEntry {
    std::string header;
    std::optional<std::string> command;  // nullopt: only its hash
    Hash256 command_salt{};              // of a shown command
    Hash256 command_hash{};              // of a hidden one
    std::uint32_t event_count = 0;
    Hash256 events_root{};
    std::vector<ShownEvent> events;  // rising
    friend bool operator==(const ShownEntry&, const ShownEntry&) = default;
};

enum class ShowCommand { no, yes };
// `events` are the indices to show, rising, from 1. `invalid` for an entry that is hashed whole.
Result<ShownEntry> show_parts(std::string_view entry, ShowCommand command,
                              std::span<const std::uint32_t> events);
std::string encode_shown(const ShownEntry& shown);
// Checks that every shown part leads to the roots it names.
Result<ShownEntry> decode_shown(std::string_view bytes);
inline constexpr char shown_mark = '\x02';  // first byte of the encoded form

}  // namespace suan::log
