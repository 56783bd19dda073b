#include "settle/audit.hpp"

#include "settle/admin_codec.hpp"
#include "settle/steps.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace suan::settle {
namespace {

using namespace testing;
namespace fs = std::filesystem;

// What a dishonest operator could write: verdicts as it likes, checksums, roots and digests right.
class LyingVerifier final : public SignatureVerifier {
public:
    std::uint32_t add_signer(const RawKey&) override { return next_++; }
    void verify(std::span<const SignedItem>, std::span<const SignaturePoint>,
                std::span<const std::uint8_t>, std::span<std::uint8_t> verdicts) override {
        std::fill(verdicts.begin(), verdicts.end(), std::uint8_t{1});
    }

private:
    std::uint32_t next_ = 0;
};

struct Written {
    fs::path path = fs::temp_directory_path() / ("suan-audit-" + std::to_string(::getpid()));
    ~Written() { fs::remove(path); }

    // A journal with one signed transfer, decided with this verifier.
    void write(const VerifierFactory& factory) {
        fs::remove(path);
        auto file = open_file(path);
        ASSERT_TRUE(file);
        auto journal = Journal::open(
            **file, Hash256{}, [](const Frame&) { return Result<void>(); }, Check::chain);
        ASSERT_TRUE(journal);
        const auto key = crypto::PrivateKey::generate();
        ASSERT_TRUE(key);
        DecodedBatch batch;
        batch.form = Form::signed_only;
        batch.book = 1;
        batch.transfers = {transfer(1, 1, 2, 5)};
        batch.signed_parts = {{1, 1, 100}};
        batch.signatures = {{1, 2, 3}};
        KeyDirectory keys;
        Decider decider({}, keys);
        Checker checker(Hash256{}, keys, factory);
        Sealer sealer(journal->position());
        const Admin changes[] = {OpenBook{1}, OpenAccount{1, account(1)},
                                 OpenAccount{1, account(2)}, AddKey{1, key->public_key().raw()},
                                 SetKey{1, account_id(1), 1, KeyRight::grant}};
        std::vector<std::pair<FrameKind, std::string>> bodies;
        for (const Admin& change : changes)
            bodies.emplace_back(FrameKind::change, encode_admin(change));
        bodies.emplace_back(FrameKind::transfers, encode_batch(batch));
        for (const auto& [kind, body] : bodies) {
            Work work;
            work.kind = kind;
            work.body = body;
            checker.check(work);
            decider.decide(work, Time{1});
            std::string frame;
            sealer.seal({kind, work.time, work.body, work.answers, work.state_digest}, 0, frame);
            ASSERT_TRUE(journal->append(frame));
        }
    }
};

TEST(Audit, AGoodJournalIsCountedAndLeftAsItIs) {
    Written written;
    written.write(make_single_verifier);
    const auto size = fs::file_size(written.path);
    const auto audited =
        AuditedJournal::open(written.path, AuditDepth::signatures, {}, make_single_verifier);
    ASSERT_TRUE(audited) << audited.error().context;
    EXPECT_EQ(audited->found().blocks, 6U);
    EXPECT_EQ(audited->found().signatures, 1U);
    EXPECT_EQ(audited->found().created, 0U) << "its signature is bad, and was refused";
    EXPECT_EQ(fs::file_size(written.path), size);
}

TEST(Audit, AnAcceptedBadSignatureIsFoundByVerifyingItAnew) {
    Written written;
    written.write([] { return std::make_unique<LyingVerifier>(); });
    EXPECT_TRUE(AuditedJournal::open(written.path, AuditDepth::replay, {}, make_single_verifier));
    const auto audited =
        AuditedJournal::open(written.path, AuditDepth::signatures, {}, make_single_verifier);
    ASSERT_FALSE(audited);
    EXPECT_NE(audited.error().context.find("block 6"), std::string::npos)
        << audited.error().context;
}

TEST(Audit, WhatIsNoJournalIsRefused) {
    Written written;
    std::ofstream(written.path) << "hello";
    EXPECT_FALSE(AuditedJournal::open(written.path, AuditDepth::replay, {}, make_single_verifier));
    fs::remove(written.path);
    EXPECT_FALSE(AuditedJournal::open(written.path, AuditDepth::replay, {}, make_single_verifier));
}

}  // namespace
}  // namespace suan::settle
