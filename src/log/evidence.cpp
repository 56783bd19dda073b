#include "log/evidence.hpp"

#include "crypto/sm3.hpp"
#include "log/codec.hpp"
#include "log/cosignature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace suan::log {
namespace {

constexpr std::string_view magic = "SUANEVD1";

Error nothing_shown(std::string why) {
    return Error{ErrorCode::invalid, std::move(why)};
}

Result<Contradiction> contradiction_of(const BlockHeader& first, const BlockHeader& second) {
    if (block_hash(first) == block_hash(second))
        return nothing_shown(fmt::format("both are the same block {}", first.number));
    if (first.number == second.number) {
        return first.previous == second.previous ? Contradiction::fork : Contradiction::two_blocks;
    }
    if (second.number != first.number + 1) {
        return nothing_shown(fmt::format(
            "blocks {} and {} are neither of one number nor one after the other: nothing can be "
            "said about them",
            first.number, second.number));
    }
    if (second.previous != block_hash(first)) return Contradiction::denied_block;
    if (second.first_seq != first.last_seq + 1) return Contradiction::denied_block;
    return nothing_shown(
        fmt::format("block {} follows block {}, as it should", second.number, first.number));
}

using Cosigners = std::map<crypto::RawPublicKey, Cosigner>;

void collect(const Hash256& log_id, const SealedBlock& block, bool Cosigner::*which,
             Cosigners& out) {
    for (const WitnessSignature& witness : block.witnesses) {
        if (!verify_cosignature(log_id, block.header, witness)) continue;
        Cosigner& cosigner = out[witness.key];
        cosigner.key = witness.key;
        cosigner.*which = true;
    }
}

void append_block(std::string& out, const SealedBlock& block) {
    const std::string bytes = encode_block(block);
    append_u32(out, std::uint32_t(bytes.size()));
    out.append(bytes);
}

}  // namespace

const char* to_string(Contradiction kind) {
    switch (kind) {
        case Contradiction::fork:
            return "fork";
        case Contradiction::two_blocks:
            return "two_blocks";
        case Contradiction::denied_block:
            return "denied_block";
    }
    return "";
}

Result<Judged> judge(const Evidence& evidence) {
    auto key = crypto::PublicKey::from_raw(as_text(evidence.operator_key));
    if (!key) return nothing_shown("operator key: " + key.error().context);
    for (const SealedBlock* block : {&evidence.first, &evidence.second}) {
        auto good = verify_signature(*block, *key);
        if (!good) return nothing_shown(good.error().context);
    }
    auto kind = contradiction_of(evidence.first.header, evidence.second.header);
    if (!kind) return std::move(kind).error();
    Cosigners found;
    collect(evidence.log_id, evidence.first, &Cosigner::first, found);
    collect(evidence.log_id, evidence.second, &Cosigner::second, found);
    Judged out{*kind, {}};
    for (const auto& [raw, cosigner] : found)
        out.cosigners.push_back(cosigner);
    return out;
}

std::string encode_evidence(const Evidence& evidence) {
    std::string out(magic);
    append_fixed(out, evidence.log_id);
    append_fixed(out, evidence.operator_key);
    append_block(out, evidence.first);
    append_block(out, evidence.second);
    append_fixed(out, crypto::sm3(out));
    return out;
}

Result<Evidence> decode_evidence(std::string_view bytes) {
    ByteReader in(bytes, "evidence");
    Evidence out;
    in.expect(magic, "magic");
    out.log_id = in.hash("log id");
    out.operator_key = in.fixed<65>("operator key");
    const std::string_view first = in.take(in.u32("first block's length"), "first block");
    const std::string_view second = in.take(in.u32("second block's length"), "second block");
    const std::size_t summed = in.offset();
    const Hash256 sum = in.hash("SM3");
    in.expect_end();
    if (!in.ok()) return in.error();
    const Hash256 computed = crypto::sm3(bytes.substr(0, summed));
    if (sum != computed) {
        return Error{ErrorCode::corrupt, fmt::format("evidence: SM3: expected {}, found {}",
                                                     to_hex(sum), to_hex(computed))};
    }
    for (auto [from, to] : {std::pair(first, &out.first), std::pair(second, &out.second)}) {
        auto block = decode_block(from);
        if (!block) return std::move(block).error().wrap("evidence");
        *to = std::move(*block);
    }
    return out;
}

}  // namespace suan::log
