// Owning wrappers of SQLite's handles, with failures as Result. For this folder and
// src/witness. One connection belongs to one thread at a time; the owner holds a mutex around it.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace suan::log {

// A full disk is `exhausted`, a locked database `unavailable`, a damaged one `corrupt`, any other
// refusal of the file `io`.
Error sqlite_error(sqlite3* database, int code, std::string_view doing);

// A prepared statement, reset and unbound by `reset`. Bound texts must outlive the next step.
class Statement {
public:
    Statement() = default;
    Statement& bind(int index, std::uint64_t value);
    Statement& bind(int index, std::string_view blob);

    // True: a row is there. False: done.
    Result<bool> step();
    // Steps to the end of a statement that gives no rows, and resets it.
    Result<void> run();
    void reset();

    // Columns of the current row. A number that is negative or no integer reads as 0, which no
    // column of the log may hold. A view lives until the next step or reset.
    std::uint64_t number(int column);
    std::string_view blob(int column);

private:
    friend class Database;
    struct Free {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Free> statement_;
};

// Resets a statement at the end of a scope, so that no read transaction outlives its use.
class StatementUse {
public:
    explicit StatementUse(Statement& statement) : statement_(statement) {}
    ~StatementUse() { statement_.reset(); }
    StatementUse(const StatementUse&) = delete;
    StatementUse& operator=(const StatementUse&) = delete;
    Statement* operator->() { return &statement_; }

private:
    Statement& statement_;
};

class Database {
public:
    enum class Mode { create, write, read };

    Database() = default;
    static Result<Database> open(const std::filesystem::path& file, Mode mode);

    Result<void> exec(const std::string& sql);
    Result<Statement> prepare(std::string_view sql);
    // Rolls back whatever transaction is open; an error has no one to tell.
    void rollback();
    // Closes the handle and says when that failed.
    Result<void> close();
    sqlite3* handle() const { return database_.get(); }

private:
    struct Free {
        void operator()(sqlite3* database) const;
    };
    std::unique_ptr<sqlite3, Free> database_;
};

}  // namespace suan::log
