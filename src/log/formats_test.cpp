// Decodes the worked bytes of docs/formats. SNAP_UPDATE=1 writes them anew, with new signatures.
#include "crypto/sm3.hpp"
#include "log/bill_bundle.hpp"
#include "log/cosignature.hpp"
#include "log/crc32c.hpp"
#include "log/evidence.hpp"
#include "log/export.hpp"
#include "log/log_fixture.hpp"
#include "log/receipt.hpp"
#include "log/record.hpp"
#include "log/segment.hpp"

#include <cstdlib>
#include <sstream>

namespace suan::log {
namespace {

using namespace testing;

const std::vector<std::string> texts = {"one", "two", "three"};

fs::path page(const std::string& name) {
    const char* source = std::getenv("SUAN_SOURCE_DIR");
    return fs::path(source != nullptr ? source : ".") / "docs/formats" / (name + ".md");
}

struct Fence {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// The lines between the fences after "<!-- example -->".
Fence fence_of(const std::string& text, const std::string& example) {
    const std::size_t mark = text.find("<!-- " + example + " -->");
    EXPECT_NE(mark, std::string::npos) << example;
    const std::size_t begin = text.find("```\n", mark) + 4;
    return {begin, text.find("```", begin)};
}

std::string worked_bytes(const std::string& name, const std::string& example) {
    const std::string text = read_file(page(name));
    const Fence fence = fence_of(text, example);
    std::string hex;
    for (const char c : text.substr(fence.begin, fence.end - fence.begin))
        if (c != '\n') hex.push_back(c);
    return from_hex(hex).value();
}

void update(const std::string& name, const std::string& example, std::string_view bytes) {
    std::string text = read_file(page(name));
    const Fence fence = fence_of(text, example);
    const std::string hex = to_hex(as_bytes(bytes));
    std::string lines;
    for (std::size_t at = 0; at < hex.size(); at += 64)
        lines += hex.substr(at, 64) + "\n";
    text.replace(fence.begin, fence.end - fence.begin, lines);
    write_file(page(name), text);
}

class Formats : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        const char* wanted = std::getenv("SNAP_UPDATE");
        if (wanted == nullptr || std::string(wanted) != "1") return;
        const crypto::PrivateKey key = example_key();
        MemoryLog log(filled(0xAB));
        ASSERT_TRUE(append_texts(log, texts));
        ASSERT_TRUE(log.put_block(next_block(log, 3, key)));
        std::string meta = "SUANLOG1" + std::string(as_text(log.id()));
        append_u32(meta, crc32c(meta));
        update("log", "meta", meta);
        std::string chunk;
        append_records(chunk, 1, std::vector<std::string_view>(texts.begin(), texts.end()));
        update("log", "chunk", chunk);
        std::ostringstream file;
        ASSERT_TRUE(export_log(log, key.public_key(), file));
        update("log", "export", file.str());
        update("block", "block", encode_block(log.block(1).value()));
        update("block", "key", as_text(key.public_key().raw()));
        update("receipt", "receipt", encode_receipt(receipt(log, 2).value()));
        update("log", "segment", make_segment(log, key.public_key(), 3, 1 << 20).value());
        const SealedBlock first = log.block(1).value();
        const WitnessSignature word = cosign(log.id(), first.header, example_key()).value();
        update("cosignature", "message", cosigned_bytes(log.id(), first.header));
        update("cosignature", "signature", as_text(word.signature));
        BlockHeader other = first.header;
        other.state_digest = filled(2);
        const Evidence evidence{log.id(), key.public_key().raw(), first, seal(other, key).value()};
        update("evidence", "evidence", encode_evidence(evidence));
        const std::vector<Seq> seqs = {2};
        update("bill-proof", "bill-proof",
               encode_bill_bundle(make_bill_bundle(log, key.public_key(), "bill", seqs).value()));
    }

    static crypto::PublicKey key() {
        return crypto::PublicKey::from_raw(worked_bytes("block", "key")).value();
    }
};

TEST_F(Formats, meta) {
    const std::string bytes = worked_bytes("log", "meta");
    ASSERT_EQ(bytes.size(), 44U);
    EXPECT_EQ(bytes.substr(0, 8), "SUANLOG1");
    EXPECT_EQ(bytes.substr(8, 32), as_text(filled(0xAB)));
    EXPECT_EQ(read_u32(bytes, 40), crc32c(bytes.substr(0, 40)));
}

TEST_F(Formats, chunk) {
    std::vector<std::string> found;
    ASSERT_TRUE(for_each_record(worked_bytes("log", "chunk"), 1, 3, 1, 3,
                                [&](Seq, std::string_view entry) -> Result<Next> {
                                    found.emplace_back(entry);
                                    return Next::more;
                                }));
    EXPECT_EQ(found, texts);
}

TEST_F(Formats, export_file) {
    std::istringstream in(worked_bytes("log", "export"));
    ExportReading reading;
    reading.trusted = key();
    std::vector<std::string> found;
    reading.each_entry = [&](Seq, std::string_view entry) {
        found.emplace_back(entry);
        return Result<void>();
    };
    const Exported exported = read_export(in, reading).value();
    EXPECT_EQ(found, texts);
    EXPECT_EQ(exported.log_id, filled(0xAB));
    EXPECT_EQ(exported.verified.blocks, 1U);
}

TEST_F(Formats, block) {
    const SealedBlock block = decode_block(worked_bytes("block", "block")).value();
    EXPECT_EQ(block.header.number, 1U);
    EXPECT_EQ(block.header.first_seq, 1U);
    EXPECT_EQ(block.header.last_seq, 3U);
    EXPECT_EQ(block.header.time.us, 2'000'000);
    EXPECT_EQ(block.header.previous, filled(0xAB));
    EXPECT_EQ(block.header.state_digest, filled(0x01));
    const std::vector<Hash256> hashes = {crypto::sm3("one"), crypto::sm3("two"),
                                         crypto::sm3("three")};
    EXPECT_EQ(block.header.merkle_root, entries_root(hashes));
    EXPECT_TRUE(verify_signature(block, key()));
}

TEST_F(Formats, segment) {
    SegmentReading reading;
    reading.start = [](const SegmentHead& head) -> Result<void> {
        EXPECT_EQ(head.log_id, filled(0xAB));
        EXPECT_EQ(head.operator_key, key());
        EXPECT_EQ(head.from_seq, 3U);
        return {};
    };
    std::vector<std::string> found;
    reading.entry = [&](Seq seq, std::string_view entry) -> Result<void> {
        EXPECT_EQ(seq, 3U);
        found.emplace_back(entry);
        return {};
    };
    std::vector<SealedBlock> blocks;
    reading.block = [&](const SealedBlock& block) -> Result<void> {
        blocks.push_back(block);
        return {};
    };
    const SegmentEnd end = read_segment(worked_bytes("log", "segment"), reading).value();
    EXPECT_EQ(found, std::vector<std::string>{"three"});
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_TRUE(verify_signature(blocks[0], key()));
    EXPECT_EQ(end.last_seq, 3U);
    EXPECT_EQ(end.last_block, 1U);
}

TEST_F(Formats, cosignature) {
    const std::string message = worked_bytes("cosignature", "message");
    ASSERT_EQ(message.size(), 208U);
    EXPECT_EQ(message.substr(0, 8), "SUANCOS1");
    EXPECT_EQ(message.substr(8, 32), as_text(filled(0xAB)));
    const BlockHeader header = decode_header(message.substr(40)).value();
    EXPECT_EQ(header, decode_block(worked_bytes("block", "block")).value().header);
    WitnessSignature word{example_key().public_key().raw(), {}};
    const std::string signature = worked_bytes("cosignature", "signature");
    ASSERT_EQ(signature.size(), word.signature.size());
    std::copy(signature.begin(), signature.end(), word.signature.begin());
    EXPECT_TRUE(verify_cosignature(filled(0xAB), header, word));
}

TEST_F(Formats, evidence) {
    const Evidence found = decode_evidence(worked_bytes("evidence", "evidence")).value();
    EXPECT_EQ(found.log_id, filled(0xAB));
    EXPECT_EQ(found.operator_key, key().raw());
    EXPECT_EQ(found.first, decode_block(worked_bytes("block", "block")).value());
    EXPECT_EQ(found.second.header.state_digest, filled(2));
    EXPECT_EQ(judge(found).value().kind, Contradiction::fork);
}

TEST_F(Formats, receipt) {
    const Receipt found = decode_receipt(worked_bytes("receipt", "receipt")).value();
    EXPECT_EQ(found.seq, 2U);
    EXPECT_EQ(found.entry_hash, crypto::sm3("two"));
    EXPECT_TRUE(verify_receipt(found, key()));
}

TEST_F(Formats, bill_proof) {
    const BillBundle found = decode_bill_bundle(worked_bytes("bill-proof", "bill-proof")).value();
    EXPECT_EQ(found.bill, "bill");
    ASSERT_EQ(found.entries.size(), 1U);
    EXPECT_EQ(found.entries[0].entry, "two");
    EXPECT_TRUE(verify_bill_bundle(found, key()));
}

}  // namespace
}  // namespace suan::log
