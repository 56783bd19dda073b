#include "log/segment.hpp"

#include "log/log_fixture.hpp"
#include "log/verify.hpp"

namespace suan::log {
namespace {

using namespace testing;

// Follows `log` as a witness does, in segments of `bytes_max`.
struct Follower {
    std::vector<std::string> entries;
    std::vector<SealedBlock> blocks;
    SegmentEnd end;

    Result<void> take(std::string_view segment) {
        SegmentReading reading;
        reading.start = [](const SegmentHead&) { return Result<void>(); };
        reading.entry = [&](Seq seq, std::string_view entry) -> Result<void> {
            EXPECT_EQ(seq, entries.size() + 1);
            entries.emplace_back(entry);
            return {};
        };
        reading.block = [&](const SealedBlock& block) -> Result<void> {
            blocks.push_back(block);
            return {};
        };
        auto read = read_segment(segment, reading);
        if (!read) return std::move(read).error();
        end = *read;
        return {};
    }
};

class Segment : public ::testing::Test {
protected:
    void SetUp() override { fill(log_, key_); }  // 16 entries in 4 blocks, 2 entries open
    std::string segment(Seq from, std::size_t bytes_max = 1 << 20) {
        return make_segment(log_, key_.public_key(), from, bytes_max).value();
    }

    MemoryLog log_{filled(0xAB)};
    const crypto::PrivateKey key_ = example_key();
};

TEST_F(Segment, hands_over_entries_and_blocks_up_to_the_last_closed_one) {
    Follower follower;
    ASSERT_TRUE(follower.take(segment(1)));
    EXPECT_EQ(follower.entries.size(), 16U);
    EXPECT_EQ(follower.blocks.size(), 4U);
    EXPECT_EQ(follower.end.last_seq, 16U);
    EXPECT_EQ(follower.end.last_block, 4U);
}

TEST_F(Segment, of_any_size_gives_the_same_log) {
    for (std::size_t bytes_max = 1; bytes_max < 2'000; bytes_max += 37) {
        Follower follower;
        int rounds = 0;
        while (follower.entries.size() < 16 || follower.blocks.size() < 4) {
            ASSERT_TRUE(follower.take(segment(follower.entries.size() + 1, bytes_max)));
            ASSERT_LT(++rounds, 40);
        }
        std::vector<std::string> wanted = texts_of(log_);
        wanted.resize(16);
        EXPECT_EQ(follower.entries, wanted) << bytes_max;
    }
}

// The head of a block whose entries all came in the segment before must not be lost.
TEST_F(Segment, that_ends_with_the_last_entry_of_a_block_has_the_block_too) {
    Follower follower;
    follower.entries.resize(4);
    ASSERT_TRUE(follower.take(segment(5, 1)));
    EXPECT_EQ(follower.blocks.size(), 1U);
}

TEST_F(Segment, past_the_last_block_is_empty_and_says_where_the_log_is) {
    for (const Seq from : {Seq{17}, Seq{18}, Seq{1'000}}) {
        Follower follower;
        ASSERT_TRUE(follower.take(segment(from)));
        EXPECT_TRUE(follower.entries.empty());
        EXPECT_EQ(follower.end.last_block, 4U);
    }
}

TEST_F(Segment, with_any_byte_changed_or_missing_is_refused) {
    const std::string good = segment(1);
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = char(bad[i] ^ 1);
        Follower follower;
        const auto read = follower.take(bad);
        ASSERT_FALSE(read) << i;
        EXPECT_FALSE(read.error().context.empty());
    }
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(Follower().take(std::string_view(good).substr(0, size))) << size;
    EXPECT_FALSE(Follower().take(good + "x"));
}

TEST_F(Segment, a_refusal_of_the_reader_ends_it) {
    SegmentReading reading;
    reading.start = [](const SegmentHead& head) -> Result<void> {
        EXPECT_EQ(head.log_id, filled(0xAB));
        EXPECT_EQ(head.from_seq, 3U);
        return Error{ErrorCode::forbidden, "not this log"};
    };
    EXPECT_EQ(read_segment(segment(3), reading).error().context, "not this log");
}

}  // namespace
}  // namespace suan::log
