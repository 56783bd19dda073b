// The ordered log, as the runtime sees it: opaque entries numbered from 1, private payloads beside
// them, the blocks that sign them, and snapshots of the state they lead to.
//
// Implementations: sqlite/ (one machine), memory/ (tests and simulation, with faults). One over a
// replicated stream fits as well: appends are fenced by the sequence number that the writer
// expects, and nothing here shows a transaction or a file.
//
// Threads: every method may be called from any thread; appends and blocks are serialised inside.
// Durability: `append`, `put_block` and `SnapshotStore::put` return success only when the data is
// where a crash or power cut cannot reach it.
// Errors: `corrupt` names the entry or block, what was expected and what was found. After a failed
// append the log refuses all further ones (`unavailable`): the process ends and starts again from
// what is on disk.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "log/block.hpp"
#include "log/cosignature.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::log {

// A private payload, kept under the SM3 hash of its bytes.
struct Payload {
    Hash256 hash{};
    std::string_view body;
};

// One group commit: all of it is on disk, or none of it.
struct Batch {
    // The number that the first entry will have: one more than the last in the log. Another writer
    // got there first if it differs, and the append fails.
    Seq first_seq = 0;
    std::span<const std::string_view> entries;
    std::span<const Payload> payloads;

    // Called once inside the store's transaction, after the entries are written and before they are
    // committed, for tables that must never disagree with the log. Its failure fails the append. A
    // store without transactions calls it once the entries are durable: what it writes must
    // therefore carry the number of the last entry it has seen. It must not call the log.
    std::function<Result<void>()> also;
};

struct Head {
    Seq last_seq = 0;              // 0: no entry yet
    std::uint64_t last_block = 0;  // 0: no block yet
    Seq last_block_seq = 0;        // the last entry that a stored block covers
    Hash256 last_block_hash{};     // of the last block's header; the log's id without blocks
};

enum class Next { more, stop };

// Called with each entry in order. The view ends with the call.
using EntryVisitor = std::function<Result<Next>(Seq seq, std::string_view entry)>;

struct SnapshotInfo {
    Seq seq = 0;  // the state after this entry
    Hash256 state_digest{};
    Hash256 body_sm3{};
    std::uint64_t body_bytes = 0;
};

// Snapshots are written on a thread of the caller's while appends go on.
class SnapshotStore {
public:
    virtual ~SnapshotStore() = default;

    // Keeps the newest limits::snapshots_kept and drops older ones. Writing the same seq again
    // replaces it.
    virtual Result<void> put(Seq seq, const Hash256& state_digest, std::string_view body) = 0;

    // Newest first.
    virtual Result<std::vector<SnapshotInfo>> list() const = 0;

    // The body, checked against its hash: `corrupt` when it differs, `not_found` when there is
    // none.
    virtual Result<std::string> read(Seq seq) const = 0;
};

class Log {
public:
    virtual ~Log() = default;

    // Random, drawn when the log was made; block 1 names it as its previous hash.
    virtual const Hash256& id() const = 0;
    virtual Head head() const = 0;

    // Entries are 1 to limits::entry_bytes_max bytes, at least one a batch (`invalid` otherwise,
    // and the log goes on).
    virtual Result<void> append(const Batch& batch) = 0;

    // Visits entries first..last (or up to the head); stored checksums are checked on the way.
    virtual Result<void> for_each(Seq first, Seq last, const EntryVisitor& visit) const = 0;

    // `not_found` when there is none under that hash; the body is checked against the hash.
    virtual Result<std::string> payload(const Hash256& hash) const = 0;

    // Stores a sealed block: the next number, following the last block's hash and entries
    // (`invalid` otherwise). The signature is not checked here; verify_log does that.
    virtual Result<void> put_block(const SealedBlock& block) = 0;

    // Keeps witnesses' signatures beside their blocks, all or none; says how many are new. The
    // caller has verified them. A key that has signed the block already keeps its first signature.
    // `not_found` for a block that is not there, `exhausted` for one too many on a block.
    virtual Result<std::size_t> put_cosignatures(std::span<const BlockCosignature> list) = 0;
    // The newest block with a signature of this witness; 0: none.
    virtual Result<std::uint64_t> last_cosigned(const crypto::RawPublicKey& key) const = 0;

    // With the witnesses' signatures that are there, in the order of their keys.
    virtual Result<SealedBlock> block(std::uint64_t number) const = 0;
    // The block that covers an entry; `not_found` while it is still open.
    virtual Result<SealedBlock> block_of(Seq seq) const = 0;

    virtual SnapshotStore& snapshots() = 0;
};

// One entry's bytes; `not_found` past the head.
Result<std::string> entry_at(const Log& log, Seq seq);

// The hashes (entry.hpp) of entries first..last, all of which must exist.
Result<std::vector<Hash256>> entry_hashes(const Log& log, Seq first, Seq last);

// The rules that every store enforces before it touches anything.
Result<void> check_batch(const Head& head, const Batch& batch);
Result<void> check_next_block(const Head& head, const SealedBlock& block);
Error too_many_cosignatures(std::uint64_t block);

}  // namespace suan::log
