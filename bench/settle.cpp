// links: suan_settle
// Settlement: transfers in memory, on disk in batches, and signed end to end, beside a hash-map
// loop, SQLite and PostgreSQL in the same run.
//
//   bench_settle [--json] [--tiny] [--transfers N] [--signed N] [--opening N] [--rounds N]
//   [--no-postgres] [--folder F] [--only durable|signed|opening]
//
// Medians of interleaved rounds. Rates in memory are per second of processor time of one thread;
// all others are per second of wall time. SQLite: WAL, synchronous=FULL, one transaction for each
// 8,000 transfers (two updates and an insert each). PostgreSQL: Debian's, with its default
// settings, on a socket of its own; skipped with a reason where it is not installed.
//
// Durable means the same for all: an answer comes after fdatasync (ours), after the fsync of the
// WAL at each commit (SQLite, synchronous=FULL), after the WAL's fdatasync at each commit
// (PostgreSQL, synchronous_commit=on, fsync=on). Ours also hashes every transfer into a chain of
// blocks and writes the histories of accounts, which no peer does. The peers number transfers in
// order, so that a retry would pay twice; the rows "its ids as ours" are of peers that take the
// caller's 128-bit ids and refuse a second one, as ours does. --opening: how long until an
// engine with so many transfers in its journal is ready, from its kept state, beside taking every
// frame again.
#include "rows.hpp"
#include "settle_peers.hpp"
#include "settle_work.hpp"

#include <cstdlib>
#include <string_view>

namespace {

using namespace suan;
using namespace suan::bench;

struct Arguments {
    bool json = false;
    bool postgres = true;
    std::size_t transfers = 1'000'000;
    std::size_t signed_transfers = 400'000;
    std::size_t opening = 10'000'000;
    int rounds = 5;
    std::string only;  // for profiles: one of our own rows and no peer
    std::filesystem::path folder = "build/bench-settle";
};

[[noreturn]] void usage() {
    fmt::print(stderr,
               "usage: bench_settle [--json] [--tiny] [--transfers N] [--signed N] [--rounds N] "
               "[--opening N] [--no-postgres] [--folder F] [--only durable|signed|opening]\n");
    std::exit(2);
}

Arguments parse(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool has_value = i + 1 < argc;
        if (word == "--json") {
            out.json = true;
        } else if (word == "--tiny") {
            out.postgres = false;
            out.transfers = out.signed_transfers = out.opening = 16'000;
            out.rounds = 1;
        } else if (word == "--no-postgres") {
            out.postgres = false;
        } else if (word == "--transfers" && has_value) {
            out.transfers = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--signed" && has_value) {
            out.signed_transfers = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--opening" && has_value) {
            out.opening = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--rounds" && has_value) {
            out.rounds = std::atoi(argv[++i]);
        } else if (word == "--only" && has_value) {
            out.only = argv[++i];
        } else if (word == "--folder" && has_value) {
            out.folder = argv[++i];
        } else {
            usage();
        }
    }
    if (out.transfers == 0 || out.signed_transfers == 0 || out.rounds < 1) usage();
    return out;
}

struct Samples {
    std::vector<double> memory, memory_peer, durable, durable_hot, sqlite, sqlite_with_ids,
        signed_ours, signed_hot, signed_peer;
};

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

Row row(std::string name, double ours, double bar, std::string peer, double peer_value) {
    return Row{std::move(name), ours,      "transfers/s", bar, Better::higher,
               std::move(peer), peer_value};
}

std::vector<Row> rows_of(const Samples& s, const PostgresRates& postgres) {
    const double durable = median(s.durable);
    const double signed_rate = median(s.signed_ours);
    std::vector<Row> out{
        row("in memory, duplicates found", median(s.memory), 3e6, "std::unordered_map loop",
            median(s.memory_peer)),
        row("durable, batches of 8,000", durable, 5 * median(s.sqlite),
            "SQLite WAL, 8,000 a commit", median(s.sqlite)),
        row("the same, its ids as ours", durable, 0, "SQLite WAL, 128-bit ids",
            median(s.sqlite_with_ids)),
    };
    if (postgres.one > 0) {
        out.push_back(row("durable, against one a commit", durable, 200 * postgres.one,
                          "PostgreSQL, one a commit", postgres.one));
        out.push_back(row("durable, against sets of 1,000", durable, 20 * postgres.sets,
                          "PostgreSQL, 1,000 a commit", postgres.sets));
        out.push_back(row("the same, its ids as ours", durable, 0,
                          "PostgreSQL, 1,000 a commit, 128-bit ids", postgres.sets_with_ids));
    }
    out.push_back(row("durable, 8 hot accounts", median(s.durable_hot), 0.9 * durable,
                      "ours, uniform", durable));
    out.push_back(row("signed: verify, apply, durable, block", signed_rate, 4e5,
                      "a ledger that verifies with OpenSSL", median(s.signed_peer)));
    out.push_back(row("signed, 8 hot accounts", median(s.signed_hot), 0.9 * signed_rate,
                      "ours, uniform", signed_rate));
    return out;
}

int run_only(const Arguments& arguments, const std::filesystem::path& folder,
             const std::vector<ledger::Transfer>& transfers) {
    if (arguments.only == "opening") {
        const Opening opening = run_opening(folder, arguments.opening);
        fmt::print("opening: {:.3f} s; every frame again: {:.3f} s\n", opening.kept_s,
                   opening.replayed_s);
        return 0;
    }
    SignedWork signed_work(folder, arguments.only == "signed" ? arguments.signed_transfers : 1);
    for (int round = 0; round < arguments.rounds; ++round) {
        const double rate = arguments.only == "signed" ? signed_work.run(Mix::uniform)
                                                       : run_durable(folder, transfers).per_second;
        fmt::print("{}: {:.0f} transfers/s\n", arguments.only, rate);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    std::filesystem::create_directories(arguments.folder);
    const std::filesystem::path folder = std::filesystem::absolute(arguments.folder);
    const auto uniform = make_transfers(arguments.transfers, Mix::uniform);
    const auto hot = make_transfers(arguments.transfers, Mix::hot);

    if (!arguments.only.empty()) return run_only(arguments, folder, uniform);

    Postgres postgres(folder);
    std::string skipped = arguments.postgres ? postgres.start() : "--no-postgres was given";
    if (!skipped.empty()) fmt::print(stderr, "PostgreSQL is skipped: {}\n", skipped);

    SignedWork signed_work(folder, arguments.signed_transfers);
    Samples samples;
    PostgresSamples of_postgres;
    for (int round = 0; round < arguments.rounds; ++round) {
        const Run memory = run_in_memory(uniform);
        const Run peer = run_hash_maps(uniform);
        SUAN_ASSERT(memory.hash == peer.hash);
        samples.memory.push_back(memory.per_second);
        samples.memory_peer.push_back(peer.per_second);
        const Run durable = run_durable(folder, uniform);
        const Run sqlite = run_sqlite(folder, uniform, PeerIds::in_order);
        const Run sqlite_with_ids = run_sqlite(folder, uniform, PeerIds::of_the_caller);
        SUAN_ASSERT(durable.hash == memory.hash);
        SUAN_ASSERT(sqlite.hash == memory.hash);
        SUAN_ASSERT(sqlite_with_ids.hash == memory.hash);
        samples.durable.push_back(durable.per_second);
        samples.sqlite.push_back(sqlite.per_second);
        samples.sqlite_with_ids.push_back(sqlite_with_ids.per_second);
        samples.durable_hot.push_back(run_durable(folder, hot).per_second);
        samples.signed_ours.push_back(signed_work.run(Mix::uniform));
        samples.signed_hot.push_back(signed_work.run(Mix::hot));
        samples.signed_peer.push_back(signed_work.run_one_by_one());
        if (skipped.empty()) postgres.measure(of_postgres);
    }
    std::vector<Row> rows =
        rows_of(samples, PostgresRates{median(of_postgres.one), median(of_postgres.sets),
                                       median(of_postgres.sets_with_ids)});
    const Opening opening = run_opening(folder, arguments.opening);
    rows.push_back(Row{fmt::format("ready with {} transfers", arguments.opening), opening.kept_s,
                       "s", 2, Better::lower, "every frame again", opening.replayed_s});
    if (!arguments.json) {
        fmt::print("{} transfers, {} signed, {} accounts, batches of {}, hash {:016x}\n",
                   arguments.transfers, arguments.signed_transfers, accounts, batch_size,
                   run_in_memory(uniform).hash);
    }
    arguments.json ? print_json(rows) : print_text(rows);
}
