#include "runtime/history.hpp"

#include "runtime/history_rows.hpp"
#include "runtime/projector.hpp"
#include "runtime/sqlite.hpp"

#include <fmt/format.h>

#include <sqlite3.h>

#include <algorithm>
#include <mutex>

namespace suan::runtime {
namespace {

// Read for a page of movements: each charge has as many as there are payers, up to a thousand.
constexpr std::uint32_t charges_at_once = 64;

template <typename IdType>
IdType id(SqliteStatement& row) {
    return IdType{static_cast<decltype(IdType{}.value)>(row.number())};
}
std::uint32_t u32(SqliteStatement& row) {
    return static_cast<std::uint32_t>(row.number());
}
std::uint64_t u64(SqliteStatement& row) {
    return static_cast<std::uint64_t>(row.number());
}
std::int64_t i64(std::uint64_t value) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

JobRow read_job(SqliteStatement& row) {
    JobRow out;
    out.id = id<JobId>(row);
    out.array = id<JobId>(row);
    out.array_index = u32(row);
    out.org = id<OrgId>(row);
    out.project = id<ProjectId>(row);
    out.member = id<MemberId>(row);
    out.pool = id<PoolId>(row);
    out.name = row.text();
    out.tier = static_cast<Tier>(row.number());
    out.tasks = u32(row);
    out.devices_per_task = u32(row);
    out.milli_per_device = u32(row);
    out.priority = static_cast<std::int32_t>(row.number());
    out.walltime = Duration{row.number()};
    out.state = static_cast<JobState>(row.number());
    out.submitted = Time{row.number()};
    out.started = Time{row.number()};
    out.ended = Time{row.number()};
    out.exit_code = static_cast<std::int32_t>(row.number());
    out.signal = u32(row);
    out.attempts = u32(row);
    out.preemptions = u32(row);
    out.progress_permille = u32(row);
    out.sheet = id<PriceSheetId>(row);
    out.price_line = u32(row);
    out.price = Money{row.number()};
    out.charged = Money{row.number()};
    out.milli_device_ms = row.number();
    out.reason = row.text();
    out.seq = u64(row);
    return out;
}

LeaseRow read_lease(SqliteStatement& row) {
    LeaseRow out;
    out.id = id<LeaseId>(row);
    out.job = id<JobId>(row);
    out.org = id<OrgId>(row);
    out.attempt = u32(row);
    out.tasks = u32(row);
    out.slots = decode_slots(row.text());
    out.started = Time{row.number()};
    out.ended = Time{row.number()};
    out.outcome = static_cast<LeaseOutcome>(row.number());
    out.stopping = static_cast<StopReason>(row.number());
    out.exit_code = static_cast<std::int32_t>(row.number());
    out.signal = u32(row);
    out.charged = Money{row.number()};
    out.milli_device_ms = row.number();
    return out;
}

ChargeRow read_charge(SqliteStatement& row) {
    ChargeRow out;
    out.number = u64(row);
    out.seq = out.number >> row_number_shift;
    out.org = id<OrgId>(row);
    out.project = id<ProjectId>(row);
    out.job = id<JobId>(row);
    out.lease = id<LeaseId>(row);
    out.pool = id<PoolId>(row);
    out.tier = static_cast<Tier>(row.number());
    out.sheet = id<PriceSheetId>(row);
    out.price_line = u32(row);
    out.from = Time{row.number()};
    out.to = Time{row.number()};
    out.milli_device_ms = row.number();
    out.micro_yuan = Money{row.number()};
    out.credited = Money{row.number()};
    out.payments = decode_payments(row.text());
    out.service = static_cast<Service>(row.number());
    out.ledger = id<LedgerId>(row);
    out.quantity = row.number();
    return out;
}

InvoiceRow read_invoice(SqliteStatement& row) {
    InvoiceRow out;
    out.id = u64(row);
    out.seq = u64(row);
    out.org = id<OrgId>(row);
    out.issued = Time{row.number()};
    out.total = Money{row.number()};
    InvoiceIssued body;
    if (!body.ParseFromString(row.text())) return out;
    out.from = Time{body.from_us()};
    out.to = Time{body.to_us()};
    out.corrections = Money{body.corrections_micro_yuan()};
    out.lines.assign(body.lines().begin(), body.lines().end());
    out.payments.assign(body.payments().begin(), body.payments().end());
    return out;
}

JournalRow read_movement(SqliteStatement& row) {
    JournalRow out;
    out.number = u64(row);
    out.seq = out.number >> row_number_shift;
    out.org = id<OrgId>(row);
    out.time = Time{row.number()};
    out.kind = row.text();
    out.debit = row.text();
    out.credit = row.text();
    out.amount = Money{row.number()};
    out.note = row.text();
    return out;
}

WaitRow read_wait(SqliteStatement& row) {
    WaitRow out;
    out.number = u64(row);
    out.job = id<JobId>(row);
    out.since = Time{row.number()};
    out.code = row.text();
    out.reserved_start = Time{row.number()};
    return out;
}

// A charge is one movement for each payer; what is given back goes the other way.
void add_movements(const ChargeRow& charge, std::vector<JournalRow>& out) {
    for (const Payment& payment : charge.payments) {
        JournalRow row;
        row.number = charge.number;
        row.seq = charge.seq;
        row.time = charge.to;
        row.org = charge.org;
        row.kind = payment.micro_yuan() < 0 ? "credit" : "charge";
        row.debit = payment.voucher_id() != 0 ? fmt::format("voucher {}", payment.voucher_id())
                                              : fmt::format("org {}", charge.org.value);
        row.credit = "revenue";
        if (payment.micro_yuan() < 0) std::swap(row.debit, row.credit);
        row.amount = Money{std::abs(payment.micro_yuan())};
        row.job = charge.job;
        row.lease = charge.lease;
        out.push_back(std::move(row));
    }
}

}  // namespace

class History::Reader {
public:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };

    // `bind` sets the parameters, `read` makes a row.
    template <typename Bind, typename Read>
    auto rows(const std::string& sql, Bind bind, Read read)
        -> Result<std::vector<decltype(read(std::declval<SqliteStatement&>()))>> {
        std::vector<decltype(read(std::declval<SqliteStatement&>()))> out;
        const std::lock_guard lock(mutex);
        auto select = SqliteStatement::prepare(database.get(), sql);
        if (!select) return std::move(select).error();
        bind(*select);
        for (;;) {
            auto more = select->step();
            if (!more) return std::move(more).error();
            if (!*more) return out;
            out.push_back(read(*select));
        }
    }

    std::mutex mutex;
    std::unique_ptr<sqlite3, Close> database;
};

History::History(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
History::~History() = default;

Result<std::unique_ptr<History>> History::open(const std::filesystem::path& log_file) {
    auto reader = std::make_unique<Reader>();
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(log_file.c_str(), &database,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    reader->database.reset(database);
    if (code != SQLITE_OK) return sqlite_failure(database, "history: " + log_file.string());
    sqlite3_busy_timeout(database, 5'000);
    return std::unique_ptr<History>(new History(std::move(reader)));
}

Result<std::vector<JobRow>> History::jobs(const JobFilter& filter) const {
    std::string sql = "SELECT * FROM history_job WHERE id<?";
    std::vector<std::int64_t> values{filter.before ? i64(filter.before.value) : INT64_MAX};
    const auto equal = [&](const char* column, std::int64_t value) {
        if (value == 0) return;
        sql += fmt::format(" AND {}=?", column);
        values.push_back(value);
    };
    equal("org", filter.org.value);
    equal("project", filter.project.value);
    equal("member", filter.member.value);
    equal("pool", filter.pool.value);
    equal("state", filter.state);
    sql += " AND ended_us>=? AND ended_us<? ORDER BY id DESC LIMIT ?";
    values.insert(values.end(), {filter.ended_from.us, filter.ended_until.us, filter.limit});
    const auto bind = [&](SqliteStatement& select) {
        for (const std::int64_t value : values)
            select.bind(value);
    };
    return reader_->rows(sql, bind, read_job);
}

Result<JobRow> History::job(JobId wanted) const {
    auto rows = reader_->rows(
        "SELECT * FROM history_job WHERE id=?",
        [&](SqliteStatement& select) { select.bind(i64(wanted.value)); }, read_job);
    if (!rows) return std::move(rows).error();
    if (rows->empty()) {
        return Error{ErrorCode::not_found,
                     fmt::format("there is no job {} that ended", wanted.value)};
    }
    return std::move(rows->front());
}

Result<std::vector<LeaseRow>> History::leases(JobId job) const {
    return reader_->rows(
        "SELECT * FROM history_lease WHERE job=? ORDER BY id",
        [&](SqliteStatement& select) { select.bind(i64(job.value)); }, read_lease);
}

Result<std::vector<WaitRow>> History::waits(JobId job) const {
    auto rows = reader_->rows(
        "SELECT * FROM history_wait WHERE job=? ORDER BY number DESC LIMIT ?",
        [&](SqliteStatement& select) { select.bind(i64(job.value)).bind(waits_max); }, read_wait);
    if (rows) std::reverse(rows->begin(), rows->end());
    return rows;
}

Result<OrgId> History::org_in(const char* table, std::uint64_t wanted) const {
    auto rows = reader_->rows(
        fmt::format("SELECT org FROM {} WHERE id=?", table),
        [&](SqliteStatement& select) { select.bind(i64(wanted)); },
        [](SqliteStatement& row) { return id<OrgId>(row); });
    if (!rows) return std::move(rows).error();
    if (rows->empty()) {
        return Error{ErrorCode::not_found, fmt::format("{}: there is no {}", table, wanted)};
    }
    return rows->front();
}

Result<OrgId> History::org_of(JobId wanted) const {
    return org_in("history_job", wanted.value);
}
Result<OrgId> History::org_of(LeaseId wanted) const {
    return org_in("history_lease", wanted.value);
}

Result<std::vector<ChargeRow>> History::charges(const MoneyFilter& filter) const {
    std::string sql = "SELECT * FROM history_charge WHERE number>? AND to_us>=? AND to_us<?";
    if (filter.org) sql += fmt::format(" AND org={}", filter.org.value);
    if (filter.job) sql += fmt::format(" AND job={}", filter.job.value);
    sql += " ORDER BY number LIMIT ?";
    return reader_->rows(
        sql,
        [&](SqliteStatement& select) {
            select.bind(i64(filter.after)).bind(filter.from.us).bind(filter.until.us);
            select.bind(filter.limit);
        },
        read_charge);
}

Result<std::vector<InvoiceRow>> History::invoices(const MoneyFilter& filter) const {
    std::string sql = "SELECT * FROM history_invoice WHERE id>? AND issued_us>=? AND issued_us<?";
    if (filter.org) sql += fmt::format(" AND org={}", filter.org.value);
    sql += " ORDER BY id LIMIT ?";
    return reader_->rows(
        sql,
        [&](SqliteStatement& select) {
            select.bind(i64(filter.after)).bind(filter.from.us).bind(filter.until.us);
            select.bind(filter.limit);
        },
        read_invoice);
}

Result<InvoiceRow> History::invoice(std::uint64_t wanted) const {
    auto rows = reader_->rows(
        "SELECT * FROM history_invoice WHERE id=?",
        [&](SqliteStatement& select) { select.bind(i64(wanted)); }, read_invoice);
    if (!rows) return std::move(rows).error();
    if (rows->empty()) {
        return Error{ErrorCode::not_found, fmt::format("there is no invoice {}", wanted)};
    }
    return std::move(rows->front());
}

Result<std::vector<JournalRow>> History::journal(const MoneyFilter& filter) const {
    std::string sql = "SELECT * FROM history_movement WHERE number>? AND time_us>=? AND time_us<?";
    if (filter.org) sql += fmt::format(" AND org={}", filter.org.value);
    sql += " ORDER BY number LIMIT ?";
    auto rows = reader_->rows(
        sql,
        [&](SqliteStatement& select) {
            select.bind(i64(filter.after)).bind(filter.from.us).bind(filter.until.us);
            select.bind(filter.limit);
        },
        read_movement);
    if (!rows) return std::move(rows).error();
    // A charge may have many movements or none, so charges are read on until they fill the page.
    MoneyFilter next = filter;
    next.limit = std::min(filter.limit, charges_at_once);
    for (bool more = true; more;) {
        auto charged = charges(next);
        if (!charged) return std::move(charged).error();
        for (const ChargeRow& charge : *charged) {
            add_movements(charge, *rows);
        }
        if (!charged->empty()) next.after = charged->back().number;
        const auto known = std::count_if(rows->begin(), rows->end(), [&](const JournalRow& row) {
            return row.number <= next.after;
        });
        more = charged->size() == next.limit && static_cast<std::uint32_t>(known) < filter.limit;
    }
    std::stable_sort(rows->begin(), rows->end(),
                     [](const JournalRow& a, const JournalRow& b) { return a.number < b.number; });
    // Movements of one charge share a number and stay on one page.
    if (rows->size() > filter.limit && filter.limit > 0) {
        const std::uint64_t last = (*rows)[filter.limit - 1].number;
        std::erase_if(*rows, [&](const JournalRow& row) { return row.number > last; });
    }
    return rows;
}

}  // namespace suan::runtime
