#include "runtime/ledgers/anchors.hpp"

#include "log/log_fixture.hpp"
#include "settle/engine.hpp"
#include "settle/testing.hpp"

namespace suan::runtime {
namespace {

// What a dishonest operator could run: every signature is good.
class LyingVerifier final : public settle::SignatureVerifier {
public:
    std::uint32_t add_signer(const settle::RawKey&) override { return next_++; }
    void verify(std::span<const settle::SignedItem>, std::span<const settle::SignaturePoint>,
                std::span<const std::uint8_t>, std::span<std::uint8_t> verdicts) override {
        std::fill(verdicts.begin(), verdicts.end(), std::uint8_t{1});
    }

private:
    std::uint32_t next_ = 0;
};

// A journal with one transfer under a signature that nobody gave.
void write_journal(const std::filesystem::path& path, const settle::VerifierFactory& factory) {
    using namespace settle::testing;
    auto file = settle::open_file(path);
    ASSERT_TRUE(file);
    auto engine = settle::Engine::open(
        {}, std::move(*file), [] { return Time{1}; }, factory);
    ASSERT_TRUE(engine) << engine.error().context;
    const settle::Admin changes[] = {
        settle::OpenBook{1}, settle::OpenAccount{1, account(1)}, settle::OpenAccount{1, account(2)},
        settle::AddKey{1, crypto::PrivateKey::generate().value().public_key().raw()},
        settle::SetKey{1, account_id(1), 1, settle::KeyRight::grant}};
    for (const settle::Admin& change : changes)
        ASSERT_TRUE((*engine)->change(change));
    settle::DecodedBatch batch;
    batch.form = settle::Form::signed_only;
    batch.book = 1;
    batch.transfers = {transfer(1, 1, 2, 5)};
    batch.signed_parts = {{1, 1, 100}};
    batch.signatures = {{1, 2, 3}};
    ASSERT_TRUE((*engine)->submit(settle::encode_batch(batch)));
}

TEST(Anchors, a_journal_with_a_signature_that_nobody_gave_is_not_borne_out) {
    const log::testing::Folder folder;
    write_journal(folder / "honest", settle::make_batch_verifier);
    const auto honest = check_anchors(folder / "honest", {});
    ASSERT_TRUE(honest) << honest.error().context;
    EXPECT_EQ(honest->created, 0U);
    write_journal(folder / "forged", [] { return std::make_unique<LyingVerifier>(); });
    const auto forged = check_anchors(folder / "forged", {});
    ASSERT_FALSE(forged);
    EXPECT_NE(forged.error().context.find("block 6"), std::string::npos) << forged.error().context;
}

}  // namespace
}  // namespace suan::runtime
