#include "log/export.hpp"

#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "log/codec.hpp"
#include "log/crc32c.hpp"
#include "log/record.hpp"

#include <fmt/format.h>

#include <istream>
#include <ostream>

namespace suan::log {
namespace {

constexpr std::string_view magic = "SUANEXP1";
constexpr char entries_frame = 'E';
constexpr char block_frame = 'B';
constexpr char end_frame = 'Z';
constexpr std::size_t frame_head_bytes = 1 + 4 + 4;
constexpr std::size_t frame_bytes_wanted = 1 << 20;
// The wanted size is passed by one entry at most.
constexpr std::size_t frame_bytes_max = frame_bytes_wanted + limits::entry_bytes_max + 64;

std::uint32_t frame_sum(char type, std::string_view body) {
    return crc32c(body, crc32c({&type, 1}));
}

class Writer {
public:
    explicit Writer(std::ostream& out) : out_(out) {}

    void start(const Hash256& log_id, const crypto::PublicKey& key) {
        std::string head(magic);
        append_fixed(head, log_id);
        append_fixed(head, key.raw());
        put(head);
    }
    Result<void> entry(Seq seq, std::string_view bytes) {
        if (count_ == 0) first_seq_ = seq;
        append_records(records_, seq, {&bytes, 1});
        count_ += 1;
        if (records_.size() >= frame_bytes_wanted) flush();
        return state();
    }
    Result<void> block(const SealedBlock& block) {
        flush();
        frame(block_frame, encode_block(block));
        return state();
    }
    Result<void> end(Seq last_seq, std::uint64_t last_block) {
        flush();
        std::string body;
        append_u64(body, last_seq);
        append_u64(body, last_block);
        append_fixed(body, sum_.finish());
        frame(end_frame, body);
        out_.flush();
        return state();
    }

private:
    Result<void> state() const {
        if (out_) return {};
        return Error{ErrorCode::io, "export: the file cannot be written"};
    }
    void put(std::string_view bytes) {
        sum_.update(bytes);
        out_.write(bytes.data(), std::streamsize(bytes.size()));
    }
    void frame(char type, std::string_view body) {
        std::string head(1, type);
        append_u32(head, std::uint32_t(body.size()));
        append_u32(head, frame_sum(type, body));
        put(head);
        put(body);
    }
    void flush() {
        if (count_ == 0) return;
        std::string body;
        append_u64(body, first_seq_);
        append_u32(body, count_);
        body.append(records_);
        frame(entries_frame, body);
        records_.clear();
        count_ = 0;
    }

    std::ostream& out_;
    crypto::Sm3 sum_;
    std::string records_;
    Seq first_seq_ = 0;
    std::uint32_t count_ = 0;
};

struct Frame {
    char type = 0;
    std::string body;
    Hash256 sum_before{};  // of the file up to this frame; of the end frame only
};

class Reader {
public:
    explicit Reader(std::istream& in) : in_(in) {}

    Result<std::string> bytes(std::size_t count, std::string_view what) {
        std::string out(count, '\0');
        in_.read(out.data(), std::streamsize(count));
        const std::size_t got = std::size_t(in_.gcount());
        if (got != count) return bad(what, fmt::format("{} bytes", count), fmt::format("{}", got));
        offset_ += count;
        return out;
    }
    void summed(std::string_view part) { sum_.update(part); }

    Result<Frame> frame() {
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
        summed(*head);
        summed(*body);
        out.body = std::move(*body);
        return out;
    }

    Result<void> end() {
        if (in_.peek() == std::istream::traits_type::eof()) return {};
        return bad("end", "no more bytes", "more");
    }
    Error bad(std::string_view what, std::string expected, std::string found) const {
        return Error{ErrorCode::corrupt, fmt::format("export: offset {}: {}: expected {}, found {}",
                                                     offset_, what, expected, found)};
    }

private:
    std::istream& in_;
    std::uint64_t offset_ = 0;
    crypto::Sm3 sum_;
};

Result<void> take_entries(std::string_view body, ChainVerifier& verifier,
                          const ExportReading& reading) {
    ByteReader in(body, "entries frame");
    const Seq first_seq = in.u64("first_seq");
    const std::uint32_t count = in.u32("count");
    if (!in.ok()) return in.error();
    auto read = for_each_record(body.substr(in.offset()), first_seq, count, 0, UINT64_MAX,
                                [&](Seq seq, std::string_view entry) -> Result<Next> {
                                    auto good = verifier.entry(seq, entry);
                                    if (good && reading.each_entry)
                                        good = reading.each_entry(seq, entry);
                                    if (!good) return std::move(good).error();
                                    return Next::more;
                                });
    if (!read) return std::move(read).error();
    return {};
}

Result<void> take_block(std::string_view body, ChainVerifier& verifier,
                        const ExportReading& reading) {
    auto block = decode_block(body);
    if (!block) return std::move(block).error();
    auto good = verifier.block(*block);
    if (good && reading.each_block) good = reading.each_block(*block);
    return good;
}

Result<void> take_end(const Frame& frame, const ChainVerifier& verifier) {
    ByteReader in(frame.body, "end frame");
    const Seq last_seq = in.u64("last_seq");
    const std::uint64_t last_block = in.u64("last_block");
    const Hash256 sum = in.hash("SM3");
    in.expect_end();
    if (!in.ok()) return in.error();
    const Verified& found = verifier.so_far();
    if (last_seq == found.entries && last_block == found.blocks && sum == frame.sum_before) {
        return {};
    }
    return Error{ErrorCode::corrupt,
                 fmt::format("end frame: expected {} entries, {} blocks, SM3 {}, found {}, {}, {}",
                             last_seq, last_block, to_hex(sum), found.entries, found.blocks,
                             to_hex(frame.sum_before))};
}

Result<void> take_frames(Reader& reader, ChainVerifier& verifier, const ExportReading& reading) {
    for (;;) {
        auto frame = reader.frame();
        if (!frame) return std::move(frame).error();
        Result<void> good;
        switch (frame->type) {
            case entries_frame:
                good = take_entries(frame->body, verifier, reading);
                break;
            case block_frame:
                good = take_block(frame->body, verifier, reading);
                break;
            case end_frame:
                good = take_end(*frame, verifier);
                return good ? reader.end() : good;
            default:
                return reader.bad("frame type before here", "E, B or Z",
                                  fmt::format("{:02x}", std::uint8_t(frame->type)));
        }
        if (!good) return good;
    }
}

}  // namespace

Result<Verified> export_log(const Log& log, const crypto::PublicKey& operator_key,
                            std::ostream& out) {
    Writer writer(out);
    writer.start(log.id(), operator_key);
    VerifyOptions options;
    options.each_entry = [&](Seq seq, std::string_view entry) { return writer.entry(seq, entry); };
    options.each_block = [&](const SealedBlock& block) { return writer.block(block); };
    auto verified = verify_log(log, operator_key, options);
    if (!verified) return verified;
    auto ended = writer.end(verified->entries, verified->blocks);
    if (!ended) return std::move(ended).error();
    return verified;
}

Result<Exported> read_export(std::istream& in, const ExportReading& reading) {
    Reader reader(in);
    auto head = reader.bytes(magic.size() + 32 + 65, "head");
    if (!head) return std::move(head).error();
    reader.summed(*head);
    ByteReader fields(*head, "export");
    fields.expect(magic, "magic");
    const Hash256 log_id = fields.hash("log id");
    const crypto::RawPublicKey raw_key = fields.fixed<65>("operator key");
    if (!fields.ok()) return fields.error();
    auto key = crypto::PublicKey::from_raw(as_text(raw_key));
    if (!key) return Error{ErrorCode::corrupt, "export: operator key: " + key.error().context};
    if (reading.trusted && !(*reading.trusted == *key)) {
        return Error{ErrorCode::corrupt,
                     fmt::format("export: operator key: expected {}, found {}",
                                 to_hex(reading.trusted->raw()), to_hex(raw_key))};
    }
    ChainVerifier verifier(log_id, *key);
    auto good = take_frames(reader, verifier, reading);
    if (!good) return std::move(good).error();
    return Exported{log_id, *key, verifier.so_far()};
}

}  // namespace suan::log
