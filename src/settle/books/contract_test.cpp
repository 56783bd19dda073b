#include "settle/books/contract.hpp"

#include "settle/books/limits.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <string>

namespace suan::settle {
namespace {

using namespace testing;

struct Sum {
    const char* text;
    std::int64_t value;
};

int128 value_of(const std::string& expression, const Facts& facts) {
    const auto contract = Contract::compile("debit fee " + expression + " to #1;");
    EXPECT_TRUE(contract) << (contract ? "" : contract.error().context);
    return contract ? contract->evaluate(contract->clauses()[0], facts) : -999;
}

TEST(Contract, ExpressionsAreWhatArithmeticSays) {
    const Facts facts{.amount = 1'000, .code = 7, .now_s = 90'000};
    const Sum sums[] = {
        {"1 + 2 * 3", 7},       {"(1 + 2) * 3", 9},
        {"10 - 4 - 3", 3},      {"7 / 2", 3},
        {"-7 / 2", -4},         {"-7 % 2", 1},
        {"7 % -2", -1},         {"amount * 3 / 1000", 3},
        {"now % 86400", 3'600}, {"100 / (code + 1)", 12},
        {"2 * -3", -6},
    };
    for (const Sum& sum : sums)
        EXPECT_EQ(static_cast<std::int64_t>(value_of(sum.text, facts)), sum.value) << sum.text;
}

struct Truth {
    const char* text;
    bool holds;
};

TEST(Contract, ConditionsAreWhatLogicSays) {
    Facts facts{.amount = 100, .code = 7};
    facts.from = account_id(0xa1);
    facts.to = {0xff, 0xb2};
    const Truth truths[] = {
        {"amount > 99", true},
        {"amount > 100", false},
        {"amount >= 100", true},
        {"amount < 100", false},
        {"amount <= 100", true},
        {"amount != 100", false},
        {"code in [5, 7, 1]", true},
        {"code in [5, 8]", false},
        {"from in [#b2, #a1]", true},
        {"to == #b2", false},
        {"to == #ff00000000000000b2", true},
        {"not amount > 100 and code == 7", true},
        {"amount > 100 or code == 7 and held == 0", true},
        {"(amount > 100 or code == 7) and held == 1", false},
        {"not not code == 7", true},
    };
    for (const Truth& truth : truths) {
        const auto contract = Contract::compile(std::string("debit require ") + truth.text + ";");
        ASSERT_TRUE(contract) << truth.text << ": " << contract.error().context;
        EXPECT_EQ(contract->evaluate(contract->clauses()[0], facts) != 0, truth.holds)
            << truth.text;
    }
}

struct Fault {
    std::string text;
    const char* message;
};

TEST(Contract, FaultsAreFoundWhenItIsDefined) {
    const std::string deep = std::string(9, '(') + "1" + std::string(9, ')');
    std::string wide = "debit require amount == 1";
    for (int i = 0; i < 200; ++i)
        wide += " or amount == 1";
    const Fault faults[] = {
        {"", "expected a clause"},
        {"debit", "expected 'require', 'limit' or 'fee'"},
        {"debit split 5 to #1;", "expected 'require', 'limit' or 'fee'"},
        {"credit fee 5 to #1;", "expected 'require', 'limit' or 'split'"},
        {"debit require amount;", "a condition is wanted"},
        {"debit fee code == 1 to #1;", "a number is wanted"},
        {"debit require amount + (code == 1) > 1;", "arithmetic is between numbers"},
        {"debit require from < #2;", "with == and != only"},
        {"debit require from == 2;", "between two numbers or two account ids"},
        {"debit require (code == 1) == (code == 2);", "between two numbers or two account ids"},
        {"debit require not code;", "'not' is of a condition"},
        {"debit require code and amount == 1;", "'and' and 'or' stand between conditions"},
        {"debit fee amount / code to #1;", "the divisor could be zero"},
        {"debit fee amount % (code - 5) to #1;", "the divisor could be zero"},
        {"debit fee amount * amount to #1;", "a result could pass 2^120"},
        {"debit require now < 99999999999999999999;", "at most 64 bits"},
        {"debit require colour == 1;", "expected a field"},
        {"debit limit 5 per week;", "expected a number"},
        {"debit limit 5 per 0 seconds;", "1 to 2^63 - 1 seconds"},
        {"credit split 0 to #1;", "1 to 1000000 ppm"},
        {"credit split 600000 to #1; credit split 400001 to #2;", "more than 1000000 ppm"},
        {"debit fee 1 to 5;", "expected '#'"},
        {"debit fee 1 to #;", "hexadecimal digits"},
        {"debit fee 1 to #123456789012345678901234567890123;", "hexadecimal digits"},
        {"debit fee 1 to #1", "expected ';'"},
        {"debit fee " + deep + " to #1;", "nested too deep"},
        {wide + ";", "at most 512 operations"},
        {"debit require code in [];", "expected a number"},
        {std::string(limits::contract_bytes_max + 1, ' '), "at most 16384"},
    };
    for (const Fault& fault : faults) {
        const auto contract = Contract::compile(fault.text);
        ASSERT_FALSE(contract) << fault.text;
        EXPECT_NE(contract.error().context.find(fault.message), std::string::npos)
            << fault.text << ": " << contract.error().context;
    }
}

TEST(Contract, AFaultNamesItsLine) {
    const auto contract = Contract::compile("debit limit 5 per day; -- a comment\n\n debit pay;");
    ASSERT_FALSE(contract);
    EXPECT_EQ(contract.error().context,
              "contract: line 3: expected 'require', 'limit' or 'fee', found 'pay;'");
}

TEST(Contract, ADayLimitCountsHoldsAndStartsAnewNextDay) {
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

TEST(Contract, ARefusedChainGivesBackWhatItsLimitsCounted) {
    Bench b;
    b.contract(1, "debit limit 100 per ever;");
    EXPECT_EQ(names(b.send({with_flags(transfer(1, 1, 2, 60), ledger::transfer_flags::linked),
                            transfer(2, 1, 2, 41)})),
              "linked_event_failed contract_limit");
    EXPECT_EQ(b.send(transfer(3, 1, 2, 100)), Code::created);
}

TEST(Contract, FeesAndSplitsAreMadeWithTheirTransferOrNotAtAll) {
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

TEST(Contract, AFeeMayNotGoToAnAccountWithRulesNorBeNegative) {
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

TEST(Contract, ABalanceIsReadOnceInAChain) {
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
TEST(Contract, EscrowIsReleasedByTheArbiterOrReturnsAfterItsTime) {
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
TEST(Contract, AVoucherPaysWhatItIsForUntilItsDay) {
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
