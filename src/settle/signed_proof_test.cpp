#include "settle/signed_proof.hpp"

#include "settle/answer_stream.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace suan::settle {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class SignedProofTest : public ::testing::Test {
protected:
    SignedProofTest() : key(crypto::PrivateKey::generate().value()) {
        std::string name = (fs::temp_directory_path() / "suan-proof-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder = name;
        auto engine = Engine::open(
            {}, std::move(*open_file(folder / "journal")), [] { return Time{5}; },
            make_single_verifier);
        EXPECT_TRUE(engine);
        for (const Admin& change : {Admin(OpenBook{3}), Admin(OpenAccount{3, account(1)}),
                                    Admin(OpenAccount{3, account(2)})})
            EXPECT_TRUE((*engine)->change(change));
        const auto settled = (*engine)->submit(
            plain_batch(3, {transfer(1, 1, 2, 5), transfer(2, 1, 9, 5), transfer(3, 2, 1, 5)}));
        EXPECT_TRUE(settled);
        block = settled->block.number;
        auto found = (*engine)->prove(block, 1);
        EXPECT_TRUE(found);
        EXPECT_EQ(found->book, 3U);
        auto made = sign_proof((*engine)->journal_id(), std::move(*found), key);
        EXPECT_TRUE(made);
        proof = std::move(*made);
    }
    ~SignedProofTest() override { fs::remove_all(folder); }

    std::string why(const SignedProof& wrong) const {
        const auto checked = check_proof(wrong, key.public_key());
        return checked ? "it holds" : checked.error().context;
    }

    fs::path folder;
    crypto::PrivateKey key;
    std::uint64_t block = 0;
    SignedProof proof;
};

TEST_F(SignedProofTest, ARefusalIsProvenAsWellAsATransfer) {
    const auto read = decode_proof(encode_proof(proof));
    ASSERT_TRUE(read) << read.error().context;
    const auto checked = check_proof(*read, key.public_key());
    ASSERT_TRUE(checked) << checked.error().context;
    EXPECT_EQ(read->proof.code, code_of(ledger::Refusal::credit_account_not_found));
    EXPECT_EQ(checked->transfer, transfer(2, 1, 9, 5));
    EXPECT_FALSE(checked->is_signed);
}

TEST_F(SignedProofTest, NothingInItCanBeChanged) {
    SignedProof wrong = proof;
    wrong.proof.code = Code::created;
    EXPECT_NE(why(wrong).find("the path does not lead"), std::string::npos) << why(wrong);
    wrong = proof;
    wrong.proof.record[20] ^= 1;
    EXPECT_NE(why(wrong).find("the path does not lead"), std::string::npos) << why(wrong);
    wrong = proof;
    wrong.proof.index = 0;
    EXPECT_NE(why(wrong).find("the path does not lead"), std::string::npos) << why(wrong);
    for (const auto change : {0, 1, 2, 3}) {
        wrong = proof;
        if (change == 0) wrong.proof.book = 4;
        if (change == 1) wrong.journal_id[0] ^= 1;
        if (change == 2) wrong.proof.block.time = Time{6};
        if (change == 3) wrong.signature[0] ^= 1;
        EXPECT_NE(why(wrong).find("its signature is not"), std::string::npos) << why(wrong);
    }
    const auto stranger = crypto::PrivateKey::generate().value();
    EXPECT_FALSE(check_proof(proof, stranger.public_key()));
}

TEST_F(SignedProofTest, EveryCutIsReported) {
    const std::string bytes = encode_proof(proof);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_proof(std::string_view(bytes).substr(0, size))) << size;
    EXPECT_FALSE(decode_proof(bytes + "x"));
}

TEST(AnswerStream, FramesAreReadAsTheyWereWritten) {
    std::string bytes;
    Settled settled;
    settled.codes = {Code::created, Code::contract_limit, Code::created};
    settled.block.number = 7;
    settled.block.time = Time{9};
    append_answer(bytes, settled);
    append_answer(bytes, RefusedBatch{402, R"({"error":{}})"});
    EXPECT_EQ(bytes.size() % 8, 0U);
    const auto read = decode_answers(bytes);
    ASSERT_TRUE(read) << read.error().context;
    ASSERT_EQ(read->size(), 2U);
    const auto& answered = std::get<AnsweredBatch>((*read)[0]);
    EXPECT_EQ(answered.block, 7U);
    EXPECT_EQ(answered.time, Time{9});
    EXPECT_EQ(names(answered.codes), "created contract_limit created");
    EXPECT_EQ(std::get<RefusedBatch>((*read)[1]).status, 402U);
    EXPECT_EQ(std::get<RefusedBatch>((*read)[1]).json, R"({"error":{}})");
    // A cut between frames is a shorter stream; any other is reported.
    std::string first;
    append_answer(first, settled);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        if (size == first.size()) continue;
        EXPECT_FALSE(decode_answers(std::string_view(bytes).substr(0, size))) << size;
    }
}

}  // namespace
}  // namespace suan::settle
