#include "runtime/sqlite.hpp"

#include <fmt/format.h>

#include <sqlite3.h>

namespace suan::runtime {

Error sqlite_failure(sqlite3* database, std::string_view doing) {
    const int code = database == nullptr ? SQLITE_NOMEM : sqlite3_errcode(database);
    const char* what = database == nullptr ? "out of memory" : sqlite3_errmsg(database);
    ErrorCode as = ErrorCode::io;
    if (code == SQLITE_FULL) as = ErrorCode::exhausted;
    if (code == SQLITE_BUSY) as = ErrorCode::unavailable;
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) as = ErrorCode::corrupt;
    return Error{as, fmt::format("{}: {}", doing, what)};
}

Result<void> sqlite_run(sqlite3* database, const std::string& sql) {
    if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return sqlite_failure(database, "history");
}

void SqliteStatement::Free::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Result<SqliteStatement> SqliteStatement::prepare(sqlite3* database, std::string_view sql) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) return sqlite_failure(database, "history: prepare");
    SqliteStatement out;
    out.statement_.reset(made);
    return out;
}

SqliteStatement& SqliteStatement::bind(std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), ++parameter_, value);
    return *this;
}

SqliteStatement& SqliteStatement::bind(std::string_view text) {
    sqlite3_bind_text(statement_.get(), ++parameter_, text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
    return *this;
}

SqliteStatement& SqliteStatement::bind_blob(std::string_view bytes) {
    sqlite3_bind_blob(statement_.get(), ++parameter_, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
    return *this;
}

Result<bool> SqliteStatement::step() {
    column_ = 0;
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return sqlite_failure(sqlite3_db_handle(statement_.get()), "history");
}

Result<void> SqliteStatement::run() {
    auto row = step();
    reset();
    if (!row) return std::move(row).error();
    return {};
}

void SqliteStatement::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    parameter_ = 0;
    column_ = 0;
}

std::int64_t SqliteStatement::number() {
    return sqlite3_column_int64(statement_.get(), column_++);
}

std::string SqliteStatement::text() {
    const int column = column_++;
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data == nullptr ? std::string() : std::string(data, size);
}

}  // namespace suan::runtime
