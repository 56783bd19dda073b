// Random work on the ledger, compared step by step with a naive model that shares no code with it:
// maps instead of tables, a copy of everything instead of undoing, a scan instead of a heap.
#include "ledger/ledger.hpp"
#include "ledger/testing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <optional>

namespace suan::ledger {
namespace {

using namespace testing;

struct ModelAccount {
    int128 debits_pending = 0, debits_posted = 0, credits_pending = 0, credits_posted = 0;
    bool no_overdraft = false, no_overfill = false, closed = false;
    std::uint32_t ledger = 0;
};

struct Model {
    std::size_t kept = 0;
    bool in_chain = false;
    std::map<AccountId, ModelAccount> accounts;
    std::map<TransferId, Remembered> transfers;
    std::list<TransferId> finished;  // oldest first

    void finish(TransferId id, TransferState state) {
        transfers.at(id).state = state;
        finished.push_back(id);
        if (!in_chain) forget();
    }

    void forget() {
        while (finished.size() > kept) {
            transfers.erase(finished.front());
            finished.pop_front();
        }
    }

    static int128 debits(const ModelAccount& a) { return a.debits_pending + a.debits_posted; }
    static int128 credits(const ModelAccount& a) { return a.credits_pending + a.credits_posted; }

    Refusal end(const Transfer& t, std::int64_t now_us) {
        const auto known = transfers.find(t.pending_id);
        if (known == transfers.end()) return Refusal::pending_transfer_not_found;
        const Remembered held = known->second;
        if (held.transfer.flags != 2) return Refusal::pending_transfer_not_pending;
        const bool is_void = t.flags == 8;
        if (!is_void && t.amount != amount_all && t.amount > held.transfer.amount) {
            return Refusal::exceeds_pending_transfer_amount;
        }
        if (held.state == TransferState::posted) return Refusal::pending_transfer_already_posted;
        if (held.state == TransferState::voided) return Refusal::pending_transfer_already_voided;
        if (held.state == TransferState::expired) return Refusal::pending_transfer_expired;
        if (held.transfer.timeout_us != 0 &&
            held.transfer.timestamp_us + int128{held.transfer.timeout_us} <= now_us) {
            return Refusal::pending_transfer_expired;
        }
        ModelAccount& debit = accounts.at(held.transfer.debit_account_id);
        ModelAccount& credit = accounts.at(held.transfer.credit_account_id);
        if (!is_void && debit.closed) return Refusal::debit_account_already_closed;
        if (!is_void && credit.closed) return Refusal::credit_account_already_closed;
        debit.debits_pending -= held.transfer.amount;
        credit.credits_pending -= held.transfer.amount;
        const auto posted = is_void ? 0 : t.amount == amount_all ? held.transfer.amount : t.amount;
        debit.debits_posted += posted;
        credit.credits_posted += posted;
        finish(t.pending_id, is_void ? TransferState::voided : TransferState::posted);
        return Refusal::created;
    }

    Refusal begin(const Transfer& t) {
        if (t.debit_account_id == t.credit_account_id) return Refusal::accounts_must_be_different;
        ModelAccount& debit = accounts.at(t.debit_account_id);
        ModelAccount& credit = accounts.at(t.credit_account_id);
        if (debit.ledger != credit.ledger) return Refusal::accounts_must_have_the_same_ledger;
        if (debit.ledger != t.ledger) {
            return Refusal::transfer_must_have_the_same_ledger_as_accounts;
        }
        if (debit.closed) return Refusal::debit_account_already_closed;
        if (credit.closed) return Refusal::credit_account_already_closed;
        if (debits(debit) + t.amount > UINT64_MAX) return Refusal::overflows_debits;
        if (credits(credit) + t.amount > UINT64_MAX) return Refusal::overflows_credits;
        if (debit.no_overdraft && debits(debit) + t.amount > debit.credits_posted) {
            return Refusal::exceeds_credits;
        }
        if (credit.no_overfill && credits(credit) + t.amount > credit.debits_posted) {
            return Refusal::exceeds_debits;
        }
        (t.flags == 2 ? debit.debits_pending : debit.debits_posted) += t.amount;
        (t.flags == 2 ? credit.credits_pending : credit.credits_posted) += t.amount;
        return Refusal::created;
    }

    Refusal send(Transfer t, std::int64_t now_us) {
        t.flags &= 14;
        if (const auto known = transfers.find(t.id); known != transfers.end()) {
            Transfer same = known->second.transfer;
            same.timestamp_us = 0;
            if (same == t) return Refusal::exists;
            return same.amount != t.amount ? Refusal::exists_with_different_amount
                                           : Refusal::exists_with_different_user_data_64;
        }
        const Refusal r = (t.flags & 12) != 0 ? end(t, now_us) : begin(t);
        if (r != Refusal::created) return r;
        t.timestamp_us = now_us;
        transfers[t.id] = Remembered{t, TransferState::pending};
        if (t.flags != 2) finish(t.id, TransferState::settled);
        return r;
    }

    ChainResult send_chain(std::span<const Transfer> chain, std::int64_t now_us) {
        Model copy = *this;
        copy.in_chain = true;
        for (std::uint32_t i = 0; i < chain.size(); ++i) {
            const Refusal r = copy.send(chain[i], now_us);
            if (r != Refusal::created) return ChainResult{r, i};
        }
        copy.in_chain = false;
        copy.forget();
        *this = std::move(copy);
        return {};
    }

    std::vector<TransferId> expire(std::int64_t now_us) {
        std::vector<std::pair<int128, TransferId>> due;
        for (const auto& [id, r] : transfers) {
            const int128 at = r.transfer.timestamp_us + int128{r.transfer.timeout_us};
            if (r.state == TransferState::pending && r.transfer.timeout_us != 0 && at <= now_us) {
                due.emplace_back(at, id);
            }
        }
        std::sort(due.begin(), due.end());
        std::vector<TransferId> out;
        for (const auto& [at, id] : due) {
            const Transfer held = transfers.at(id).transfer;
            accounts.at(held.debit_account_id).debits_pending -= held.amount;
            accounts.at(held.credit_account_id).credits_pending -= held.amount;
            finish(id, TransferState::expired);
            out.push_back(id);
        }
        return out;
    }
};

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t below(std::uint64_t n) {  // xorshift64*
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return (state_ * 0x2545f4914f6cdd1dULL >> 16) % n;
    }

private:
    std::uint64_t state_;
};

// One trial: the ledger under test, the model, and what drives both.
struct Trial {
    Random random;
    Options options;
    Ledger ledger;
    Model model;
    std::vector<AccountId> ids;
    std::vector<Transfer> sent;  // to repeat, end and contradict
    std::uint64_t next_id = 1;
    std::int64_t now_us = 1'000;
    std::array<std::uint64_t, refusals> seen{};

    Trial(std::uint64_t seed, std::uint64_t kept, std::uint64_t hash_seed)
        : random(seed * 2 + 1),
          options{.finished_kept = kept, .hash_seed = hash_seed},
          ledger(options) {
        model.kept = kept;
        for (std::uint64_t i = 1; i <= 8; ++i) {
            const auto limit = static_cast<std::uint16_t>(i % 4);
            const std::uint16_t flags = limit == 3 ? 0 : limit;
            const std::uint32_t unit = i <= 6 ? 1 : 2;
            ids.push_back({i, i});
            EXPECT_TRUE(ledger.create_account(
                {.id = ids.back(), .ledger = unit, .code = 1, .flags = flags}, Time{now_us}));
            model.accounts[ids.back()] =
                ModelAccount{.no_overdraft = flags == 1, .no_overfill = flags == 2, .ledger = unit};
        }
    }

    Transfer draw_end() {
        const Transfer& held =
            sent[sent.size() - 1 - random.below(std::min<std::size_t>(sent.size(), 20))];
        Transfer t{.id = {3, next_id++}, .pending_id = held.id};
        if (random.below(3) == 0) {
            t.flags = transfer_flags::void_pending;
        } else {
            t.flags = transfer_flags::post_pending;
            t.amount = random.below(2) == 0 ? amount_all : 1 + random.below(120);
        }
        return t;
    }

    Transfer draw_repeat() {
        Transfer t = sent[sent.size() - 1 - random.below(std::min<std::size_t>(sent.size(), 30))];
        if (random.below(3) == 0) t.user_data_64 ^= 1;
        if (random.below(3) == 0 && t.flags != transfer_flags::void_pending) t.amount ^= 128;
        return t;
    }

    Transfer draw() {
        const std::uint64_t kind = random.below(10);
        if (!sent.empty() && kind < 4) return draw_end();
        if (!sent.empty() && kind == 4) return draw_repeat();
        // Ids without order, so that order by id differs from order of arrival.
        Transfer t{.id = {random.below(4), next_id++}, .amount = 1 + random.below(100)};
        t.debit_account_id = ids[random.below(ids.size())];
        t.credit_account_id = ids[random.below(ids.size())];
        t.ledger = random.below(5) == 0 ? 2 : 1;
        t.code = 1;
        if (random.below(200) == 0) t.amount = UINT64_MAX - random.below(1'000);
        if (random.below(2) == 0) {
            t.flags = transfer_flags::pending;
            t.timeout_us = random.below(2) * random.below(60);
        }
        return t;
    }

    void send_one() {
        const Transfer t = draw();
        sent.push_back(t);
        const Refusal checked = ledger.check_transfer(t, Time{now_us});
        const Refusal answer = ledger.create_transfer(t, Time{now_us});
        ASSERT_EQ(checked, answer);
        ASSERT_STREQ(to_string(answer), to_string(model.send(t, now_us)));
        ++seen[static_cast<std::size_t>(answer)];
    }

    void send_chain() {
        std::vector<Transfer> chain(1 + random.below(4));
        for (Transfer& t : chain) {
            t = draw();
            t.flags |= random.below(2) == 0 ? transfer_flags::linked : std::uint16_t{0};
            sent.push_back(t);
            sent.back().flags &= 14;
        }
        const Snapshot before = ledger.export_state();
        const ChainResult rehearsed = ledger.rehearse_chain(chain, Time{now_us});
        ASSERT_EQ(ledger.export_state(), before);
        const ChainResult answer = ledger.create_chain(chain, Time{now_us});
        ASSERT_EQ(rehearsed.refusal, answer.refusal);
        const ChainResult expected = model.send_chain(chain, now_us);
        ASSERT_STREQ(to_string(answer.refusal), to_string(expected.refusal));
        ASSERT_EQ(answer.at, expected.at);
        if (!answer) {
            ASSERT_EQ(ledger.export_state(), before);
        }
    }

    void expire() {
        now_us += static_cast<std::int64_t>(random.below(30));
        if (random.below(2) == 0) return;  // time passes, nobody calls expire
        std::vector<TransferId> expired;
        ledger.expire(Time{now_us}, expired);
        ASSERT_EQ(expired, model.expire(now_us));
    }

    void open_or_close() {
        const AccountId id = ids[random.below(ids.size())];
        const AccountIndex index = ledger.find_account(id);
        const bool close = random.below(4) == 0;
        close ? ledger.close_account(index) : ledger.reopen_account(index);
        model.accounts.at(id).closed = close;
    }

    void step() {
        const std::uint64_t kind = random.below(20);
        if (kind < 12) return send_one();
        if (kind < 17) return send_chain();
        kind < 19 ? expire() : open_or_close();
    }

    void compare() {
        for (const auto& [id, expected] : model.accounts) {
            const Account& a = ledger.account(ledger.find_account(id));
            ASSERT_TRUE(a.debits_pending == expected.debits_pending);
            ASSERT_TRUE(a.debits_posted == expected.debits_posted);
            ASSERT_TRUE(a.credits_pending == expected.credits_pending);
            ASSERT_TRUE(a.credits_posted == expected.credits_posted);
        }
        const Snapshot state = ledger.export_state();
        ASSERT_EQ(state.finished.size() + state.pending.size(), model.transfers.size());
        auto at = state.finished.begin();
        for (const TransferId id : model.finished)
            ASSERT_EQ(*at++, model.transfers.at(id));
        for (const Transfer& t : state.pending)
            ASSERT_EQ(t, model.transfers.at(t.id).transfer);
    }
};

TEST(ledger_property, random_work_agrees_with_a_naive_model) {
    std::array<std::uint64_t, refusals> seen{};
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        Trial trial(seed, seed % 4 == 0 ? 0 : seed % 40, seed);
        for (int i = 0; i < 400; ++i) {
            trial.step();
            if (i % 7 == 0) trial.compare();
            const auto books = trial.ledger.check_books();
            if (!books) FAIL() << books.error().context;
            if (HasFatalFailure()) return;
        }
        for (std::size_t i = 0; i < seen.size(); ++i)
            seen[i] += trial.seen[i];
    }
    // The work reaches the rules that it is meant to reach.
    using enum Refusal;
    for (const Refusal r :
         {created, exists, exists_with_different_amount, exists_with_different_user_data_64,
          pending_transfer_not_found, pending_transfer_not_pending, exceeds_pending_transfer_amount,
          pending_transfer_already_posted, pending_transfer_already_voided,
          pending_transfer_expired, debit_account_already_closed, credit_account_already_closed,
          overflows_debits, overflows_credits, exceeds_credits, exceeds_debits}) {
        EXPECT_GT(seen[static_cast<std::size_t>(r)], 0u) << to_string(r);
    }
}

TEST(ledger_property, a_restored_ledger_behaves_as_the_original_under_any_hash_seed) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        Trial original(seed, 25, 0);
        for (int i = 0; i < 300; ++i)
            original.step();
        Options options = original.options;
        options.hash_seed = seed * 0x9e3779b97f4a7c15ULL;
        auto restored = Ledger::import_state(original.ledger.export_state(), options);
        ASSERT_TRUE(restored) << restored.error().context;
        Trial copy = original;
        copy.ledger = std::move(restored).value();
        original.ledger.clear_changed();
        for (int i = 0; i < 300; ++i) {
            original.step();
            copy.step();
            if (HasFatalFailure()) return;
        }
        ASSERT_EQ(copy.ledger.export_state(), original.ledger.export_state());
        const auto a = original.ledger.changed();
        const auto b = copy.ledger.changed();
        ASSERT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
}

TEST(ledger_property, a_batch_answers_as_its_singles_and_chains_do) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Trial trial(seed, 50, seed);
        Ledger batched = trial.ledger;
        std::vector<Transfer> batch;
        std::vector<Refusal> expected;
        for (int i = 0; i < 200; ++i) {
            std::vector<Transfer> chain(1 + trial.random.below(3));
            for (Transfer& t : chain)
                trial.sent.push_back(t = trial.draw());
            for (std::size_t k = 0; k + 1 < chain.size(); ++k)
                chain[k].flags |= transfer_flags::linked;
            const ChainResult r = trial.ledger.create_chain(chain, Time{trial.now_us});
            for (std::size_t k = 0; k < chain.size(); ++k) {
                expected.push_back(r || k == r.at ? r.refusal : Refusal::linked_event_failed);
            }
            batch.insert(batch.end(), chain.begin(), chain.end());
        }
        std::vector<Refusal> results(batch.size());
        batched.create_transfers(batch, Time{trial.now_us}, results);
        EXPECT_EQ(results, expected);
        EXPECT_EQ(batched.export_state(), trial.ledger.export_state());
    }
}

}  // namespace
}  // namespace suan::ledger
