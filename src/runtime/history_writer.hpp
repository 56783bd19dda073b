// Writes the tables of history.hpp in the transactions of the log. docs/formats/log.md describes
// the file; these tables are derived from its entries and may be dropped at any time.
#pragma once

#include "log/sqlite/sqlite_log.hpp"
#include "runtime/projector.hpp"
#include "runtime/sqlite.hpp"

#include <memory>
#include <vector>

namespace suan::runtime {

// Changes when the tables do: a hub then rebuilds them from the log.
inline constexpr std::int64_t history_version = 2;

// One thread at a time; write and finish only inside a batch's `also` or SqliteLog::transact.
class HistoryWriter {
public:
    // Makes the tables where they are missing, and rebuilds them when they are of another version
    // or behind the log. `log` must outlive it.
    static Result<std::unique_ptr<HistoryWriter>> open(log::SqliteLog& log);

    Result<void> write(const std::vector<HistoryRow>& rows);
    // Everything up to entry `seq` is in.
    Result<void> finish(std::uint64_t seq);

private:
    explicit HistoryWriter(log::SqliteLog& log) : log_(log) {}
    Result<void> make_tables();
    Result<void> prepare();
    Result<bool> up_to_date();
    Result<void> rebuild();
    Result<void> put(const JobRow& row);
    Result<void> put(const LeaseRow& row);
    Result<void> put(const ChargeRow& row);
    Result<void> put(const InvoiceRow& row);
    Result<void> put(const JournalRow& row);
    Result<void> put(const WaitRow& row);

    log::SqliteLog& log_;
    SqliteStatement job_, lease_, charge_, invoice_, movement_, wait_, progress_;
};

}  // namespace suan::runtime
