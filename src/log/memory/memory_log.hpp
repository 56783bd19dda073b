// A log in memory for tests and simulation, with the failures of a disk on demand. It keeps the
// same rules as the SQLite one, down to refusing further writes after one has failed. Thread-safe.
#pragma once

#include "log/log.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace suan::log {

// What of a failed append is there after a restart. The caller sees the same error each time.
enum class Kept {
    none,    // the disk was full, or the process died before the write
    all,     // the process died after the write and before the answer
    prefix,  // a store without transactions took the first half of the entries
};

class MemorySnapshots final : public SnapshotStore {
public:
    Result<void> put(Seq seq, const Hash256& state_digest, std::string_view body) override;
    Result<std::vector<SnapshotInfo>> list() const override;
    Result<std::string> read(Seq seq) const override;

    // Changes one byte of a stored body, as a failing disk would.
    void damage(Seq seq, std::size_t offset);

private:
    friend class MemoryLog;
    struct Stored {
        SnapshotInfo info;
        std::string body;
    };
    mutable std::mutex mutex_;
    std::map<Seq, Stored> stored_;
};

class MemoryLog final : public Log {
public:
    explicit MemoryLog(const Hash256& id) : id_(id) {}

    const Hash256& id() const override { return id_; }
    Head head() const override;
    Result<void> append(const Batch& batch) override;
    Result<void> for_each(Seq first, Seq last, const EntryVisitor& visit) const override;
    Result<std::string> payload(const Hash256& hash) const override;
    Result<void> put_block(const SealedBlock& block) override;
    Result<std::size_t> put_cosignatures(std::span<const BlockCosignature> list) override;
    Result<std::uint64_t> last_cosigned(const crypto::RawPublicKey& key) const override;
    Result<SealedBlock> block(std::uint64_t number) const override;
    Result<SealedBlock> block_of(Seq seq) const override;
    SnapshotStore& snapshots() override { return snapshots_; }

    // The n-th append from now (1 is the next) fails with `error`, leaving `kept` behind.
    void fail_append(std::uint64_t n, Error error, Kept kept);

    // What a restarted process finds: a copy without failures pending.
    std::unique_ptr<MemoryLog> reopen() const;

    // A disk that lied about its last syncs: entries after `last_seq` and the blocks over them are
    // gone. Then reopen().
    void drop_tail(Seq last_seq);

    // What only a centre that forges its log does: another block in place of one.
    void replace_block(const SealedBlock& block);

    // Changes one byte of a stored entry.
    void damage(Seq seq, std::size_t offset);

private:
    void keep_part(const Batch& batch, Kept kept);
    void keep(std::span<const std::string_view> entries, std::span<const Payload> payloads);
    Head head_locked() const;

    Hash256 id_;
    mutable std::mutex mutex_;
    std::vector<std::string> entries_;
    std::map<Hash256, std::string> payloads_;
    std::vector<SealedBlock> blocks_;
    MemorySnapshots snapshots_;
    std::uint64_t fail_in_ = 0;  // 0: never
    Error fail_with_;
    Kept fail_kept_ = Kept::none;
    bool failed_ = false;
};

}  // namespace suan::log
