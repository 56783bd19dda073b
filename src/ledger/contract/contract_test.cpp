#include "ledger/contract/contract.hpp"

#include "ledger/contract/limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace suan::ledger {
namespace {

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
    const Facts facts{.amount = 1'000, .code = 7, .now_us = 90'000'000'001};
    const Sum sums[] = {
        {"1 + 2 * 3", 7},     {"(1 + 2) * 3", 9},       {"10 - 4 - 3", 3},
        {"7 / 2", 3},         {"-7 / 2", -4},           {"-7 % 2", 1},
        {"7 % -2", -1},       {"amount * 3 / 1000", 3}, {"now % 86400", 3'600},
        {"now_us % 1000", 1}, {"100 / (code + 1)", 12}, {"2 * -3", -6},
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
    facts.from = {0, 0xa1};
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

TEST(Contract, ATransferTellsItsFacts) {
    Transfer transfer{.amount = 9, .user_data_64 = 64, .user_data_32 = 32, .ledger = 2, .code = 7};
    transfer.debit_account_id = {0, 0xa1};
    transfer.credit_account_id = {1, 0xb2};
    transfer.flags = transfer_flags::pending;
    const auto contract = Contract::compile(
        "debit require amount == 9 and code == 7 and unit == 2 and user_data_32 == 32 and "
        "user_data_64 == 64 and held == 1 and from == #a1 and now == 5 and now_us == 5000007 and "
        "to == #100000000000000b2;");
    ASSERT_TRUE(contract) << contract.error().context;
    const Facts facts = facts_of(transfer, Time{5'000'007});
    EXPECT_TRUE(contract->allows(Side::debit, facts));
    EXPECT_FALSE(contract->allows(Side::debit, facts_of(transfer, Time{5'000'008})));
    EXPECT_TRUE(contract->allows(Side::credit, Facts{})) << "nothing is asked of that side";
    EXPECT_EQ(facts_of(transfer, Time{-3}).now_us, 0);
}

TEST(Contract, TheRoomIsWhatTheStrictestLimitLeaves) {
    const auto contract = Contract::compile(
        "debit limit 100 per transfer; debit limit 250 per user_data_64; debit limit 5 per day;"
        "credit limit 7 per transfer;");
    ASSERT_TRUE(contract) << contract.error().context;
    EXPECT_EQ(contract->room(Side::debit, 0), 100);
    EXPECT_EQ(contract->room(Side::debit, 149), 100);
    EXPECT_EQ(contract->room(Side::debit, 249), 1);
    EXPECT_EQ(contract->room(Side::debit, 250), 0);
    EXPECT_EQ(contract->room(Side::debit, INT64_MAX), 0);
    EXPECT_EQ(contract->room(Side::credit, 0), 7);
    const auto free = Contract::compile("debit require now_us < 5;");
    ASSERT_TRUE(free);
    EXPECT_EQ(free->room(Side::debit, INT64_MAX), INT64_MAX);
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

}  // namespace
}  // namespace suan::ledger
