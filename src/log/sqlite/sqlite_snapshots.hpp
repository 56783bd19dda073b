// Snapshots in an SQLite file of their own beside the log ("LOG.snapshots"), so that writing
// hundreds of megabytes holds no lock that an append needs. A snapshot is one transaction.
#pragma once

#include "log/log.hpp"
#include "log/sqlite/database.hpp"

#include <filesystem>
#include <memory>
#include <mutex>

namespace suan::log {

class SqliteSnapshots final : public SnapshotStore {
public:
    // Makes the file when it is missing and `mode` allows writing; a reader then sees no snapshots.
    // `row_bytes` is the most that one row holds.
    static Result<std::unique_ptr<SqliteSnapshots>> open(const std::filesystem::path& file,
                                                         Database::Mode mode,
                                                         std::size_t row_bytes);

    Result<void> put(Seq seq, const Hash256& state_digest, std::string_view body) override;
    Result<std::vector<SnapshotInfo>> list() const override;
    Result<std::string> read(Seq seq) const override;

private:
    Result<void> write_rows(Seq seq, std::string_view body);
    Result<void> write(Seq seq, const Hash256& state_digest, std::string_view body);
    Result<SnapshotInfo> info(Seq seq) const;

    mutable std::mutex mutex_;
    mutable Database database_;
    std::size_t row_bytes_ = 0;
};

}  // namespace suan::log
