// Each way in which a transfer may be wrong, through the whole engine: its own code, nothing moved,
// and the same again after the journal was opened anew.
#include "settle/engine.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace suan::settle {
namespace {

using namespace testing;
namespace fs = std::filesystem;

constexpr std::int64_t now_us = 2'000'000'000'000;

class Refusals : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "suan-refusals-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        auto key = crypto::PrivateKey::generate();
        ASSERT_TRUE(key);
        key_.emplace(std::move(*key));
        open();
        done(OpenBook{1});
        for (std::uint64_t n = 1; n <= 4; ++n)
            done(OpenAccount{1, account(n)});
        done(OpenAccount{1, account(5, 0, 2)});  // of another ledger (unit)
        done(OpenAccount{1, account(6, ledger::account_flags::debits_must_not_exceed_credits)});
        done(OpenAccount{1, account(7)});
        done(SetGate{1, account_id(7), AccountGate::closed});
        done(AddKey{1, key_->public_key().raw()});
        done(SetKey{1, account_id(4), 1, KeyRight::grant});
    }
    void TearDown() override {
        engine_.reset();
        fs::remove_all(folder_);
    }

    void open() {
        engine_.reset();
        auto file = open_file(folder_ / "journal");
        ASSERT_TRUE(file);
        auto engine = Engine::open(
            {}, std::move(*file), [] { return Time{now_us}; }, make_batch_verifier);
        ASSERT_TRUE(engine) << engine.error().context;
        engine_ = std::move(*engine);
    }

    AdminCode change(const Admin& change_in) {
        const auto answer = engine_->change(change_in);
        EXPECT_TRUE(answer);
        return answer->code;
    }
    void done(const Admin& change_in) { ASSERT_EQ(change(change_in), AdminCode::done); }

    std::string send(const ledger::Transfer& t, std::uint32_t book = 1) {
        const auto settled = engine_->submit(plain_batch(book, {t}));
        return settled ? to_string(settled->codes[0]) : to_string(settled.error().code);
    }

    // Signed with the book's key, whatever number it is sent under.
    std::string send_signed(const ledger::Transfer& t, SignedPart part) {
        DecodedBatch batch;
        batch.book = 1;
        batch.form = Form::signed_only;
        batch.transfers = {t};
        batch.signed_parts = {part};
        std::string message;
        append_signed_message(message, engine_->journal_id(), 1, part, t);
        batch.signatures = {*key_->sign(message)};
        const auto settled = engine_->submit(encode_batch(batch));
        return settled ? to_string(settled->codes[0]) : to_string(settled.error().code);
    }

    uint128 moved() {
        uint128 out = 0;
        EXPECT_TRUE(engine_->read([&](const Books& books) {
            for (const ledger::Totals& t : books.find(1)->ledger().totals())
                out += t.debits_posted + t.debits_pending;
        }));
        return out;
    }

    fs::path folder_;
    std::optional<crypto::PrivateKey> key_;
    std::unique_ptr<Engine> engine_;
};

TEST_F(Refusals, EveryUnsignedFaultHasItsOwnCodeAndMovesNothing) {
    const ledger::Transfer good = transfer(1, 1, 2, 5);
    struct Case {
        std::string code;
        ledger::Transfer transfer;
    };
    const auto with = [&](auto member, auto value) {
        ledger::Transfer t = good;
        t.*member = value;
        return t;
    };
    const std::vector<Case> cases{
        {"amount_must_not_be_zero", with(&ledger::Transfer::amount, std::uint64_t{0})},
        {"amount_out_of_range", with(&ledger::Transfer::amount, static_cast<std::uint64_t>(-5))},
        {"accounts_must_be_different", transfer(1, 1, 1, 5)},
        {"debit_account_not_found", transfer(1, 99, 2, 5)},
        {"credit_account_not_found", transfer(1, 1, 99, 5)},
        {"debit_account_already_closed", transfer(1, 7, 2, 5)},
        {"credit_account_already_closed", transfer(1, 1, 7, 5)},
        {"accounts_must_have_the_same_ledger", transfer(1, 1, 5, 5)},
        {"transfer_must_have_the_same_ledger_as_accounts", with(&ledger::Transfer::ledger, 2U)},
        {"exceeds_credits", transfer(1, 6, 2, 5)},
        {"signature_required", transfer(1, 4, 2, 5)},
        {"id_must_not_be_zero", with(&ledger::Transfer::id, ledger::TransferId{})},
        {"timestamp_must_be_zero", with(&ledger::Transfer::timestamp_us, std::int64_t{1})},
        {"pending_transfer_not_found", ending(1, 77, ledger::transfer_flags::void_pending)},
    };
    for (const Case& c : cases)
        EXPECT_EQ(send(c.transfer), c.code);
    EXPECT_EQ(send(good, 2), "not_found") << "a book that is not there";
    EXPECT_TRUE(moved() == 0);
    open();
    for (const Case& c : cases)
        EXPECT_EQ(send(c.transfer), c.code) << "after opening again";
    EXPECT_EQ(send(good), "created") << "a refusal leaves its id free";
}

TEST_F(Refusals, BalancesThatWouldPass64BitsAreRefused) {
    ASSERT_EQ(send(transfer(1, 1, 2, INT64_MAX)), "created");
    ASSERT_EQ(send(transfer(2, 1, 2, INT64_MAX)), "created");
    EXPECT_EQ(send(transfer(3, 1, 3, 2)), "overflows_debits");
    EXPECT_EQ(send(transfer(3, 3, 2, 2)), "overflows_credits");
    EXPECT_EQ(send(transfer(3, 1, 2, 1)), "created") << "2^64 - 1 still fits";
    ledger::Transfer hold = with_flags(transfer(4, 3, 1, 5), ledger::transfer_flags::pending);
    hold.timeout_us = UINT64_MAX;
    EXPECT_EQ(send(hold), "overflows_timeout");
}

TEST_F(Refusals, EverySignedFaultHasItsOwnCodeAndAReplayMovesNothingTwice) {
    const ledger::Transfer good = transfer(1, 4, 2, 5);
    const std::int64_t later = now_us + 1'000'000;
    EXPECT_EQ(send_signed(good, {2, 1, later}), "key_not_found");
    EXPECT_EQ(send_signed(good, {1, 1, now_us}), "signature_expired");
    EXPECT_EQ(send_signed(good, {1, 1, now_us + limits::signature_life_us_max + 1}),
              "signature_too_long");
    EXPECT_EQ(send_signed(transfer(1, 1, 2, 5), {1, 1, later}), "key_not_of_account");
    EXPECT_EQ(send_signed(good, {1, 0, later}), "signature_serial_old");
    EXPECT_EQ(send_signed(good, {1, 2'000, later}), "created");
    EXPECT_EQ(send_signed(good, {1, 2'000, later}), "exists");
    EXPECT_EQ(send_signed(transfer(2, 4, 2, 5), {1, 2'000, later}), "signature_replayed");
    EXPECT_EQ(send_signed(transfer(2, 4, 2, 5), {1, 900, later}), "signature_serial_old");
    EXPECT_TRUE(moved() == 5);
    open();
    EXPECT_EQ(send_signed(transfer(2, 4, 2, 5), {1, 2'000, later}), "signature_replayed");
    EXPECT_TRUE(moved() == 5);
}

TEST_F(Refusals, MalformedKeysAreRefusedAndLeaveNothingBehind) {
    const RawKey good = key_->public_key().raw();
    const std::uint64_t before = engine_->blocks();
    RawKey off_curve = good;
    off_curve[40] = static_cast<std::uint8_t>(off_curve[40] ^ 1);
    RawKey compressed = good;
    compressed[0] = 2;
    RawKey infinity{};
    RawKey beyond;
    beyond.fill(0xff);
    beyond[0] = 4;
    for (const RawKey& key : {off_curve, compressed, infinity, beyond})
        EXPECT_EQ(change(AddKey{1, key}), AdminCode::malformed_key);
    EXPECT_EQ(change(SetKey{1, account_id(1), 2, KeyRight::grant}), AdminCode::key_not_found);
    EXPECT_EQ(engine_->blocks(), before);
}

}  // namespace
}  // namespace suan::settle
