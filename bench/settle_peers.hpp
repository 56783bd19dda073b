// The peers of bench_settle on disk: SQLite in this process, PostgreSQL as Debian installs it,
// started by the bench in its own folder and stopped when it ends.
#pragma once

#include "settle_work.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace suan::bench {

inline void sqlite_do(sqlite3* database, const std::string& sql) {
    char* message = nullptr;
    if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
        fmt::print(stderr, "SQLite: {}: {}\n", sql, message);
        std::exit(1);
    }
}

inline void sqlite_bind(sqlite3_stmt* statement, std::initializer_list<std::uint64_t> values) {
    int place = 0;
    for (const std::uint64_t value : values)
        sqlite3_bind_int64(statement, ++place, static_cast<sqlite3_int64>(value));
    SUAN_ASSERT(sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_reset(statement);
}

inline void sqlite_bind(sqlite3_stmt* statement, const ledger::TransferId& id,
                        std::initializer_list<std::uint64_t> values) {
    sqlite3_bind_blob(statement, 1, &id, sizeof id, SQLITE_STATIC);
    int place = 1;
    for (const std::uint64_t value : values)
        sqlite3_bind_int64(statement, ++place, static_cast<sqlite3_int64>(value));
    SUAN_ASSERT(sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_reset(statement);
}

inline std::uint64_t sqlite_hash(sqlite3* database) {
    sqlite3_stmt* rows = nullptr;
    sqlite3_prepare_v2(database, "SELECT debits, credits FROM accounts ORDER BY id", -1, &rows,
                       nullptr);
    std::uint64_t hash = hash_start;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        hash = mix_hash(hash, static_cast<std::uint64_t>(sqlite3_column_int64(rows, 0)));
        hash = mix_hash(hash, static_cast<std::uint64_t>(sqlite3_column_int64(rows, 1)));
    }
    sqlite3_finalize(rows);
    return hash;
}

// The ids that a peer keeps: its own numbers in order, the cheapest kind, for which a retry pays
// twice; or ours, random and of 128 bits, of which a second one is refused.
enum class PeerIds { in_order, of_the_caller };

inline sqlite3* open_sqlite(const std::filesystem::path& folder, PeerIds ids) {
    for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(folder / (std::string("peer.sqlite") + suffix));
    sqlite3* database = nullptr;
    SUAN_ASSERT(sqlite3_open((folder / "peer.sqlite").c_str(), &database) == SQLITE_OK);
    sqlite_do(database, "PRAGMA journal_mode=WAL");
    sqlite_do(database, "PRAGMA synchronous=FULL");
    sqlite_do(database,
              "CREATE TABLE accounts(id INTEGER PRIMARY KEY, debits INTEGER NOT NULL, "
              "credits INTEGER NOT NULL)");
    sqlite_do(database, ids == PeerIds::in_order
                            ? "CREATE TABLE transfers(id INTEGER PRIMARY KEY, debit INTEGER, "
                              "credit INTEGER, amount INTEGER)"
                            : "CREATE TABLE transfers(id BLOB PRIMARY KEY, debit INTEGER, "
                              "credit INTEGER, amount INTEGER) WITHOUT ROWID");
    sqlite_do(database, "BEGIN");
    for (std::uint32_t i = 1; i <= accounts; ++i)
        sqlite_do(database, fmt::format("INSERT INTO accounts VALUES({},0,0)", i));
    sqlite_do(database, "COMMIT");
    return database;
}

inline Run run_sqlite(const std::filesystem::path& folder,
                      const std::vector<ledger::Transfer>& transfers, PeerIds ids) {
    sqlite3* const database = open_sqlite(folder, ids);
    sqlite3_stmt* debit = nullptr;
    sqlite3_stmt* credit = nullptr;
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "UPDATE accounts SET debits=debits+?2 WHERE id=?1", -1, &debit,
                       nullptr);
    sqlite3_prepare_v2(database, "UPDATE accounts SET credits=credits+?2 WHERE id=?1", -1, &credit,
                       nullptr);
    sqlite3_prepare_v2(database, "INSERT INTO transfers VALUES(?1,?2,?3,?4)", -1, &insert, nullptr);
    Run out;
    out.per_second = rate_of_wall(transfers.size(), [&] {
        for (std::size_t i = 0; i < transfers.size(); i += batch_size) {
            sqlite_do(database, "BEGIN");
            const std::size_t end = std::min(i + batch_size, transfers.size());
            for (std::size_t k = i; k < end; ++k) {
                const ledger::Transfer& t = transfers[k];
                const std::uint64_t from = t.debit_account_id.low;
                const std::uint64_t to = t.credit_account_id.low;
                if (ids == PeerIds::in_order) {
                    sqlite_bind(insert, {t.id.low, from, to, t.amount});
                } else {
                    sqlite_bind(insert, t.id, {from, to, t.amount});
                }
                sqlite_bind(debit, {from, t.amount});
                sqlite_bind(credit, {to, t.amount});
            }
            sqlite_do(database, "COMMIT");
        }
    });
    for (sqlite3_stmt* const statement : {debit, credit, insert})
        sqlite3_finalize(statement);
    out.hash = sqlite_hash(database);
    sqlite3_close(database);
    return out;
}

struct PostgresSamples {
    std::vector<double> one, sets, sets_with_ids;
};
struct PostgresRates {
    double one = 0;
    double sets = 0;
    double sets_with_ids = 0;
};

class Postgres {
public:
    explicit Postgres(std::filesystem::path folder) : folder_(std::move(folder) / "postgres") {}
    ~Postgres() {
        if (is_running_) run(tool("pg_ctl") + " -D " + data() + " -m immediate stop");
    }
    Postgres(const Postgres&) = delete;
    Postgres& operator=(const Postgres&) = delete;

    // Empty, or why it cannot run.
    std::string start() {
        if (!find_tools()) return "no initdb, pg_ctl, psql and pgbench of Debian's postgresql";
        // A socket's path has at most 107 bytes, so it does not lie in the folder.
        char name[] = "/tmp/suan-bench-pg-XXXXXX";
        if (mkdtemp(name) == nullptr) return "no folder for its socket";
        socket_ = name;
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        if (getuid() == 0) run("chown postgres " + folder_.string() + " " + socket_);
        if (!run(tool("initdb") + " -A trust -D " + data())) return "initdb failed";
        const std::string options = "\"-c listen_addresses= -c unix_socket_directories=" + socket_ +
                                    "\" -l " + (folder_ / "log").string();
        if (!run(tool("pg_ctl") + " -w -D " + data() + " -o " + options + " start")) {
            return "the server did not start";
        }
        is_running_ = true;
        if (!write_scripts()) return "its tables could not be made";
        return {};
    }

    void measure(PostgresSamples& samples) {
        sql("TRUNCATE transfers; UPDATE accounts SET debits=0, credits=0;");
        sql("VACUUM FULL ANALYZE accounts; ");
        sql("CHECKPOINT;");
        samples.one.push_back(tps("one", 3));
        sql("TRUNCATE transfers; ");
        sql("VACUUM FULL ANALYZE accounts; ");
        sql("CHECKPOINT;");
        samples.sets.push_back(1'000 * tps("sets", 3));
        sql("TRUNCATE named_transfers; ");
        sql("VACUUM FULL ANALYZE accounts; ");
        sql("CHECKPOINT;");
        samples.sets_with_ids.push_back(1'000 * tps("sets_with_ids", 3));
    }

private:
    bool find_tools() {
        for (const char* version : {"15", "16", "17"}) {
            const std::filesystem::path bin = fmt::format("/usr/lib/postgresql/{}/bin", version);
            if (std::filesystem::exists(bin / "pgbench") && std::filesystem::exists(bin / "initdb"))
                bin_ = bin;
        }
        return !bin_.empty();
    }

    std::string data() const { return (folder_ / "data").string(); }

    // The server refuses to run as root; then Debian's user for it runs everything.
    std::string tool(const std::string& name) const {
        const std::string path = (bin_ / name).string();
        return getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups " + path
                             : path;
    }
    static bool run(const std::string& command) {
        return std::system(("cd /tmp && " + command + " >/dev/null 2>&1").c_str()) == 0;
    }
    bool sql(const std::string& text) const {
        return run(tool("psql") + " -h " + socket_ + " -d postgres -v ON_ERROR_STOP=1 -c '" + text +
                   "'");
    }

    // One transfer for each transaction, and 1,000 for each by a statement over sets.
    bool write_scripts() const {
        const std::string random_pair =
            "\\set a random(1, 10000)\n"
            "\\set b 1 + (:a + random(0, 9998)) % 10000\n"
            "\\set m random(1, 100)\n";
        std::ofstream(folder_ / "one.sql")
            << random_pair
            << "BEGIN;\nINSERT INTO transfers(debit, credit, amount) VALUES (:a, :b, :m);\n"
               "UPDATE accounts SET debits = debits + :m WHERE id = :a;\n"
               "UPDATE accounts SET credits = credits + :m WHERE id = :b;\nCOMMIT;\n";
        std::ofstream(folder_ / "sets.sql") << sets_statement(PeerIds::in_order);
        std::ofstream(folder_ / "sets_with_ids.sql") << sets_statement(PeerIds::of_the_caller);
        return sql("CREATE TABLE accounts(id int PRIMARY KEY, debits bigint NOT NULL, "
                   "credits bigint NOT NULL)") &&
               sql("CREATE TABLE transfers(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                   "debit int, credit int, amount bigint)") &&
               sql("CREATE TABLE named_transfers(id uuid PRIMARY KEY, debit int, credit int, "
                   "amount bigint)") &&
               sql("INSERT INTO accounts SELECT i, 0, 0 FROM generate_series(1, 10000) i");
    }

    // The transfers are made in the server, so that none travel. With the caller's ids only those
    // that are new move money.
    static std::string sets_statement(PeerIds ids) {
        const bool named = ids == PeerIds::of_the_caller;
        const std::string made =
            named ? "INSERT INTO named_transfers(id, debit, credit, amount) SELECT "
                    "gen_random_uuid(), a, b, m FROM batch ON CONFLICT (id) DO NOTHING RETURNING "
                    "debit AS a, credit AS b, amount AS m"
                  : "INSERT INTO transfers(debit, credit, amount) SELECT a, b, m FROM batch";
        const std::string moves = named ? "made" : "batch";
        return "WITH batch AS MATERIALIZED (SELECT a, 1 + (a + (random() * 9998)::int) % 10000 AS "
               "b, 1 + (random() * 99)::int AS m FROM (SELECT 1 + (random() * 9999)::int AS a FROM "
               "generate_series(1, 1000)) s), made AS (" +
               made +
               "), moved AS (SELECT id, sum(d) AS d, sum(c) AS c FROM (SELECT a AS id, m AS d, 0 "
               "AS c FROM " +
               moves + " UNION ALL SELECT b, 0, m FROM " + moves +
               ") u GROUP BY id) UPDATE accounts SET debits = debits + moved.d, credits = credits "
               "+ moved.c FROM moved WHERE accounts.id = moved.id;\n";
    }

    double tps(const std::string& script, int seconds) const {
        const std::string command =
            fmt::format("cd /tmp && {} -h {} -n -M prepared -c 1 -T {} -f {} postgres 2>/dev/null",
                        tool("pgbench"), socket_, seconds, (folder_ / (script + ".sql")).string());
        std::FILE* const pipe = popen(command.c_str(), "r");
        if (pipe == nullptr) return 0;
        char line[512];
        double out = 0;
        while (std::fgets(line, sizeof line, pipe) != nullptr) {
            if (std::string_view(line).starts_with("tps = ")) out = std::atof(line + 6);
        }
        pclose(pipe);
        return out;
    }

    std::filesystem::path folder_;
    std::filesystem::path bin_;
    std::string socket_;
    bool is_running_ = false;
};

}  // namespace suan::bench
