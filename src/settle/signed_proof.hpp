// A transfer and its answer, provably in a block that the operator of the centre has signed:
// docs/formats/settle-proof.md. It checks offline with the operator's public key alone.
//
// The operator signs a block when a proof asks for it, so that blocks which nobody asks about cost
// no signature. Two signed statements about one block number of a journal that differ are evidence
// against the operator.
#pragma once

#include "crypto/sm2.hpp"
#include "settle/batch.hpp"
#include "settle/engine.hpp"

#include <string>
#include <string_view>

namespace suan::settle {

struct SignedProof {
    Hash256 journal_id{};
    TransferProof proof;
    crypto::RawPublicKey operator_key{};
    crypto::Signature signature{};
};

// What the operator signs: "suan ledger block 1" and a zero byte, the
// journal's id, u32 book, SM3 of the block.
std::string block_statement(const Hash256& journal_id, std::uint32_t book, const Block& block);

Result<SignedProof> sign_proof(const Hash256& journal_id, TransferProof proof,
                               const crypto::PrivateKey& key);

std::string encode_proof(const SignedProof& proof);
// `corrupt` names offset, expected and found.
Result<SignedProof> decode_proof(std::string_view bytes);

struct CheckedTransfer {
    ledger::Transfer transfer;
    SignedPart signed_part;  // zeros of a transfer without a signature
    bool is_signed = false;
};
// The transfer that was proven. `corrupt` says what does not follow: the path, the record, or the
// operator's signature.
Result<CheckedTransfer> check_proof(const SignedProof& proof, const crypto::PublicKey& trusted);

}  // namespace suan::settle
