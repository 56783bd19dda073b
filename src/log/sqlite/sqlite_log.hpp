// The log in one SQLite file, for a centre of one machine. docs/formats/log.md has its tables.
//
// Files: LOG (database), LOG-wal and LOG-shm (SQLite's), LOG.lock (the writer's), LOG.snapshots.
// Write-ahead logging with synchronous=FULL: a commit is one fsync of the WAL. One writing process;
// readers of other processes do not disturb it.
//
// Two connections, so that reading never waits for an fsync; each has its own mutex. Visitors run
// outside of both. `also` of a batch runs inside the write transaction and may use database().
#pragma once

#include "log/log.hpp"
#include "log/sqlite/database.hpp"
#include "log/sqlite/lock_file.hpp"
#include "log/sqlite/sqlite_snapshots.hpp"

#include <filesystem>
#include <memory>
#include <mutex>

namespace suan::log {

enum class OpenMode {
    create_or_write,  // the hub
    write,            // refuses a missing file
    read,             // sees the log as it was when it was opened; append is `forbidden`
};

struct SqliteOptions {
    OpenMode mode = OpenMode::create_or_write;
    std::uint32_t page_bytes = 4096;           // of a new file: a power of two, 512 to 65,536
    std::uint32_t checkpoint_pages = 8192;     // WAL size at which a commit checkpoints by itself
    std::size_t snapshot_row_bytes = 8 << 20;  // at most limits::snapshot_row_bytes_max
};

class SqliteLog final : public Log {
public:
    // Checks the last entries and the last block. `corrupt` names what is wrong; `unavailable`
    // when another process writes this log; `not_found` when there is none.
    static Result<std::unique_ptr<SqliteLog>> open(const std::filesystem::path& file,
                                                   const SqliteOptions& options);

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
    SnapshotStore& snapshots() override { return *snapshots_; }

    // The writing connection, for tables of the caller's in the same file. Use it inside `also` or
    // `transact` only.
    sqlite3* database() const { return writer_.handle(); }
    const std::filesystem::path& file() const { return file_; }

    // Runs `work` in a write transaction of its own: making the caller's tables, and the like.
    Result<void> transact(const std::function<Result<void>()>& work);

    // Moves the WAL into the database as far as readers allow. Call it now and then from a thread
    // that is not the appending one, so that appends need not do it.
    Result<void> checkpoint();

    // SQLite's own check of every page and index: slow, for `suan log verify`.
    Result<void> check_file() const;

private:
    struct Writes {
        Statement chunk, payload, block, head, cosignature, cosigner;
    };
    struct Reads {
        Statement chunks, first_chunk, payload, block;
        Statement cosignatures, cosigner;  // not prepared in a log that has no such tables
    };
    struct Chunk {
        Seq first_seq = 0;
        std::uint64_t count = 0;
        std::string body;
    };

    Result<void> open_connections();
    Result<void> prepare_statements();
    Result<bool> has_cosignatures();
    Result<void> load();
    Result<void> load_id();
    Result<void> load_head();
    Result<void> check_last_chunks() const;
    Result<void> check_last_block();

    Result<void> write_entries(const Batch& batch);
    Result<void> commit(const std::function<Result<void>()>& work);
    Result<void> writable() const;
    Result<std::vector<Chunk>> read_chunks(Seq from, Seq last) const;
    Result<std::string> block_bytes(std::uint64_t number) const;
    Result<SealedBlock> sealed_block(std::uint64_t number) const;
    Result<SealedBlock> with_cosignatures(SealedBlock block) const;
    Result<bool> write_cosignature(const BlockCosignature& cosignature);
    Result<std::size_t> write_cosignatures(std::span<const BlockCosignature> list);

    std::filesystem::path file_;
    SqliteOptions options_;
    LockFile lock_;
    Hash256 id_{};

    mutable std::mutex write_mutex_;  // writer_, writes_, failed_; taken before head_mutex_
    Database writer_;
    Writes writes_;
    bool failed_ = false;

    mutable std::mutex read_mutex_;  // reader_, reads_
    mutable Database reader_;
    mutable Reads reads_;
    bool cosignatures_there_ = false;

    mutable std::mutex checkpoint_mutex_;
    Database checkpointer_;

    mutable std::mutex head_mutex_;
    Head head_;

    std::unique_ptr<SqliteSnapshots> snapshots_;
};

}  // namespace suan::log
