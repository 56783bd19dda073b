// A piece of the log as a hub hands it to those who follow it: the entries from a given one on and
// the blocks that close over them, as far as blocks go. docs/formats/log.md has the bytes.
//
// A segment may end within a block: the next one goes on at the entry after. It proves nothing by
// itself; whoever follows checks chain, roots and signatures with a ChainVerifier.
#pragma once

#include "log/log.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace suan::log {

// From entry `from_seq` (at least 1, asserted) until about `bytes_max` or the last closed block. An
// empty one says how far the log goes. `corrupt` as the log says.
Result<std::string> make_segment(const Log& log, const crypto::PublicKey& operator_key,
                                 Seq from_seq, std::size_t bytes_max);

struct SegmentHead {
    Hash256 log_id{};
    crypto::PublicKey operator_key;
    Seq from_seq = 0;
};
struct SegmentEnd {
    Seq last_seq = 0;              // of the log's last closed block, when the segment was made
    std::uint64_t last_block = 0;  // 0: none
};
struct SegmentReading {
    std::function<Result<void>(const SegmentHead&)> start;
    std::function<Result<void>(Seq, std::string_view)> entry;
    std::function<Result<void>(const SealedBlock&)> block;
};
// `corrupt`, naming the offset, for bytes that are no segment; else the first error of a callback.
// Checksums of a frame are right before its content is handed over.
Result<SegmentEnd> read_segment(std::string_view bytes, const SegmentReading& reading);

}  // namespace suan::log
