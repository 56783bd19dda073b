// bench log [--json] [--entries N]: durable appends a second at three batch sizes, and reading with
// checksum and SM3. The peers, from the same run: the same bytes and batches in a plain file with
// fdatasync after each, which is what the disk allows; and a table of one row an entry, which is
// the usual way to keep a log in SQLite.
#include "crypto/sm3.hpp"
#include "log/receipt.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "log/verify.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace suan;
using Clock = std::chrono::steady_clock;

constexpr std::size_t entry_bytes = 300;

struct Row {
    std::string name;
    double ours = 0;
    std::string unit;
    std::string peer;
    double peer_value = 0;
    double bar = 0;
};

void add(std::vector<Row>& rows, const char* name, double ours, const char* unit, double bar) {
    rows.push_back({name, ours, unit, "", 0, bar});
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

template <typename T>
T must(Result<T> result) {
    if (result) return std::move(result).value();
    fmt::print(stderr, "bench log: {}\n", result.error().context);
    std::exit(1);
}
void must(Result<void> result) {
    if (result) return;
    fmt::print(stderr, "bench log: {}\n", result.error().context);
    std::exit(1);
}

std::vector<std::string> make_entries(std::size_t count) {
    std::vector<std::string> entries(count, std::string(entry_bytes, 'x'));
    for (std::size_t i = 0; i < count; ++i)
        std::memcpy(entries[i].data(), &i, sizeof i);
    return entries;
}

// Runs `commit` on batch after batch and gives entries per second.
template <typename Commit>
double rate(std::size_t total, std::size_t batch, Commit commit) {
    const auto start = Clock::now();
    for (std::size_t done = 0; done < total; done += batch)
        commit();
    return double(total) / seconds_since(start);
}

double append_rate(log::Log& log, std::size_t total, std::span<const std::string_view> entries) {
    return rate(total, entries.size(), [&] {
        log::Batch batch;
        batch.first_seq = log.head().last_seq + 1;
        batch.entries = entries;
        must(log.append(batch));
    });
}

double file_rate(const fs::path& file, std::size_t total,
                 std::span<const std::string_view> entries) {
    const int fd = open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    std::string body;
    for (const std::string_view entry : entries)
        body.append(entry);
    const double found = rate(total, entries.size(), [&] {
        if (write(fd, body.data(), body.size()) != ssize_t(body.size()) || fdatasync(fd) != 0) {
            std::perror("bench log: write");
            std::exit(1);
        }
    });
    close(fd);
    return found;
}

double row_rate(const fs::path& file, std::size_t total,
                std::span<const std::string_view> entries) {
    auto database = must(log::Database::open(file, log::Database::Mode::create));
    must(database.exec(
        "PRAGMA journal_mode=WAL; CREATE TABLE t(seq INTEGER PRIMARY KEY, body BLOB)"));
    auto insert = must(database.prepare("INSERT INTO t(body) VALUES(?)"));
    return rate(total, entries.size(), [&] {
        must(database.exec("BEGIN"));
        for (const std::string_view entry : entries)
            must(insert.bind(1, entry).run());
        must(database.exec("COMMIT"));
    });
}

void append_rows(const fs::path& folder, std::size_t total, std::vector<Row>& rows) {
    for (const std::size_t batch : {1, 100, 5'000}) {
        const auto texts = make_entries(batch);
        const std::vector<std::string_view> entries(texts.begin(), texts.end());
        // A commit of one entry costs about what one of 5,000 does.
        const std::size_t count = std::max(batch, std::min(total, batch * 1'000) / batch * batch);
        const auto name = [&](const char* what) {
            return folder / fmt::format("{}-{}", what, batch);
        };
        auto log = must(log::SqliteLog::open(name("log"), {}));
        const double ours = append_rate(*log, count, entries);
        const std::string label = fmt::format("append, batch {}", batch);
        rows.push_back({label, ours, "entries/s", "plain file, fdatasync",
                        file_rate(name("file"), count, entries), 0});
        rows.push_back({label, ours, "entries/s", "SQLite, one row an entry",
                        row_rate(name("rows"), count, entries), 0});
    }
}

void read_rows(const fs::path& folder, std::size_t total, std::vector<Row>& rows) {
    const auto texts = make_entries(1'000);
    const std::vector<std::string_view> entries(texts.begin(), texts.end());
    total = std::max<std::size_t>(1, total / 1'000) * 1'000;
    auto log = must(log::SqliteLog::open(folder / "read", {}));
    append_rate(*log, total, entries);
    const auto key = must(crypto::PrivateKey::generate());
    const auto sealing = Clock::now();
    log::BlockBuilder builder(log->head(), key.public_key());
    std::uint64_t blocks = 0;
    must(log->for_each(1, total, [&](log::Seq seq, std::string_view entry) -> Result<log::Next> {
        builder.add({&entry, 1}, Time{1});
        if (builder.room() == 0 || seq == total) {
            must(log->put_block(must(log::seal(builder.close(Time{2}, {}), key))));
            ++blocks;
        }
        return log::Next::more;
    }));
    add(rows, "hash, close, sign and store blocks", double(total) / seconds_since(sealing),
        "entries/s", 0);

    const auto reading = Clock::now();
    must(log->for_each(
        1, total, [](log::Seq, std::string_view) -> Result<log::Next> { return log::Next::more; }));
    rows.push_back(
        {"read with CRC", double(total) / seconds_since(reading), "entries/s", "", 0, 500'000});
    const auto hashing = Clock::now();
    Hash256 last{};
    must(log->for_each(1, total, [&](log::Seq, std::string_view entry) -> Result<log::Next> {
        last = crypto::sm3(entry);
        return log::Next::more;
    }));
    add(rows, "read with CRC and SM3", double(total) / seconds_since(hashing), "entries/s", 0);
    const auto verifying = Clock::now();
    const auto verified = must(log::verify_log(*log, key.public_key(), {}));
    add(rows, "verify chain, roots and signatures",
        double(verified.entries) / seconds_since(verifying), "entries/s", 0);
    const auto proving = Clock::now();
    constexpr int receipts = 20;
    for (int i = 0; i < receipts; ++i)
        must(log::receipt(*log, 1 + log::Seq(i) * (total / receipts)));
    add(rows, "receipts", receipts / seconds_since(proving), "receipts/s", 0);
    fmt::print(stderr, "{} entries of {} bytes, {} blocks, last SM3 {}\n", total, entry_bytes,
               blocks, to_hex(last));
}

void print_text(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        fmt::print("{:<36} {:>12.0f} {}", row.name, row.ours, row.unit);
        if (!row.peer.empty()) {
            fmt::print("   {}: {:.0f}, ratio {:.2f}", row.peer, row.peer_value,
                       row.ours / row.peer_value);
        }
        if (row.bar > 0)
            fmt::print("   bar {:.0f}: {}", row.bar, row.ours >= row.bar ? "holds" : "MISSED");
        fmt::print("\n");
    }
}

std::string number_or_null(bool known, double value) {
    return known ? fmt::format("{:.6g}", value) : "null";
}

void print_json(const std::vector<Row>& rows) {
    utsname machine{};
    uname(&machine);
    std::string out;
    for (const Row& row : rows) {
        const bool peer = !row.peer.empty();
        if (!out.empty()) out += ",";
        out += fmt::format(R"({{"name":"{}","ours":{:.6g},"unit":"{}","peer":{},"peer_value":{},)"
                           R"("ratio":{},"bar":{},"holds":{}}})",
                           row.name, row.ours, row.unit, peer ? "\"" + row.peer + "\"" : "null",
                           number_or_null(peer, row.peer_value),
                           number_or_null(peer, row.ours / row.peer_value),
                           number_or_null(row.bar > 0, row.bar),
                           row.bar > 0 ? (row.ours >= row.bar ? "true" : "false") : "null");
    }
    fmt::print(R"({{"machine":"{} {}, {} processors","rows":[{}]}})"
               "\n",
               machine.sysname, machine.machine, sysconf(_SC_NPROCESSORS_ONLN), out);
}

}  // namespace

int main(int argc, char** argv) {
    bool json = false;
    std::size_t total = 500'000;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--json") {
            json = true;
        } else if (argument == "--entries" && i + 1 < argc && std::atoll(argv[i + 1]) > 0) {
            total = std::size_t(std::atoll(argv[++i]));
        } else {
            fmt::print(stderr, "usage: bench_log [--json] [--entries N], N at least 1\n");
            return 2;
        }
    }
    std::string name = (fs::temp_directory_path() / "suan-bench-log-XXXXXX").string();
    const fs::path folder = mkdtemp(name.data());
    std::vector<Row> rows;
    append_rows(folder, total, rows);
    read_rows(folder, total, rows);
    json ? print_json(rows) : print_text(rows);
    fs::remove_all(folder);
    return 0;
}
