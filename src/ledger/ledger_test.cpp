// How the ledger is used, told as small stories.
#include "ledger/ledger.hpp"

#include "ledger/testing.hpp"

#include <gtest/gtest.h>

#include <array>

namespace suan::ledger {
namespace {

using namespace testing;

TEST(ledger, a_transfer_debits_one_account_and_credits_the_other) {
    Books books;
    EXPECT_EQ(books.send(transfer(1).from(bank).to(org).amount(100)), Refusal::created);
    EXPECT_EQ(books.at(bank).debits_posted, 100u);
    EXPECT_EQ(books.at(org).credits_posted, 100u);
    EXPECT_EQ(books.ledger.spendable(books.index(org)), 100u);
    EXPECT_TRUE(books.ledger.check_books());
}

TEST(ledger, a_hold_counts_against_the_limit_until_it_is_voided) {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(100));
    books.must(transfer(2).from(org).to(revenue).amount(70).pending());
    EXPECT_EQ(books.send(transfer(3).from(org).to(revenue).amount(31)), Refusal::exceeds_credits);
    books.must(transfer(4).voids(2));
    EXPECT_EQ(books.send(transfer(3).from(org).to(revenue).amount(31)), Refusal::created);
    EXPECT_EQ(books.at(org).debits_pending, 0u);
    EXPECT_EQ(books.at(org).debits_posted, 31u);
}

TEST(ledger, a_post_of_less_releases_the_rest) {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(100));
    books.must(transfer(2).from(org).to(revenue).amount(70).pending());
    books.must(transfer(3).posts(2).amount(25));
    EXPECT_EQ(books.at(org).debits_posted, 25u);
    EXPECT_EQ(books.at(org).debits_pending, 0u);
    EXPECT_EQ(books.ledger.spendable(books.index(org)), 75u);
    EXPECT_EQ(books.send(transfer(4).posts(2).amount(1)), Refusal::pending_transfer_already_posted);
}

TEST(ledger, a_post_of_amount_all_posts_what_is_held) {
    Books books;
    books.must(transfer(1).from(bank).to(revenue).amount(70).pending());
    books.must(transfer(2).posts(1).amount(amount_all));
    EXPECT_EQ(books.at(revenue).credits_posted, 70u);
    EXPECT_EQ(books.at(revenue).credits_pending, 0u);
}

TEST(ledger, holds_expire_by_time_then_id) {
    Books books;
    books.must(transfer(5).from(bank).to(org).amount(1).pending().timeout_us(20));
    books.must(transfer(9).from(bank).to(org).amount(2).pending().timeout_us(10));
    books.must(transfer(7).from(bank).to(org).amount(4).pending().timeout_us(10));
    books.must(transfer(3).from(bank).to(org).amount(8).pending());
    EXPECT_EQ(books.ledger.next_expiry(), books.now + Duration{10});
    EXPECT_TRUE(books.expire(9).empty());
    EXPECT_EQ(books.expire(10), (std::vector{TransferId{0, 7}, TransferId{0, 9}}));
    EXPECT_EQ(books.at(org).credits_pending, 9u);
    EXPECT_EQ(books.expire(1'000), (std::vector{TransferId{0, 5}}));
    EXPECT_EQ(books.ledger.next_expiry(), time_max);
    EXPECT_EQ(books.ledger.pending_count(), 1u);
    EXPECT_TRUE(books.ledger.check_books());
}

TEST(ledger, a_hold_past_its_time_cannot_be_posted_even_before_expire_is_called) {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(5).pending().timeout_us(10));
    books.now = books.now + Duration{10};
    EXPECT_EQ(books.send(transfer(2).posts(1).amount(5)), Refusal::pending_transfer_expired);
    EXPECT_EQ(books.send(transfer(2).voids(1)), Refusal::pending_transfer_expired);
}

TEST(ledger, a_chain_is_made_whole_or_not_at_all) {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(100));
    const Snapshot before = books.ledger.export_state();
    books.ledger.clear_changed();
    const std::array<Transfer, 3> chain{transfer(2).from(org).to(revenue).amount(60).pending(),
                                        transfer(3).from(bank).to(org).amount(1),
                                        transfer(4).from(org).to(revenue).amount(42)};
    const ChainResult result = books.ledger.create_chain(chain, books.now);
    EXPECT_EQ(result.refusal, Refusal::exceeds_credits);
    EXPECT_EQ(result.at, 2u);
    EXPECT_EQ(books.ledger.export_state(), before);
    EXPECT_TRUE(books.ledger.changed().empty());
    EXPECT_TRUE(books.ledger.create_chain(std::span(chain).first(2), books.now));
    EXPECT_EQ(books.ledger.pending_count(), 1u);
}

TEST(ledger, charging_posts_a_part_and_holds_the_rest_in_one_chain) {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(100));
    books.must(transfer(2).from(org).to(revenue).amount(100).pending());
    const std::array<Transfer, 2> charge{transfer(3).posts(2).amount(30),
                                         transfer(4).from(org).to(revenue).amount(70).pending()};
    EXPECT_TRUE(books.ledger.create_chain(charge, books.now));
    EXPECT_EQ(books.at(org).debits_posted, 30u);
    EXPECT_EQ(books.at(org).debits_pending, 70u);
    EXPECT_EQ(books.ledger.find_transfer({0, 2})->state, TransferState::posted);
    EXPECT_EQ(books.ledger.find_transfer({0, 4})->state, TransferState::pending);
    EXPECT_EQ(books.ledger.create_chain(charge, books.now).refusal, Refusal::exists);
}

TEST(ledger, a_chain_may_post_what_it_holds) {
    Books books;
    const std::array<Transfer, 2> chain{
        transfer(1).from(bank).to(org).amount(9).pending().timeout_us(5),
        transfer(2).posts(1).amount(4)};
    EXPECT_TRUE(books.ledger.create_chain(chain, books.now));
    EXPECT_EQ(books.at(org).credits_posted, 4u);
    EXPECT_EQ(books.ledger.next_expiry(), time_max);
    EXPECT_EQ(books.ledger.finished_count(), 2u);
}

TEST(ledger, a_rehearsal_answers_as_the_chain_would_and_leaves_no_trace) {
    Books books;
    const Snapshot before = books.ledger.export_state();
    const std::array<Transfer, 2> good{transfer(1).from(bank).to(org).amount(9),
                                       transfer(2).from(org).to(revenue).amount(9)};
    EXPECT_TRUE(books.ledger.rehearse_chain(good, books.now));
    EXPECT_EQ(books.ledger.rehearse_chain(std::span(good).last(1), books.now).refusal,
              Refusal::exceeds_credits);
    EXPECT_EQ(books.ledger.export_state(), before);
}

TEST(ledger, a_batch_answers_each_transfer_and_fails_chains_as_a_whole) {
    Books books;
    const std::array<Transfer, 7> batch{
        transfer(1).from(bank).to(org).amount(10),
        transfer(2).from(org).to(revenue).amount(4).linked(),
        transfer(3).from(org).to(revenue).amount(7),  // 1 too many
        transfer(4).from(org).to(revenue).amount(4).linked(),
        transfer(5).from(org).to(revenue).amount(6),
        transfer(6).from(bank).to(org).amount(1).linked(),
        transfer(7).from(bank).to(org).amount(1).linked(),
    };
    std::array<Refusal, 7> results{};
    books.ledger.create_transfers(batch, books.now, results);
    using enum Refusal;
    EXPECT_EQ(results, (std::array{created, linked_event_failed, exceeds_credits, created, created,
                                   linked_event_failed, linked_event_chain_open}));
    EXPECT_EQ(books.at(revenue).credits_posted, 10u);
    EXPECT_TRUE(books.ledger.check_books());
}

TEST(ledger, a_closed_account_only_releases) {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(10));
    books.must(transfer(2).from(org).to(revenue).amount(3).pending());
    books.ledger.close_account(books.index(org));
    EXPECT_EQ(books.send(transfer(3).from(bank).to(org).amount(1)),
              Refusal::credit_account_already_closed);
    EXPECT_EQ(books.send(transfer(3).posts(2).amount(3)), Refusal::debit_account_already_closed);
    EXPECT_EQ(books.send(transfer(3).voids(2)), Refusal::created);
    books.ledger.reopen_account(books.index(org));
    EXPECT_EQ(books.send(transfer(4).from(bank).to(org).amount(1)), Refusal::created);
}

TEST(ledger, changed_accounts_are_listed_once_in_order_of_first_change) {
    Books books;
    books.ledger.clear_changed();
    books.must(transfer(1).from(bank).to(revenue).amount(1));
    books.must(transfer(2).from(bank).to(org).amount(1));
    const auto changed = books.ledger.changed();
    EXPECT_EQ(std::vector(changed.begin(), changed.end()),
              (std::vector{books.index(bank), books.index(revenue), books.index(org)}));
    books.ledger.clear_changed();
    EXPECT_EQ(books.send(transfer(2).from(bank).to(org).amount(1)), Refusal::exists);
    EXPECT_TRUE(books.ledger.changed().empty());
    books.ledger.close_account(books.index(org));
    EXPECT_EQ(books.ledger.changed().size(), 1u);
}

TEST(ledger, finished_transfers_are_forgotten_oldest_first) {
    Books books(Options{.finished_kept = 3});
    for (std::uint64_t id = 1; id <= 4; ++id) {
        books.must(transfer(id).from(bank).to(org).amount(1));
    }
    EXPECT_EQ(books.ledger.find_transfer({0, 1}), nullptr);
    EXPECT_EQ(books.send(transfer(2).from(bank).to(org).amount(1)), Refusal::exists);
    EXPECT_EQ(books.send(transfer(1).from(bank).to(org).amount(1)), Refusal::created);
    EXPECT_EQ(books.ledger.finished_count(), 3u);
}

TEST(ledger, with_nothing_kept_pending_transfers_are_still_known) {
    Books books(Options{.finished_kept = 0});
    books.must(transfer(1).from(bank).to(org).amount(5).pending());
    EXPECT_EQ(books.send(transfer(1).from(bank).to(org).amount(5).pending()), Refusal::exists);
    books.must(transfer(2).posts(1).amount(5));
    EXPECT_EQ(books.send(transfer(3).posts(1).amount(5)), Refusal::pending_transfer_not_found);
    EXPECT_EQ(books.ledger.finished_count(), 0u);
    EXPECT_EQ(books.ledger.pending_count(), 0u);
}

TEST(ledger, ledgers_balance_each_for_itself) {
    Books books;
    books.must(transfer(1).from(bank).to(org).amount(5));
    books.must(transfer(2).from(foreign_bank).to(foreign_org).amount(7).ledger(2));
    ASSERT_EQ(books.ledger.totals().size(), 2u);
    EXPECT_TRUE(books.ledger.totals()[0].credits_posted == 5);
    EXPECT_TRUE(books.ledger.totals()[1].debits_posted == 7);
}

}  // namespace
}  // namespace suan::ledger
