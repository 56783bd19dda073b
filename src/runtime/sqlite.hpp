// Owning wrapper of an SQLite statement with signed numbers and texts, for the history tables.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace suan::runtime {

Error sqlite_failure(sqlite3* database, std::string_view doing);
Result<void> sqlite_run(sqlite3* database, const std::string& sql);

// Belongs to its connection's thread, and must not outlive the connection.
class SqliteStatement {
public:
    SqliteStatement() = default;
    static Result<SqliteStatement> prepare(sqlite3* database, std::string_view sql);

    // Parameters in order, from the first after a reset. Texts must outlive the next step.
    SqliteStatement& bind(std::int64_t value);
    SqliteStatement& bind(std::string_view text);
    SqliteStatement& bind_blob(std::string_view bytes);

    Result<bool> step();  // true: a row is there
    Result<void> run();   // a statement without rows; resets it
    void reset();

    // Columns of the current row in order, from the first after a step.
    std::int64_t number();
    std::string text();

private:
    struct Free {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Free> statement_;
    int parameter_ = 0;
    int column_ = 0;
};

}  // namespace suan::runtime
