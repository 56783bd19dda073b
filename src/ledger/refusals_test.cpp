// Every refusal, as a table: what was there before, what is sent, what is answered.
#include "ledger/refusal.hpp"
#include "ledger/testing.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace suan::ledger {
namespace {

using namespace testing;
using enum Refusal;

constexpr std::uint64_t max = UINT64_MAX;

TransferBuilder plain(std::uint64_t id) {
    return transfer(id).from(bank).to(revenue).amount(1);
}

// Known before each row: org has 100 in ledger 1. 10 is a plain transfer of 7 with every field set;
// 11 to 15 are holds of 50 from bank to revenue: 11 pending, 12 posted, 13 voided, 14 expired, 15
// pending with a time-out of 500.
Books prepared() {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(100));
    books.must(plain(10).amount(7).data_128({1, 2}).data_64(3).data_32(4));
    for (const std::uint64_t id : {11u, 12u, 13u})
        books.must(plain(id).amount(50).pending());
    books.must(plain(14).amount(50).pending().timeout_us(1));
    books.must(plain(15).amount(50).pending().timeout_us(500));
    books.must(transfer(22).posts(12).amount(50));
    books.must(transfer(23).voids(13));
    EXPECT_EQ(books.expire(1).size(), 1u);
    return books;
}

TransferBuilder known() {
    return plain(10).amount(7).data_128({1, 2}).data_64(3).data_32(4);
}

struct Row {
    Refusal refusal;
    Transfer sent;
};

TEST(refusals, a_faulty_transfer_is_refused_with_its_own_code_and_leaves_no_trace) {
    const unsigned both = transfer_flags::post_pending | transfer_flags::void_pending;
    const Row rows[] = {
        // clang-format off
        {linked_event_chain_open,      plain(99).linked()},
        {timestamp_must_be_zero,       plain(99).timestamp_us(1)},
        {reserved_field,               plain(99).reserved(1)},
        {reserved_flag,                plain(99).flags(16)},
        {id_must_not_be_zero,          plain(0)},
        {id_must_not_be_all_ones,      plain(0).id({max, max})},
        {exists_with_different_flags,             known().pending()},
        {exists_with_different_pending_id,        known().pending_id(3)},
        {exists_with_different_timeout,           known().timeout_us(3)},
        {exists_with_different_debit_account_id,  known().from(org)},
        {exists_with_different_credit_account_id, known().to(org)},
        {exists_with_different_amount,            known().amount(8)},
        {exists_with_different_user_data_128,     known().data_128({1, 3})},
        {exists_with_different_user_data_64,      known().data_64(4)},
        {exists_with_different_user_data_32,      known().data_32(5)},
        {exists_with_different_ledger,            known().ledger(2)},
        {exists_with_different_code,              known().code(2)},
        {exists,                                  known()},
        {flags_are_mutually_exclusive, plain(99).flags(both)},
        {flags_are_mutually_exclusive, transfer(99).posts(11).amount(1).pending()},
        {pending_id_must_be_zero,      plain(99).pending_id(11)},
        {pending_id_must_not_be_zero,  transfer(99).posts(0).amount(1)},
        {pending_id_must_be_different, transfer(99).posts(99).amount(1)},
        {timeout_reserved_for_pending_transfer, plain(99).timeout_us(1)},
        {timeout_reserved_for_pending_transfer, transfer(99).voids(11).timeout_us(1)},
        {amount_must_not_be_zero,      plain(99).amount(0)},
        {amount_must_not_be_zero,      plain(99).amount(0).pending()},
        {amount_must_not_be_zero,      transfer(99).posts(11)},
        {amount_must_be_zero,          transfer(99).voids(11).amount(1)},
        {ledger_must_not_be_zero,      plain(99).ledger(0)},
        {code_must_not_be_zero,        plain(99).code(0)},
        {accounts_must_be_different,   plain(99).to(bank)},
        {debit_account_not_found,      plain(99).from({0, 77})},
        {debit_account_not_found,      plain(99).from({})},
        {credit_account_not_found,     plain(99).to({7, 2})},
        {accounts_must_have_the_same_ledger, plain(99).to(foreign_bank)},
        {transfer_must_have_the_same_ledger_as_accounts, plain(99).ledger(2)},
        {pending_transfer_not_found,   transfer(99).posts(98).amount(1)},
        {pending_transfer_not_found,   transfer(99).voids(98)},
        {pending_transfer_not_pending, transfer(99).voids(10)},
        {pending_transfer_not_pending, transfer(99).voids(22)},
        {pending_transfer_has_different_debit_account_id,  transfer(99).voids(11).from(org)},
        {pending_transfer_has_different_credit_account_id, transfer(99).voids(11).to(org)},
        {pending_transfer_has_different_ledger,            transfer(99).voids(11).ledger(2)},
        {pending_transfer_has_different_code,              transfer(99).voids(11).code(2)},
        {exceeds_pending_transfer_amount, transfer(99).posts(11).amount(51)},
        {pending_transfer_already_posted, transfer(99).voids(12)},
        {pending_transfer_already_voided, transfer(99).posts(13).amount(50)},
        {pending_transfer_expired,        transfer(99).posts(14).amount(50)},
        {overflows_debits,             plain(99).to(org).amount(max)},
        {overflows_debits,             plain(99).to(org).amount(max).pending()},
        {overflows_credits,            transfer(99).from(cap).to(revenue).amount(max)},
        {overflows_timeout,            plain(99).pending().timeout_us(INT64_MAX - 999)},
        {overflows_timeout,            plain(99).pending().timeout_us(max)},
        {exceeds_credits,              transfer(99).from(org).to(revenue).amount(101)},
        {exceeds_credits,              transfer(99).from(org).to(revenue).amount(101).pending()},
        {exceeds_debits,               transfer(99).from(bank).to(cap).amount(1)},
        // clang-format on
    };
    for (const Row& row : rows) {
        Books books = prepared();
        const Snapshot before = books.ledger.export_state();
        EXPECT_STREQ(to_string(books.ledger.check_transfer(row.sent, books.now)),
                     to_string(row.refusal));
        EXPECT_STREQ(to_string(books.send(row.sent)), to_string(row.refusal));
        EXPECT_EQ(books.ledger.export_state(), before) << to_string(row.refusal);
    }
}

TEST(refusals, a_hold_may_last_to_the_end_of_time_but_not_longer) {
    Books books;
    books.must(plain(1).pending().timeout_us(INT64_MAX - 1'000));
}

TEST(refusals, closed_accounts_refuse_debits_and_credits) {
    Books books = prepared();
    books.ledger.close_account(books.index(bank));
    EXPECT_EQ(books.send(plain(99)), debit_account_already_closed);
    EXPECT_EQ(books.send(transfer(99).from(org).to(bank).amount(1)), credit_account_already_closed);
}

TEST(refusals, holds_are_limited_in_number_and_a_chain_may_replace_one_at_the_limit) {
    Books books(Options{.finished_kept = 10, .pendings_max = 1});
    books.must(plain(1).amount(5).pending());
    EXPECT_EQ(books.send(plain(2).pending()), too_many_pending_transfers);
    const std::array<Transfer, 2> charge{transfer(3).posts(1).amount(2),
                                         plain(4).amount(3).pending()};
    EXPECT_TRUE(books.ledger.create_chain(charge, books.now));
}

TEST(refusals, the_first_of_several_faults_in_order_of_precedence_is_answered) {
    Books books = prepared();
    Transfer t = plain(0).timestamp_us(1).reserved(1).flags(16).amount(0).ledger(0);
    EXPECT_EQ(books.send(t), timestamp_must_be_zero);
    t.timestamp_us = 0;
    EXPECT_EQ(books.send(t), reserved_field);
    t.reserved = 0;
    EXPECT_EQ(books.send(t), reserved_flag);
    t.flags = 0;
    EXPECT_EQ(books.send(t), id_must_not_be_zero);
    t.id.low = 99;
    EXPECT_EQ(books.send(t), amount_must_not_be_zero);
    t.amount = max;
    EXPECT_EQ(books.send(t), ledger_must_not_be_zero);
    t.ledger = 1;
    EXPECT_EQ(books.send(t), overflows_debits);
}

TEST(refusals, a_retry_must_repeat_a_post_as_it_was_sent) {
    Books books = prepared();
    books.must(transfer(50).posts(11).amount(20));
    EXPECT_EQ(books.send(transfer(50).posts(11).amount(20)), exists);
    EXPECT_EQ(books.send(transfer(50).posts(11).amount(amount_all)), exists_with_different_amount);
    EXPECT_EQ(books.send(transfer(50).voids(11).amount(20)), exists_with_different_flags);
    EXPECT_EQ(books.send(transfer(50).posts(12).amount(20)), exists_with_different_pending_id);
}

TEST(refusals, accounts) {
    struct AccountRow {
        AccountRefusal refusal;
        Account sent;
    };
    using A = AccountRefusal;
    constexpr std::uint16_t both = 3;
    const AccountRow rows[] = {
        // clang-format off
        {A::timestamp_must_be_zero,       {.id = {0, 9}, .timestamp_us = 1, .ledger = 1, .code = 1}},
        {A::reserved_flag,                {.id = {0, 9}, .ledger = 1, .code = 1, .flags = 16}},
        {A::reserved_flag,                {.id = {0, 9}, .ledger = 1, .code = 1, .flags = account_flags::closed}},
        {A::id_must_not_be_zero,          {.ledger = 1, .code = 1}},
        {A::id_must_not_be_all_ones,      {.id = {max, max}, .ledger = 1, .code = 1}},
        {A::exists_with_different_flags,  {.id = bank, .ledger = 1, .code = 1, .flags = account_flags::history}},
        {A::exists_with_different_ledger, {.id = bank, .ledger = 2, .code = 1}},
        {A::exists_with_different_code,   {.id = bank, .ledger = 1, .code = 2}},
        {A::exists,                       {.id = bank, .ledger = 1, .code = 1}},
        {A::flags_are_mutually_exclusive, {.id = {0, 9}, .ledger = 1, .code = 1, .flags = both}},
        {A::balances_must_be_zero,        {.id = {0, 9}, .credits_posted = 1, .ledger = 1, .code = 1}},
        {A::ledger_must_not_be_zero,      {.id = {0, 9}, .code = 1}},
        {A::code_must_not_be_zero,        {.id = {0, 9}, .ledger = 1}},
        {A::too_many_accounts,            {.id = {0, 9}, .ledger = 1, .code = 1}},
        // clang-format on
    };
    Books books(Options{.accounts_max = 6});
    const Snapshot before = books.ledger.export_state();
    for (const AccountRow& row : rows) {
        EXPECT_STREQ(to_string(books.ledger.create_account(row.sent, books.now).refusal),
                     to_string(row.refusal));
    }
    EXPECT_EQ(books.ledger.export_state(), before);
}

TEST(refusals, an_existing_account_answers_with_its_index_even_when_closed) {
    Books books;
    books.ledger.close_account(books.index(org));
    const Account again{
        .id = org, .ledger = 1, .code = 1, .flags = account_flags::debits_must_not_exceed_credits};
    const AccountCreated answer = books.ledger.create_account(again, books.now);
    EXPECT_EQ(answer.refusal, AccountRefusal::exists);
    EXPECT_EQ(answer.index, books.index(org));
}

TEST(refusals, every_code_has_a_name_of_its_own) {
    std::set<std::string> names;
    for (std::uint8_t i = 0; i < refusals; ++i)
        names.insert(to_string(static_cast<Refusal>(i)));
    EXPECT_EQ(names.size(), refusals);
    EXPECT_STREQ(to_string(too_many_pending_transfers), "too_many_pending_transfers");
    EXPECT_STREQ(to_string(exceeds_debits), "exceeds_debits");
    EXPECT_STREQ(to_string(AccountRefusal::too_many_accounts), "too_many_accounts");
}

}  // namespace
}  // namespace suan::ledger
