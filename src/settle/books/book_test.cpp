#include "settle/books/book.hpp"

#include "settle/testing.hpp"

#include <gtest/gtest.h>

namespace suan::settle {
namespace {

using namespace testing;
using namespace ledger::transfer_flags;

TEST(Book, AnswersOfTheLedgerComeThroughUnchanged) {
    Bench b;
    EXPECT_EQ(names(b.send({transfer(1, 1, 2, 5), transfer(1, 1, 2, 5), transfer(1, 1, 2, 6),
                            transfer(2, 1, 1, 5), transfer(3, 1, 2, 0), transfer(4, 9, 2, 1)})),
              "created exists exists_with_different_amount accounts_must_be_different "
              "amount_must_not_be_zero debit_account_not_found");
}

TEST(Book, ForeignUnitsAndClosedAccountsHaveTheirCodes) {
    Bench b;
    ASSERT_TRUE(b.book.open_account(account(20, 0, 2), b.now));
    EXPECT_STREQ(to_string(b.send(transfer(1, 1, 20, 5))), "accounts_must_have_the_same_ledger");
    ledger::Transfer wrong = transfer(2, 1, 2, 5);
    wrong.ledger = 2;
    EXPECT_STREQ(to_string(b.send(wrong)), "transfer_must_have_the_same_ledger_as_accounts");
    EXPECT_EQ(b.book.set_closed(account_id(2), ledger::account_flags::closed), AdminCode::done);
    EXPECT_STREQ(to_string(b.send(transfer(3, 1, 2, 5))), "credit_account_already_closed");
    EXPECT_STREQ(to_string(b.send(transfer(4, 2, 1, 5))), "debit_account_already_closed");
}

// The same limit on the way that the ledger alone takes and on the one with rules.
TEST(Book, AmountsFromTwoToTheSixtyThirdOnAreRefused) {
    for (const bool has_rules : {false, true}) {
        Bench b;
        if (has_rules) b.key_for(5, 1);
        EXPECT_EQ(b.send(transfer(1, 1, 2, limits::amount_max)), Code::created);
        EXPECT_EQ(b.send(transfer(2, 3, 4, limits::amount_max + 1)), Code::amount_out_of_range);
        EXPECT_EQ(b.send(transfer(3, 3, 4, static_cast<std::uint64_t>(-5))),
                  Code::amount_out_of_range);
        EXPECT_EQ(b.send(with_flags(transfer(4, 3, 4, 7), pending)), Code::created);
        EXPECT_EQ(b.send(ending(5, 4, post_pending)), Code::created);
    }
}

TEST(Book, AnAccountWithKeysIsDebitedBySignedTransfersOnly) {
    Bench b;
    const std::uint32_t key = b.key_for(1, 1);
    EXPECT_EQ(b.send(transfer(1, 1, 2, 5)), Code::signature_required);
    EXPECT_EQ(b.send_signed(transfer(1, 1, 2, 5), {.key = key, .serial = 1}), Code::created);
    EXPECT_EQ(b.send(transfer(2, 2, 1, 5)), Code::created) << "others may pay it";
}

TEST(Book, SignaturesAreRefusedEachForItsReason) {
    Bench b;
    const std::uint32_t key = b.key_for(1, 1);
    const std::uint32_t other = b.key_for(2, 2);
    const ledger::Transfer t = transfer(1, 1, 2, 5);
    const std::int64_t now_us = b.now.us;
    EXPECT_EQ(b.send_signed(t, {.key = 0, .serial = 1}), Code::key_not_found);
    EXPECT_EQ(b.send_signed(t, {.key = 3, .serial = 1}), Code::key_not_found);
    EXPECT_EQ(b.send_signed(t, {.key = key, .serial = 1}, SignatureVerdict::invalid),
              Code::signature_invalid);
    EXPECT_EQ(b.send_signed(t, {.key = other, .serial = 1}), Code::key_not_of_account);
    EXPECT_EQ(b.send_signed(t, {.key = key, .serial = 1, .valid_until_us = now_us}),
              Code::signature_expired);
    EXPECT_EQ(b.send_signed(t, {.key = key,
                                .serial = 1,
                                .valid_until_us = now_us + limits::signature_life_us_max + 1}),
              Code::signature_too_long);
    EXPECT_EQ(b.send_signed(t, {.key = key, .serial = 0}), Code::signature_serial_old);
    EXPECT_EQ(
        b.send_signed(
            t, {.key = key, .serial = 1, .valid_until_us = now_us + limits::signature_life_us_max}),
        Code::created);
    EXPECT_EQ(b.at(2).credits_posted, 5U);
}

TEST(Book, AReplayedSignatureIsRefusedEvenAfterItsIdIsForgotten) {
    Bench b;
    b.book = Book(ledger::Options{.finished_kept = 2});
    for (std::uint64_t n = 1; n <= 2; ++n)
        ASSERT_TRUE(b.book.open_account(account(n), b.now));
    const std::uint32_t key = b.key_for(1, 1);
    EXPECT_EQ(b.send_signed(transfer(1, 1, 2, 5), {.key = key, .serial = 10}), Code::created);
    EXPECT_STREQ(to_string(b.send_signed(transfer(1, 1, 2, 5), {.key = key, .serial = 10})),
                 "exists");
    EXPECT_EQ(b.send_signed(transfer(2, 1, 2, 5), {.key = key, .serial = 9}), Code::created);
    EXPECT_EQ(b.send_signed(transfer(3, 1, 2, 5), {.key = key, .serial = 11}), Code::created);
    EXPECT_EQ(b.send_signed(transfer(1, 1, 2, 5), {.key = key, .serial = 10}),
              Code::signature_replayed);
    EXPECT_EQ(b.at(1).debits_posted, 15U);
}

TEST(Book, ARefusedTransferUsesNoSerial) {
    Bench b;
    ASSERT_TRUE(b.book.open_account(
        account(9, ledger::account_flags::debits_must_not_exceed_credits), b.now));
    const std::uint32_t key = b.key_for(9, 1);
    EXPECT_STREQ(to_string(b.send_signed(transfer(1, 9, 2, 5), {.key = key, .serial = 1})),
                 "exceeds_credits");
    EXPECT_EQ(b.send(transfer(2, 1, 9, 5)), Code::created);
    EXPECT_EQ(b.send_signed(transfer(1, 9, 2, 5), {.key = key, .serial = 1}), Code::created);
}

TEST(Book, HoldsArePostedByThePayerAndVoidedByThePayee) {
    Bench b;
    const std::uint32_t payer = b.key_for(1, 1);
    const std::uint32_t payee = b.key_for(2, 2);
    std::uint64_t serial = 0;
    const auto as = [&](std::uint32_t key, const ledger::Transfer& t) {
        return b.send_signed(t, {.key = key, .serial = ++serial});
    };
    for (const std::uint64_t id : {1U, 2U})
        EXPECT_EQ(as(payer, with_flags(transfer(id, 1, 2, 5), pending)), Code::created);
    EXPECT_EQ(as(payee, ending(10, 1, post_pending)), Code::key_not_of_account);
    EXPECT_EQ(as(payer, ending(11, 1, void_pending)), Code::key_not_of_account);
    EXPECT_EQ(b.send(ending(12, 1, post_pending)), Code::signature_required);
    EXPECT_EQ(as(payer, ending(13, 1, post_pending)), Code::created);
    EXPECT_EQ(as(payee, ending(14, 2, void_pending)), Code::created);
}

TEST(Book, ARevokedKeyMovesNothingAndTheLastOneStays) {
    Bench b;
    const std::uint32_t first = b.key_for(1, 1);
    EXPECT_EQ(b.book.revoke_key(account_id(1), first), AdminCode::exists_different);
    const std::uint32_t second = b.key_for(1, 2);
    EXPECT_EQ(b.book.revoke_key(account_id(1), first), AdminCode::done);
    EXPECT_EQ(b.send_signed(transfer(1, 1, 2, 5), {.key = first, .serial = 1}),
              Code::key_not_of_account);
    EXPECT_EQ(b.send_signed(transfer(1, 1, 2, 5), {.key = second, .serial = 1}), Code::created);
}

TEST(Book, ABadSignatureInAChainRefusesTheChainAndUsesNoSerial) {
    Bench b;
    const std::uint32_t key = b.key_for(1, 1);
    const std::vector<ledger::Transfer> chain{with_flags(transfer(1, 1, 2, 5), linked),
                                              transfer(2, 1, 3, 5)};
    std::vector<SignedPart> parts(2, SignedPart{key, 1, b.now.us + 1});
    parts[1].serial = 2;
    std::vector<SignatureVerdict> verdicts{SignatureVerdict::valid, SignatureVerdict::invalid};
    std::vector<Code> out(2);
    b.book.apply(TransferBatch{chain, parts, verdicts}, b.now, out);
    EXPECT_EQ(names(out), "linked_event_failed signature_invalid");
    verdicts[1] = SignatureVerdict::valid;
    parts[1].serial = 1;
    b.book.apply(TransferBatch{chain, parts, verdicts}, b.now, out);
    EXPECT_EQ(names(out), "linked_event_failed signature_replayed");
    parts[1].serial = 2;
    b.book.apply(TransferBatch{chain, parts, verdicts}, b.now, out);
    EXPECT_EQ(names(out), "created created");
}

TEST(Book, AnOpenChainIsRefusedWithRulesAsWithout) {
    for (const bool has_rules : {false, true}) {
        Bench b;
        if (has_rules) b.key_for(5, 1);
        EXPECT_EQ(names(b.send({transfer(1, 1, 2, 5), with_flags(transfer(2, 1, 2, 5), linked),
                                with_flags(transfer(3, 1, 2, 5), linked)})),
                  "created linked_event_failed linked_event_chain_open");
    }
}

TEST(Book, TheDigestFollowsEveryChangeAndEqualsTheOneMadeAnew) {
    Bench b;
    uint128 last = b.book.digest();
    for (std::uint64_t i = 1; i <= 20; ++i) {
        EXPECT_EQ(b.send(transfer(i, 1 + i % 6, 1 + (i + 1) % 6, i)), Code::created);
        const uint128 next = b.book.digest();
        EXPECT_TRUE(next != last);
        EXPECT_TRUE(b.book.accounts_digest() == b.book.recomputed_accounts_digest());
        last = next;
    }
}

TEST(SerialWindow, TakesEachSerialOnceInAnyOrderWithinTheWindow) {
    SerialWindow window;
    testing::Random random(7);
    std::vector<bool> seen(10'000);
    std::uint64_t highest = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t serial =
            1 + random.below(std::min<std::uint64_t>(highest + 1'500, 9'999));
        const auto state = window.state(serial);
        const bool is_old = serial + limits::serial_window <= highest;
        if (is_old) {
            EXPECT_EQ(state, SerialWindow::State::old);
        } else {
            EXPECT_EQ(state, seen[serial] ? SerialWindow::State::seen : SerialWindow::State::fresh);
        }
        if (state != SerialWindow::State::fresh) continue;
        window.accept(serial);
        seen[serial] = true;
        highest = std::max(highest, serial);
    }
}

TEST(Codes, EveryNumberHasANameOrIsNoCode) {
    int known = 0;
    for (int number = 0; number < 256; ++number) {
        if (!is_code(static_cast<std::uint8_t>(number))) continue;
        EXPECT_STRNE(to_string(static_cast<Code>(number)), "");
        ++known;
    }
    EXPECT_EQ(known, ledger::refusals + 9 + 7);
}

}  // namespace
}  // namespace suan::settle
