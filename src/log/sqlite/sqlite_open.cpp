// Making and opening the file of SqliteLog, and the cheap checks at opening.
#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/random.hpp"
#include "log/codec.hpp"
#include "log/crc32c.hpp"
#include "log/record.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "log/sqlite/wal_check.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

namespace suan::log {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "SUANLOG1";
constexpr std::uint64_t chunks_checked_on_open = 8;

const char* const schema =
    "CREATE TABLE meta(id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "CREATE TABLE head(id INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,"
    " last_block INTEGER NOT NULL);"
    "CREATE TABLE chunk(first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE TABLE payload(hash BLOB PRIMARY KEY, body BLOB NOT NULL);"
    "CREATE TABLE block(number INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "INSERT INTO head VALUES(1, 0, 0);";

// Logs that were made before there were witnesses get these when they are next written.
const char* const cosignature_schema =
    "CREATE TABLE IF NOT EXISTS cosignature(number INTEGER NOT NULL, key BLOB NOT NULL,"
    " signature BLOB NOT NULL, PRIMARY KEY(number, key)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS cosigner(key BLOB PRIMARY KEY, last_number INTEGER NOT NULL)"
    " WITHOUT ROWID;";

std::string meta_body(std::string_view id) {
    std::string body(magic);
    body.append(id);
    append_u32(body, crc32c(body));
    return body;
}

Result<void> fill_new(const fs::path& file, std::uint32_t page_bytes) {
    auto database = Database::open(file, Database::Mode::create);
    if (!database) return std::move(database).error();
    auto made = database->exec(
        fmt::format("PRAGMA page_size={}; PRAGMA journal_mode=WAL; BEGIN; {}", page_bytes, schema));
    if (!made) return made;
    {
        auto insert = database->prepare("INSERT INTO meta VALUES(1, ?)");
        if (!insert) return std::move(insert).error();
        const std::string body = meta_body(crypto::random_bytes(32));
        auto inserted = insert->bind(1, body).run();
        if (!inserted) return inserted;
    }
    auto done = database->exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    if (!done) return done;
    return database->close();
}

Result<void> sync_folder_of(const fs::path& file) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) ::close(fd);
    if (synced) return {};
    return Error{ErrorCode::io, fmt::format("{}: cannot be synced", folder.string())};
}

// A log appears under its name complete or not at all, so that an empty file is always damage.
Result<void> create(const fs::path& file, std::uint32_t page_bytes) {
    const fs::path temporary = file.string() + ".new";
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"})
        fs::remove(temporary.string() + suffix, ignored);
    auto filled = fill_new(temporary, page_bytes);
    if (!filled) return std::move(filled).error().wrap(temporary.string());
    std::error_code failed;
    fs::rename(temporary, file, failed);
    if (failed) {
        return Error{ErrorCode::io, fmt::format("{}: {}", file.string(), failed.message())};
    }
    return sync_folder_of(file);
}

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

}  // namespace

Result<std::unique_ptr<SqliteLog>> SqliteLog::open(const fs::path& file,
                                                   const SqliteOptions& options) {
    SUAN_ASSERT(options.snapshot_row_bytes >= 1);
    SUAN_ASSERT(options.snapshot_row_bytes <= limits::snapshot_row_bytes_max);
    auto log = std::make_unique<SqliteLog>();
    log->file_ = file;
    log->options_ = options;
    if (options.mode != OpenMode::read) {
        auto lock = LockFile::take(file.string() + ".lock");
        if (!lock) return std::move(lock).error();
        log->lock_ = std::move(*lock);
    }
    if (!fs::exists(file)) {
        if (options.mode != OpenMode::create_or_write) {
            return Error{ErrorCode::not_found, fmt::format("{}: no such log", file.string())};
        }
        auto made = create(file, options.page_bytes);
        if (!made) return std::move(made).error();
    }
    // Beside a writer the file changes under the reader's eyes; the writer has checked it.
    Result<void> opened;
    if (options.mode != OpenMode::read) opened = check_wal(file.string() + "-wal");
    if (opened) opened = log->open_connections();
    if (opened) opened = log->load();
    if (!opened) return std::move(opened).error().wrap(file.string());
    return log;
}

Result<void> SqliteLog::open_connections() {
    const bool writing = options_.mode != OpenMode::read;
    const auto mode = writing ? Database::Mode::write : Database::Mode::read;
    if (writing) {
        for (Database* database : {&writer_, &checkpointer_}) {
            auto opened = Database::open(file_, Database::Mode::write);
            if (!opened) return std::move(opened).error();
            *database = std::move(*opened);
        }
        auto set =
            writer_.exec(fmt::format("PRAGMA wal_autocheckpoint={}", options_.checkpoint_pages));
        if (set) set = writer_.exec(cosignature_schema);
        if (!set) return set;
    }
    auto opened = Database::open(file_, Database::Mode::read);
    if (!opened) return std::move(opened).error();
    reader_ = std::move(*opened);
    auto prepared = prepare_statements();
    if (!prepared) return prepared;
    auto snapshots =
        SqliteSnapshots::open(file_.string() + ".snapshots", mode, options_.snapshot_row_bytes);
    if (!snapshots) return std::move(snapshots).error();
    snapshots_ = std::move(*snapshots);
    return {};
}

Result<void> SqliteLog::prepare_statements() {
    struct Item {
        Database& database;
        Statement& statement;
        const char* sql;
    };
    std::vector<Item> items = {
        {reader_, reads_.chunks,
         "SELECT first_seq, count, body FROM chunk WHERE first_seq >= ? ORDER BY first_seq"},
        {reader_, reads_.first_chunk,
         "SELECT first_seq FROM chunk WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1"},
        {reader_, reads_.payload, "SELECT body FROM payload WHERE hash = ?"},
        {reader_, reads_.block, "SELECT body FROM block WHERE number = ?"}};
    if (options_.mode != OpenMode::read) {
        items.push_back({writer_, writes_.chunk, "INSERT INTO chunk VALUES(?, ?, ?)"});
        items.push_back({writer_, writes_.payload,
                         "INSERT INTO payload VALUES(?, ?) ON CONFLICT(hash) DO NOTHING"});
        items.push_back({writer_, writes_.block, "INSERT INTO block VALUES(?, ?)"});
        items.push_back(
            {writer_, writes_.head, "UPDATE head SET last_seq = ?, last_block = ? WHERE id = 1"});
    }
    auto there = has_cosignatures();
    if (!there) return std::move(there).error();
    cosignatures_there_ = *there;
    if (cosignatures_there_) {
        items.push_back({reader_, reads_.cosignatures,
                         "SELECT key, signature FROM cosignature WHERE number = ? ORDER BY key"});
        items.push_back(
            {reader_, reads_.cosigner, "SELECT last_number FROM cosigner WHERE key = ?"});
    }
    if (options_.mode != OpenMode::read) {
        items.push_back({writer_, writes_.cosignature,
                         "INSERT INTO cosignature VALUES(?, ?, ?) ON CONFLICT DO NOTHING"});
        items.push_back({writer_, writes_.cosigner,
                         "INSERT INTO cosigner VALUES(?, ?) ON CONFLICT(key) DO UPDATE"
                         " SET last_number = max(last_number, excluded.last_number)"});
    }
    for (const Item& item : items) {
        auto prepared = item.database.prepare(item.sql);
        if (!prepared) return std::move(prepared).error();
        item.statement = std::move(*prepared);
    }
    return {};
}

Result<bool> SqliteLog::has_cosignatures() {
    auto select = reader_.prepare("SELECT 1 FROM sqlite_master WHERE name = 'cosigner'");
    if (!select) return std::move(select).error();
    return select->step();
}

Result<void> SqliteLog::load() {
    // One read transaction, so that a reader beside a writer sees one moment.
    auto begun = reader_.exec("BEGIN");
    if (!begun) return begun;
    auto loaded = load_id();
    if (loaded) loaded = load_head();
    if (loaded) loaded = check_last_block();
    if (loaded) loaded = check_last_chunks();
    reader_.rollback();
    return loaded;
}

Result<void> SqliteLog::load_id() {
    auto select = reader_.prepare("SELECT body FROM meta WHERE id = 1");
    if (!select) return std::move(select).error();
    auto row = select->step();
    if (!row) return std::move(row).error();
    const std::string body(*row ? select->blob(0) : std::string_view());
    ByteReader in(body, "meta");
    in.expect(magic, "magic");
    const Hash256 id = in.hash("log id");
    const std::uint32_t stored = in.u32("CRC-32C");
    in.expect_end();
    if (!in.ok()) return in.error();
    const std::uint32_t computed = crc32c(std::string_view(body).substr(0, body.size() - 4));
    if (stored != computed) {
        return corrupt(
            fmt::format("meta: CRC-32C: expected {:08x}, found {:08x}", stored, computed));
    }
    id_ = id;
    head_.last_block_hash = id;
    return {};
}

Result<void> SqliteLog::load_head() {
    auto select = reader_.prepare(
        "SELECT last_seq, last_block, (SELECT max(first_seq) FROM chunk),"
        " (SELECT max(number) FROM block) FROM head WHERE id = 1");
    if (!select) return std::move(select).error();
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return corrupt("head: expected one row, found none");
    head_.last_seq = select->number(0);
    head_.last_block = select->number(1);
    const std::uint64_t last_chunk = select->number(2);
    const std::uint64_t last_block = select->number(3);
    if (last_chunk > head_.last_seq || (last_chunk == 0) != (head_.last_seq == 0)) {
        return corrupt(fmt::format("head: last entry {}, but the last chunk starts at {}",
                                   head_.last_seq, last_chunk));
    }
    if (last_block == head_.last_block) return {};
    return corrupt(fmt::format("last block: expected {}, found {}", head_.last_block, last_block));
}

Result<void> SqliteLog::check_last_block() {
    if (head_.last_block == 0) return {};
    auto last = block(head_.last_block);
    if (!last) return std::move(last).error();
    if (last->header.last_seq > head_.last_seq) {
        return corrupt(fmt::format("block {}: last_seq: expected at most {}, found {}",
                                   head_.last_block, head_.last_seq, last->header.last_seq));
    }
    head_.last_block_seq = last->header.last_seq;
    head_.last_block_hash = block_hash(last->header);
    return {};
}

Result<void> SqliteLog::check_last_chunks() const {
    if (head_.last_seq == 0) return {};
    auto select = reader_.prepare(
        "SELECT min(first_seq) FROM"
        " (SELECT first_seq FROM chunk ORDER BY first_seq DESC LIMIT ?)");
    if (!select) return std::move(select).error();
    auto row = select->bind(1, chunks_checked_on_open).step();
    if (!row) return std::move(row).error();
    const Seq from = select->number(0);
    select->reset();
    if (from == 0) return corrupt("chunk: first_seq: expected at least 1, found another value");
    return for_each(from, head_.last_seq,
                    [](Seq, std::string_view) -> Result<Next> { return Next::more; });
}

}  // namespace suan::log
