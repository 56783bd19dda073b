#include "log/frames.hpp"

#include "base/limits.hpp"
#include "log/codec.hpp"
#include "log/crc32c.hpp"
#include "log/record.hpp"

#include <fmt/format.h>

#include <istream>
#include <ostream>

namespace suan::log {
namespace {

constexpr std::size_t frame_head_bytes = 1 + 4 + 4;
constexpr std::size_t frame_bytes_wanted = 1 << 20;
// The wanted size is passed by one entry at most.
constexpr std::size_t frame_bytes_max = frame_bytes_wanted + limits::entry_bytes_max + 64;

std::uint32_t frame_sum(char type, std::string_view body) {
    return crc32c(body, crc32c({&type, 1}));
}

Result<void> take_entries(std::string_view body,
                          const std::function<Result<void>(Seq, std::string_view)>& entry) {
    ByteReader in(body, "entries frame");
    const Seq first_seq = in.u64("first_seq");
    const std::uint32_t count = in.u32("count");
    if (!in.ok()) return in.error();
    auto read = for_each_record(body.substr(in.offset()), first_seq, count, 0, UINT64_MAX,
                                [&](Seq seq, std::string_view bytes) -> Result<Next> {
                                    auto good = entry(seq, bytes);
                                    if (!good) return std::move(good).error();
                                    return Next::more;
                                });
    if (!read) return std::move(read).error();
    return {};
}

Result<void> take_block(std::string_view body,
                        const std::function<Result<void>(const SealedBlock&)>& block) {
    auto decoded = decode_block(body);
    if (!decoded) return std::move(decoded).error();
    return block(*decoded);
}

}  // namespace

Result<void> FrameWriter::entry(Seq seq, std::string_view bytes) {
    if (count_ == 0) first_seq_ = seq;
    append_records(records_, seq, {&bytes, 1});
    count_ += 1;
    if (records_.size() >= frame_bytes_wanted) flush();
    return state();
}

Result<void> FrameWriter::block(const SealedBlock& block) {
    flush();
    frame(block_frame, encode_block(block));
    return state();
}

Result<void> FrameWriter::end(Seq last_seq, std::uint64_t last_block) {
    flush();
    std::string body;
    append_u64(body, last_seq);
    append_u64(body, last_block);
    append_fixed(body, sum_.finish());
    frame(end_frame, body);
    out_.flush();
    return state();
}

Result<void> FrameWriter::state() const {
    if (out_) return {};
    return Error{ErrorCode::io, "export: the file cannot be written"};
}

void FrameWriter::put(std::string_view bytes) {
    sum_.update(bytes);
    out_.write(bytes.data(), std::streamsize(bytes.size()));
    written_ += bytes.size();
}

void FrameWriter::frame(char type, std::string_view body) {
    std::string head(1, type);
    append_u32(head, std::uint32_t(body.size()));
    append_u32(head, frame_sum(type, body));
    put(head);
    put(body);
}

void FrameWriter::flush() {
    if (count_ == 0) return;
    std::string body;
    append_u64(body, first_seq_);
    append_u32(body, count_);
    body.append(records_);
    frame(entries_frame, body);
    records_.clear();
    count_ = 0;
}

Result<std::string> FrameReader::bytes(std::size_t count, std::string_view field) {
    std::string out(count, '\0');
    in_.read(out.data(), std::streamsize(count));
    const std::size_t got = std::size_t(in_.gcount());
    if (got != count) return bad(field, fmt::format("{} bytes", count), fmt::format("{}", got));
    offset_ += count;
    return out;
}

Result<std::string> FrameReader::head(std::size_t count) {
    auto out = bytes(count, "head");
    if (out) sum_.update(*out);
    return out;
}

Result<FrameReader::Frame> FrameReader::frame() {
    auto head = bytes(frame_head_bytes, "frame");
    if (!head) return std::move(head).error();
    Frame out;
    out.type = (*head)[0];
    const std::uint32_t size = read_u32(*head, 1);
    if (size > frame_bytes_max) {
        return bad("frame length", fmt::format("at most {}", frame_bytes_max),
                   fmt::format("{}", size));
    }
    auto body = bytes(size, "frame body");
    if (!body) return std::move(body).error();
    const std::uint32_t computed = frame_sum(out.type, *body);
    if (computed != read_u32(*head, 5)) {
        return bad("frame CRC-32C before here", fmt::format("{:08x}", read_u32(*head, 5)),
                   fmt::format("{:08x}", computed));
    }
    if (out.type == end_frame) out.sum_before = sum_.finish();
    sum_.update(*head);
    sum_.update(*body);
    out.body = std::move(*body);
    return out;
}

Result<EndFrame> FrameReader::end(const Frame& frame) {
    ByteReader in(frame.body, "end frame");
    EndFrame out;
    out.last_seq = in.u64("last_seq");
    out.last_block = in.u64("last_block");
    const Hash256 sum = in.hash("SM3");
    in.expect_end();
    if (!in.ok()) return in.error();
    if (sum != frame.sum_before)
        return Error{ErrorCode::corrupt, fmt::format("end frame: SM3: expected {}, found {}",
                                                     to_hex(sum), to_hex(frame.sum_before))};
    if (in_.peek() == std::istream::traits_type::eof()) return out;
    return bad("end", "no more bytes", "more");
}

Result<EndFrame> FrameReader::frames(
    const std::function<Result<void>(Seq, std::string_view)>& entry,
    const std::function<Result<void>(const SealedBlock&)>& block) {
    for (;;) {
        auto next = frame();
        if (!next) return std::move(next).error();
        Result<void> good;
        switch (next->type) {
            case entries_frame:
                good = take_entries(next->body, entry);
                break;
            case block_frame:
                good = take_block(next->body, block);
                break;
            case end_frame:
                return end(*next);
            default:
                return bad("frame type before here", "E, B or Z",
                           fmt::format("{:02x}", std::uint8_t(next->type)));
        }
        if (!good) return std::move(good).error();
    }
}

Error FrameReader::bad(std::string_view field, std::string expected, std::string found) const {
    return Error{ErrorCode::corrupt, fmt::format("{}: offset {}: {}: expected {}, found {}", what_,
                                                 offset_, field, expected, found)};
}

}  // namespace suan::log
