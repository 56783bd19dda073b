#include "log/receipt.hpp"

#include "crypto/merkle.hpp"
#include "log/codec.hpp"

#include <fmt/format.h>

namespace suan::log {
namespace {
constexpr std::string_view magic = "SUANRCP1";
}

Result<Receipt> receipt(const Log& log, Seq seq) {
    auto block = log.block_of(seq);
    if (!block) return std::move(block).error();
    auto hashes = entry_hashes(log, block->header.first_seq, block->header.last_seq);
    if (!hashes) return std::move(hashes).error();
    const std::uint64_t index = seq - block->header.first_seq;
    Receipt out{seq, (*hashes)[index], {}, std::move(*block)};
    out.path = crypto::inclusion_path(crypto::merkle_leaves(*hashes), index);
    return out;
}

std::string encode_receipt(const Receipt& receipt) {
    std::string out(magic);
    append_u64(out, receipt.seq);
    append_fixed(out, receipt.entry_hash);
    append_u32(out, std::uint32_t(receipt.path.size()));
    for (const Hash256& hash : receipt.path)
        append_fixed(out, hash);
    const std::string block = encode_block(receipt.block);
    append_u32(out, std::uint32_t(block.size()));
    out.append(block);
    return out;
}

Result<Receipt> decode_receipt(std::string_view bytes) {
    ByteReader in(bytes, "receipt");
    Receipt out;
    in.expect(magic, "magic");
    out.seq = in.u64("seq");
    out.entry_hash = in.hash("entry hash");
    const std::uint32_t count = in.count(32, "path");
    for (std::uint32_t i = 0; i < count; ++i)
        out.path.push_back(in.hash("path hash"));
    const std::string_view block_bytes = in.take(in.u32("block length"), "block");
    in.expect_end();
    if (!in.ok()) return in.error();
    auto block = decode_block(block_bytes);
    if (!block) return std::move(block).error().wrap("receipt");
    out.block = std::move(*block);
    return out;
}

Result<void> verify_inclusion(Seq seq, const Hash256& entry_hash, std::span<const Hash256> path,
                              const BlockHeader& header) {
    if (seq < header.first_seq || seq > header.last_seq) {
        return Error{ErrorCode::corrupt,
                     fmt::format("entry {}: expected one of block {} ({} to {})", seq,
                                 header.number, header.first_seq, header.last_seq)};
    }
    const Hash256 leaf = crypto::merkle_leaf(as_text(entry_hash));
    if (crypto::verify_inclusion(leaf, seq - header.first_seq, header.entry_count(), path,
                                 header.merkle_root)) {
        return {};
    }
    return Error{ErrorCode::corrupt,
                 fmt::format("entry {}: SM3 {} is not proven by its path: expected to reach the "
                             "Merkle root {} of block {}",
                             seq, to_hex(entry_hash), to_hex(header.merkle_root), header.number)};
}

Result<void> verify_receipt(const Receipt& receipt, const crypto::PublicKey& operator_key) {
    auto included =
        verify_inclusion(receipt.seq, receipt.entry_hash, receipt.path, receipt.block.header);
    if (!included) return included;
    return verify_signature(receipt.block, operator_key);
}

}  // namespace suan::log
