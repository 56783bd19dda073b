// What a witness signs: that it has the log up to this block, has decided every command again, and
// got the same. docs/formats/cosignature.md has the bytes.
//
// The log's id is part of it, so that a co-signature says which log it is about; the magic keeps it
// from being taken for the operator's signature of the header, or the other way round.
#pragma once

#include "log/block.hpp"

namespace suan::log {

// SUANCOS1 | log id | header.
std::string cosigned_bytes(const Hash256& log_id, const BlockHeader& header);

Result<WitnessSignature> cosign(const Hash256& log_id, const BlockHeader& header,
                                const crypto::PrivateKey& key);

// False for bytes that are no key as well.
bool verify_cosignature(const Hash256& log_id, const BlockHeader& header,
                        const WitnessSignature& witness);

// A witness's signature on its way to the log.
struct BlockCosignature {
    std::uint64_t block = 0;
    WitnessSignature witness;
    friend bool operator==(const BlockCosignature&, const BlockCosignature&) = default;
};

}  // namespace suan::log
