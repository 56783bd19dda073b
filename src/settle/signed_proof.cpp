#include "settle/signed_proof.hpp"

#include "log/codec.hpp"

#include <fmt/format.h>

#include <cstring>

namespace suan::settle {
namespace {

constexpr std::string_view magic = "SUANTPF1";
constexpr std::string_view statement = "suan ledger block 1";

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, "proof: " + std::move(context)};
}

Block read_block(log::ByteReader& in) {
    Block out;
    out.number = in.u64("block number");
    out.time = Time{static_cast<std::int64_t>(in.u64("block time"))};
    out.kind = static_cast<FrameKind>(in.u32("block kind"));
    out.count = in.u32("block count");
    out.previous = in.hash("hash of the block before");
    out.root = in.hash("root");
    out.state_digest = in.hash("state digest");
    return out;
}

}  // namespace

std::string block_statement(const Hash256& journal_id, std::uint32_t book, const Block& block) {
    std::string out(statement);
    out.push_back('\0');
    log::append_fixed(out, journal_id);
    append_u32(out, book);
    log::append_fixed(out, block_hash(block));
    return out;
}

Result<SignedProof> sign_proof(const Hash256& journal_id, TransferProof proof,
                               const crypto::PrivateKey& key) {
    auto signature = key.sign(block_statement(journal_id, proof.book, proof.block));
    if (!signature) return std::move(signature).error();
    return SignedProof{journal_id, std::move(proof), key.public_key().raw(), *signature};
}

std::string encode_proof(const SignedProof& proof) {
    const TransferProof& p = proof.proof;
    std::string out(magic);
    log::append_fixed(out, proof.journal_id);
    append_u32(out, p.book);
    append_u32(out, p.index);
    out.append(encode_block(p.block));
    append_u32(out, static_cast<std::uint32_t>(p.code));
    append_u32(out, static_cast<std::uint32_t>(p.record.size()));
    out.append(p.record);
    append_u32(out, static_cast<std::uint32_t>(p.path.size()));
    for (const Hash256& hash : p.path)
        log::append_fixed(out, hash);
    log::append_fixed(out, proof.operator_key);
    log::append_fixed(out, proof.signature);
    return out;
}

Result<SignedProof> decode_proof(std::string_view bytes) {
    log::ByteReader in(bytes, "proof");
    SignedProof out;
    in.expect(magic, "magic");
    out.journal_id = in.hash("journal id");
    out.proof.book = in.u32("book");
    out.proof.index = in.u32("index");
    out.proof.block = read_block(in);
    const std::uint32_t code = in.u32("answer");
    out.proof.record = std::string(in.take(in.u32("record length"), "record"));
    const std::uint32_t steps = in.count(out.journal_id.size(), "path");
    for (std::uint32_t i = 0; i < steps; ++i)
        out.proof.path.push_back(in.hash("path"));
    out.operator_key = in.fixed<65>("operator's key");
    out.signature = in.fixed<64>("signature");
    in.expect_end();
    if (!in.ok()) return in.error();
    if (code > UINT8_MAX || !is_code(static_cast<std::uint8_t>(code))) {
        return corrupt(fmt::format("answer: {} is none that a transfer can have", code));
    }
    out.proof.code = static_cast<Code>(code);
    return out;
}

Result<CheckedTransfer> check_proof(const SignedProof& proof, const crypto::PublicKey& trusted) {
    const TransferProof& p = proof.proof;
    if (!trusted.verify(block_statement(proof.journal_id, p.book, p.block), proof.signature)) {
        return corrupt(fmt::format("block {}: its signature is not of the key SM3 {}",
                                   p.block.number, to_hex(trusted.id())));
    }
    if (p.block.kind != FrameKind::transfers || !verify_proof(p)) {
        return corrupt(
            fmt::format("the path does not lead from record {} and its answer to the "
                        "root of block {}",
                        p.index, p.block.number));
    }
    CheckedTransfer out;
    if (p.record.size() < sizeof(ledger::Transfer)) return corrupt("the record is too short");
    std::memcpy(&out.transfer, p.record.data(), sizeof out.transfer);
    out.is_signed = p.record.size() > sizeof(ledger::Transfer);
    if (out.is_signed && p.record.size() < record_bytes(Form::signed_only))
        return corrupt("the record is too short for a signature");
    if (!out.is_signed) return out;
    const std::string_view part = std::string_view(p.record).substr(sizeof(ledger::Transfer));
    out.signed_part.key = read_u32(part, 0);
    out.signed_part.serial = read_u64(part, 8);
    out.signed_part.valid_until_us = static_cast<std::int64_t>(read_u64(part, 16));
    return out;
}

}  // namespace suan::settle
