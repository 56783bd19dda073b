#include "log/sqlite/sqlite_log.hpp"

#include "base/limits.hpp"
#include "log/log_fixture.hpp"
#include "log/verify.hpp"

#include <fmt/format.h>

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <future>

namespace suan::log {
namespace {

using namespace testing;

SqliteOptions small_pages() {
    SqliteOptions options;
    options.page_bytes = 512;
    return options;
}

SqliteOptions reading() {
    SqliteOptions options;
    options.mode = OpenMode::read;
    return options;
}

std::unique_ptr<SqliteLog> open(const fs::path& file, const SqliteOptions& options = {}) {
    return SqliteLog::open(file, options).value();
}

std::size_t count_of(SqliteLog& log, const char* table) {
    auto database = Database::open(log.file(), Database::Mode::read).value();
    auto select = database.prepare(fmt::format("SELECT count(*) FROM {}", table)).value();
    EXPECT_TRUE(select.step().value());
    return select.number(0);
}

TEST(SqliteLog, one_batch_is_one_row) {
    const Folder folder;
    const auto log = open(folder / "log.db");
    ASSERT_TRUE(append_next(*log, 1000));
    ASSERT_TRUE(append_next(*log, 1));
    EXPECT_EQ(count_of(*log, "chunk"), 2U);
}

TEST(SqliteLog, refuses_a_second_writer_and_allows_readers) {
    const Folder folder;
    const auto log = open(folder / "log.db");
    ASSERT_TRUE(append_next(*log, 3));
    const auto second = SqliteLog::open(folder / "log.db", {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);
    EXPECT_NE(second.error().context.find(fmt::format("(pid {}) is writing this log", getpid())),
              std::string::npos)
        << second.error().context;
    const auto reader = open(folder / "log.db", reading());
    EXPECT_EQ(texts_of(*reader).size(), 3U);
    EXPECT_EQ(append_next(*reader, 1).error().code, ErrorCode::forbidden);
    ASSERT_TRUE(append_next(*log, 1));
    EXPECT_EQ(reader->head().last_seq, 3U);  // as it was when opened
    EXPECT_EQ(texts_of(*reader).size(), 3U);
}

TEST(SqliteLog, waits_for_the_child_of_a_killed_writer_that_has_not_executed_yet) {
    const Folder folder;
    int go[2];
    ASSERT_EQ(pipe(go), 0);
    const pid_t writer = fork();
    if (writer == 0) {
        const auto log = SqliteLog::open(folder / "log.db", {}).value();
        if (fork() == 0) {
            close(go[1]);
            char byte = 0;
            static_cast<void>(!read(go[0], &byte, 1));  // until the test lets it go
        }
        _exit(0);
    }
    ASSERT_EQ(waitpid(writer, nullptr, 0), writer);
    auto opening =
        std::async(std::launch::async, [&] { return SqliteLog::open(folder / "log.db", {}); });
    EXPECT_EQ(opening.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
    close(go[1]);
    const auto log = opening.get();
    EXPECT_TRUE(log) << log.error().context;
    close(go[0]);
}

TEST(SqliteLog, refuses_a_missing_file_unless_it_may_create_one) {
    const Folder folder;
    SqliteOptions options;
    options.mode = OpenMode::write;
    EXPECT_EQ(SqliteLog::open(folder / "log.db", options).error().code, ErrorCode::not_found);
    EXPECT_EQ(SqliteLog::open(folder / "log.db", reading()).error().code, ErrorCode::not_found);
    EXPECT_FALSE(fs::exists(folder / "log.db"));
    EXPECT_EQ(SqliteLog::open(folder / "none" / "log.db", {}).error().code, ErrorCode::io);
}

TEST(SqliteLog, refuses_a_file_that_is_no_log) {
    const Folder folder;
    write_file(folder / "empty.db", "");
    write_file(folder / "text.db", std::string(5000, 'x'));
    for (const char* name : {"empty.db", "text.db"})
        EXPECT_EQ(SqliteLog::open(folder / name, {}).error().code, ErrorCode::corrupt) << name;
}

TEST(SqliteLog, projections_commit_with_their_entries) {
    const Folder folder;
    auto log = open(folder / "log.db");
    auto run = [&](const std::string& sql) -> Result<void> {
        if (sqlite3_exec(log->database(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK)
            return {};
        return sqlite_error(log->database(), sqlite3_extended_errcode(log->database()), sql);
    };
    ASSERT_TRUE(
        log->transact([&] { return run("CREATE TABLE history(seq INTEGER PRIMARY KEY)"); }));
    const std::string_view entry = "x";
    Batch batch;
    batch.entries = {&entry, 1};
    batch.first_seq = 1;
    batch.also = [&] { return run("INSERT INTO history VALUES(1)"); };
    ASSERT_TRUE(log->append(batch));
    batch.first_seq = 2;  // the same key again: the projection fails, and the entry with it
    EXPECT_FALSE(log->append(batch));
    log.reset();
    log = open(folder / "log.db");
    EXPECT_EQ(count_of(*log, "history"), 1U);
    EXPECT_EQ(log->head().last_seq, 1U);
}

TEST(SqliteLog, a_full_disk_is_exhausted_and_leaves_the_log_whole) {
    const Folder folder;
    auto log = open(folder / "log.db", small_pages());
    fill(*log, example_key());
    ASSERT_EQ(sqlite3_exec(log->database(), "PRAGMA max_page_count=1", nullptr, nullptr, nullptr),
              SQLITE_OK);  // SQLite takes the present size: no page more
    const auto done = append_texts(*log, {std::string(10'000, 'x')});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::exhausted) << done.error().context;
    EXPECT_EQ(append_next(*log, 1).error().code, ErrorCode::unavailable);
    EXPECT_EQ(texts_of(*log).size(), 18U);
    log.reset();
    log = open(folder / "log.db");
    EXPECT_EQ(texts_of(*log).size(), 18U);
    EXPECT_TRUE(append_next(*log, 1));
    EXPECT_TRUE(verify_log(*log, example_key().public_key(), {}));
}

TEST(SqliteLog, an_acknowledged_append_survives_a_killed_process) {
    const Folder folder;
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto log = SqliteLog::open(folder / "log.db", {}).value();
        for (;;) {
            if (!append_next(*log, 3)) _exit(1);
            const Seq seq = log->head().last_seq;
            if (write(told[1], &seq, sizeof seq) != sizeof seq) _exit(2);
        }
    }
    Seq acknowledged = 0;
    while (acknowledged < 60)
        ASSERT_EQ(read(told[0], &acknowledged, sizeof acknowledged), ssize_t(sizeof acknowledged));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(told[1]);
    Seq more = 0;
    while (read(told[0], &more, sizeof more) == sizeof more)
        acknowledged = more;
    close(told[0]);
    const auto log = open(folder / "log.db");
    EXPECT_GE(log->head().last_seq, acknowledged);
    const auto texts = texts_of(*log);
    for (Seq seq = 1; seq <= texts.size(); ++seq)
        EXPECT_EQ(texts[seq - 1], entry_text(seq));
}

TEST(SqliteLog, snapshots_larger_than_a_row_come_back_and_damage_is_found) {
    const Folder folder;
    SqliteOptions options;
    options.snapshot_row_bytes = 1000;
    auto log = open(folder / "log.db", options);
    std::string body;
    for (int i = 0; i < 12'345; ++i)
        body.push_back(char(i * 31));
    ASSERT_TRUE(log->snapshots().put(5, filled(1), body));
    EXPECT_EQ(log->snapshots().read(5).value(), body);
    auto database = Database::open(folder / "log.db.snapshots", Database::Mode::write).value();
    ASSERT_TRUE(database.exec("DELETE FROM snapshot_part WHERE part=3"));
    const auto damaged = log->snapshots().read(5);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, ErrorCode::corrupt);
    EXPECT_NE(damaged.error().context.find("snapshot 5: expected 12345 bytes"), std::string::npos);
}

TEST(SqliteLog, checkpoint_empties_the_wal_into_the_database) {
    const Folder folder;
    auto log = open(folder / "log.db");
    ASSERT_TRUE(append_next(*log, 1000));
    const auto before = fs::file_size(folder / "log.db");
    ASSERT_TRUE(log->checkpoint());
    EXPECT_GT(fs::file_size(folder / "log.db"), before);
    EXPECT_TRUE(log->check_file());
}

// Damage to the closed file. Either it is refused, or nothing that the log holds has changed.
class Damage : public ::testing::Test {
protected:
    void SetUp() override {
        auto log = open(folder_ / "log.db", small_pages());
        fill(*log, key_);
        texts_ = texts_of(*log);
        head_ = log->head();
        log.reset();
        ASSERT_FALSE(fs::exists(folder_ / "log.db-wal"));
        bytes_ = read_file(folder_ / "log.db");
    }

    // What opening and verifying the changed bytes says; empty when all is as it was.
    std::string damage(std::string_view bytes) {
        const fs::path file = folder_ / "bad.db";
        for (const char* suffix : {"-wal", "-shm", ".lock", ".snapshots"})
            fs::remove(file.string() + suffix);
        write_file(file, bytes);
        auto log = SqliteLog::open(file, reading());
        if (!log) return std::string(to_string(log.error().code)) + ": " + log.error().context;
        auto verified = verify_log(**log, key_.public_key(), {});
        if (!verified) return "verify: " + verified.error().context;
        EXPECT_EQ(texts_of(**log), texts_);
        EXPECT_EQ((*log)->head().last_seq, head_.last_seq);
        EXPECT_EQ((*log)->head().last_block_hash, head_.last_block_hash);
        EXPECT_EQ(verified->blocks, head_.last_block);
        return "";
    }

    Folder folder_{quick_folder()};
    const crypto::PrivateKey key_ = example_key();
    std::vector<std::string> texts_;
    Head head_;
    std::string bytes_;
};

TEST_F(Damage, a_flip_of_any_byte_is_found_or_harmless) {
    ASSERT_EQ(damage(bytes_), "");
    std::size_t found = 0;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        std::string bad = bytes_;
        bad[i] = char(bad[i] ^ (1 << (i % 8)));
        found += damage(bad).empty() ? 0 : 1;
        ASSERT_FALSE(HasFailure()) << "byte " << i;
    }
    // Unused space of pages is most of what is harmless.
    EXPECT_GT(found, bytes_.size() / 4);
}

TEST_F(Damage, a_cut_at_any_byte_is_found_or_harmless) {
    // SQLite reads zeros past the end of the last page, so losing zeros loses nothing.
    const std::size_t zeros_from = bytes_.find_last_not_of('\0') + 1;
    for (std::size_t size = 0; size < bytes_.size(); ++size) {
        const bool found = !damage(std::string_view(bytes_).substr(0, size)).empty();
        ASSERT_TRUE(found || size >= zeros_from) << size;
    }
}

TEST_F(Damage, the_message_names_entry_offset_expected_and_found) {
    std::string bad = bytes_;
    const std::size_t at = bad.find("entry 18");
    ASSERT_NE(at, std::string::npos);
    bad[at] = 'E';
    const std::string said = damage(bad);
    EXPECT_NE(said.find("corrupt"), std::string::npos) << said;
    EXPECT_NE(said.find("entry 18: chunk offset 16: CRC-32C: expected"), std::string::npos) << said;
}

TEST_F(Damage, a_lost_last_row_is_found_on_opening) {
    struct Case {
        const char* sql;
        const char* says;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"DELETE FROM chunk WHERE first_seq=17", "entry 17: expected a chunk"},
             {"DELETE FROM chunk", "head: last entry 18, but the last chunk starts at 0"},
             {"DELETE FROM chunk WHERE first_seq=5", "entry 5: expected a chunk"},
             {"DELETE FROM block WHERE number=4", "last block: expected 4, found 3"},
             {"DELETE FROM head", "head: expected one row, found none"},
             {"DELETE FROM meta", "meta: offset 0: magic"},
             {"UPDATE head SET last_seq=16", "head: last entry 16"},
             {"UPDATE block SET body=x'00' WHERE number=4", "block 4: block: offset 0"},
             {"DROP TABLE payload", "no such table"}}) {
        fs::copy_file(folder_ / "log.db", folder_ / "cut.db", fs::copy_options::overwrite_existing);
        {
            auto database = Database::open(folder_ / "cut.db", Database::Mode::write).value();
            ASSERT_TRUE(database.exec(c.sql)) << c.sql;
        }
        const auto log = SqliteLog::open(folder_ / "cut.db", {});
        ASSERT_FALSE(log) << c.sql;
        EXPECT_EQ(log.error().code, ErrorCode::corrupt);
        EXPECT_NE(log.error().context.find(c.says), std::string::npos) << log.error().context;
    }
}

TEST_F(Damage, a_lost_row_in_the_middle_is_found_by_verification) {
    auto writer = open(folder_ / "log.db");
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(append_next(*writer, 1));
    writer.reset();
    {
        auto database = Database::open(folder_ / "log.db", Database::Mode::write).value();
        ASSERT_TRUE(database.exec("DELETE FROM chunk WHERE first_seq=5"));
    }
    const auto log = open(folder_ / "log.db");
    const auto verified = verify_log(*log, key_.public_key(), {});
    ASSERT_FALSE(verified);
    EXPECT_NE(verified.error().context.find("entry 5: expected a chunk that holds it"),
              std::string::npos)
        << verified.error().context;
}

// Damage to the write-ahead file that a killed process leaves behind: five commits of two entries.
class WalDamage : public ::testing::Test {
protected:
    void SetUp() override {
        const auto log = open(folder_ / "log.db", small_pages());
        for (int i = 0; i < 5; ++i) {
            sizes_.push_back(wal_size());
            ASSERT_TRUE(append_next(*log, 2));
        }
        database_ = read_file(folder_ / "log.db");
        wal_ = read_file(folder_ / "log.db-wal");
    }
    std::size_t wal_size() const {
        const fs::path file = folder_ / "log.db-wal";
        return fs::exists(file) ? std::size_t(fs::file_size(file)) : 0;
    }

    // The entries that a restart finds, or -1 when it refuses.
    int restart_with(std::string_view wal) {
        const fs::path file = folder_ / "bad.db";
        fs::remove(file.string() + "-shm");
        write_file(file, database_);
        write_file(file.string() + "-wal", wal);
        const auto log = SqliteLog::open(file, {});
        if (log) return int((*log)->head().last_seq);
        EXPECT_EQ(log.error().code, ErrorCode::corrupt) << log.error().context;
        return -1;
    }

    Folder folder_{quick_folder()};
    std::string database_;
    std::string wal_;
    std::vector<std::size_t> sizes_;  // of the WAL before each commit
};

TEST_F(WalDamage, a_cut_loses_no_more_than_a_power_cut_at_that_moment) {
    EXPECT_EQ(restart_with(wal_), 10);
    for (std::size_t size = 0; size <= wal_.size(); size += 7) {
        int commits = 0;
        while (commits < 4 && size >= sizes_[std::size_t(commits) + 1])
            ++commits;
        if (size == wal_.size()) commits = 5;
        EXPECT_EQ(restart_with(std::string_view(wal_).substr(0, size)), commits * 2) << size;
    }
}

TEST_F(WalDamage, a_flip_before_later_commits_is_refused) {
    for (std::size_t i = 0; i < wal_.size(); ++i) {
        std::string bad = wal_;
        bad[i] = char(bad[i] ^ (1 << (i % 8)));
        const int found = restart_with(bad);
        // Only the last two commits can pass for a torn write; until then nothing may be dropped.
        if (i < sizes_[3]) {
            EXPECT_TRUE(found == -1 || found == 10) << i << " " << found;
        } else {
            EXPECT_TRUE(found == -1 || found >= 6) << i << " " << found;
        }
    }
}

}  // namespace
}  // namespace suan::log
