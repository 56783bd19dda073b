// What every store of the log must do, run over each of them.
#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "log/log_fixture.hpp"
#include "log/verify.hpp"

#include <sqlite3.h>

#include <thread>

namespace suan::log {
namespace {

using namespace testing;

enum class Kind { memory, sqlite };

class Stores : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        if (GetParam() == Kind::memory) {
            log_ = std::make_unique<MemoryLog>(filled(0xAB));
        } else {
            log_ = SqliteLog::open(folder_ / "log.db", {}).value();
        }
    }
    // The log as a restarted process finds it.
    void restart() {
        if (GetParam() == Kind::memory) {
            log_ = dynamic_cast<MemoryLog&>(*log_).reopen();
            return;
        }
        log_.reset();
        log_ = SqliteLog::open(folder_ / "log.db", {}).value();
    }

    Folder folder_;
    std::unique_ptr<Log> log_;
    const crypto::PrivateKey key_ = example_key();
};

INSTANTIATE_TEST_SUITE_P(All, Stores, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& kind) {
                             return kind.param == Kind::memory ? "memory" : "sqlite";
                         });

TEST_P(Stores, start_empty) {
    EXPECT_EQ(log_->head().last_seq, 0U);
    EXPECT_EQ(log_->head().last_block, 0U);
    EXPECT_EQ(log_->head().last_block_hash, log_->id());
    EXPECT_TRUE(texts_of(*log_).empty());
    EXPECT_EQ(entry_at(*log_, 1).error().code, ErrorCode::not_found);
    EXPECT_EQ(log_->block(1).error().code, ErrorCode::not_found);
    EXPECT_EQ(log_->block_of(1).error().code, ErrorCode::not_found);
}

TEST_P(Stores, keep_entries_and_blocks_over_a_restart) {
    fill(*log_, key_);
    const Hash256 id = log_->id();
    const Head before = log_->head();
    restart();
    EXPECT_EQ(log_->id(), id);
    EXPECT_EQ(log_->head().last_seq, 18U);
    EXPECT_EQ(log_->head().last_block, 4U);
    EXPECT_EQ(log_->head().last_block_seq, 16U);
    EXPECT_EQ(log_->head().last_block_hash, before.last_block_hash);
    const auto texts = texts_of(*log_);
    ASSERT_EQ(texts.size(), 18U);
    for (Seq seq = 1; seq <= 18; ++seq) {
        EXPECT_EQ(texts[seq - 1], entry_text(seq));
        EXPECT_EQ(entry_at(*log_, seq).value(), entry_text(seq));
    }
    ASSERT_TRUE(append_next(*log_, 3));
    EXPECT_EQ(entry_at(*log_, 21).value(), entry_text(21));
    EXPECT_EQ(verify_log(*log_, key_.public_key(), {}).value().blocks, 4U);
}

TEST_P(Stores, read_every_range) {
    fill(*log_, key_);
    for (Seq first = 1; first <= 19; ++first) {
        for (Seq last = first; last <= 20; ++last) {
            Seq next = first;
            ASSERT_TRUE(log_->for_each(first, last, [&](Seq seq, std::string_view entry) {
                EXPECT_EQ(seq, next++);
                EXPECT_EQ(entry, entry_text(seq));
                return Result<Next>(Next::more);
            }));
            EXPECT_EQ(next, std::max(first, std::min<Seq>(last, 18) + 1));
        }
    }
}

TEST_P(Stores, stop_when_the_visitor_asks_and_pass_its_error_on) {
    fill(*log_, key_);
    int visits = 0;
    ASSERT_TRUE(log_->for_each(3, 18, [&](Seq seq, std::string_view) -> Result<Next> {
        ++visits;
        return seq == 6 ? Next::stop : Next::more;
    }));
    EXPECT_EQ(visits, 4);
    const auto read = log_->for_each(3, 18, [&](Seq, std::string_view) -> Result<Next> {
        return Error{ErrorCode::internal, "differs"};
    });
    EXPECT_EQ(read.error().context, "differs");
}

TEST_P(Stores, find_the_block_of_every_entry) {
    fill(*log_, key_);
    const std::uint64_t expected[] = {1, 1, 1, 1, 1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4};
    for (Seq seq = 1; seq <= 16; ++seq)
        EXPECT_EQ(log_->block_of(seq).value().header.number, expected[seq - 1]) << seq;
    EXPECT_EQ(log_->block_of(0).error().code, ErrorCode::not_found);
    EXPECT_EQ(log_->block_of(17).error().code, ErrorCode::not_found);
}

TEST_P(Stores, refuse_batches_that_break_the_rules_and_go_on) {
    ASSERT_TRUE(append_next(*log_, 2));
    const std::string large(limits::entry_bytes_max, 'x');
    const std::string over(limits::entry_bytes_max + 1, 'x');
    struct Case {
        Seq first_seq;
        std::vector<std::string_view> entries;
        const char* says;
    };
    for (const Case& c : std::initializer_list<Case>{
             {3, {}, "append: expected at least one entry"},
             {2, {"x"}, "append: first_seq: expected 3, found 2"},
             {4, {"x"}, "append: first_seq: expected 3, found 4"},
             {3, {"x", ""}, "append: entry 4: expected 1 to 134217728 bytes, found 0"},
             {3, {over}, "append: entry 3: expected 1 to 134217728 bytes, found 134217729"},
             {3, std::vector<std::string_view>(5, large), "at most 536870912 bytes"}}) {
        Batch batch;
        batch.first_seq = c.first_seq;
        batch.entries = c.entries;
        const auto done = log_->append(batch);
        ASSERT_FALSE(done) << c.says;
        EXPECT_EQ(done.error().code, ErrorCode::invalid);
        EXPECT_NE(done.error().context.find(c.says), std::string::npos) << done.error().context;
    }
    ASSERT_TRUE(append_texts(*log_, {large}));
    EXPECT_EQ(entry_at(*log_, 3).value(), large);
}

TEST_P(Stores, refuse_blocks_that_do_not_follow) {
    ASSERT_TRUE(append_next(*log_, 6));
    ASSERT_TRUE(log_->put_block(next_block(*log_, 2, key_)));
    const SealedBlock good = next_block(*log_, 2, key_);
    using Change = void (*)(BlockHeader&);
    for (const Change change : std::initializer_list<Change>{
             [](BlockHeader& h) { h.number = 3; }, [](BlockHeader& h) { h.number = 1; },
             [](BlockHeader& h) { h.first_seq = 2; }, [](BlockHeader& h) { h.first_seq = 4; },
             [](BlockHeader& h) { h.last_seq = 2; }, [](BlockHeader& h) { h.last_seq = 7; },
             [](BlockHeader& h) { h.previous[0] ^= 1; }}) {
        SealedBlock bad = good;
        change(bad.header);
        EXPECT_EQ(log_->put_block(bad).error().code, ErrorCode::invalid);
    }
    EXPECT_TRUE(log_->put_block(good));
}

TEST_P(Stores, keep_payloads_under_their_hash) {
    const std::string body = "#!/bin/sh\necho secret\n";
    const Payload payload{crypto::sm3(body), body};
    const std::string_view entry = "x";
    for (Seq seq = 1; seq <= 2; ++seq) {  // the same payload twice is kept once
        Batch batch;
        batch.first_seq = seq;
        batch.entries = {&entry, 1};
        batch.payloads = {&payload, 1};
        ASSERT_TRUE(log_->append(batch));
    }
    restart();
    EXPECT_EQ(log_->payload(payload.hash).value(), body);
    EXPECT_EQ(log_->payload(filled(1)).error().code, ErrorCode::not_found);
}

TEST_P(Stores, a_failing_projection_fails_the_append_and_all_later_ones) {
    ASSERT_TRUE(append_next(*log_, 1));
    const std::string_view entry = "x";
    Batch batch;
    batch.first_seq = 2;
    batch.entries = {&entry, 1};
    batch.also = [] { return Result<void>(Error{ErrorCode::internal, "history refused"}); };
    const auto done = log_->append(batch);
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().context.find("history refused"), std::string::npos);
    EXPECT_EQ(log_->head().last_seq, 1U);
    EXPECT_EQ(append_next(*log_, 1).error().code, ErrorCode::unavailable);
    restart();
    EXPECT_EQ(log_->head().last_seq, 1U);
    EXPECT_TRUE(append_next(*log_, 1));
}

TEST_P(Stores, keep_the_newest_three_snapshots) {
    SnapshotStore& snapshots = log_->snapshots();
    EXPECT_TRUE(snapshots.list().value().empty());
    for (Seq seq : {10, 20, 30, 40})
        ASSERT_TRUE(snapshots.put(seq, filled(std::uint8_t(seq)), std::string(seq, 's')));
    ASSERT_TRUE(snapshots.put(40, filled(41), "again"));
    restart();
    const auto list = log_->snapshots().list().value();
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].seq, 40U);
    EXPECT_EQ(list[0].state_digest, filled(41));
    EXPECT_EQ(list[0].body_sm3, crypto::sm3("again"));
    EXPECT_EQ(list[2].seq, 20U);
    EXPECT_EQ(list[2].body_bytes, 20U);
    EXPECT_EQ(log_->snapshots().read(40).value(), "again");
    EXPECT_EQ(log_->snapshots().read(20).value(), std::string(20, 's'));
    EXPECT_EQ(log_->snapshots().read(10).error().code, ErrorCode::not_found);
}

TEST_P(Stores, are_read_while_they_are_written) {
    ASSERT_TRUE(append_next(*log_, 50));
    std::thread reader([&] {
        for (int round = 0; round < 20; ++round) {
            Seq expected = 1;
            const auto read =
                log_->for_each(1, UINT64_MAX, [&](Seq seq, std::string_view entry) -> Result<Next> {
                    EXPECT_EQ(seq, expected++);
                    EXPECT_EQ(entry, entry_text(seq));
                    return Next::more;
                });
            EXPECT_TRUE(read);
            EXPECT_GE(expected, 51U);
        }
    });
    std::thread snapshots([&] {
        for (Seq seq = 1; seq <= 5; ++seq)
            EXPECT_TRUE(log_->snapshots().put(seq, filled(1), std::string(100'000, 'x')));
    });
    for (int i = 0; i < 30; ++i)
        EXPECT_TRUE(append_next(*log_, 7));
    reader.join();
    snapshots.join();
    EXPECT_EQ(texts_of(*log_).size(), 260U);
}

TEST(MemoryLogFaults, a_failed_append_leaves_what_the_fault_says) {
    struct Case {
        Kept kept;
        Seq found;
    };
    for (const Case& c :
         std::initializer_list<Case>{{Kept::none, 4}, {Kept::all, 8}, {Kept::prefix, 6}}) {
        MemoryLog log(filled(1));
        log.fail_append(2, Error{ErrorCode::exhausted, "disk full"}, c.kept);
        ASSERT_TRUE(append_next(log, 4));
        EXPECT_EQ(append_next(log, 4).error().code, ErrorCode::exhausted);
        EXPECT_EQ(append_next(log, 1).error().code, ErrorCode::unavailable);
        const auto again = log.reopen();
        EXPECT_EQ(again->head().last_seq, c.found);
        EXPECT_TRUE(append_next(*again, 1));
    }
}

TEST(MemoryLogFaults, a_lying_disk_loses_the_tail_and_its_blocks) {
    MemoryLog log(filled(1));
    fill(log, example_key());
    log.drop_tail(8);
    const auto again = log.reopen();
    EXPECT_EQ(again->head().last_seq, 8U);
    EXPECT_EQ(again->head().last_block, 2U);
    EXPECT_TRUE(verify_log(*again, example_key().public_key(), {}));
}

TEST(MemoryLogFaults, damage_is_found_by_verification) {
    MemoryLog log(filled(1));
    fill(log, example_key());
    log.damage(7, 2);
    const auto found = verify_log(log, example_key().public_key(), {});
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().context.find("block 3, entries 7 to 9: Merkle root: expected"),
              std::string::npos)
        << found.error().context;
    MemorySnapshots snapshots;
    ASSERT_TRUE(snapshots.put(1, filled(1), "body"));
    snapshots.damage(1, 0);
    EXPECT_EQ(snapshots.read(1).error().code, ErrorCode::corrupt);
}

// The n-th of many witnesses; nobody checks these signatures in a store.
BlockCosignature cosignature(std::uint64_t block, std::uint8_t n) {
    BlockCosignature out;
    out.block = block;
    out.witness.key.fill(n);
    out.witness.signature.fill(std::uint8_t(block));
    return out;
}

TEST_P(Stores, keep_cosignatures_beside_their_blocks) {
    fill(*log_, key_);
    const Head before = log_->head();
    const std::vector<BlockCosignature> list = {cosignature(3, 9), cosignature(1, 9),
                                                cosignature(3, 2)};
    EXPECT_EQ(log_->put_cosignatures(list).value(), 3U);
    restart();
    EXPECT_EQ(log_->head().last_block_hash, before.last_block_hash);
    const SealedBlock third = log_->block(3).value();
    ASSERT_EQ(third.witnesses.size(), 2U);
    EXPECT_EQ(third.witnesses[0], list[2].witness);
    EXPECT_EQ(third.witnesses[1], list[0].witness);
    EXPECT_EQ(log_->block_of(third.header.first_seq).value(), third);
    EXPECT_EQ(log_->block(1).value().witnesses.size(), 1U);
    EXPECT_TRUE(log_->block(2).value().witnesses.empty());
    EXPECT_EQ(log_->last_cosigned(list[0].witness.key).value(), 3U);
    EXPECT_EQ(log_->last_cosigned(cosignature(1, 1).witness.key).value(), 0U);
    EXPECT_TRUE(verify_log(*log_, key_.public_key(), {}));
}

TEST_P(Stores, keep_the_first_cosignature_of_a_key) {
    fill(*log_, key_);
    const BlockCosignature first = cosignature(2, 9);
    BlockCosignature second = first;
    second.witness.signature.fill(77);
    EXPECT_EQ(log_->put_cosignatures({&first, 1}).value(), 1U);
    EXPECT_EQ(log_->put_cosignatures({&second, 1}).value(), 0U);
    EXPECT_EQ(log_->block(2).value().witnesses, std::vector{first.witness});
    // An older block later does not take the witness back.
    const BlockCosignature older = cosignature(1, 9);
    EXPECT_EQ(log_->put_cosignatures({&older, 1}).value(), 1U);
    EXPECT_EQ(log_->last_cosigned(first.witness.key).value(), 2U);
}

TEST_P(Stores, refuse_cosignatures_of_no_block_and_go_on) {
    fill(*log_, key_);
    for (const std::uint64_t block : {std::uint64_t{0}, log_->head().last_block + 1}) {
        const std::vector<BlockCosignature> list = {cosignature(1, 9), cosignature(block, 9)};
        EXPECT_EQ(log_->put_cosignatures(list).error().code, ErrorCode::not_found) << block;
    }
    EXPECT_TRUE(log_->block(1).value().witnesses.empty());
    EXPECT_TRUE(append_next(*log_, 1));
}

TEST_P(Stores, keep_so_many_cosignatures_of_a_block) {
    fill(*log_, key_);
    for (std::uint32_t n = 0; n < limits::witnesses_max; ++n) {
        const BlockCosignature one = cosignature(1, std::uint8_t(n));
        ASSERT_TRUE(log_->put_cosignatures({&one, 1}));
    }
    const BlockCosignature more = cosignature(1, limits::witnesses_max);
    EXPECT_EQ(log_->put_cosignatures({&more, 1}).error().code, ErrorCode::exhausted);
    const BlockCosignature again = cosignature(1, 0);
    EXPECT_EQ(log_->put_cosignatures({&again, 1}).value(), 0U);
    EXPECT_TRUE(decode_block(encode_block(log_->block(1).value())));
}

// A log that was made before there were witnesses.
TEST(SqliteCosignatures, come_to_a_log_that_had_none) {
    Folder folder;
    const fs::path file = folder / "log.db";
    {
        auto log = SqliteLog::open(file, {}).value();
        fill(*log, example_key());
        ASSERT_TRUE(log->transact([&]() -> Result<void> {
            const char* drop = "DROP TABLE cosignature; DROP TABLE cosigner";
            EXPECT_EQ(sqlite3_exec(log->database(), drop, nullptr, nullptr, nullptr), SQLITE_OK);
            return {};
        }));
    }
    {
        SqliteOptions reading;
        reading.mode = OpenMode::read;
        auto log = SqliteLog::open(file, reading).value();
        EXPECT_TRUE(log->block(1).value().witnesses.empty());
        EXPECT_EQ(log->last_cosigned(cosignature(1, 1).witness.key).value(), 0U);
        const BlockCosignature one = cosignature(1, 1);
        EXPECT_EQ(log->put_cosignatures({&one, 1}).error().code, ErrorCode::forbidden);
    }
    auto log = SqliteLog::open(file, {}).value();
    const BlockCosignature one = cosignature(1, 1);
    EXPECT_EQ(log->put_cosignatures({&one, 1}).value(), 1U);
}

}  // namespace
}  // namespace suan::log
