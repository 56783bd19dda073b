#include "log/segment.hpp"

#include "base/assert.hpp"
#include "log/codec.hpp"
#include "log/frames.hpp"

#include <fmt/format.h>

#include <sstream>

namespace suan::log {
namespace {

constexpr std::string_view magic = "SUANSEG1";
constexpr std::size_t head_bytes = 8 + 32 + 65 + 8;

// The rest of a block from `from` on; `stop` when the size is reached within it.
Result<Next> write_block(const Log& log, const SealedBlock& block, Seq from, std::size_t bytes_max,
                         FrameWriter& out) {
    Seq next = from;
    auto read = log.for_each(from, block.header.last_seq,
                             [&](Seq seq, std::string_view entry) -> Result<Next> {
                                 auto written = out.entry(seq, entry);
                                 if (!written) return std::move(written).error();
                                 next = seq + 1;
                                 return out.bytes_written() < bytes_max ? Next::more : Next::stop;
                             });
    if (!read) return std::move(read).error();
    if (next <= block.header.last_seq) return Next::stop;
    auto written = out.block(block);
    if (!written) return std::move(written).error();
    return out.bytes_written() < bytes_max ? Next::more : Next::stop;
}

Result<void> write_blocks(const Log& log, const Head& head, Seq from, std::size_t bytes_max,
                          FrameWriter& out) {
    if (from > head.last_block_seq) return {};
    auto block = log.block_of(from);
    while (block) {
        auto next = write_block(log, *block, from, bytes_max, out);
        if (!next) return std::move(next).error();
        const BlockHeader& header = block->header;
        if (*next == Next::stop || header.number >= head.last_block) return {};
        from = header.last_seq + 1;
        block = log.block(header.number + 1);
    }
    return std::move(block).error();
}

}  // namespace

Result<std::string> make_segment(const Log& log, const crypto::PublicKey& operator_key,
                                 Seq from_seq, std::size_t bytes_max) {
    SUAN_ASSERT(from_seq >= 1);
    const Head head = log.head();
    std::ostringstream out;
    FrameWriter writer(out);
    std::string first(magic);
    append_fixed(first, log.id());
    append_fixed(first, operator_key.raw());
    append_u64(first, from_seq);
    writer.head(first);
    auto written = write_blocks(log, head, from_seq, bytes_max, writer);
    if (written) written = writer.end(head.last_block_seq, head.last_block);
    if (!written) return std::move(written).error();
    return std::move(out).str();
}

Result<SegmentEnd> read_segment(std::string_view bytes, const SegmentReading& reading) {
    std::istringstream in{std::string(bytes)};
    FrameReader reader(in, "segment");
    auto first = reader.head(head_bytes);
    if (!first) return std::move(first).error();
    ByteReader fields(*first, "segment");
    fields.expect(magic, "magic");
    const Hash256 log_id = fields.hash("log id");
    const crypto::RawPublicKey raw_key = fields.fixed<65>("operator key");
    const Seq from_seq = fields.u64("from_seq");
    if (!fields.ok()) return fields.error();
    auto key = crypto::PublicKey::from_raw(as_text(raw_key));
    if (!key) return Error{ErrorCode::corrupt, "segment: operator key: " + key.error().context};
    auto good = reading.start(SegmentHead{log_id, std::move(*key), from_seq});
    if (!good) return std::move(good).error();
    auto end = reader.frames(reading.entry, reading.block);
    if (!end) return std::move(end).error();
    return SegmentEnd{end->last_seq, end->last_block};
}

}  // namespace suan::log
