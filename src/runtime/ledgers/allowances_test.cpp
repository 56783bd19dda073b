#include "runtime/ledgers/allowances.hpp"

#include <gtest/gtest.h>

namespace suan::runtime {
namespace {

LedgerStatus allowed(std::uint64_t transfers, std::uint64_t seq) {
    LedgerStatus out;
    out.id = LedgerId{1};
    out.takes_transfers = true;
    out.allowed = transfers;
    out.seq = seq;
    return out;
}

WaitingBatch batch(std::uint32_t transfers) {
    return {.bytes = "b", .transfers = transfers, .done = {}};
}

TEST(Allowances, what_comes_while_earlier_batches_are_released_waits_behind_them) {
    Allowances allowances;
    Allowances::Ledger& ledger = allowances.seen(allowed(10, 1));
    EXPECT_TRUE(ledger.goes_at_once(10));
    EXPECT_FALSE(ledger.goes_at_once(11));
    ledger.waiting.push_back(batch(11));
    EXPECT_FALSE(ledger.goes_at_once(1));

    allowances.seen(allowed(100, 2));
    std::vector<Allowances::Released> fit, unpaid;
    allowances.release(LedgerId{1}, fit, unpaid);
    ASSERT_EQ(fit.size(), 1U);
    EXPECT_TRUE(unpaid.empty());
    // The first is counted and not with the engine yet: a second must not get there before it.
    EXPECT_FALSE(ledger.goes_at_once(1));
    ledger.waiting.push_back(batch(1));
    EXPECT_FALSE(allowances.has_due());
    EXPECT_TRUE(allowances.released(LedgerId{1}));
    EXPECT_TRUE(allowances.has_due());

    allowances.release(LedgerId{1}, fit, unpaid);
    EXPECT_EQ(fit.size(), 2U);
    EXPECT_FALSE(allowances.released(LedgerId{1}));
    EXPECT_TRUE(ledger.goes_at_once(1));
}

TEST(Allowances, a_batch_that_nothing_is_paid_for_leaves_and_takes_nothing) {
    Allowances allowances;
    Allowances::Ledger& ledger = allowances.seen(allowed(10, 1));
    ledger.bytes = 2;
    ledger.waiting.push_back(batch(11));
    ledger.waiting.push_back(batch(4));
    std::vector<Allowances::Released> fit, unpaid;
    allowances.release(LedgerId{1}, fit, unpaid);
    ASSERT_EQ(unpaid.size(), 1U);
    EXPECT_EQ(unpaid[0].batch.transfers, 11U);
    ASSERT_EQ(fit.size(), 1U);
    EXPECT_EQ(ledger.remaining(), 6U);
    EXPECT_EQ(ledger.bytes, 1U);
}

TEST(Allowances, refused_transfers_are_free_up_to_so_many_an_hour) {
    Allowances allowances;
    Allowances::Ledger& ledger = allowances.seen(allowed(10, 1));
    const Time start{1'700'000'000'000'000};
    ledger.made = 1'000;
    EXPECT_TRUE(ledger.is_heard(start));
    ledger.refused = 104'000;
    EXPECT_TRUE(ledger.is_heard(start));
    ledger.refused += 1;
    EXPECT_FALSE(ledger.is_heard(start));
    EXPECT_FALSE(ledger.is_heard(start + Duration{3'599'999'999}));
    EXPECT_TRUE(ledger.is_heard(start + Duration::hours(1)));
    EXPECT_EQ(ledger.refused, 0U);
}

}  // namespace
}  // namespace suan::runtime
