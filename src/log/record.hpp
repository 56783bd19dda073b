// The body of a chunk: entries of one group commit, one after the other (docs/formats/log.md).
//   u32 length | u32 CRC-32C of (u64 seq | entry bytes) | entry bytes
// The number goes into the checksum so that records cannot change places.
#pragma once

#include "base/result.hpp"
#include "log/block.hpp"
#include "log/log.hpp"

#include <span>
#include <string>
#include <string_view>

namespace suan::log {

inline constexpr std::size_t record_head_bytes = 8;

// Appends records first_seq, first_seq + 1, ... to `body`.
void append_records(std::string& body, Seq first_seq, std::span<const std::string_view> entries);

// Visits the records of a chunk that holds `count` entries, from number `from` (which is at least
// first_seq) to `to`. The whole chunk is not checked beyond where the visit ends. `corrupt` names
// entry, offset in the body, expected and found. Tells whether the visitor asked to stop.
Result<Next> for_each_record(std::string_view body, Seq first_seq, std::uint64_t count, Seq from,
                             Seq to, const EntryVisitor& visit);

}  // namespace suan::log
