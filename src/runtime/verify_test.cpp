#include "runtime/verify.hpp"

#include "runtime/testing.hpp"

#include <gmock/gmock.h>

namespace suan::runtime {
namespace {

struct VerifyTest : ::testing::Test {
    log::MemoryLog log{Hash256{1}};
    TestHub t{log};

    void SetUp() override {
        t.options.snapshot_entries = 1;
        t.open();
        t.found_centre();
        for (int i = 0; i < 3; ++i)
            t.ok(TestHub::job(), TestHub::token());
        t.end(t.executor.wait_start(1).ref);
        t.close();
    }

    // A log of the same entries, one of them changed, signed all over again.
    std::unique_ptr<log::MemoryLog> forged(std::uint64_t seq,
                                           const std::function<void(Entry&)>& change) {
        auto out = std::make_unique<log::MemoryLog>(log.id());
        EXPECT_TRUE(log.for_each(1, log.head().last_seq,
                                 [&](log::Seq at, std::string_view bytes) -> Result<log::Next> {
                                     Entry entry;
                                     entry.ParseFromString(std::string(bytes));
                                     if (at == seq) change(entry);
                                     const std::string body = entry.SerializeAsString();
                                     const std::string_view view = body;
                                     log::Batch batch;
                                     batch.first_seq = at;
                                     batch.entries = std::span(&view, 1);
                                     EXPECT_TRUE(out->append(batch));
                                     return log::Next::more;
                                 }));
        return out;
    }
    std::string first_difference(log::Log& other) {
        const auto done = reexecute(other, t.key.public_key(), {});
        return done ? "" : done.error().context;
    }
};

TEST_F(VerifyTest, an_honest_log_reexecutes) {
    const auto done = reexecute(log, t.key.public_key(), {});
    ASSERT_TRUE(done) << done.error().context;
    EXPECT_EQ(done->entries, log.head().last_seq);
    EXPECT_EQ(done->blocks, log.head().last_block);
    const auto quick = reexecute(
        log, t.key.public_key(),
        {.from = VerifyFrom::newest_snapshot, .progress = nullptr, .each_block = nullptr});
    ASSERT_TRUE(quick) << quick.error().context;
    EXPECT_EQ(quick->state_digest, done->state_digest);
}

TEST_F(VerifyTest, another_key_did_not_sign_it) {
    EXPECT_FALSE(reexecute(log, test_key().public_key(), {}));
}

TEST_F(VerifyTest, a_changed_event_is_found_and_named) {
    const std::uint64_t funded = 6;
    auto other = forged(funded + 1, [](Entry& entry) {
        entry.mutable_events(0)->mutable_job_admitted()->set_price_line(7);
    });
    EXPECT_THAT(first_difference(*other), ::testing::HasSubstr("entry 7: expected -> found"));
    EXPECT_THAT(first_difference(*other), ::testing::HasSubstr("price_line: 1 -> 7"));
}

TEST_F(VerifyTest, a_changed_command_is_found) {
    auto other = forged(
        6, [](Entry& entry) { entry.mutable_command()->mutable_fund_org()->set_micro_yuan(1); });
    EXPECT_THAT(first_difference(*other), ::testing::HasSubstr("entry 7: its command is refused"));
}

TEST_F(VerifyTest, a_dropped_event_is_found) {
    auto other = forged(7, [](Entry& entry) { entry.clear_events(); });
    EXPECT_THAT(first_difference(*other), ::testing::HasSubstr("entry 7"));
}

}  // namespace
}  // namespace suan::runtime
