#include "log/block.hpp"

#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "log/cosignature.hpp"
#include "log/log_fixture.hpp"

namespace suan::log {
namespace {

using namespace testing;

BlockHeader example() {
    BlockHeader header;
    header.number = 3;
    header.first_seq = 11;
    header.last_seq = 20;
    header.time = Time{1'700'000'000'000'000};
    header.previous = filled(1);
    header.merkle_root = filled(2);
    header.state_digest = filled(3);
    header.operator_key = example_key().public_key().id();
    return header;
}

TEST(Block, comes_back_from_its_bytes) {
    SealedBlock block = seal(example(), example_key()).value();
    EXPECT_EQ(decode_block(encode_block(block)).value(), block);
    EXPECT_EQ(encode_header(block.header).size(), block_header_bytes);
    const auto witness = crypto::PrivateKey::generate().value();
    block.witnesses.push_back(cosign(filled(7), block.header, witness).value());
    EXPECT_EQ(decode_block(encode_block(block)).value(), block);
    EXPECT_TRUE(verify_signature(block, example_key().public_key()));
}

TEST(Block, a_flip_of_any_byte_does_not_verify) {
    SealedBlock block = seal(example(), example_key()).value();
    const auto witness = crypto::PrivateKey::generate().value();
    block.witnesses.push_back(cosign(filled(7), block.header, witness).value());
    const std::string bytes = encode_block(block);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string bad = bytes;
        bad[i] = char(bad[i] ^ 0x20);
        const auto decoded = decode_block(bad);
        EXPECT_FALSE(decoded && verify_signature(*decoded, example_key().public_key()) &&
                     verify_cosignature(filled(7), decoded->header, decoded->witnesses.at(0)))
            << i;
    }
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_block(std::string_view(bytes).substr(0, size))) << size;
    EXPECT_FALSE(decode_block(bytes + "x"));
}

TEST(Block, holds_so_many_witnesses_and_no_more) {
    SealedBlock block = seal(example(), example_key()).value();
    block.witnesses.resize(limits::witnesses_max);
    EXPECT_TRUE(decode_block(encode_block(block)));
    block.witnesses.resize(limits::witnesses_max + 1);
    const auto decoded = decode_block(encode_block(block));
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().context, "block header: witnesses: expected at most 64, found 65");
}

TEST(Cosignature, is_of_one_log_one_block_and_one_key) {
    const BlockHeader header = example();
    const auto key = crypto::PrivateKey::generate().value();
    const WitnessSignature good = cosign(filled(7), header, key).value();
    EXPECT_TRUE(verify_cosignature(filled(7), header, good));
    EXPECT_FALSE(verify_cosignature(filled(8), header, good));
    BlockHeader other = header;
    other.state_digest = filled(9);
    EXPECT_FALSE(verify_cosignature(filled(7), other, good));
    WitnessSignature renamed = good;
    renamed.key = example_key().public_key().raw();
    EXPECT_FALSE(verify_cosignature(filled(7), header, renamed));
    renamed.key.fill(4);  // no point of the curve
    EXPECT_FALSE(verify_cosignature(filled(7), header, renamed));
}

TEST(Cosignature, and_the_operators_signature_are_not_exchangeable) {
    const BlockHeader header = example();
    SealedBlock block = seal(header, example_key()).value();
    const WitnessSignature own = cosign(filled(7), header, example_key()).value();
    EXPECT_FALSE(verify_cosignature(filled(7), header, {own.key, block.signature}));
    block.signature = own.signature;
    EXPECT_FALSE(verify_signature(block, example_key().public_key()));
}

TEST(Block, of_another_key_does_not_verify) {
    const auto other = crypto::PrivateKey::generate().value();
    SealedBlock block = seal(example(), example_key()).value();
    EXPECT_FALSE(verify_signature(block, other.public_key()));
    block.signature = other.sign(encode_header(block.header)).value();
    EXPECT_FALSE(verify_signature(block, example_key().public_key()));
}

TEST(Block, header_refuses_impossible_numbers) {
    struct Case {
        std::uint64_t number;
        Seq first_seq, last_seq;
        const char* says;
    };
    for (const Case& c : std::initializer_list<Case>{
             {0, 1, 1, "number: expected at least 1, found 0"},
             {1, 0, 1, "first_seq: expected at least 1"},
             {1, 5, 4, "last_seq: expected 5 to 4100, found 4"},
             {1, 1, limits::block_entries_max + 1, "last_seq: expected 1 to 4096, found 4097"},
             {1, UINT64_MAX, UINT64_MAX, "first_seq: expected far less"}}) {
        BlockHeader header = example();
        header.number = c.number;
        header.first_seq = c.first_seq;
        header.last_seq = c.last_seq;
        const auto decoded = decode_header(encode_header(header));
        ASSERT_FALSE(decoded) << c.says;
        EXPECT_NE(decoded.error().context.find(c.says), std::string::npos)
            << decoded.error().context;
    }
    BlockHeader largest = example();
    largest.last_seq = largest.first_seq + limits::block_entries_max - 1;
    EXPECT_TRUE(decode_header(encode_header(largest)));
}

class Builder : public ::testing::Test {
protected:
    void add(std::uint64_t count, Time at) {
        const std::vector<std::string_view> entries(count, "x");
        builder_.add(entries, at);
    }
    BlockBuilder builder_{Head{}, example_key().public_key()};
};

TEST_F(Builder, closes_at_the_most_entries_or_the_age_of_the_first) {
    EXPECT_FALSE(builder_.due(time_max));
    add(1, Time{100});
    EXPECT_FALSE(builder_.due(Time{100 + limits::block_age_us_max - 1}));
    EXPECT_TRUE(builder_.due(Time{100 + limits::block_age_us_max}));
    add(limits::block_entries_max - 2, Time{200});
    EXPECT_FALSE(builder_.due(Time{200}));
    EXPECT_EQ(builder_.room(), 1U);
    add(1, Time{200});
    EXPECT_TRUE(builder_.due(Time{200}));
    const BlockHeader header = builder_.close(Time{200}, filled(9));
    EXPECT_EQ(header.entry_count(), limits::block_entries_max);
    EXPECT_FALSE(builder_.due(time_max));
}

TEST_F(Builder, chains_one_block_to_the_next) {
    add(3, Time{1});
    const BlockHeader first = builder_.close(Time{2}, filled(7));
    add(2, Time{3});
    const BlockHeader second = builder_.close(Time{4}, filled(8));
    EXPECT_EQ(first.number, 1U);
    EXPECT_EQ(first.first_seq, 1U);
    EXPECT_EQ(first.last_seq, 3U);
    EXPECT_EQ(first.previous, Hash256{});
    EXPECT_EQ(first.state_digest, filled(7));
    EXPECT_EQ(second.number, 2U);
    EXPECT_EQ(second.first_seq, 4U);
    EXPECT_EQ(second.last_seq, 5U);
    EXPECT_EQ(second.previous, block_hash(first));
    EXPECT_EQ(second.merkle_root, entries_root(std::vector<Hash256>(2, crypto::sm3("x"))));
}

TEST_F(Builder, gives_entry_hashes_for_the_acknowledgements) {
    const std::vector<std::string_view> entries = {"a", "b"};
    const auto hashes = builder_.add(entries, Time{1});
    ASSERT_EQ(hashes.size(), 2U);
    EXPECT_EQ(hashes[1], crypto::sm3("b"));
}

using BuilderDeathTest = Builder;
TEST_F(BuilderDeathTest, never_takes_more_than_a_block_holds) {
    add(limits::block_entries_max, Time{1});
    EXPECT_DEATH(add(1, Time{1}), "entries.size\\(\\) <= room\\(\\)");
}

}  // namespace
}  // namespace suan::log
