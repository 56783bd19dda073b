#include "runtime/history_writer.hpp"

#include "core/transition.hpp"
#include "runtime/history_rows.hpp"

#include <fmt/format.h>

namespace suan::runtime {
namespace {

constexpr const char* drop_tables =
    "DROP TABLE IF EXISTS history_meta; DROP TABLE IF EXISTS history_job;"
    "DROP TABLE IF EXISTS history_lease; DROP TABLE IF EXISTS history_charge;"
    "DROP TABLE IF EXISTS history_invoice; DROP TABLE IF EXISTS history_movement;"
    "DROP TABLE IF EXISTS history_wait;";

constexpr const char* create_tables =
    "CREATE TABLE IF NOT EXISTS history_meta(id INTEGER PRIMARY KEY, version INTEGER NOT NULL,"
    " seq INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS history_job(id INTEGER PRIMARY KEY, array INTEGER,"
    " array_index INTEGER, org INTEGER, project INTEGER, member INTEGER, pool INTEGER, name TEXT,"
    " tier INTEGER, tasks INTEGER, devices INTEGER, milli INTEGER, priority INTEGER,"
    " walltime_us INTEGER, state INTEGER, submitted_us INTEGER, started_us INTEGER,"
    " ended_us INTEGER, exit_code INTEGER, signal INTEGER, attempts INTEGER, preemptions INTEGER,"
    " progress INTEGER, sheet INTEGER, line INTEGER, price INTEGER, charged INTEGER,"
    " milli_device_ms INTEGER, reason TEXT, seq INTEGER);"
    "CREATE INDEX IF NOT EXISTS history_job_org ON history_job(org, id);"
    "CREATE TABLE IF NOT EXISTS history_lease(id INTEGER PRIMARY KEY, job INTEGER, org INTEGER,"
    " attempt INTEGER, tasks INTEGER, slots BLOB, started_us INTEGER, ended_us INTEGER,"
    " outcome INTEGER, stopping INTEGER, exit_code INTEGER, signal INTEGER, charged INTEGER,"
    " milli_device_ms INTEGER);"
    "CREATE INDEX IF NOT EXISTS history_lease_job ON history_lease(job);"
    "CREATE TABLE IF NOT EXISTS history_charge(number INTEGER PRIMARY KEY, org INTEGER,"
    " project INTEGER, job INTEGER, lease INTEGER, pool INTEGER, tier INTEGER, sheet INTEGER,"
    " line INTEGER, from_us INTEGER, to_us INTEGER, milli_device_ms INTEGER, micro_yuan INTEGER,"
    " credited INTEGER, payments BLOB, service INTEGER, ledger INTEGER, quantity INTEGER);"
    "CREATE INDEX IF NOT EXISTS history_charge_org ON history_charge(org, number);"
    "CREATE INDEX IF NOT EXISTS history_charge_job ON history_charge(job);"
    "CREATE TABLE IF NOT EXISTS history_invoice(id INTEGER PRIMARY KEY, seq INTEGER, org INTEGER,"
    " issued_us INTEGER, total INTEGER, body BLOB);"
    "CREATE INDEX IF NOT EXISTS history_invoice_org ON history_invoice(org, id);"
    "CREATE TABLE IF NOT EXISTS history_movement(number INTEGER PRIMARY KEY, org INTEGER,"
    " time_us INTEGER, kind TEXT, debit TEXT, credit TEXT, micro_yuan INTEGER, note TEXT);"
    "CREATE INDEX IF NOT EXISTS history_movement_org ON history_movement(org, number);"
    "CREATE TABLE IF NOT EXISTS history_wait(number INTEGER PRIMARY KEY, job INTEGER,"
    " since_us INTEGER, code TEXT, reserved_us INTEGER);"
    "CREATE INDEX IF NOT EXISTS history_wait_job ON history_wait(job, number);";

// Rows of one rebuilding transaction, in entries.
constexpr std::uint64_t rebuild_chunk = 50'000;

std::string insert_into(std::string_view table, int columns) {
    std::string sql = fmt::format("INSERT OR REPLACE INTO {} VALUES(?", table);
    for (int i = 1; i < columns; ++i)
        sql += ",?";
    return sql + ")";
}

std::int64_t i64(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

}  // namespace

Result<std::unique_ptr<HistoryWriter>> HistoryWriter::open(log::SqliteLog& log) {
    std::unique_ptr<HistoryWriter> writer(new HistoryWriter(log));
    bool current = false;
    auto done = log.transact([&]() -> Result<void> {
        auto made = sqlite_run(log.database(), create_tables);
        if (!made) return made;
        auto check = writer->up_to_date();
        if (!check) return std::move(check).error();
        current = *check;
        if (!current) made = writer->make_tables();
        if (made) made = writer->prepare();
        return made;
    });
    if (done && !current) done = writer->rebuild();
    if (!done) return std::move(done).error();
    return writer;
}

Result<bool> HistoryWriter::up_to_date() {
    auto select =
        SqliteStatement::prepare(log_.database(), "SELECT version, seq FROM history_meta");
    if (!select) return std::move(select).error();
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return false;
    const std::int64_t version = select->number();
    const std::int64_t seq = select->number();
    return version == history_version && i64(log_.head().last_seq) == seq;
}

Result<void> HistoryWriter::make_tables() {
    auto done = sqlite_run(log_.database(), drop_tables);
    if (done) done = sqlite_run(log_.database(), create_tables);
    return done;
}

Result<void> HistoryWriter::prepare() {
    const auto make = [&](SqliteStatement& into, const std::string& sql) -> Result<void> {
        auto made = SqliteStatement::prepare(log_.database(), sql);
        if (!made) return std::move(made).error();
        into = std::move(*made);
        return {};
    };
    auto done = make(job_, insert_into("history_job", 30));
    if (done) done = make(lease_, insert_into("history_lease", 14));
    if (done) done = make(charge_, insert_into("history_charge", 18));
    if (done) done = make(invoice_, insert_into("history_invoice", 6));
    if (done) done = make(movement_, insert_into("history_movement", 8));
    if (done) done = make(wait_, insert_into("history_wait", 5));
    if (done) done = make(progress_, "INSERT OR REPLACE INTO history_meta VALUES(1,?,?)");
    return done;
}

Result<void> HistoryWriter::rebuild() {
    core::State state;
    Projector projector;
    std::vector<HistoryRow> rows;
    const std::uint64_t last = log_.head().last_seq;
    const auto store = [&] {
        auto done = log_.transact([&]() -> Result<void> {
            auto written = write(rows);
            return written ? finish(state.seq) : std::move(written);
        });
        rows.clear();
        return done;
    };
    if (last == 0) return store();
    auto read =
        log_.for_each(1, last, [&](log::Seq seq, std::string_view bytes) -> Result<log::Next> {
            Entry entry;
            if (!entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
                entry.rules_version() != core::rules_version) {
                return Error{ErrorCode::invalid,
                             fmt::format("entry {}: not one that this version can apply", seq)};
            }
            core::apply(state, entry);
            projector.observe(state, entry, rows);
            if (seq % rebuild_chunk == 0) {
                auto stored = store();
                if (!stored) return std::move(stored).error();
            }
            return log::Next::more;
        });
    if (!read) return std::move(read).error().wrap("rebuild the history");
    return store();
}

Result<void> HistoryWriter::write(const std::vector<HistoryRow>& rows) {
    for (const HistoryRow& row : rows) {
        auto done = std::visit([this](const auto& one) { return put(one); }, row);
        if (!done) return done;
    }
    return {};
}

Result<void> HistoryWriter::finish(std::uint64_t seq) {
    return progress_.bind(history_version).bind(i64(seq)).run();
}

Result<void> HistoryWriter::put(const JobRow& row) {
    job_.bind(i64(row.id.value)).bind(i64(row.array.value)).bind(row.array_index);
    job_.bind(row.org.value).bind(row.project.value).bind(row.member.value).bind(row.pool.value);
    job_.bind(std::string_view(row.name)).bind(row.tier).bind(row.tasks);
    job_.bind(row.devices_per_task).bind(row.milli_per_device).bind(row.priority);
    job_.bind(row.walltime.us).bind(row.state).bind(row.submitted.us).bind(row.started.us);
    job_.bind(row.ended.us).bind(row.exit_code).bind(row.signal).bind(row.attempts);
    job_.bind(row.preemptions).bind(row.progress_permille).bind(row.sheet.value);
    job_.bind(row.price_line).bind(row.price.micro_yuan).bind(row.charged.micro_yuan);
    job_.bind(row.milli_device_ms).bind(std::string_view(row.reason)).bind(i64(row.seq));
    return job_.run();
}

Result<void> HistoryWriter::put(const LeaseRow& row) {
    const std::string slots = encode_slots(row.slots);
    lease_.bind(i64(row.id.value)).bind(i64(row.job.value)).bind(row.org.value);
    lease_.bind(row.attempt).bind(row.tasks).bind_blob(slots).bind(row.started.us);
    lease_.bind(row.ended.us).bind(row.outcome).bind(row.stopping).bind(row.exit_code);
    lease_.bind(row.signal).bind(row.charged.micro_yuan).bind(row.milli_device_ms);
    return lease_.run();
}

Result<void> HistoryWriter::put(const ChargeRow& row) {
    const std::string payments = encode_payments(row.payments);
    charge_.bind(i64(row.number)).bind(row.org.value).bind(row.project.value);
    charge_.bind(i64(row.job.value)).bind(i64(row.lease.value)).bind(row.pool.value);
    charge_.bind(row.tier).bind(row.sheet.value).bind(row.price_line).bind(row.from.us);
    charge_.bind(row.to.us).bind(row.milli_device_ms).bind(row.micro_yuan.micro_yuan);
    charge_.bind(row.credited.micro_yuan).bind_blob(payments).bind(row.service);
    charge_.bind(row.ledger.value).bind(row.quantity);
    return charge_.run();
}

Result<void> HistoryWriter::put(const InvoiceRow& row) {
    InvoiceIssued body;
    body.set_invoice_id(row.id);
    body.set_from_us(row.from.us);
    body.set_to_us(row.to.us);
    body.set_corrections_micro_yuan(row.corrections.micro_yuan);
    body.mutable_lines()->Add(row.lines.begin(), row.lines.end());
    body.mutable_payments()->Add(row.payments.begin(), row.payments.end());
    const std::string bytes = body.SerializeAsString();
    invoice_.bind(i64(row.id)).bind(i64(row.seq)).bind(row.org.value).bind(row.issued.us);
    invoice_.bind(row.total.micro_yuan).bind_blob(bytes);
    return invoice_.run();
}

Result<void> HistoryWriter::put(const JournalRow& row) {
    movement_.bind(i64(row.number)).bind(row.org.value).bind(row.time.us);
    movement_.bind(std::string_view(row.kind)).bind(std::string_view(row.debit));
    movement_.bind(std::string_view(row.credit)).bind(row.amount.micro_yuan);
    movement_.bind(std::string_view(row.note));
    return movement_.run();
}

Result<void> HistoryWriter::put(const WaitRow& row) {
    wait_.bind(i64(row.number)).bind(i64(row.job.value)).bind(row.since.us);
    wait_.bind(std::string_view(row.code)).bind(row.reserved_start.us);
    return wait_.run();
}

}  // namespace suan::runtime
