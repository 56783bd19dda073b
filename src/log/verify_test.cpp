#include "log/verify.hpp"

#include "log/log_fixture.hpp"

#include <algorithm>

namespace suan::log {
namespace {

using namespace testing;

// A log taken apart, so that each piece can be changed before it is checked.
class Tampered : public ::testing::Test {
protected:
    void SetUp() override {
        MemoryLog log(id_);
        fill(log, key_);
        entries_ = texts_of(log);
        for (std::uint64_t number = 1; number <= log.head().last_block; ++number)
            blocks_.push_back(log.block(number).value());
    }

    std::string verify() const {
        ChainVerifier verifier(id_, key_.public_key());
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            auto good = verifier.entry(i + 1, entries_[i]);
            if (!good) return good.error().context;
        }
        for (const SealedBlock& block : blocks_) {
            auto good = verifier.block(block);
            if (!good) return good.error().context;
        }
        return verifier.so_far().blocks == 4 ? "" : "blocks are missing";
    }

    void expect(std::string_view says) const {
        EXPECT_NE(verify().find(says), std::string::npos) << verify();
    }

    // Signs every block again after its header changed, as the operator could.
    void sign_again(const crypto::PrivateKey& key) {
        Hash256 previous = id_;
        for (SealedBlock& block : blocks_) {
            block.header.previous = previous;
            block.header.operator_key = key.public_key().id();
            block = seal(block.header, key).value();
            previous = block_hash(block.header);
        }
    }

    const Hash256 id_ = filled(0xAB);
    const crypto::PrivateKey key_ = example_key();
    std::vector<std::string> entries_;
    std::vector<SealedBlock> blocks_;
};

TEST_F(Tampered, nothing_changed_verifies) {
    EXPECT_EQ(verify(), "");
}

TEST_F(Tampered, a_changed_entry) {
    entries_[6][0] = 'E';
    expect("block 3, entries 7 to 9: Merkle root: expected");
}

TEST_F(Tampered, two_entries_swapped) {
    std::swap(entries_[0], entries_[1]);
    expect("block 1, entries 1 to 5: Merkle root: expected");
}

TEST_F(Tampered, an_entry_left_out) {
    entries_.erase(entries_.begin() + 1);
    expect("block 1, entries 1 to 5: Merkle root: expected");
}

TEST_F(Tampered, the_last_covered_entries_left_out) {
    entries_.resize(15);
    expect("block 4: last_seq: expected 10 to 15, found 16");
}

TEST_F(Tampered, a_block_left_out) {
    blocks_.erase(blocks_.begin() + 1);
    expect("block 3: number: expected 2, found 3");
}

TEST_F(Tampered, the_first_block_left_out) {
    blocks_.erase(blocks_.begin());
    expect("block 2: number: expected 1, found 2");
}

TEST_F(Tampered, two_blocks_swapped) {
    std::swap(blocks_[1], blocks_[2]);
    expect("block 3: number: expected 2, found 3");
}

TEST_F(Tampered, a_block_twice) {
    blocks_.insert(blocks_.begin() + 1, blocks_[0]);
    expect("block 1: number: expected 2, found 1");
}

TEST_F(Tampered, a_changed_state_digest) {
    blocks_[2].header.state_digest[0] ^= 1;
    expect("block 3: signature: expected one by key");
}

TEST_F(Tampered, a_changed_time) {
    blocks_[3].header.time.us += 1;
    expect("block 4: signature: expected one by key");
}

TEST_F(Tampered, a_block_signed_again_breaks_the_chain_after_it) {
    blocks_[1].header.state_digest[0] ^= 1;
    blocks_[1] = seal(blocks_[1].header, key_).value();
    expect("block 3: previous: expected");
}

TEST_F(Tampered, all_blocks_signed_again_with_another_key) {
    sign_again(crypto::PrivateKey::generate().value());
    expect("block 1: operator key: expected");
}

TEST_F(Tampered, a_signature_of_another_key_under_the_right_name) {
    const auto other = crypto::PrivateKey::generate().value();
    blocks_[0].signature = other.sign(encode_header(blocks_[0].header)).value();
    expect("block 1: signature: expected one by key");
}

TEST_F(Tampered, blocks_of_another_log) {
    blocks_[0].header.previous = filled(0xCD);
    blocks_[0] = seal(blocks_[0].header, key_).value();
    expect("block 1: previous: expected abab");
}

TEST_F(Tampered, a_block_over_other_entries_than_the_next_ones) {
    blocks_[1].header.first_seq = 5;
    sign_again(key_);
    expect("block 2: first_seq: expected 6, found 5");
}

// A bad co-signature is the witness's doing, or that of whoever passed it on.
TEST_F(Tampered, a_witness_who_signed_something_else_does_not_spoil_the_block) {
    const auto witness = crypto::PrivateKey::generate().value();
    blocks_[1].witnesses.push_back({witness.public_key().raw(), witness.sign("other").value()});
    EXPECT_EQ(verify(), "");
}

TEST(ChainVerifier, refuses_entries_out_of_order) {
    ChainVerifier verifier(filled(1), example_key().public_key());
    ASSERT_TRUE(verifier.entry(1, "a"));
    EXPECT_EQ(verifier.entry(3, "c").error().context, "entry 3: expected entry 2 here");
    EXPECT_FALSE(verifier.entry(1, "a"));
}

TEST(VerifyLog, starts_after_a_trusted_block_and_shows_every_piece_in_order) {
    MemoryLog log(filled(1));
    fill(log, example_key());
    std::string seen;
    VerifyOptions options;
    options.after_block = 2;
    options.each_entry = [&](Seq seq, std::string_view) {
        seen += std::to_string(seq) + " ";
        return Result<void>();
    };
    options.each_block = [&](const SealedBlock& block) {
        seen += "[" + std::to_string(block.header.number) + "] ";
        return Result<void>();
    };
    const auto verified = verify_log(log, example_key().public_key(), options).value();
    EXPECT_EQ(seen, "7 8 9 [3] 10 11 12 13 14 15 16 [4] 17 18 ");
    EXPECT_EQ(verified.entries, 12U);
    EXPECT_EQ(verified.blocks, 2U);
    EXPECT_EQ(verified.last_block_seq, 16U);
}

TEST(VerifyLog, passes_on_what_re_execution_finds) {
    MemoryLog log(filled(1));
    fill(log, example_key());
    VerifyOptions options;
    options.each_entry = [](Seq seq, std::string_view) -> Result<void> {
        if (seq < 9) return {};
        return Error{ErrorCode::corrupt, "entry 9: events differ"};
    };
    EXPECT_EQ(verify_log(log, example_key().public_key(), options).error().context,
              "entry 9: events differ");
}

}  // namespace
}  // namespace suan::log
