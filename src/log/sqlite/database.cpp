#include "log/sqlite/database.hpp"

#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <fmt/format.h>

#include <sqlite3.h>

namespace suan::log {
namespace {

constexpr int busy_timeout_ms = 10'000;

ErrorCode code_of(int code) {
    switch (code & 0xFF) {
        case SQLITE_FULL:
            return ErrorCode::exhausted;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return ErrorCode::unavailable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorCode::corrupt;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return ErrorCode::io;
        case SQLITE_TOOBIG:
            return ErrorCode::exhausted;
        // A schema that is not ours: the tables' definitions are part of what was stored.
        case SQLITE_ERROR:
            return ErrorCode::corrupt;
        default:
            return ErrorCode::internal;
    }
}

}  // namespace

Error sqlite_error(sqlite3* database, int code, std::string_view doing) {
    const char* detail = database != nullptr ? sqlite3_errmsg(database) : "";
    return Error{code_of(code),
                 fmt::format("{}: {} ({})", doing, sqlite3_errstr(code & 0xFF), detail)};
}

void Statement::Free::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Statement& Statement::bind(int index, std::uint64_t value) {
    SUAN_ASSERT(sqlite3_bind_int64(statement_.get(), index, std::int64_t(value)) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind(int index, std::string_view blob) {
    SUAN_ASSERT(sqlite3_bind_blob64(statement_.get(), index, blob.data() ? blob.data() : "",
                                    blob.size(), SQLITE_STATIC) == SQLITE_OK);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    sqlite3* database = sqlite3_db_handle(statement_.get());
    return sqlite_error(database, sqlite3_extended_errcode(database),
                        sqlite3_sql(statement_.get()));
}

Result<void> Statement::run() {
    const StatementUse use(*this);
    auto row = step();
    if (!row) return std::move(row).error();
    return {};
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

std::uint64_t Statement::number(int column) {
    if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) return 0;
    const std::int64_t value = sqlite3_column_int64(statement_.get(), column);
    return value < 0 ? 0 : std::uint64_t(value);
}

std::string_view Statement::blob(int column) {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    if (data == nullptr || size <= 0) return {};
    return {static_cast<const char*>(data), std::size_t(size)};
}

void Database::Free::operator()(sqlite3* database) const {
    sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::filesystem::path& file, Mode mode) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
    if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    Database out;
    out.database_.reset(handle);
    if (code != SQLITE_OK) return sqlite_error(handle, code, file.string());
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    // The last connection to close would otherwise move the WAL into the database, which is no
    // reader's business.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, mode == Mode::read ? 1 : 0,
                      nullptr);
    // A reader opens for writing as well, because recovering another's write-ahead log needs it,
    // but can then change nothing. Memory mapping is off: a failing disk would be a signal.
    auto ready = out.exec(
        fmt::format("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
                    "PRAGMA secure_delete=OFF; PRAGMA synchronous=FULL; PRAGMA query_only={}",
                    mode == Mode::read ? "ON" : "OFF"));
    if (!ready) return std::move(ready).error().wrap(file.string());
    return out;
}

Result<void> Database::exec(const std::string& sql) {
    const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    return sqlite_error(database_.get(), code, sql);
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(database_.get(), sql.data(), int(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) return sqlite_error(database_.get(), code, sql);
    Statement out;
    out.statement_.reset(raw);
    return out;
}

void Database::rollback() {
    if (sqlite3_get_autocommit(database_.get()) == 0)
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Database::close() {
    sqlite3* handle = database_.release();
    const int code = sqlite3_close(handle);
    if (code == SQLITE_OK) return {};
    database_.reset(handle);
    return sqlite_error(handle, code, "close");
}

}  // namespace suan::log
