// The worked bytes of docs/formats/settle-*.md and the examples of contract.md are what the code
// reads and writes. SNAP_UPDATE=1 writes the bytes anew.
#include "settle/admin_codec.hpp"
#include "settle/answer_stream.hpp"
#include "settle/history/run.hpp"
#include "settle/journal.hpp"
#include "settle/signed_proof.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace suan::settle {
namespace {

using namespace testing;
namespace fs = std::filesystem;

fs::path page(const std::string& name) {
    const char* const source = std::getenv("SUAN_SOURCE_DIR");
    return fs::path(source != nullptr ? source : ".") / "docs/formats" / (name + ".md");
}

std::string text_of(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
}

std::string lines_of_hex(std::string_view bytes) {
    const std::string hex = to_hex(as_bytes(bytes));
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 64)
        out += hex.substr(i, 64) + "\n";
    return out;
}

void expect_bytes(const std::string& name, const std::string& mark, std::string_view bytes) {
    std::string text = text_of(page(name));
    const std::string start = "<!-- " + mark + " -->\n```\n";
    const std::size_t from = text.find(start);
    ASSERT_NE(from, std::string::npos) << name << ": no block '" << mark << "'";
    const std::size_t at = from + start.size();
    const std::size_t size = text.find("```", at) - at;
    if (std::getenv("SNAP_UPDATE") != nullptr) {
        text.replace(at, size, lines_of_hex(bytes));
        std::ofstream(page(name)) << text;
        return;
    }
    EXPECT_EQ(text.substr(at, size), lines_of_hex(bytes)) << name;
}

Hash256 filled(std::uint8_t byte) {
    Hash256 out;
    out.fill(byte);
    return out;
}

TEST(Formats, TheRunOfThePageIsWrittenAndRead) {
    Move paid;
    paid.index = 2;
    paid.posted = 5;
    Move held;
    held.kind = MoveKind::hold;
    held.held = 300;
    std::string run;
    RunWriter writer;
    writer.add(run, 0, paid, MoveSide::debit);
    writer.add(run, 3, held, MoveSide::debit);
    expect_bytes("settle-history", "run", run);
    RunReader reader(run, {7, {0, 10, 0, 0}}, 100);
    EXPECT_EQ(reader.next()->after, (Balances{0, 15, 0, 0}));
    const auto last = reader.next();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->sequence, 9U);
    EXPECT_EQ(last->block, 103U);
    EXPECT_EQ(last->after, (Balances{300, 15, 0, 0}));
    EXPECT_TRUE(reader.at_end());
    for (std::size_t size = 1; size < 4; ++size)
        EXPECT_FALSE(RunReader(run.substr(0, size), {}, 1).next()) << size;
}

TEST(Formats, TheBatchOfThePageIsWrittenAndRead) {
    const std::string bytes = plain_batch(1, {transfer(1, 1, 2, 5)});
    expect_bytes("settle-batch", "batch", bytes);
    EXPECT_TRUE(decode_batch(bytes));
    std::string message;
    append_signed_message(message, filled(0xab), 1, SignedPart{1, 7, 99}, transfer(1, 1, 2, 5));
    expect_bytes("settle-batch", "signed message", message);
}

TEST(Formats, TheFrameOfThePageIsWrittenAndRead) {
    std::string bytes;
    Sealer sealer({0, filled(0xab)});
    const std::string body = encode_admin(OpenBook{1});
    const Block block = sealer.seal(
        {FrameKind::change, Time{2}, body, std::string_view("\0", 1), filled(0xcd)}, 0, bytes);
    expect_bytes("settle-journal", "frame", bytes);
    const auto frame = decode_frame(bytes);
    ASSERT_TRUE(frame) << frame.error().context;
    EXPECT_EQ(frame->block, block);
    EXPECT_EQ(frame->body, body);
    EXPECT_EQ(sealer.position().last_hash, block_hash(block));
}

TEST(Formats, TheContractsOfThePageCompile) {
    const std::string text = text_of(page("contract"));
    const std::string start = "```contract\n";
    int found = 0;
    for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at)) {
        at += start.size();
        const auto contract =
            ledger::Contract::compile(std::string_view(text).substr(at, text.find("```", at) - at));
        EXPECT_TRUE(contract) << contract.error().context;
        ++found;
    }
    EXPECT_EQ(found, 5);
}

TEST(Formats, AnswersToManyBatchesAreAsThePageSays) {
    std::string bytes;
    Settled settled;
    settled.codes = {Code::created, Code::created};
    settled.block.number = 7;
    settled.block.time = Time{9};
    append_answer(bytes, settled);
    append_answer(bytes, RefusedBatch{402, "{}"});
    expect_bytes("settle-batch", "answers", bytes);
}

TEST(Formats, AProofIsAsThePageSays) {
    SignedProof proof;
    proof.journal_id = filled(0xab);
    proof.proof.book = 7;
    proof.proof.block.number = 5;
    proof.proof.block.time = Time{9};
    proof.proof.block.kind = FrameKind::transfers;
    proof.proof.block.count = 2;
    proof.proof.block.previous = filled(1);
    proof.proof.block.root = filled(2);
    proof.proof.block.state_digest = filled(3);
    const std::string batch = plain_batch(7, {transfer(1, 1, 2, 5)});
    proof.proof.record = batch.substr(batch_head_bytes);
    proof.proof.path = {filled(4)};
    proof.operator_key.fill(0xee);
    proof.signature.fill(0xdd);
    expect_bytes("settle-proof", "proof", encode_proof(proof));
    expect_bytes("settle-proof", "statement",
                 block_statement(proof.journal_id, 7, proof.proof.block));
}

}  // namespace
}  // namespace suan::settle
