// Receipts: the operator's signed word that an entry is in the log, checkable with the operator's
// public key alone. docs/formats/receipt.md has the bytes.
//
// An acknowledgement carries (seq, entry hash) at once; the receipt exists when the block is
// closed, because one signature covers thousands of entries.
#pragma once

#include "log/block.hpp"
#include "log/log.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace suan::log {

struct Receipt {
    Seq seq = 0;
    Hash256 entry_hash{};
    std::vector<Hash256> path;  // Merkle siblings from the entry's leaf to the root
    SealedBlock block;
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

// `not_found` for an entry that does not exist or whose block is still open.
Result<Receipt> receipt(const Log& log, Seq seq);

std::string encode_receipt(const Receipt& receipt);
Result<Receipt> decode_receipt(std::string_view bytes);

// That the entry hash is in the block at that place, and that the operator signed the block.
Result<void> verify_receipt(const Receipt& receipt, const crypto::PublicKey& operator_key);

// The same without the signature, for those who have checked the block already.
Result<void> verify_inclusion(Seq seq, const Hash256& entry_hash, std::span<const Hash256> path,
                              const BlockHeader& header);

}  // namespace suan::log
