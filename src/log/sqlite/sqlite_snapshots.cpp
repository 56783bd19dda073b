#include "log/sqlite/sqlite_snapshots.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

#include <cstring>

namespace suan::log {
namespace {

Result<Hash256> hash_of(std::string_view blob, std::string_view what) {
    if (blob.size() != 32) {
        return Error{ErrorCode::corrupt,
                     fmt::format("{}: expected 32 bytes, found {}", what, blob.size())};
    }
    Hash256 out;
    std::memcpy(out.data(), blob.data(), out.size());
    return out;
}

Result<SnapshotInfo> info_of(Statement& row) {
    auto digest = hash_of(row.blob(1), "snapshot: digest");
    if (!digest) return std::move(digest).error();
    auto body_sm3 = hash_of(row.blob(2), "snapshot: body_sm3");
    if (!body_sm3) return std::move(body_sm3).error();
    return SnapshotInfo{row.number(0), *digest, *body_sm3, row.number(3)};
}

}  // namespace

Result<std::unique_ptr<SqliteSnapshots>> SqliteSnapshots::open(const std::filesystem::path& file,
                                                               Database::Mode mode,
                                                               std::size_t row_bytes) {
    auto out = std::make_unique<SqliteSnapshots>();
    out->row_bytes_ = row_bytes;
    if (mode == Database::Mode::read && !std::filesystem::exists(file)) return out;
    auto database = Database::open(
        file, mode == Database::Mode::read ? Database::Mode::read : Database::Mode::create);
    if (!database) return std::move(database).error();
    out->database_ = std::move(*database);
    if (mode == Database::Mode::read) return out;
    // A rollback journal: new pages go to the end of the file and are written once.
    auto made = out->database_.exec(
        "PRAGMA journal_mode=DELETE;"
        "CREATE TABLE IF NOT EXISTS snapshot(seq INTEGER PRIMARY KEY, digest BLOB NOT NULL,"
        " body_sm3 BLOB NOT NULL, body_bytes INTEGER NOT NULL);"
        "CREATE TABLE IF NOT EXISTS snapshot_part(seq INTEGER NOT NULL, part INTEGER NOT NULL,"
        " body BLOB NOT NULL, PRIMARY KEY(seq, part))");
    if (!made) return std::move(made).error();
    return out;
}

Result<void> SqliteSnapshots::put(Seq seq, const Hash256& state_digest, std::string_view body) {
    SUAN_ASSERT(seq != 0);
    const std::lock_guard lock(mutex_);
    auto begun = database_.exec("BEGIN IMMEDIATE");
    if (!begun) return begun;
    auto written = write(seq, state_digest, body);
    if (written) written = database_.exec("COMMIT");
    if (written) return {};
    database_.rollback();
    return std::move(written).error().wrap(fmt::format("snapshot {}", seq));
}

Result<void> SqliteSnapshots::write(Seq seq, const Hash256& state_digest, std::string_view body) {
    auto cleared = database_.exec(fmt::format(
        "DELETE FROM snapshot WHERE seq={0}; DELETE FROM snapshot_part WHERE seq={0};", seq));
    if (!cleared) return cleared;
    auto insert = database_.prepare("INSERT INTO snapshot VALUES(?,?,?,?)");
    if (!insert) return std::move(insert).error();
    const Hash256 body_sm3 = crypto::sm3(body);
    auto inserted = insert->bind(1, seq)
                        .bind(2, as_text(state_digest))
                        .bind(3, as_text(body_sm3))
                        .bind(4, body.size())
                        .run();
    if (!inserted) return inserted;
    auto rows = write_rows(seq, body);
    if (!rows) return rows;
    return database_.exec(
        fmt::format("DELETE FROM snapshot WHERE seq NOT IN"
                    " (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT {});"
                    "DELETE FROM snapshot_part WHERE seq NOT IN (SELECT seq FROM snapshot)",
                    limits::snapshots_kept));
}

Result<void> SqliteSnapshots::write_rows(Seq seq, std::string_view body) {
    auto insert = database_.prepare("INSERT INTO snapshot_part VALUES(?,?,?)");
    if (!insert) return std::move(insert).error();
    for (std::uint64_t part = 0; !body.empty(); ++part) {
        const std::string_view row = body.substr(0, row_bytes_);
        auto inserted = insert->bind(1, seq).bind(2, part).bind(3, row).run();
        if (!inserted) return inserted;
        body.remove_prefix(row.size());
    }
    return {};
}

Result<std::vector<SnapshotInfo>> SqliteSnapshots::list() const {
    std::vector<SnapshotInfo> out;
    const std::lock_guard lock(mutex_);
    if (database_.handle() == nullptr) return out;
    auto select = database_.prepare(
        "SELECT seq, digest, body_sm3, body_bytes FROM snapshot ORDER BY seq DESC");
    if (!select) return std::move(select).error();
    for (;;) {
        auto row = select->step();
        if (!row) return std::move(row).error();
        if (!*row) return out;
        auto info = info_of(*select);
        if (!info) return std::move(info).error();
        out.push_back(*info);
    }
}

Result<SnapshotInfo> SqliteSnapshots::info(Seq seq) const {
    auto select =
        database_.prepare("SELECT seq, digest, body_sm3, body_bytes FROM snapshot WHERE seq=?");
    if (!select) return std::move(select).error();
    auto row = select->bind(1, seq).step();
    if (!row) return std::move(row).error();
    if (!*row) return Error{ErrorCode::not_found, fmt::format("snapshot {}: none stored", seq)};
    return info_of(*select);
}

Result<std::string> SqliteSnapshots::read(Seq seq) const {
    const std::lock_guard lock(mutex_);
    if (database_.handle() == nullptr) {
        return Error{ErrorCode::not_found, fmt::format("snapshot {}: none stored", seq)};
    }
    auto wanted = info(seq);
    if (!wanted) return std::move(wanted).error();
    auto select = database_.prepare("SELECT body FROM snapshot_part WHERE seq=? ORDER BY part");
    if (!select) return std::move(select).error();
    select->bind(1, seq);
    std::string body;
    for (;;) {
        auto row = select->step();
        if (!row) return std::move(row).error();
        if (!*row) break;
        body.append(select->blob(0));
    }
    const Hash256 found = crypto::sm3(body);
    if (found == wanted->body_sm3 && body.size() == wanted->body_bytes) return body;
    return Error{
        ErrorCode::corrupt,
        fmt::format("snapshot {}: expected {} bytes of SM3 {}, found {} of {}", seq,
                    wanted->body_bytes, to_hex(wanted->body_sm3), body.size(), to_hex(found))};
}

}  // namespace suan::log
