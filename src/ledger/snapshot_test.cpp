// A state that no ledger could have reached is refused, and the message names the record.
#include "ledger/testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace suan::ledger {
namespace {

using namespace testing;
using ::testing::HasSubstr;

// Accounts: 0 bank, 1 org, 2 revenue, ... Pending: ids 2 and 3. Finished: 1, 4 (posted), 5.
Snapshot sound() {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(100));
    books.must(transfer(2).from(org).to(revenue).amount(30).pending().timeout_us(9));
    books.must(transfer(3).from(org).to(revenue).amount(20).pending());
    books.must(transfer(4).from(org).to(revenue).amount(10).pending());
    books.must(transfer(5).posts(4).amount(10));
    return books.ledger.export_state();
}

std::string error_of(const Snapshot& snapshot) {
    const auto imported = Ledger::import_state(snapshot, Options{.finished_kept = 1'000});
    if (imported) return "accepted";
    EXPECT_EQ(imported.error().code, ErrorCode::corrupt);
    return imported.error().context;
}

TEST(snapshot, a_sound_state_is_accepted_and_exports_the_same) {
    const Snapshot state = sound();
    auto ledger = Ledger::import_state(state, Options{.finished_kept = 1'000});
    ASSERT_TRUE(ledger);
    EXPECT_EQ(ledger->export_state(), state);
    EXPECT_TRUE(ledger->changed().empty());
    EXPECT_EQ(ledger->next_expiry(), Time{1'009});
}

TEST(snapshot, fewer_finished_transfers_may_be_kept_than_were_exported) {
    auto ledger = Ledger::import_state(sound(), Options{.finished_kept = 1});
    ASSERT_TRUE(ledger);
    EXPECT_NE(ledger->find_transfer({0, 5}), nullptr);
    EXPECT_EQ(ledger->find_transfer({0, 1}), nullptr);
}

TEST(snapshot, an_unsound_state_is_refused_with_the_record_named) {
    struct Row {
        const char* message;
        void (*spoil)(Snapshot&);
    };
    const Row rows[] = {
        {"account 1: exists", [](Snapshot& s) { s.accounts[1] = s.accounts[0]; }},
        {"account 2: code_must_not_be_zero", [](Snapshot& s) { s.accounts[2].code = 0; }},
        {"account 1: reserved_flag", [](Snapshot& s) { s.accounts[1].flags |= 32; }},
        {"account 1: debits 50 held and 10 posted exceed credits 59",
         [](Snapshot& s) { s.accounts[1].credits_posted = 59; }},
        {"account 3: credits 0 held and 1 posted exceed debits 0",
         [](Snapshot& s) { s.accounts[3].credits_posted = 1; }},
        {"account 0: debits_pending + debits_posted overflow",
         [](Snapshot& s) {
             s.accounts[0].debits_pending = s.accounts[0].debits_posted = 1ULL << 63;
         }},
        {"account 2: credits_pending + credits_posted overflow",
         [](Snapshot& s) { s.accounts[2].credits_posted = UINT64_MAX; }},
        {"ledger 1: posted debits and credits differ",
         [](Snapshot& s) { s.accounts[0].debits_posted += 1; }},
        {"ledger 1: held debits and credits differ",
         [](Snapshot& s) { s.accounts[0].debits_pending += 1; }},
        {"account 0: debits_pending is 1, its holds are 0",
         [](Snapshot& s) { s.accounts[0].debits_pending = s.accounts[0].credits_pending = 1; }},
        {"account 0: credits_pending is 50, its holds are 0",
         [](Snapshot& s) {
             std::swap(s.accounts[0].credits_pending, s.accounts[2].credits_pending);
         }},
        {"pending transfer 1: its id is not above the one before",
         [](Snapshot& s) { std::swap(s.pending[0], s.pending[1]); }},
        {"pending transfer 0: amount_must_not_be_zero",
         [](Snapshot& s) { s.pending[0].amount = 0; }},
        {"pending transfer 0: overflows_timeout",
         [](Snapshot& s) { s.pending[0].timeout_us = INT64_MAX; }},
        {"pending transfer 1: its flags are 0", [](Snapshot& s) { s.pending[1].flags = 0; }},
        {"pending transfer 1: it has no accounts in its ledger",
         [](Snapshot& s) { s.pending[1].credit_account_id = foreign_bank; }},
        {"finished transfer 0: its id occurs twice",
         [](Snapshot& s) { s.finished[0].transfer.id = s.pending[0].id; }},
        {"finished transfer 0: reserved_flag",
         [](Snapshot& s) { s.finished[0].transfer.flags = 1; }},
        {"finished transfer 1: state 0 contradicts its flags",
         [](Snapshot& s) { s.finished[1].state = TransferState::settled; }},
        {"finished transfer 0: state 9 contradicts its flags",
         [](Snapshot& s) { s.finished[0].state = static_cast<TransferState>(9); }},
    };
    for (const Row& row : rows) {
        Snapshot state = sound();
        row.spoil(state);
        EXPECT_THAT(error_of(state), HasSubstr(row.message));
    }
}

}  // namespace
}  // namespace suan::ledger
