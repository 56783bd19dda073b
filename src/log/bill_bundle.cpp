#include "log/bill_bundle.hpp"

#include "base/limits.hpp"
#include "crypto/merkle.hpp"
#include "crypto/sm3.hpp"
#include "log/codec.hpp"
#include "log/entry.hpp"
#include "log/receipt.hpp"

#include <fmt/format.h>

namespace suan::log {
namespace {

constexpr std::string_view magic = "SUANBIL1";
// seq, length, and the length of the path.
constexpr std::size_t entry_bytes_min = 8 + 4 + 4;

Result<void> check_rising(std::span<const Seq> seqs, ErrorCode code) {
    Seq before = 0;
    for (const Seq seq : seqs) {
        if (seq <= before) {
            return Error{
                code, fmt::format("bill: entries: expected one after {}, found {}", before, seq)};
        }
        before = seq;
    }
    return {};
}

// Adds the block of seqs.front() and every leading one of `seqs` that it covers; gives the rest.
Result<std::span<const Seq>> add_block(const Log& log, std::span<const Seq> seqs,
                                       BillBundle& bundle) {
    auto block = log.block_of(seqs.front());
    if (!block) return std::move(block).error();
    const BlockHeader& header = block->header;
    std::vector<Hash256> hashes;
    const std::size_t entries_before = bundle.entries.size();
    auto read = log.for_each(
        header.first_seq, header.last_seq, [&](Seq seq, std::string_view entry) -> Result<Next> {
            hashes.push_back(entry_hash(entry));
            if (!seqs.empty() && seqs.front() == seq) {
                bundle.entries.push_back(ProvenEntry{seq, std::string(entry), {}});
                seqs = seqs.subspan(1);
            }
            return Next::more;
        });
    if (!read) return std::move(read).error();
    const crypto::MerkleTree tree(crypto::merkle_leaves(hashes));
    for (std::size_t i = entries_before; i < bundle.entries.size(); ++i)
        bundle.entries[i].path = tree.path(bundle.entries[i].seq - header.first_seq);
    bundle.blocks.push_back(std::move(*block));
    return seqs;
}

std::vector<SealedBlock> read_blocks(ByteReader& in, Result<void>& failed) {
    std::vector<SealedBlock> out;
    const std::uint32_t count = in.count(4 + block_header_bytes, "blocks");
    for (std::uint32_t i = 0; i < count; ++i) {
        auto block = decode_block(in.take(in.u32("block length"), "block"));
        if (in.ok() && !block) {
            failed = std::move(block).error().wrap(
                fmt::format("bill proof: block {} of {}", i + 1, count));
        }
        if (!in.ok() || !failed) return out;
        out.push_back(std::move(*block));
    }
    return out;
}

std::vector<ProvenEntry> read_entries(ByteReader& in) {
    std::vector<ProvenEntry> out;
    const std::uint32_t count = in.count(entry_bytes_min, "entries");
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        ProvenEntry entry;
        entry.seq = in.u64("entry seq");
        entry.entry = in.take(in.u32("entry length"), "entry");
        const std::uint32_t hashes = in.count(32, "path");
        for (std::uint32_t j = 0; j < hashes; ++j)
            entry.path.push_back(in.hash("path hash"));
        out.push_back(std::move(entry));
    }
    return out;
}

Result<void> check_sum(std::string_view bytes) {
    if (bytes.size() < 32) {
        return Error{ErrorCode::corrupt,
                     fmt::format("bill proof: expected over 32 bytes, found {}", bytes.size())};
    }
    const std::string_view stored = bytes.substr(bytes.size() - 32);
    const Hash256 found = crypto::sm3(bytes.substr(0, bytes.size() - 32));
    if (stored == as_text(found)) return {};
    return Error{ErrorCode::corrupt,
                 fmt::format("bill proof: SM3 of the file: expected {}, found {}",
                             to_hex(as_bytes(stored)), to_hex(found))};
}

}  // namespace

Result<BillBundle> make_bill_bundle(const Log& log, const crypto::PublicKey& operator_key,
                                    std::string bill, std::span<const Seq> seqs) {
    auto rising = check_rising(seqs, ErrorCode::invalid);
    if (!rising) return std::move(rising).error();
    BillBundle bundle;
    bundle.log_id = log.id();
    bundle.operator_key = operator_key.raw();
    bundle.bill = std::move(bill);
    while (!seqs.empty()) {
        auto rest = add_block(log, seqs, bundle);
        if (!rest) return std::move(rest).error();
        if (rest->size() == seqs.size()) {
            return Error{ErrorCode::not_found,
                         fmt::format("entry {}: not in the log", seqs.front())};
        }
        seqs = *rest;
    }
    return bundle;
}

std::string encode_bill_bundle(const BillBundle& bundle) {
    std::string out(magic);
    append_fixed(out, bundle.log_id);
    append_fixed(out, bundle.operator_key);
    append_u32(out, std::uint32_t(bundle.bill.size()));
    out.append(bundle.bill);
    append_u32(out, std::uint32_t(bundle.blocks.size()));
    for (const SealedBlock& block : bundle.blocks) {
        const std::string bytes = encode_block(block);
        append_u32(out, std::uint32_t(bytes.size()));
        out.append(bytes);
    }
    append_u32(out, std::uint32_t(bundle.entries.size()));
    for (const ProvenEntry& entry : bundle.entries) {
        append_u64(out, entry.seq);
        append_u32(out, std::uint32_t(entry.entry.size()));
        out.append(entry.entry);
        append_u32(out, std::uint32_t(entry.path.size()));
        for (const Hash256& hash : entry.path)
            append_fixed(out, hash);
    }
    append_fixed(out, crypto::sm3(out));
    return out;
}

Result<BillBundle> decode_bill_bundle(std::string_view bytes) {
    auto sum = check_sum(bytes);
    if (!sum) return std::move(sum).error();
    ByteReader in(bytes.substr(0, bytes.size() - 32), "bill proof");
    BillBundle bundle;
    in.expect(magic, "magic");
    bundle.log_id = in.hash("log id");
    bundle.operator_key = in.fixed<65>("operator key");
    bundle.bill = in.take(in.u32("bill length"), "bill");
    Result<void> block_failed;
    bundle.blocks = read_blocks(in, block_failed);
    if (!block_failed) return std::move(block_failed).error();
    bundle.entries = read_entries(in);
    in.expect_end();
    if (!in.ok()) return in.error();
    return bundle;
}

namespace {

Result<void> verify_entries_of(const SealedBlock& block, std::span<const ProvenEntry>& entries) {
    const std::size_t before = entries.size();
    while (!entries.empty() && entries.front().seq <= block.header.last_seq) {
        const ProvenEntry& entry = entries.front();
        auto good = verify_inclusion(entry.seq, entry_hash(entry.entry), entry.path, block.header);
        if (!good) return good;
        entries = entries.subspan(1);
    }
    if (entries.size() != before) return {};
    return Error{ErrorCode::corrupt,
                 fmt::format("block {}: expected an entry of it, found none", block.header.number)};
}

}  // namespace

Result<void> verify_bill_bundle(const BillBundle& bundle, const crypto::PublicKey& trusted) {
    if (bundle.operator_key != trusted.raw()) {
        return Error{ErrorCode::corrupt,
                     fmt::format("operator key: expected {}, found {}", to_hex(trusted.raw()),
                                 to_hex(bundle.operator_key))};
    }
    std::vector<Seq> seqs;
    for (const ProvenEntry& entry : bundle.entries)
        seqs.push_back(entry.seq);
    auto good = check_rising(seqs, ErrorCode::corrupt);
    if (!good) return good;
    std::span<const ProvenEntry> left = bundle.entries;
    Seq before = 0;
    for (const SealedBlock& block : bundle.blocks) {
        if (block.header.first_seq <= before) {
            return Error{ErrorCode::corrupt,
                         fmt::format("block {}: first_seq: expected over {}, found {}",
                                     block.header.number, before, block.header.first_seq)};
        }
        before = block.header.last_seq;
        good = verify_signature(block, trusted);
        if (good) good = verify_entries_of(block, left);
        if (!good) return good;
    }
    if (left.empty()) return {};
    return Error{
        ErrorCode::corrupt,
        fmt::format("entry {}: expected a block that covers it, found none", left.front().seq)};
}

}  // namespace suan::log
