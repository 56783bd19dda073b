// Blocks: a signed, hash-chained run of entries. docs/formats/block.md has the bytes.
//
//   entry hash    = of entry.hpp: SM3 of the entry, or of the hashes of its parts
//   Merkle leaf i = SM3(0x00 | hash of entry first_seq + i), tree as in crypto/merkle.hpp
//   block hash    = SM3(header bytes)
//   signature     = SM2 by the operator over the header bytes
//
// The signature is not part of the block's hash, so the next header can be made while this one is
// still being signed on another thread.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/sm2.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::log {

// An entry's place in the log, from 1; 0 means none.
using Seq = std::uint64_t;

struct BlockHeader {
    std::uint64_t number = 0;  // from 1
    Seq first_seq = 0;
    Seq last_seq = 0;
    Time time;           // when it was closed, as the runtime stamped it
    Hash256 previous{};  // hash of the header before; the log's id in block 1
    Hash256 merkle_root{};
    Hash256 state_digest{};  // of the state after last_seq
    Hash256 operator_key{};  // id() of the key that signs

    friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
    std::uint64_t entry_count() const { return last_seq - first_seq + 1; }
};

inline constexpr std::size_t block_header_bytes = 168;

// The canonical bytes, always block_header_bytes of them.
std::string encode_header(const BlockHeader& header);
Result<BlockHeader> decode_header(std::string_view bytes);
Hash256 block_hash(const BlockHeader& header);

// What it signs is in cosignature.hpp.
struct WitnessSignature {
    crypto::RawPublicKey key{};
    crypto::Signature signature{};
    friend bool operator==(const WitnessSignature&, const WitnessSignature&) = default;
};

struct SealedBlock {
    BlockHeader header;
    crypto::Signature signature{};
    std::vector<WitnessSignature> witnesses;
    friend bool operator==(const SealedBlock&, const SealedBlock&) = default;
};

// Header, signature, number of witnesses, witnesses.
std::string encode_block(const SealedBlock& block);
Result<SealedBlock> decode_block(std::string_view bytes);

// Signs a header made by BlockBuilder: about half a millisecond, on any thread. The key is the one
// that the header names (asserted).
Result<SealedBlock> seal(const BlockHeader& header, const crypto::PrivateKey& key);

// The operator's signature and key. A witness's word is judged apart (cosignature.hpp): a bad one
// must not make the block a bad one.
Result<void> verify_signature(const SealedBlock& block, const crypto::PublicKey& operator_key);

// The Merkle root of entries given by their hashes.
Hash256 entries_root(std::span<const Hash256> entry_hashes);

struct Head;

// Collects entries until a block closes. Plain values go in and out, so it may live on a thread of
// its own; one thread at a time.
//
//   builder.add(entries)            after they are on disk; at most room() of them
//   if (builder.due(now))           limits::block_entries_max entries, or block_age_us_max old
//       header = builder.close(now, state.digest());   digest after the last entry added
//   log.put_block(*seal(header, key))                   here or on another thread, in order
//
// After a restart: start it from log.head(), then add the entries that no stored block covers while
// the runtime replays them, closing whenever room() is 0.
class BlockBuilder {
public:
    BlockBuilder(const Head& head, const crypto::PublicKey& operator_key);

    // Hashes and takes entries that follow the last one; `at` starts the age of a new block. The
    // hashes returned are for the acknowledgements and live until the next add or close.
    std::span<const Hash256> add(std::span<const std::string_view> entries, Time at);

    std::uint64_t room() const;
    bool empty() const { return hashes_.empty(); }
    bool due(Time now) const;

    // Not empty (asserted).
    BlockHeader close(Time now, const Hash256& state_digest);

private:
    std::uint64_t number_;
    Seq first_seq_;
    Hash256 previous_;
    Hash256 operator_key_;
    Time opened_;
    std::vector<Hash256> hashes_;
};

}  // namespace suan::log
