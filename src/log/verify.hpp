// Checks a log at the level of bytes: entries without gaps, blocks chained without gaps, each
// Merkle root that of its entries, each signature the operator's. Whether the entries follow the
// rules is for those who can re-execute them; `each` of the options lets them do so in the same
// pass.
#pragma once

#include "log/block.hpp"
#include "log/log.hpp"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace suan::log {

struct Verified {
    Seq entries = 0;           // checked
    std::uint64_t blocks = 0;  // checked
    Seq last_block_seq = 0;    // entries after it are in no block yet: no signature covers them
};

// Takes entries and blocks in log order, a block once its entries were given. It holds the hashes
// of the open block only. The first error is final. One thread at a time.
class ChainVerifier {
public:
    // From the beginning: `previous` is the log's id. From a trusted block: that block's header.
    ChainVerifier(const Hash256& log_id, const crypto::PublicKey& operator_key);
    ChainVerifier(const BlockHeader& trusted, const crypto::PublicKey& operator_key);

    Result<void> entry(Seq seq, std::string_view bytes) { return entries(seq, {&bytes, 1}); }
    // Entries in a row, which are hashed side by side.
    Result<void> entries(Seq first_seq, std::span<const std::string_view> entries);
    Result<void> block(const SealedBlock& block);

    const Verified& so_far() const { return so_far_; }
    Seq next_seq() const { return next_seq_; }

private:
    Result<void> follows(const BlockHeader& header) const;

    crypto::PublicKey operator_key_;
    std::uint64_t next_number_ = 1;
    Seq block_first_seq_ = 1;
    Seq next_seq_ = 1;
    Hash256 previous_{};
    std::vector<Hash256> hashes_;
    Verified so_far_;
};

struct VerifyOptions {
    // Block to start after, already trusted (for example the one under a snapshot); 0: from the
    // beginning.
    std::uint64_t after_block = 0;
    // Called with every entry, and with every block after its entries. Optional.
    std::function<Result<void>(Seq, std::string_view)> each_entry;
    std::function<Result<void>(const SealedBlock&)> each_block;
};

// Reads the log once. `corrupt` names the first entry or block that is wrong, what was expected and
// what was found. Hashes and signatures are checked on a second thread, so `each_entry` may have
// been shown entries after the first wrong one; the error is the first all the same. The callbacks
// run on the calling thread.
Result<Verified> verify_log(const Log& log, const crypto::PublicKey& operator_key,
                            const VerifyOptions& options);

}  // namespace suan::log
