#include "ledger/ledger.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>

namespace suan::ledger {
namespace {

// How many transfers create_transfers looks up ahead: loads that do not wait for each other
// overlap, where each alone takes about as long as half a transfer. (A prefetch instruction is
// dropped by some processors when the page table has to be walked for it.)
constexpr std::size_t look_ahead = 64;

// Adds to a balance and its total. The rules have made sure that it fits.
void increase(std::uint64_t& balance, uint128& total, std::uint64_t amount) {
    SUAN_ASSERT(!__builtin_add_overflow(balance, amount, &balance));
    total += amount;
}

void decrease(std::uint64_t& balance, uint128& total, std::uint64_t amount) {
    SUAN_ASSERT(balance >= amount);
    SUAN_ASSERT(total >= amount);
    balance -= amount;
    total -= amount;
}

Remembered remember(const Transfer& transfer, Time now) {
    Remembered record{transfer, TransferState::settled};
    record.transfer.flags &= static_cast<std::uint16_t>(~transfer_flags::linked);
    record.transfer.timestamp_us = now.us;
    if ((transfer.flags & transfer_flags::pending) != 0) record.state = TransferState::pending;
    return record;
}

TransferState state_after(const Transfer& end) {
    return (end.flags & transfer_flags::void_pending) != 0 ? TransferState::voided
                                                           : TransferState::posted;
}

AccountRefusal compare_with_existing(const Account& sent, const Account& known) {
    const std::uint16_t flags = known.flags & static_cast<std::uint16_t>(~account_flags::closed);
    if (sent.flags != flags) return AccountRefusal::exists_with_different_flags;
    if (sent.ledger != known.ledger) return AccountRefusal::exists_with_different_ledger;
    if (sent.code != known.code) return AccountRefusal::exists_with_different_code;
    return AccountRefusal::exists;
}

AccountRefusal refuse_header(const Account& account) {
    constexpr std::uint16_t settable = account_flags::all & ~account_flags::closed;
    if (account.timestamp_us != 0) return AccountRefusal::timestamp_must_be_zero;
    if ((account.flags & ~settable) != 0) return AccountRefusal::reserved_flag;
    if (!account.id) return AccountRefusal::id_must_not_be_zero;
    if (account.id.is_all_ones()) return AccountRefusal::id_must_not_be_all_ones;
    return AccountRefusal::created;
}

AccountRefusal refuse_shape(const Account& account) {
    constexpr std::uint16_t limits = account_flags::debits_must_not_exceed_credits |
                                     account_flags::credits_must_not_exceed_debits;
    if ((account.flags & limits) == limits) return AccountRefusal::flags_are_mutually_exclusive;
    if ((account.debits_pending | account.debits_posted | account.credits_pending |
         account.credits_posted) != 0) {
        return AccountRefusal::balances_must_be_zero;
    }
    if (account.ledger == 0) return AccountRefusal::ledger_must_not_be_zero;
    if (account.code == 0) return AccountRefusal::code_must_not_be_zero;
    return AccountRefusal::created;
}

}  // namespace

Ledger::Ledger(const Options& options)
    : options_(options), transfers_(options.finished_kept, options.hash_seed) {}

AccountCreated Ledger::create_account(const Account& account, Time now) {
    if (const auto r = refuse_header(account); r != AccountRefusal::created) return {r, {}};
    if (const AccountIndex known = find_account(account.id)) {
        return {compare_with_existing(account, accounts_[known.value]), known};
    }
    if (const auto r = refuse_shape(account); r != AccountRefusal::created) return {r, {}};
    if (accounts_.size() >= options_.accounts_max) return {AccountRefusal::too_many_accounts, {}};
    const AccountIndex index = append_account(account);
    accounts_[index.value].timestamp_us = now.us;
    mark_changed(index);
    return {AccountRefusal::created, index};
}

AccountIndex Ledger::append_account(const Account& account) {
    const AccountIndex index{static_cast<std::uint32_t>(accounts_.size())};
    SUAN_ASSERT(static_cast<bool>(index));
    accounts_.push_back(account);
    totals_of_.push_back(totals_slot(account.ledger));
    is_changed_.push_back(0);
    account_ids_.insert(account_hash(account.id), index.value);
    return index;
}

std::uint32_t Ledger::totals_slot(std::uint32_t ledger) {
    const std::uint64_t hash = hash_of(0, ledger, options_.hash_seed);
    const auto known =
        ledger_ids_.find(hash, [&](std::uint32_t slot) { return totals_[slot].ledger == ledger; });
    if (known != IndexTable::none) return known;
    const auto slot = static_cast<std::uint32_t>(totals_.size());
    totals_.push_back(Totals{ledger});
    ledger_ids_.insert(hash, slot);
    return slot;
}

std::uint64_t Ledger::account_hash(AccountId id) const {
    return hash_of(id.high, id.low, options_.hash_seed);
}

AccountIndex Ledger::find_account(AccountId id) const {
    return AccountIndex{account_ids_.find(
        account_hash(id), [&](std::uint32_t index) { return accounts_[index].id == id; })};
}

const Account& Ledger::account(AccountIndex index) const {
    SUAN_ASSERT(index.value < accounts_.size());
    return accounts_[index.value];
}

std::uint64_t Ledger::spendable(AccountIndex index) const {
    const Account& a = account(index);
    const std::uint64_t debits = a.debits_pending + a.debits_posted;
    return a.credits_posted > debits ? a.credits_posted - debits : 0;
}

void Ledger::close_account(AccountIndex index) {
    set_closed(index, account_flags::closed);
}

void Ledger::reopen_account(AccountIndex index) {
    set_closed(index, 0);
}

void Ledger::set_closed(AccountIndex index, std::uint16_t closed) {
    SUAN_ASSERT(index.value < accounts_.size());
    std::uint16_t& flags = accounts_[index.value].flags;
    const auto next =
        static_cast<std::uint16_t>((flags & ~unsigned{account_flags::closed}) | closed);
    if (flags == next) return;
    flags = next;
    mark_changed(index);
}

Refusal Ledger::create_transfer(const Transfer& transfer, Time now) {
    if ((transfer.flags & transfer_flags::linked) != 0) return Refusal::linked_event_chain_open;
    return run_one(transfer, look_up(transfer), now);
}

Refusal Ledger::check_transfer(const Transfer& transfer, Time now) const {
    if ((transfer.flags & transfer_flags::linked) != 0) return Refusal::linked_event_chain_open;
    return plan(transfer, look_up(transfer), now).refusal;
}

ChainResult Ledger::create_chain(std::span<const Transfer> chain, Time now) {
    return run_chain(chain, now, Fate::commit);
}

ChainResult Ledger::rehearse_chain(std::span<const Transfer> chain, Time now) {
    return run_chain(chain, now, Fate::undo);
}

ChainResult Ledger::run_chain(std::span<const Transfer> chain, Time now, Fate fate) {
    SUAN_ASSERT(staged_.empty());
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const Plan planned = plan(chain[i], look_up(chain[i]), now);
        if (planned.refusal != Refusal::created) {
            undo_staged();
            return ChainResult{planned.refusal, static_cast<std::uint32_t>(i)};
        }
        stage(planned, chain[i], now);
    }
    fate == Fate::commit ? commit_staged() : undo_staged();
    return ChainResult{};
}

Ledger::Names Ledger::look_up(const Transfer& transfer) const {
    return {transfers_.hash(transfer.id), find_account(transfer.debit_account_id),
            find_account(transfer.credit_account_id)};
}

// Also loads where the index has the ids, in a loop of its own: the less it does, the more loads
// overlap. No transfer makes accounts, so names hold for all.
void Ledger::look_up(std::span<const Transfer> transfers, std::span<Names> names) const {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        names[i].id_hash = transfers_.hash(transfers[i].id);
        sum += transfers_.touch(names[i].id_hash);
    }
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        names[i].debit = find_account(transfers[i].debit_account_id);
        names[i].credit = find_account(transfers[i].credit_account_id);
    }
    [[maybe_unused]] const volatile std::uint32_t sink = sum;  // so that the loads are made
}

Refusal Ledger::run_one(const Transfer& transfer, const Names& names, Time now) {
    const Plan planned = plan(transfer, names, now);
    if (planned.refusal == Refusal::created) commit(planned, transfer, names, now);
    return planned.refusal;
}

void Ledger::create_transfers(std::span<const Transfer> transfers, Time now,
                              std::span<Refusal> results) {
    SUAN_ASSERT(transfers.size() == results.size());
    const auto is_linked = [&](std::size_t i) {
        return (transfers[i].flags & transfer_flags::linked) != 0;
    };
    std::array<Names, look_ahead> names;  // of the transfers from `first` to `known`
    std::size_t first = 0;
    std::size_t known = 0;
    for (std::size_t i = 0; i < transfers.size();) {
        if (i >= known) {
            first = i;
            known = std::min(i + look_ahead, transfers.size());
            look_up(transfers.subspan(i, known - i), names);
        }
        if (!is_linked(i)) {
            results[i] = run_one(transfers[i], names[i - first], now);
            ++i;
            continue;
        }
        std::size_t last = i;
        while (last < transfers.size() && is_linked(last))
            ++last;
        const bool is_open = last == transfers.size();
        if (is_open) --last;
        const std::size_t size = last - i + 1;
        const ChainResult result = is_open
                                       ? ChainResult{Refusal::linked_event_chain_open,
                                                     static_cast<std::uint32_t>(size - 1)}
                                       : run_chain(transfers.subspan(i, size), now, Fate::commit);
        const std::span<Refusal> answers = results.subspan(i, size);
        std::fill(answers.begin(), answers.end(),
                  result ? Refusal::created : Refusal::linked_event_failed);
        if (!result) answers[result.at] = result.refusal;
        i = last + 1;
    }
}

void Ledger::apply(const Movement& m) {
    Account& debit = accounts_[m.debit.value];
    Account& credit = accounts_[m.credit.value];
    Totals& totals = totals_[totals_of_[m.debit.value]];
    if (m.released != 0) {
        decrease(debit.debits_pending, totals.debits_pending, m.released);
        decrease(credit.credits_pending, totals.credits_pending, m.released);
    }
    increase(debit.debits_pending, totals.debits_pending, m.held);
    increase(credit.credits_pending, totals.credits_pending, m.held);
    increase(debit.debits_posted, totals.debits_posted, m.posted);
    increase(credit.credits_posted, totals.credits_posted, m.posted);
    assert_balanced(m.debit);
}

void Ledger::take_back(const Movement& m) {
    Account& debit = accounts_[m.debit.value];
    Account& credit = accounts_[m.credit.value];
    Totals& totals = totals_[totals_of_[m.debit.value]];
    decrease(debit.debits_posted, totals.debits_posted, m.posted);
    decrease(credit.credits_posted, totals.credits_posted, m.posted);
    decrease(debit.debits_pending, totals.debits_pending, m.held);
    decrease(credit.credits_pending, totals.credits_pending, m.held);
    increase(debit.debits_pending, totals.debits_pending, m.released);
    increase(credit.credits_pending, totals.credits_pending, m.released);
    assert_balanced(m.debit);
}

void Ledger::assert_balanced(AccountIndex any_of_ledger) const {
    const Totals& totals = totals_[totals_of_[any_of_ledger.value]];
    SUAN_ASSERT(totals.debits_posted == totals.credits_posted);
    SUAN_ASSERT(totals.debits_pending == totals.credits_pending);
}

void Ledger::commit(const Plan& planned, const Transfer& transfer, const Names& names, Time now) {
    apply(planned.movement);
    note(planned.movement);
    if (planned.ends != no_row) {
        transfers_.set_state(planned.ends, state_after(transfer));
        transfers_.finish(planned.ends);
    }
    const Remembered record = remember(transfer, now);
    if (record.state == TransferState::pending) {
        const Movement& m = planned.movement;
        transfers_.start_timeout(transfers_.add(record, m.debit, m.credit));
    } else {
        transfers_.add_finished(record, names.id_hash);
    }
}

void Ledger::stage(const Plan& planned, const Transfer& transfer, Time now) {
    apply(planned.movement);
    if (planned.ends != no_row) transfers_.set_state(planned.ends, state_after(transfer));
    const Movement& m = planned.movement;
    const Row row = transfers_.add(remember(transfer, now), m.debit, m.credit);
    staged_.push_back(Undo{m, row, planned.ends});
}

void Ledger::commit_staged() {
    for (const Undo& step : staged_) {
        note(step.movement);
        if (step.ends != no_row) transfers_.finish(step.ends);
        const TransferState state = transfers_.row(step.row).remembered.state;
        if (state == TransferState::pending) transfers_.start_timeout(step.row);
        if (state == TransferState::settled) transfers_.finish(step.row);
        // Otherwise a later step of this chain ended it, and finishes it.
    }
    staged_.clear();
}

void Ledger::undo_staged() {
    while (!staged_.empty()) {
        const Undo& step = staged_.back();
        take_back(step.movement);
        transfers_.remove(step.row);
        if (step.ends != no_row) transfers_.set_state(step.ends, TransferState::pending);
        staged_.pop_back();
    }
}

void Ledger::expire(Time now, std::vector<TransferId>& expired) {
    while (next_expiry() <= now) {
        const Row row = transfers_.first_to_expire();
        if (row == no_row) return;
        const TransferStore::Record& record = transfers_.row(row);
        const Transfer& held = record.remembered.transfer;
        const Movement movement{record.debit, record.credit, 0, held.amount, 0};
        apply(movement);
        note(movement);
        expired.push_back(held.id);
        transfers_.set_state(row, TransferState::expired);
        transfers_.finish(row);
    }
}

Time Ledger::next_expiry() const {
    const Row row = transfers_.first_to_expire();
    if (row == no_row) return time_max;
    return Time{TransferStore::expires_at_us(transfers_.row(row).remembered.transfer)};
}

void Ledger::note(const Movement& movement) {
    mark_changed(movement.debit);
    mark_changed(movement.credit);
    if (options_.keeps_movements) movements_.push_back(movement);
}

void Ledger::mark_changed(AccountIndex index) {
    if (is_changed_[index.value] != 0) return;
    is_changed_[index.value] = 1;
    changed_.push_back(index);
}

void Ledger::clear_changed() {
    for (const AccountIndex index : changed_)
        is_changed_[index.value] = 0;
    changed_.clear();
}

}  // namespace suan::ledger
