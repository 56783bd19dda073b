#include "log/block.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/merkle.hpp"
#include "crypto/sm3.hpp"
#include "log/codec.hpp"
#include "log/entry.hpp"
#include "log/log.hpp"

#include <fmt/format.h>

namespace suan::log {
namespace {

constexpr std::string_view magic = "SUANBLK1";
constexpr std::size_t witness_bytes = 65 + 64;

Error bad_header(std::string_view field, std::string expected, std::uint64_t found) {
    return Error{ErrorCode::corrupt,
                 fmt::format("block header: {}: expected {}, found {}", field, expected, found)};
}

Result<void> check_numbers(const BlockHeader& header) {
    if (header.number == 0) return bad_header("number", "at least 1", 0);
    if (header.first_seq == 0) return bad_header("first_seq", "at least 1", 0);
    const Seq limit = header.first_seq + (limits::block_entries_max - 1);
    if (limit < header.first_seq) return bad_header("first_seq", "far less", header.first_seq);
    if (header.last_seq < header.first_seq || header.last_seq > limit) {
        return bad_header("last_seq", fmt::format("{} to {}", header.first_seq, limit),
                          header.last_seq);
    }
    return {};
}

}  // namespace

std::string encode_header(const BlockHeader& header) {
    std::string out(magic);
    out.reserve(block_header_bytes);
    append_u64(out, header.number);
    append_u64(out, header.first_seq);
    append_u64(out, header.last_seq);
    append_u64(out, std::uint64_t(header.time.us));
    append_fixed(out, header.previous);
    append_fixed(out, header.merkle_root);
    append_fixed(out, header.state_digest);
    append_fixed(out, header.operator_key);
    SUAN_ASSERT(out.size() == block_header_bytes);
    return out;
}

Result<BlockHeader> decode_header(std::string_view bytes) {
    ByteReader in(bytes, "block header");
    BlockHeader header;
    in.expect(magic, "magic");
    header.number = in.u64("number");
    header.first_seq = in.u64("first_seq");
    header.last_seq = in.u64("last_seq");
    header.time = Time{std::int64_t(in.u64("time"))};
    header.previous = in.hash("previous");
    header.merkle_root = in.hash("merkle_root");
    header.state_digest = in.hash("state_digest");
    header.operator_key = in.hash("operator_key");
    in.expect_end();
    if (!in.ok()) return in.error();
    auto sane = check_numbers(header);
    if (!sane) return std::move(sane).error();
    return header;
}

Hash256 block_hash(const BlockHeader& header) {
    return crypto::sm3(encode_header(header));
}

std::string encode_block(const SealedBlock& block) {
    std::string out = encode_header(block.header);
    append_fixed(out, block.signature);
    append_u32(out, std::uint32_t(block.witnesses.size()));
    for (const WitnessSignature& witness : block.witnesses) {
        append_fixed(out, witness.key);
        append_fixed(out, witness.signature);
    }
    return out;
}

Result<SealedBlock> decode_block(std::string_view bytes) {
    ByteReader in(bytes, "block");
    const std::string_view header_bytes = in.take(block_header_bytes, "header");
    SealedBlock block;
    block.signature = in.fixed<64>("signature");
    const std::uint32_t count = in.count(witness_bytes, "witnesses");
    if (in.ok() && count > limits::witnesses_max)
        return bad_header("witnesses", fmt::format("at most {}", limits::witnesses_max), count);
    for (std::uint32_t i = 0; i < count; ++i) {
        WitnessSignature witness;
        witness.key = in.fixed<65>("witness key");
        witness.signature = in.fixed<64>("witness signature");
        block.witnesses.push_back(witness);
    }
    in.expect_end();
    if (!in.ok()) return in.error();
    auto header = decode_header(header_bytes);
    if (!header) return std::move(header).error();
    block.header = *header;
    return block;
}

Result<SealedBlock> seal(const BlockHeader& header, const crypto::PrivateKey& key) {
    SUAN_ASSERT(header.operator_key == key.public_key().id());
    auto signature = key.sign(encode_header(header));
    if (!signature) {
        return std::move(signature).error().wrap(fmt::format("seal block {}", header.number));
    }
    return SealedBlock{header, *signature, {}};
}

Result<void> verify_signature(const SealedBlock& block, const crypto::PublicKey& operator_key) {
    const std::string name = fmt::format("block {}", block.header.number);
    if (block.header.operator_key != operator_key.id()) {
        return Error{ErrorCode::corrupt,
                     fmt::format("{}: operator key: expected {}, found {}", name,
                                 to_hex(operator_key.id()), to_hex(block.header.operator_key))};
    }
    if (!operator_key.verify(encode_header(block.header), block.signature)) {
        return Error{ErrorCode::corrupt,
                     fmt::format("{}: signature: expected one by key {}, found one that does not "
                                 "verify",
                                 name, to_hex(operator_key.id()))};
    }
    return {};
}

Hash256 entries_root(std::span<const Hash256> entry_hashes) {
    return crypto::merkle_root(crypto::merkle_leaves(entry_hashes));
}

BlockBuilder::BlockBuilder(const Head& head, const crypto::PublicKey& operator_key)
    : number_(head.last_block + 1),
      first_seq_(head.last_block_seq + 1),
      previous_(head.last_block_hash),
      operator_key_(operator_key.id()) {}

std::span<const Hash256> BlockBuilder::add(std::span<const std::string_view> entries, Time at) {
    SUAN_ASSERT(entries.size() <= room());
    if (hashes_.empty()) opened_ = at;
    const std::size_t before = hashes_.size();
    hashes_.resize(before + entries.size());
    const std::span<Hash256> added = std::span(hashes_).subspan(before);
    entry_hashes(entries, added);
    return added;
}

std::uint64_t BlockBuilder::room() const {
    return limits::block_entries_max - hashes_.size();
}

bool BlockBuilder::due(Time now) const {
    if (hashes_.empty()) return false;
    return room() == 0 || (now - opened_).us >= limits::block_age_us_max;
}

BlockHeader BlockBuilder::close(Time now, const Hash256& state_digest) {
    SUAN_ASSERT(!hashes_.empty());
    BlockHeader header;
    header.number = number_;
    header.first_seq = first_seq_;
    header.last_seq = first_seq_ + hashes_.size() - 1;
    header.time = now;
    header.previous = previous_;
    header.merkle_root = entries_root(hashes_);
    header.state_digest = state_digest;
    header.operator_key = operator_key_;
    number_ += 1;
    first_seq_ = header.last_seq + 1;
    previous_ = block_hash(header);
    hashes_.clear();
    return header;
}

}  // namespace suan::log
