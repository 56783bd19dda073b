// Who may make a transfer, and what the contracts of its accounts say. What is counted on the way
// is noted for undoing: the rest of the chain may still be refused.
#include "base/assert.hpp"
#include "base/digest.hpp"
#include "settle/books/book.hpp"

#include <algorithm>

namespace suan::settle {
namespace {

using namespace ledger::transfer_flags;
using ledger::AccountId;
using ledger::AccountIndex;
using ledger::Clause;
using ledger::ClauseKind;
using ledger::Contract;
using ledger::Facts;
using ledger::Side;
using ledger::Transfer;

// How far back in its own chain a post or void finds its hold; the ledger itself looks everywhere.
constexpr std::size_t chain_reach = 128;

bool ends_hold(const Transfer& transfer) {
    return (transfer.flags & (post_pending | void_pending)) != 0;
}

// The id of a fee or split follows from its transfer's, so that a retry makes the same one.
ledger::TransferId derived_id(ledger::TransferId id, std::size_t clause, Side side) {
    Digest mix;
    mix.word(id.high);
    mix.word(id.low);
    mix.word(clause * 2 + static_cast<std::size_t>(side));
    const uint128 value = mix.value();
    // Neither none nor all ones.
    return {static_cast<std::uint64_t>(value >> 64) | 1,
            static_cast<std::uint64_t>(value) & ~std::uint64_t{1}};
}

}  // namespace

// Checks transfer i and adds it, with its fees and splits, to the chain.
Code Book::admit(const TransferBatch& batch, std::size_t i, Time now) {
    const Transfer& transfer = batch.transfers[i];
    const bool is_all = transfer.amount == ledger::amount_all && ends_hold(transfer);
    if (transfer.amount > limits::amount_max && !is_all) return Code::amount_out_of_range;
    if (const Code code = check_signature(batch, i); code != Code::created) return code;
    const std::uint32_t signer = batch.is_signed() ? batch.signed_parts[i].key : 0;

    const Transfer* const held = ends_hold(transfer) ? find_held(transfer.pending_id) : nullptr;
    const bool is_void = (transfer.flags & void_pending) != 0;
    const Transfer& moved = held != nullptr ? *held : transfer;
    const AccountIndex payer =
        ledger_.find_account(is_void ? moved.credit_account_id : moved.debit_account_id);
    const std::span<const std::uint32_t> keys = keys_of(payer);
    if (!keys.empty() && signer == 0) return Code::signature_required;
    // The ledger says what is wrong where there is no such account or hold.
    const bool is_known = static_cast<bool>(payer) && (!ends_hold(transfer) || held != nullptr);
    if (signer != 0 && is_known && !(is_void && keys.empty()) &&
        std::find(keys.begin(), keys.end(), signer) == keys.end()) {
        return Code::key_not_of_account;
    }
    if (!is_known || ledger_.find_transfer(transfer.id) != nullptr) {
        Transfer alone = transfer;
        alone.flags &= static_cast<std::uint16_t>(~linked);
        return code_of(ledger_.check_transfer(alone, now));
    }
    if (signer != 0) {
        const Code code = check_serial(batch.signed_parts[i], now);
        if (code != Code::created) return code;
    }
    chain_.push_back(transfer);
    chain_.back().flags &= static_cast<std::uint16_t>(~linked);
    steps_.push_back(Step{static_cast<std::uint32_t>(i), false});
    return ends_hold(transfer) ? Code::created : check_contracts(transfer, signer, i, now);
}

Code Book::check_signature(const TransferBatch& batch, std::size_t i) const {
    if (!batch.is_signed()) return Code::created;
    const std::uint32_t key = batch.signed_parts[i].key;
    if (key == 0 || key > keys_.size()) return Code::key_not_found;
    // Whoever verified was shown all keys that are here.
    SUAN_ASSERT(batch.verdicts[i] != SignatureVerdict::no_key);
    return batch.verdicts[i] == SignatureVerdict::valid ? Code::created : Code::signature_invalid;
}

Code Book::check_serial(const SignedPart& part, Time now) {
    if (part.valid_until_us <= now.us) return Code::signature_expired;
    if (part.valid_until_us - now.us > limits::signature_life_us_max) {
        return Code::signature_too_long;
    }
    SerialWindow& serials = keys_[part.key - 1].serials;
    switch (serials.state(part.serial)) {
        case SerialWindow::State::seen:
            return Code::signature_replayed;
        case SerialWindow::State::old:
            return Code::signature_serial_old;
        case SerialWindow::State::fresh:
            break;
    }
    serial_undo_.push_back(SerialUndo{part.key - 1, serials});
    serials.accept(part.serial);
    return Code::created;
}

// A hold that is remembered, or one made just before in this chain.
const Transfer* Book::find_held(ledger::TransferId id) const {
    if (const ledger::Remembered* known = ledger_.find_transfer(id)) return &known->transfer;
    const std::size_t reach = std::min(chain_.size(), chain_reach);
    const auto end = chain_.rbegin() + static_cast<std::ptrdiff_t>(reach);
    const auto at =
        std::find_if(chain_.rbegin(), end, [&](const Transfer& t) { return t.id == id; });
    return at == end ? nullptr : &*at;
}

Code Book::check_contracts(const Transfer& transfer, std::uint32_t signer, std::size_t i,
                           Time now) {
    if (contracts_.empty()) return Code::created;
    Facts facts = ledger::facts_of(transfer, now);
    facts.signer = signer;
    for (const Side side : {Side::debit, Side::credit}) {
        const AccountIndex account =
            ledger_.find_account(side == Side::debit ? facts.from : facts.to);
        if (!account || contract_of(account) == 0) continue;
        facts.balance = ledger_.spendable(account);
        Code code = check_clauses(account, side, facts);
        if (code == Code::created) code = derive(account, side, transfer, facts, i);
        if (code != Code::created) return code;
    }
    return Code::created;
}

// The requirements and limits of one account.
Code Book::check_clauses(AccountIndex account, Side side, const Facts& facts) {
    const Contract& contract = contracts_[contract_of(account) - 1];
    if (contract.reads_balance() && moved_in_chain(side == Side::debit ? facts.from : facts.to)) {
        return Code::contract_chain;
    }
    for (const Clause& clause : contract.clauses()) {
        if (clause.side != side) continue;
        if (clause.kind == ClauseKind::require && contract.evaluate(clause, facts) == 0) {
            return Code::contract_refused;
        }
        if (clause.kind == ClauseKind::limit) {
            const Code code = count(account, clause, facts);
            if (code != Code::created) return code;
        }
    }
    return Code::created;
}

Code Book::count(AccountIndex account, const Clause& clause, const Facts& facts) {
    if (facts.amount > clause.amount) return Code::contract_limit;
    if (clause.per == ledger::Per::transfer) return Code::created;
    SUAN_ASSERT(clause.per == ledger::Per::window);
    const std::uint32_t place = rules_at_[account.value] - 1;
    Counter& counter = rules_[place].counters[clause.counter];
    const Counter before = counter;
    const std::int64_t window = facts.now_s() / clause.window_s;
    // A clock that went back does not open a window anew.
    if (window > counter.window) counter = Counter{window, 0};
    // Both are below 2^63.
    if (counter.used + facts.amount > clause.amount) {
        counter = before;
        return Code::contract_limit;
    }
    counter_undo_.push_back(CounterUndo{place, clause.counter, before});
    counter.used += facts.amount;
    return Code::created;
}

// Fees of a payer and splits of a payee, as further steps of the chain.
Code Book::derive(AccountIndex account, Side side, const Transfer& transfer, const Facts& facts,
                  std::size_t i) {
    const Contract& contract = contracts_[contract_of(account) - 1];
    const std::span<const Clause> clauses = contract.clauses();
    for (std::size_t c = 0; c < clauses.size(); ++c) {
        const Clause& clause = clauses[c];
        const bool is_fee = clause.kind == ClauseKind::fee;
        if (clause.side != side || (!is_fee && clause.kind != ClauseKind::split)) continue;
        if (facts.held != 0) return Code::contract_two_phase;
        const int128 amount = is_fee ? contract.evaluate(clause, facts)
                                     : static_cast<int128>(facts.amount) * clause.ppm / 1'000'000;
        const AccountId from = side == Side::debit ? facts.from : facts.to;
        const Code code = push_derived(transfer, from, clause.target, amount, c, i);
        if (code != Code::created) return code;
    }
    return Code::created;
}

Code Book::push_derived(const Transfer& transfer, AccountId from, AccountId to, int128 amount,
                        std::size_t clause, std::size_t i) {
    if (amount < 0 || amount > INT64_MAX) return Code::contract_overflow;
    if (amount == 0) return Code::created;
    // Without this a fee could move past the rules of the account that it goes to.
    if (has_contract(to)) return Code::contract_target;
    const Side side = from == transfer.debit_account_id ? Side::debit : Side::credit;
    Transfer derived{.id = derived_id(transfer.id, clause, side)};
    derived.debit_account_id = from;
    derived.credit_account_id = to;
    derived.user_data_128 = {transfer.id.high, transfer.id.low};
    derived.amount = static_cast<std::uint64_t>(amount);
    derived.ledger = transfer.ledger;
    derived.code = transfer.code;
    chain_.push_back(derived);
    steps_.push_back(Step{static_cast<std::uint32_t>(i), true});
    return Code::created;
}

bool Book::has_contract(AccountId id) const {
    const AccountIndex index = ledger_.find_account(id);
    return static_cast<bool>(index) && contract_of(index) != 0;
}

// Whether an earlier step of the chain, the transfer at hand apart, touches the account.
bool Book::moved_in_chain(AccountId id) const {
    const std::uint32_t current = steps_.back().origin;
    for (std::size_t k = 0; k < chain_.size(); ++k) {
        if (steps_[k].origin == current && !steps_[k].is_derived) continue;
        if (chain_[k].debit_account_id == id || chain_[k].credit_account_id == id) return true;
    }
    return false;
}

}  // namespace suan::settle
