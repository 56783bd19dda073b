#include "log/evidence.hpp"

#include "log/cosignature.hpp"
#include "log/log_fixture.hpp"

namespace suan::log {
namespace {

using namespace testing;

const Hash256 log_id = filled(0xAB);

SealedBlock signed_block(std::uint64_t number, const Hash256& previous, std::uint8_t content,
                         const crypto::PrivateKey& key = example_key()) {
    BlockHeader header;
    header.number = number;
    header.first_seq = number * 10 + 1;
    header.last_seq = number * 10 + 10;
    header.time = Time{1'700'000'000'000'000};
    header.previous = previous;
    header.merkle_root = filled(content);
    header.state_digest = filled(3);
    header.operator_key = key.public_key().id();
    return seal(header, key).value();
}

Evidence of(const SealedBlock& first, const SealedBlock& second) {
    return {log_id, example_key().public_key().raw(), first, second};
}

std::string why_not(const Evidence& evidence) {
    const auto judged = judge(evidence);
    return judged ? to_string(judged->kind) : judged.error().context;
}

TEST(Evidence, two_blocks_after_the_same_block_are_a_fork) {
    const auto judged = judge(of(signed_block(5, filled(1), 1), signed_block(5, filled(1), 2)));
    ASSERT_TRUE(judged) << judged.error().context;
    EXPECT_EQ(judged->kind, Contradiction::fork);
    EXPECT_TRUE(judged->cosigners.empty());
}

TEST(Evidence, two_blocks_of_a_number_after_different_blocks_prove_less) {
    EXPECT_EQ(why_not(of(signed_block(5, filled(1), 1), signed_block(5, filled(2), 1))),
              "two_blocks");
}

TEST(Evidence, a_block_that_denies_the_one_before_it) {
    const SealedBlock first = signed_block(5, filled(1), 1);
    EXPECT_EQ(why_not(of(first, signed_block(6, filled(9), 1))), "denied_block");
    SealedBlock gap = signed_block(6, block_hash(first.header), 1);
    gap.header.first_seq += 1;
    EXPECT_EQ(why_not(of(first, seal(gap.header, example_key()).value())), "denied_block");
}

TEST(Evidence, what_does_not_contradict_itself_proves_nothing) {
    const SealedBlock first = signed_block(5, filled(1), 1);
    EXPECT_EQ(why_not(of(first, first)), "both are the same block 5");
    SealedBlock signed_again = signed_block(5, filled(1), 1);
    EXPECT_NE(signed_again.signature, first.signature);
    EXPECT_EQ(why_not(of(first, signed_again)), "both are the same block 5");
    EXPECT_EQ(why_not(of(first, signed_block(6, block_hash(first.header), 1))),
              "block 6 follows block 5, as it should");
    EXPECT_NE(why_not(of(first, signed_block(7, filled(9), 1))).find("neither of one number"),
              std::string::npos);
    EXPECT_NE(why_not(of(signed_block(6, filled(9), 1), first)).find("neither of one number"),
              std::string::npos);
}

TEST(Evidence, both_blocks_must_be_signed_by_the_operator) {
    const auto other = crypto::PrivateKey::generate().value();
    const SealedBlock first = signed_block(5, filled(1), 1);
    EXPECT_NE(why_not(of(first, signed_block(5, filled(1), 2, other))).find("operator key"),
              std::string::npos);
    SealedBlock forged = signed_block(5, filled(1), 2);
    forged.header.merkle_root = filled(4);
    EXPECT_NE(why_not(of(first, forged)).find("block 5: signature"), std::string::npos);
    EXPECT_NE(why_not(of(forged, first)).find("block 5: signature"), std::string::npos);
    Evidence no_key = of(first, signed_block(5, filled(1), 2));
    no_key.operator_key.fill(4);
    EXPECT_NE(why_not(no_key).find("operator key"), std::string::npos);
}

TEST(Evidence, names_witnesses_whose_signatures_are_good) {
    const auto w = crypto::PrivateKey::generate().value();
    const auto liar = crypto::PrivateKey::generate().value();
    Evidence evidence = of(signed_block(5, filled(1), 1), signed_block(5, filled(1), 2));
    evidence.first.witnesses.push_back(cosign(log_id, evidence.first.header, w).value());
    evidence.first.witnesses.push_back(cosign(filled(1), evidence.first.header, liar).value());
    evidence.second.witnesses.push_back(cosign(log_id, evidence.second.header, liar).value());
    const auto judged = judge(evidence).value();
    ASSERT_EQ(judged.cosigners.size(), 2U);
    for (const Cosigner& cosigner : judged.cosigners) {
        const bool is_w = cosigner.key == w.public_key().raw();
        EXPECT_EQ(cosigner.first, is_w);
        EXPECT_EQ(cosigner.second, !is_w);
    }
}

TEST(Evidence, comes_back_from_its_bytes_and_no_others) {
    Evidence evidence = of(signed_block(5, filled(1), 1), signed_block(5, filled(1), 2));
    evidence.first.witnesses.push_back(
        cosign(log_id, evidence.first.header, example_key()).value());
    const std::string bytes = encode_evidence(evidence);
    EXPECT_EQ(decode_evidence(bytes).value(), evidence);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string bad = bytes;
        bad[i] = char(bad[i] ^ 1);
        EXPECT_FALSE(decode_evidence(bad)) << i;
    }
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_evidence(std::string_view(bytes).substr(0, size))) << size;
    EXPECT_FALSE(decode_evidence(bytes + "x"));
}

}  // namespace
}  // namespace suan::log
