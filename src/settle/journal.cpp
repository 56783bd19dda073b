#include "settle/journal.hpp"

#include "base/assert.hpp"
#include "crypto/merkle.hpp"
#include "crypto/sm3.hpp"
#include "log/codec.hpp"
#include "log/crc32c.hpp"
#include "settle/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace suan::settle {
namespace {

constexpr std::uint32_t frame_magic = 0x31524653;  // "SFR1"
constexpr std::string_view journal_magic = "SUANSTL1";
constexpr std::size_t crc_from = 12;
constexpr std::size_t window_bytes = std::size_t{8} << 20;

std::size_t padded(std::size_t size) {
    return (size + 7) & ~std::size_t{7};
}

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

// Hashes of the rows 0 | record | answer, a few rows at a time, so that they stay in the cache.
std::vector<Hash256> hash_rows(std::string_view records, std::size_t record_size,
                               std::string_view answers) {
    constexpr std::size_t at_once = 64;
    const std::size_t row_size = record_size + 2;
    std::string rows(std::min(at_once, answers.size()) * row_size, '\0');
    std::array<std::string_view, at_once> views;
    std::vector<Hash256> out(answers.size());
    for (std::size_t first = 0; first < answers.size(); first += at_once) {
        const std::size_t count = std::min(at_once, answers.size() - first);
        for (std::size_t i = 0; i < count; ++i) {
            char* const row = rows.data() + i * row_size;
            records.copy(row + 1, record_size, (first + i) * record_size);
            row[row_size - 1] = answers[first + i];
            views[i] = std::string_view(row, row_size);
        }
        crypto::sm3_many(std::span(views).first(count), std::span(out).subspan(first, count));
    }
    return out;
}

Result<Block> decode_block(std::string_view bytes) {
    log::ByteReader in(bytes, "block");
    Block out;
    out.number = in.u64("number");
    out.time = Time{static_cast<std::int64_t>(in.u64("time"))};
    const std::uint32_t kind = in.u32("kind");
    out.count = in.u32("count");
    out.previous = in.hash("previous");
    out.root = in.hash("root");
    out.state_digest = in.hash("state digest");
    if (!in.ok()) return in.error();
    if (kind != 1 && kind != 2) return corrupt(fmt::format("block: kind: 1 or 2, found {}", kind));
    out.kind = FrameKind{kind};
    return out;
}

std::string encode_head(const Hash256& id) {
    std::string out(journal_magic);
    out.append(as_text(id));
    out.append(journal_head_bytes - 4 - out.size(), '\0');
    append_u32(out, log::crc32c(out));
    return out;
}

}  // namespace

std::string encode_block(const Block& block) {
    std::string out;
    out.reserve(block_bytes);
    append_u64(out, block.number);
    append_u64(out, static_cast<std::uint64_t>(block.time.us));
    append_u32(out, static_cast<std::uint32_t>(block.kind));
    append_u32(out, block.count);
    out.append(as_text(block.previous));
    out.append(as_text(block.root));
    out.append(as_text(block.state_digest));
    return out;
}

Hash256 block_hash(const Block& block) {
    return crypto::sm3(encode_block(block));
}

std::vector<Hash256> frame_leaves(FrameKind kind, std::string_view body, std::string_view answers) {
    if (kind == FrameKind::change) return hash_rows(body, body.size(), answers.substr(0, 1));
    SUAN_ASSERT(body.size() > batch_head_bytes);
    const std::string_view records = body.substr(batch_head_bytes);
    SUAN_ASSERT(!answers.empty());
    return hash_rows(records, records.size() / answers.size(), answers);
}

Hash256 frame_root(FrameKind kind, std::string_view body, std::string_view answers) {
    return crypto::merkle_root(frame_leaves(kind, body, answers));
}

Result<Frame> decode_frame(std::string_view bytes) {
    if (bytes.size() < frame_head_bytes) {
        return corrupt(
            fmt::format("frame: {} bytes, a head has {}", bytes.size(), frame_head_bytes));
    }
    if (read_u32(bytes, 0) != frame_magic) {
        return corrupt(fmt::format("frame: expected SFR1, found {:08x}", read_u32(bytes, 0)));
    }
    const std::size_t payload = read_u32(bytes, 4);
    const std::size_t size = padded(frame_head_bytes + payload);
    if (size > frame_bytes_max || size > bytes.size()) {
        return corrupt(fmt::format("frame: {} bytes of payload, {} are there", payload,
                                   bytes.size() - frame_head_bytes));
    }
    const std::uint32_t crc = log::crc32c(bytes.substr(crc_from, size - crc_from));
    if (crc != read_u32(bytes, 8)) {
        return corrupt(
            fmt::format("frame: checksum {:08x}, expected {:08x}", crc, read_u32(bytes, 8)));
    }
    Result<Block> block = decode_block(bytes.substr(24, block_bytes));
    if (!block) return std::move(block).error();
    Frame out{.block = *block, .durable = read_u64(bytes, 16), .size = size};
    if (out.block.count == 0 || out.block.count > payload) {
        return corrupt(fmt::format("frame: {} answers in {} bytes", out.block.count, payload));
    }
    out.body = bytes.substr(frame_head_bytes, payload - out.block.count);
    out.answers = bytes.substr(frame_head_bytes + out.body.size(), out.block.count);
    const bool is_batch = out.block.kind == FrameKind::transfers;
    if (is_batch && (out.body.size() <= batch_head_bytes ||
                     (out.body.size() - batch_head_bytes) % out.block.count != 0)) {
        return corrupt(
            fmt::format("frame: {} bytes are no batch of {}", out.body.size(), out.block.count));
    }
    return out;
}

std::string_view Sealer::frame_padding(const Content& content) {
    const std::size_t size = frame_head_bytes + content.body.size() + content.answers.size();
    return std::string_view("\0\0\0\0\0\0\0", 7).substr(0, padded(size) - size);
}

std::string Sealer::seal_head(const Content& content, std::uint64_t durable, Block& block) {
    block = Block{.number = position_.last_number + 1, .time = content.time, .kind = content.kind};
    block.count = static_cast<std::uint32_t>(content.answers.size());
    block.previous = position_.last_hash;
    block.root = frame_root(content.kind, content.body, content.answers);
    block.state_digest = content.state_digest;
    const std::string head = encode_block(block);
    const std::size_t payload = content.body.size() + content.answers.size();
    SUAN_ASSERT(padded(frame_head_bytes + payload) <= frame_bytes_max);
    std::string summed;  // what the checksum is over, but for the payload
    append_u32(summed, 0);
    append_u64(summed, durable);
    summed += head;
    std::uint32_t crc = log::crc32c(summed);
    for (const std::string_view piece : {content.body, content.answers, frame_padding(content)})
        crc = log::crc32c(piece, crc);
    std::string out;
    out.reserve(frame_head_bytes);
    append_u32(out, frame_magic);
    append_u32(out, static_cast<std::uint32_t>(payload));
    append_u32(out, crc);
    out += summed;
    position_ = Position{block.number, crypto::sm3(head)};
    return out;
}

Block Sealer::seal(const Content& content, std::uint64_t durable, std::string& out) {
    Block block;
    out += seal_head(content, durable, block);
    out += content.body;
    out += content.answers;
    out += frame_padding(content);
    return block;
}

Result<Journal> Journal::open(File& file, const Hash256& new_id, const FrameVisitor& visit,
                              Check check, Opened* opened) {
    Result<Journal> out = open_head(file, new_id);
    if (!out) return out;
    if (auto done = out->read_all(visit, check, opened); !done) return std::move(done).error();
    return out;
}

Result<Journal> Journal::open_head(File& file, const Hash256& new_id) {
    Result<std::string> head = file.read(0, journal_head_bytes);
    if (!head) return std::move(head).error();
    Result<std::uint64_t> size = file.size();
    if (!size) return std::move(size).error();
    const bool is_head = head->size() == journal_head_bytes && head->starts_with(journal_magic) &&
                         read_u32(*head, journal_head_bytes - 4) ==
                             log::crc32c(std::string_view(*head).substr(0, 60));
    if (!is_head) {
        // The head is synced before the first frame is written: without frames nothing is lost.
        Result<std::string> next = file.read(journal_head_bytes, 4);
        if (!next) return std::move(next).error();
        if (next->size() == 4 && read_u32(*next, 0) == frame_magic) {
            return corrupt("journal: offset 0: the head is broken, and frames follow it");
        }
        if (auto done = file.truncate(0); !done) return std::move(done).error();
        if (auto done = file.write(0, encode_head(new_id)); !done) return std::move(done).error();
        if (auto done = file.sync(); !done) return std::move(done).error();
        head = encode_head(new_id);
    }
    Hash256 id;
    std::copy_n(as_bytes(*head).begin() + 8, 32, id.begin());
    Journal out(file, id);
    out.position_.last_hash = id;
    return out;
}

Result<void> Journal::read_all(const FrameVisitor& visit, Check check, Opened* opened) {
    const Result<std::uint64_t> size = file_->size();
    if (!size) return size.error();
    std::uint64_t window_at = end_;
    Result<std::string> window = file_->read(window_at, window_bytes);
    for (;;) {
        if (!window) return std::move(window).error();
        if (end_ == *size) return {};
        std::string_view rest = std::string_view(*window).substr(end_ - window_at);
        if (rest.size() < frame_bytes_max && window_at + window->size() < *size) {
            window_at = end_;
            window = file_->read(window_at, window_bytes);
            continue;
        }
        Result<Frame> frame = decode_frame(rest);
        if (!frame) return cut_tail(*size, frame.error(), opened);
        frame->offset = end_;
        if (frame->block.number != position_.last_number + 1 ||
            frame->block.previous != position_.last_hash) {
            // Left over from before an earlier cut, whose place newer frames have taken.
            return cut_tail(*size, corrupt("frame: it does not follow the one before"), opened);
        }
        if (auto done = take(*frame, visit, check); !done) {
            return std::move(done).error().wrap(
                fmt::format("journal: block {} at offset {}", frame->block.number, end_));
        }
    }
}

Result<void> Journal::take(const Frame& frame, const FrameVisitor& visit, Check check) {
    if (check == Check::roots &&
        frame_root(frame.block.kind, frame.body, frame.answers) != frame.block.root) {
        return corrupt("the Merkle root is not that of the records");
    }
    if (auto done = visit(frame); !done) return done;
    end_ += frame.size;
    position_ = Sealer::Position{frame.block.number, block_hash(frame.block)};
    return {};
}

// Frames lie at multiples of 8, so a scan finds each one that survived.
Result<void> Journal::cut_tail(std::uint64_t file_size, const Error& why, Opened* opened) {
    const std::uint64_t broken = position_.last_number + 1;
    for (std::uint64_t at = end_; at < file_size;) {
        const Result<std::string> window = file_->read(at, window_bytes + frame_bytes_max);
        if (!window) return window.error();
        const std::string_view bytes = *window;
        const std::size_t stop = std::min(bytes.size(), window_bytes);
        for (std::size_t i = 0; i < stop && bytes.size() - i >= frame_head_bytes; i += 8) {
            if (read_u32(bytes, i) != frame_magic) continue;
            const Result<Frame> frame = decode_frame(bytes.substr(i));
            if (frame && frame->durable >= broken) {
                return corrupt(fmt::format(
                    "journal: offset {}: block {} was durable when block {} at offset {} was "
                    "written, and is broken now: {}",
                    end_, broken, frame->block.number, at + i, why.context));
            }
        }
        at += window_bytes;
    }
    if (opened != nullptr) opened->bytes_cut = file_size - end_;
    if (auto done = file_->truncate(end_); !done) return done;
    return file_->sync();
}

Result<void> Journal::append(std::span<const std::string_view> pieces) {
    if (auto done = file_->write_pieces(end_, pieces); !done) return done;
    if (auto done = file_->sync(); !done) return done;
    for (const std::string_view piece : pieces)
        end_ += piece.size();
    return {};
}

Result<std::string> Journal::read_frame_at(std::uint64_t offset) const {
    const Result<std::string> head = file_->read(offset, 8);
    if (!head) return head.error();
    if (head->size() < 8 || read_u32(*head, 0) != frame_magic ||
        padded(frame_head_bytes + read_u32(*head, 4)) > frame_bytes_max) {
        return corrupt(fmt::format("journal: offset {}: there is no frame", offset));
    }
    return file_->read(offset, padded(frame_head_bytes + read_u32(*head, 4)));
}

}  // namespace suan::settle
