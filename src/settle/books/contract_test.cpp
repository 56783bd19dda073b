// Contracts at work in a book.
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <string>

namespace suan::settle {
namespace {

using namespace testing;

TEST(BookContract, ADayLimitCountsHoldsAndStartsAnewNextDay) {
    Bench b;
    b.contract(1, "debit limit 60 per transfer; debit limit 100 per day;");
    EXPECT_EQ(b.send(transfer(1, 1, 2, 61)), Code::contract_limit);
    EXPECT_EQ(b.send(transfer(2, 1, 2, 60)), Code::created);
    EXPECT_EQ(b.send(with_flags(transfer(3, 1, 2, 30), ledger::transfer_flags::pending)),
              Code::created);
    EXPECT_EQ(b.send(transfer(4, 1, 2, 11)), Code::contract_limit);
    EXPECT_EQ(b.send(transfer(4, 1, 2, 10)), Code::created);
    EXPECT_EQ(b.send(transfer(5, 1, 2, 1)), Code::contract_limit);
    EXPECT_STREQ(to_string(b.send(transfer(2, 1, 2, 60))), "exists") << "a retry is no new use";
    b.now.us += 86'400'000'000;
    EXPECT_EQ(b.send(transfer(5, 1, 2, 1)), Code::created);
    b.now.us -= 86'400'000'000;
    EXPECT_EQ(b.send(transfer(6, 1, 2, 60)), Code::created) << "counts in the later day";
    EXPECT_EQ(b.send(transfer(7, 1, 2, 40)), Code::contract_limit);
}

TEST(BookContract, ABookKeepsNoSumsPerUserData) {
    Bench b;
    std::uint32_t number = 0;
    std::string why;
    EXPECT_EQ(
        b.book.add_contract("debit limit 5 per day;\ndebit limit 5 per user_data_64;", number, why),
        AdminCode::contract_invalid);
    EXPECT_EQ(why.find("contract: line 2: a ledger keeps no sums per user_data_64"), 0U) << why;
}

TEST(BookContract, ARefusedChainGivesBackWhatItsLimitsCounted) {
    Bench b;
    b.contract(1, "debit limit 100 per ever;");
    EXPECT_EQ(names(b.send({with_flags(transfer(1, 1, 2, 60), ledger::transfer_flags::linked),
                            transfer(2, 1, 2, 41)})),
              "linked_event_failed contract_limit");
    EXPECT_EQ(b.send(transfer(3, 1, 2, 100)), Code::created);
}

TEST(BookContract, FeesAndSplitsAreMadeWithTheirTransferOrNotAtAll) {
    Bench b;
    ASSERT_TRUE(b.book.open_account(
        account(9, ledger::account_flags::debits_must_not_exceed_credits), b.now));
    b.contract(9, "debit fee amount / 100 to #5;");
    b.contract(2, "credit split 250000 to #3; credit split 500000 to #4;");
    EXPECT_EQ(b.send(transfer(1, 1, 9, 1'000)), Code::created);
    EXPECT_EQ(b.send(transfer(2, 9, 2, 1'000)), Code::contract_derived) << "no money for the fee";
    EXPECT_EQ(b.at(2).credits_posted, 0U);
    EXPECT_EQ(b.send(transfer(2, 9, 2, 900)), Code::created);
    EXPECT_EQ(b.at(5).credits_posted, 9U);
    EXPECT_EQ(b.at(3).credits_posted, 225U);
    EXPECT_EQ(b.at(4).credits_posted, 450U);
    EXPECT_EQ(b.at(2).credits_posted - b.at(2).debits_posted, 225U);
    EXPECT_STREQ(to_string(b.send(transfer(2, 9, 2, 900))), "exists");
    EXPECT_EQ(b.send(with_flags(transfer(3, 9, 1, 5), ledger::transfer_flags::pending)),
              Code::contract_two_phase);
}

TEST(BookContract, AFeeMayNotGoToAnAccountWithRulesNorBeNegative) {
    Bench b;
    b.contract(5, "credit require amount > 1000;");
    b.contract(1, "debit fee 10 - code to #5;");
    EXPECT_EQ(b.send(transfer(1, 1, 2, 100)), Code::contract_target);
    ledger::Transfer t = transfer(2, 1, 2, 100);
    t.code = 11;
    EXPECT_EQ(b.send(t), Code::contract_overflow);
    t.code = 10;
    EXPECT_EQ(b.send(t), Code::created) << "a fee of nothing is none";
}

TEST(BookContract, ABalanceIsReadOnceInAChain) {
    Bench b;
    b.contract(1, "debit require balance - amount >= 100;");
    EXPECT_EQ(b.send(transfer(1, 2, 1, 150)), Code::created);
    EXPECT_EQ(names(b.send({with_flags(transfer(2, 1, 3, 30), ledger::transfer_flags::linked),
                            transfer(3, 1, 3, 30)})),
              "linked_event_failed contract_chain");
    EXPECT_EQ(b.send(transfer(4, 1, 3, 51)), Code::contract_refused);
    EXPECT_EQ(b.send(transfer(4, 1, 3, 50)), Code::created);
}

// Money is put aside; the arbiter's key lets it go on, and after a day it may go back.
TEST(BookContract, EscrowIsReleasedByTheArbiterOrReturnsAfterItsTime) {
    Bench b;
    std::uint32_t arbiter = b.key_for(4, 1);
    const std::uint32_t payer = b.key_for(4, 2);
    const std::string until = std::to_string(b.now.us / 1'000'000 + 86'400);
    b.contract(4, "debit require to == #2 and signer == " + std::to_string(arbiter) +
                      " or to == #1 and now >= " + until + ";");
    EXPECT_EQ(b.send(transfer(1, 1, 4, 100)), Code::created);
    EXPECT_EQ(b.send_signed(transfer(2, 4, 2, 40), {.key = payer, .serial = 1}),
              Code::contract_refused);
    EXPECT_EQ(b.send_signed(transfer(2, 4, 2, 40), {.key = arbiter, .serial = 1}), Code::created);
    EXPECT_EQ(b.send_signed(transfer(3, 4, 1, 60), {.key = payer, .serial = 1}),
              Code::contract_refused);
    b.now.us += 86'400'000'000;
    EXPECT_EQ(b.send_signed(transfer(3, 4, 1, 60), {.key = payer, .serial = 1}), Code::created);
}

// The centre's voucher: compute lines only, from this provider, until a day, at most so much a job.
TEST(BookContract, AVoucherPaysWhatItIsForUntilItsDay) {
    Bench b;
    ASSERT_TRUE(b.book.open_account(
        account(9, ledger::account_flags::debits_must_not_exceed_credits), b.now));
    b.contract(9,
               "debit require code == 7 and to in [#2, #3];\n"
               "debit require now < 1000100;\n"
               "debit limit 500 per transfer;");
    EXPECT_EQ(b.send(transfer(1, 1, 9, 600)), Code::created);
    ledger::Transfer t = transfer(2, 9, 2, 100);
    EXPECT_EQ(b.send(t), Code::contract_refused) << "not a compute line";
    t.code = 7;
    t.credit_account_id = account_id(4);
    EXPECT_EQ(b.send(t), Code::contract_refused) << "not that provider";
    t.credit_account_id = account_id(3);
    t.amount = 501;
    EXPECT_EQ(b.send(t), Code::contract_limit);
    t.amount = 500;
    EXPECT_EQ(b.send(t), Code::created);
    t.id = {1, 3};
    EXPECT_STREQ(to_string(b.send(t)), "exceeds_credits") << "the face value is its balance";
    t.amount = 100;
    b.now.us = 1'000'100'000'000;
    EXPECT_EQ(b.send(t), Code::contract_refused) << "its day has come";
}

}  // namespace
}  // namespace suan::settle
