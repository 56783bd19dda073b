// Receipts, bill bundles and exports: what is handed to others.
#include "log/bill_bundle.hpp"
#include "log/export.hpp"
#include "log/log_fixture.hpp"
#include "log/receipt.hpp"

#include <sstream>

namespace suan::log {
namespace {

using namespace testing;

class Proofs : public ::testing::Test {
protected:
    void SetUp() override { fill(log_, key_); }

    const crypto::PrivateKey key_ = example_key();
    const crypto::PublicKey& public_key_ = key_.public_key();
    const crypto::PublicKey other_ = crypto::PrivateKey::generate().value().public_key();
    MemoryLog log_{filled(0xAB)};
};

TEST_F(Proofs, every_entry_of_a_closed_block_has_a_receipt) {
    for (Seq seq = 1; seq <= 16; ++seq) {
        const Receipt found = receipt(log_, seq).value();
        EXPECT_TRUE(verify_receipt(found, public_key_)) << seq;
        EXPECT_FALSE(verify_receipt(found, other_));
        EXPECT_EQ(decode_receipt(encode_receipt(found)).value(), found);
    }
    for (const Seq seq : {0, 17, 18, 19})
        EXPECT_EQ(receipt(log_, seq).error().code, ErrorCode::not_found) << seq;
}

TEST_F(Proofs, a_receipt_changed_or_cut_anywhere_is_refused) {
    const std::string bytes = encode_receipt(receipt(log_, 12).value());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string bad = bytes;
        bad[i] = char(bad[i] ^ 4);
        const auto decoded = decode_receipt(bad);
        EXPECT_FALSE(decoded && verify_receipt(*decoded, public_key_)) << i;
        EXPECT_FALSE(decode_receipt(std::string_view(bytes).substr(0, i))) << i;
    }
}

TEST_F(Proofs, a_receipt_for_another_place_is_refused) {
    Receipt found = receipt(log_, 12).value();
    for (Seq seq = 0; seq <= 20; ++seq) {
        if (seq == 12) continue;
        found.seq = seq;
        EXPECT_FALSE(verify_receipt(found, public_key_)) << seq;
    }
}

TEST_F(Proofs, a_bill_rests_on_proven_entries) {
    const std::vector<Seq> seqs = {2, 3, 6, 11, 16};
    const BillBundle bundle = make_bill_bundle(log_, public_key_, "the bill", seqs).value();
    EXPECT_EQ(bundle.blocks.size(), 3U);
    ASSERT_EQ(bundle.entries.size(), 5U);
    EXPECT_EQ(bundle.entries[3].entry, entry_text(11));
    EXPECT_TRUE(verify_bill_bundle(bundle, public_key_));
    EXPECT_FALSE(verify_bill_bundle(bundle, other_));
    EXPECT_EQ(decode_bill_bundle(encode_bill_bundle(bundle)).value(), bundle);
    EXPECT_TRUE(
        verify_bill_bundle(make_bill_bundle(log_, public_key_, "", {}).value(), public_key_));
}

TEST_F(Proofs, a_bill_wants_rising_entries_of_closed_blocks) {
    struct Case {
        std::vector<Seq> seqs;
        ErrorCode code;
    };
    for (const Case& c : std::initializer_list<Case>{{{3, 2}, ErrorCode::invalid},
                                                     {{2, 2}, ErrorCode::invalid},
                                                     {{0}, ErrorCode::invalid},
                                                     {{17}, ErrorCode::not_found},
                                                     {{1, 99}, ErrorCode::not_found}})
        EXPECT_EQ(make_bill_bundle(log_, public_key_, "", c.seqs).error().code, c.code);
}

TEST_F(Proofs, a_bill_file_changed_or_cut_anywhere_is_refused) {
    const std::vector<Seq> seqs = {2, 11};
    const std::string bytes =
        encode_bill_bundle(make_bill_bundle(log_, public_key_, "bill", seqs).value());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string bad = bytes;
        bad[i] = char(bad[i] ^ 1);
        EXPECT_FALSE(decode_bill_bundle(bad)) << i;
        EXPECT_FALSE(decode_bill_bundle(std::string_view(bytes).substr(0, i))) << i;
    }
}

TEST_F(Proofs, a_bill_forged_with_a_fresh_checksum_is_refused) {
    const std::vector<Seq> seqs = {2, 3, 11};
    const BillBundle good = make_bill_bundle(log_, public_key_, "bill", seqs).value();
    using Change = void (*)(BillBundle&);
    for (const Change change : std::initializer_list<Change>{
             [](BillBundle& b) { b.entries[0].entry[0] = 'E'; },
             [](BillBundle& b) { b.entries[0].seq = 1; },
             [](BillBundle& b) { std::swap(b.entries[0], b.entries[1]); },
             [](BillBundle& b) { b.entries[1] = b.entries[0]; },
             [](BillBundle& b) { b.entries.pop_back(); },
             [](BillBundle& b) { b.blocks.pop_back(); },
             [](BillBundle& b) { b.blocks.erase(b.blocks.begin()); },
             [](BillBundle& b) { std::swap(b.blocks[0], b.blocks[1]); },
             [](BillBundle& b) { b.blocks.push_back(b.blocks[1]); },
             [](BillBundle& b) { b.blocks[1].header.merkle_root[0] ^= 1; },
             [](BillBundle& b) { b.operator_key[1] ^= 1; },
             [](BillBundle& b) { b.entries[2].path.pop_back(); }}) {
        BillBundle bad = good;
        change(bad);
        const auto decoded = decode_bill_bundle(encode_bill_bundle(bad));
        ASSERT_TRUE(decoded);
        EXPECT_EQ(verify_bill_bundle(*decoded, public_key_).error().code, ErrorCode::corrupt);
    }
}

std::string exported(const Log& log, const crypto::PublicKey& key) {
    std::ostringstream out;
    EXPECT_TRUE(export_log(log, key, out));
    return out.str();
}

Result<Exported> read_back(const std::string& bytes, const ExportReading& reading) {
    std::istringstream in(bytes);
    return read_export(in, reading);
}

TEST_F(Proofs, an_export_holds_the_whole_log) {
    std::string seen;
    ExportReading reading;
    reading.trusted = public_key_;
    reading.each_entry = [&](Seq seq, std::string_view entry) {
        EXPECT_EQ(entry, entry_text(seq));
        seen += std::to_string(seq) + " ";
        return Result<void>();
    };
    reading.each_block = [&](const SealedBlock& block) {
        EXPECT_EQ(block, log_.block(block.header.number).value());
        seen += "[" + std::to_string(block.header.number) + "] ";
        return Result<void>();
    };
    const Exported found = read_back(exported(log_, public_key_), reading).value();
    EXPECT_EQ(seen, "1 2 3 4 5 [1] 6 [2] 7 8 9 [3] 10 11 12 13 14 15 16 [4] 17 18 ");
    EXPECT_EQ(found.log_id, log_.id());
    EXPECT_EQ(found.operator_key, public_key_);
    EXPECT_EQ(found.verified.entries, 18U);
    EXPECT_EQ(found.verified.last_block_seq, 16U);
    EXPECT_TRUE(read_back(exported(log_, public_key_), {}));
}

TEST_F(Proofs, an_export_changed_or_cut_anywhere_is_refused) {
    const std::string bytes = exported(log_, public_key_);
    ExportReading reading;
    reading.trusted = public_key_;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string bad = bytes;
        bad[i] = char(bad[i] ^ 8);
        EXPECT_FALSE(read_back(bad, reading)) << i;
        EXPECT_FALSE(read_back(bytes.substr(0, i), reading)) << i;
    }
    EXPECT_FALSE(read_back(bytes + "x", reading));
}

TEST_F(Proofs, an_export_by_another_key_is_refused) {
    ExportReading reading;
    reading.trusted = other_;
    const auto found = read_back(exported(log_, public_key_), reading);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().context.find("operator key: expected"), std::string::npos);
}

TEST_F(Proofs, a_damaged_log_is_not_exported) {
    log_.damage(3, 0);
    std::ostringstream out;
    EXPECT_EQ(export_log(log_, public_key_, out).error().code, ErrorCode::corrupt);
}

TEST_F(Proofs, an_export_to_a_full_disk_says_so) {
    std::ofstream out("/dev/full", std::ios::binary);
    EXPECT_EQ(export_log(log_, public_key_, out).error().code, ErrorCode::io);
}

}  // namespace
}  // namespace suan::log
