// What a witness keeps: every block that it has verified, with its own signature where it gave one,
// and snapshots of the state. One folder for one log and one key.
//
// Files: witness.db (SQLite, synced at each commit), witness.db.snapshots, witness.lock. A block's
// number is its key in the table, and a signature leaves the process only after its row is on disk:
// so no second header of a number is ever signed, whatever the process dies of. The lock keeps a
// second process out. What this cannot see is a folder put back from an old copy.
//
// Errors: `unavailable` when another process has the folder, `corrupt` for damaged rows. One
// thread.
#pragma once

#include "base/result.hpp"
#include "log/cosignature.hpp"
#include "log/sqlite/database.hpp"
#include "log/sqlite/lock_file.hpp"
#include "log/sqlite/sqlite_snapshots.hpp"
#include "witness/alarm.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace suan::witness {

// Whose log this folder follows, and with which key. Set once.
struct Identity {
    Hash256 log_id{};
    crypto::RawPublicKey operator_key{};
    crypto::RawPublicKey witness_key{};
    friend bool operator==(const Identity&, const Identity&) = default;
};

class Store {
public:
    // Makes the folder (mode 0700) and the files when they are missing.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder);

    const std::optional<Identity>& identity() const { return identity_; }
    Result<void> set_identity(const Identity& identity);

    std::uint64_t last_block() const { return last_block_; }  // 0: none
    Result<log::SealedBlock> block(std::uint64_t number) const;
    // The next blocks, with no or one co-signature (asserted). All are on disk on return, or none.
    Result<void> add(std::span<const log::SealedBlock> blocks);

    // Signatures that the hub has not taken yet, oldest first, and the block up to which they are
    // all of them.
    struct Unsent {
        std::vector<log::BlockCosignature> list;
        std::uint64_t through = 0;
    };
    Result<Unsent> unsent(std::size_t max) const;
    Result<void> set_sent(std::uint64_t through);

    // A contradiction is kept for good: nothing is signed after it.
    Result<std::optional<Alarm>> alarm() const;
    Result<void> raise(const Alarm& alarm);

    log::SnapshotStore& snapshots() { return *snapshots_; }
    const std::filesystem::path& folder() const { return folder_; }

private:
    Result<void> prepare();
    Result<void> load();
    Result<void> commit(const std::function<Result<void>()>& work);

    std::filesystem::path folder_;
    log::LockFile lock_;
    mutable log::Database database_;
    mutable log::Statement select_block_, select_signed_, select_alarm_;
    log::Statement insert_block_, insert_meta_, update_sent_, insert_alarm_;
    std::unique_ptr<log::SqliteSnapshots> snapshots_;
    std::optional<Identity> identity_;
    std::uint64_t last_block_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace suan::witness
