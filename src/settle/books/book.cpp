#include "settle/books/book.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::settle {
namespace {

using ledger::Account;
using ledger::AccountIndex;
using ledger::Refusal;

// High and low half of a product, xored: the mixing step of the wyhash family.
std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
    const uint128 p = static_cast<uint128>(x) * y;
    return static_cast<std::uint64_t>(p) ^ static_cast<std::uint64_t>(p >> 64);
}

// 128 bits of an account at its place. The products are independent, so that the processor works
// on all at once; this runs once for each account that a batch changed.
uint128 mix_of(std::uint64_t place, const Account& a) {
    constexpr std::uint64_t k[] = {0x9E3779B97F4A7C15ULL, 0xA0761D6478BD642FULL,
                                   0xE7037ED1A0B428DBULL, 0x8EBC6AF09C88C6E3ULL,
                                   0xD1B54A32D192ED03ULL, 0x589965CC75374CC3ULL};
    const std::uint64_t tail = (static_cast<std::uint64_t>(a.ledger) << 32) |
                               (static_cast<std::uint64_t>(a.code) << 16) | a.flags;
    const std::uint64_t x = fold(a.id.high ^ k[0], a.id.low ^ k[1] ^ place) ^
                            fold(a.debits_pending ^ k[2], a.debits_posted ^ k[3]) ^
                            fold(a.credits_pending ^ k[4], a.credits_posted ^ k[5]);
    const std::uint64_t y = fold(a.id.high ^ k[5], a.id.low ^ k[4] ^ place) ^
                            fold(a.debits_pending ^ k[3], a.credits_posted ^ k[0]) ^
                            fold(a.credits_pending ^ k[1], a.debits_posted ^ k[2]);
    const auto created = static_cast<std::uint64_t>(a.timestamp_us);
    return (static_cast<uint128>(fold(x ^ tail, k[0] ^ created)) << 64) |
           fold(y ^ created, k[1] ^ tail);
}

}  // namespace

SerialWindow::State SerialWindow::state(std::uint64_t serial) const {
    if (serial == 0) return State::old;
    if (serial > highest_) return State::fresh;
    if (highest_ - serial >= limits::serial_window) return State::old;
    const std::uint64_t bit = serial % limits::serial_window;
    return (seen_[bit / 64] >> (bit % 64) & 1) != 0 ? State::seen : State::fresh;
}

void SerialWindow::accept(std::uint64_t serial) {
    SUAN_ASSERT(state(serial) == State::fresh);
    if (serial > highest_) {
        // The places between held serials that are now too old.
        if (serial - highest_ >= limits::serial_window) {
            seen_.fill(0);
        } else {
            for (std::uint64_t s = highest_ + 1; s != serial; ++s) {
                const std::uint64_t bit = s % limits::serial_window;
                seen_[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
            }
        }
        highest_ = serial;
    }
    const std::uint64_t bit = serial % limits::serial_window;
    seen_[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

// Whether the ledger alone decides the whole batch.
bool Book::is_plain(const TransferBatch& batch) const {
    if (batch.is_signed() || !rules_.empty()) return false;
    std::uint64_t all = 0;
    for (const ledger::Transfer& transfer : batch.transfers)
        all |= transfer.amount;
    return all <= limits::amount_max;
}

void Book::apply(const TransferBatch& batch, Time now, std::span<Code> results) {
    const std::size_t size = batch.transfers.size();
    SUAN_ASSERT(size == results.size());
    SUAN_ASSERT(batch.verdicts.size() == batch.signed_parts.size());
    expired_.clear();
    origins_.clear();
    finishes_.clear();
    ledger_.expire(now, expired_);
    for (const ledger::TransferId id : expired_)
        note_finish(0, id);
    if (is_plain(batch)) {
        refusals_.resize(size);
        ledger_.create_transfers(batch.transfers, now, refusals_);
        std::transform(refusals_.begin(), refusals_.end(), results.begin(), code_of);
        note_plain(batch.transfers, results);
    } else {
        for (std::size_t first = 0; first < size;) {
            std::size_t last = first;
            while (last < size && (batch.transfers[last].flags & ledger::transfer_flags::linked))
                ++last;
            if (last == size) {  // nobody follows the last link
                std::fill(results.begin() + static_cast<std::ptrdiff_t>(first), results.end() - 1,
                          code_of(Refusal::linked_event_failed));
                results[size - 1] = code_of(Refusal::linked_event_chain_open);
                break;
            }
            apply_chain(batch, first, last, now, results);
            first = last + 1;
        }
    }
    made_ += static_cast<std::uint64_t>(std::count(results.begin(), results.end(), Code::created));
    build_moves();
}

void Book::apply_chain(const TransferBatch& batch, std::size_t first, std::size_t last, Time now,
                       std::span<Code> results) {
    chain_.clear();
    steps_.clear();
    counter_undo_.clear();
    serial_undo_.clear();
    Code code = Code::created;
    std::size_t failed = first;
    for (std::size_t i = first; i <= last && code == Code::created; ++i) {
        failed = i;
        code = admit(batch, i, now);
    }
    if (code == Code::created) code = run_steps(first, now, failed);
    code == Code::created ? note_chain() : undo_rules();
    for (std::size_t i = first; i <= last; ++i)
        results[i] = code == Code::created ? code : code_of(Refusal::linked_event_failed);
    results[failed] = code;
}

// Hands the chain to the ledger; `failed` is the transfer of the batch that was refused.
Code Book::run_steps(std::size_t first, Time now, std::size_t& failed) {
    failed = first;
    if (chain_.size() == 1) return code_of(ledger_.create_transfer(chain_[0], now));
    const ledger::ChainResult result = ledger_.create_chain(chain_, now);
    if (result) return Code::created;
    failed = steps_[result.at].origin;
    return steps_[result.at].is_derived ? Code::contract_derived : code_of(result.refusal);
}

void Book::undo_rules() {
    for (auto undo = counter_undo_.rbegin(); undo != counter_undo_.rend(); ++undo)
        rules_[undo->account].counters[undo->counter] = undo->before;
    for (auto undo = serial_undo_.rbegin(); undo != serial_undo_.rend(); ++undo)
        keys_[undo->key].serials = undo->before;
}

ledger::AccountCreated Book::open_account(const Account& account, Time now) {
    return ledger_.create_account(account, now);
}

AdminCode Book::set_closed(ledger::AccountId id, std::uint16_t closed_flag) {
    const AccountIndex index = ledger_.find_account(id);
    if (!index) return AdminCode::account_not_found;
    const std::uint16_t before = ledger_.account(index).flags & ledger::account_flags::closed;
    if (before == closed_flag) return AdminCode::exists;
    closed_flag != 0 ? ledger_.close_account(index) : ledger_.reopen_account(index);
    return AdminCode::done;
}

AdminCode Book::add_key(const RawKey& key, std::uint32_t& number) {
    if (const auto known = key_numbers_.find(key); known != key_numbers_.end()) {
        number = known->second;
        return AdminCode::exists;
    }
    if (key[0] != 4) return AdminCode::malformed_key;
    if (keys_.size() >= limits::keys_per_book_max) return AdminCode::too_many_keys;
    keys_.push_back(Key{key, {}});
    number = static_cast<std::uint32_t>(keys_.size());
    key_numbers_.emplace(key, number);
    return AdminCode::done;
}

AdminCode Book::grant_key(ledger::AccountId account, std::uint32_t key) {
    const AccountIndex index = ledger_.find_account(account);
    if (!index) return AdminCode::account_not_found;
    if (key == 0 || key > keys_.size()) return AdminCode::key_not_found;
    std::vector<std::uint32_t>& keys = make_rules(index).keys;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return AdminCode::exists;
    if (keys.size() >= limits::keys_per_account_max) return AdminCode::too_many_keys;
    keys.push_back(key);
    ++rule_changes_;
    return AdminCode::done;
}

// The last key of an account stays: without any, everybody who may send could move it.
AdminCode Book::revoke_key(ledger::AccountId account, std::uint32_t key) {
    const AccountIndex index = ledger_.find_account(account);
    if (!index) return AdminCode::account_not_found;
    Rules* const rules = rules_of(index);
    if (rules == nullptr) return AdminCode::key_not_found;
    const auto at = std::find(rules->keys.begin(), rules->keys.end(), key);
    if (at == rules->keys.end()) return AdminCode::key_not_found;
    if (rules->keys.size() == 1) return AdminCode::exists_different;
    rules->keys.erase(at);
    ++rule_changes_;
    return AdminCode::done;
}

Result<ledger::Contract> Book::compile_contract(std::string_view text) {
    Result<ledger::Contract> contract = ledger::Contract::compile(text);
    if (!contract) return contract;
    for (const ledger::Clause& clause : contract->clauses()) {
        if (clause.per != ledger::Per::user_data_64) continue;
        return Error{ErrorCode::invalid,
                     fmt::format("contract: line {}: a ledger keeps no sums per user_data_64: use "
                                 "'transfer', 'hour', 'day', 'ever' or seconds",
                                 clause.line)};
    }
    return contract;
}

AdminCode Book::add_contract(std::string_view text, std::uint32_t& number, std::string& why) {
    const auto known = std::find(contract_texts_.begin(), contract_texts_.end(), text);
    if (known != contract_texts_.end()) {
        number = static_cast<std::uint32_t>(known - contract_texts_.begin()) + 1;
        return AdminCode::exists;
    }
    Result<ledger::Contract> contract = compile_contract(text);
    if (!contract) {
        why = contract.error().context;
        return AdminCode::contract_invalid;
    }
    if (contracts_.size() >= limits::contracts_per_book_max) return AdminCode::too_many_contracts;
    contracts_.push_back(std::move(*contract));
    contract_texts_.emplace_back(text);
    number = static_cast<std::uint32_t>(contracts_.size());
    return AdminCode::done;
}

AdminCode Book::attach_contract(ledger::AccountId account, std::uint32_t contract) {
    const AccountIndex index = ledger_.find_account(account);
    if (!index) return AdminCode::account_not_found;
    if (contract > contracts_.size()) return AdminCode::contract_not_found;
    Rules& rules = make_rules(index);
    if (rules.contract == contract) return AdminCode::exists;
    rules.contract = contract;
    rules.counters.assign(contract == 0 ? 0 : contracts_[contract - 1].counters(), Counter{});
    ++rule_changes_;
    return AdminCode::done;
}

Book::Rules& Book::make_rules(AccountIndex index) {
    if (rules_at_.size() <= index.value) rules_at_.resize(index.value + 1);
    if (rules_at_[index.value] == 0) {
        rules_.emplace_back();
        rules_at_[index.value] = static_cast<std::uint32_t>(rules_.size());
    }
    return rules_[rules_at_[index.value] - 1];
}

const Book::Rules* Book::rules_of(AccountIndex index) const {
    if (index.value >= rules_at_.size() || rules_at_[index.value] == 0) return nullptr;
    return &rules_[rules_at_[index.value] - 1];
}

Book::Rules* Book::rules_of(AccountIndex index) {
    return const_cast<Rules*>(std::as_const(*this).rules_of(index));
}

std::span<const std::uint32_t> Book::keys_of(AccountIndex index) const {
    const Rules* const rules = rules_of(index);
    return rules == nullptr ? std::span<const std::uint32_t>() : rules->keys;
}

std::uint32_t Book::contract_of(AccountIndex index) const {
    const Rules* const rules = rules_of(index);
    return rules == nullptr ? 0 : rules->contract;
}

void Book::take_in_changes() {
    const std::span<const Account> accounts = ledger_.accounts();
    account_mixes_.resize(accounts.size());
    for (const AccountIndex index : ledger_.changed()) {
        const Account& account = accounts[index.value];
        const uint128 mix = mix_of(index.value, account);
        accounts_digest_ += mix - account_mixes_[index.value];
        account_mixes_[index.value] = mix;
    }
    ledger_.clear_changed();
}

uint128 Book::digest() {
    take_in_changes();
    Digest out;
    out.word(static_cast<std::uint64_t>(accounts_digest_ >> 64));
    out.word(static_cast<std::uint64_t>(accounts_digest_));
    out.word(ledger_.accounts().size());
    out.word(ledger_.pending_count());
    out.word(ledger_.finished_count());
    out.word(keys_.size());
    out.word(contracts_.size());
    out.word(rule_changes_);
    out.word(made_);
    return out.value();
}

void Book::mix_all() {
    accounts_digest_ = 0;
    account_mixes_.clear();
    for (std::size_t i = 0; i < ledger_.accounts().size(); ++i) {
        account_mixes_.push_back(mix_of(i, ledger_.accounts()[i]));
        accounts_digest_ += account_mixes_.back();
    }
}

uint128 Book::recomputed_accounts_digest() const {
    uint128 sum = 0;
    for (std::size_t i = 0; i < ledger_.accounts().size(); ++i)
        sum += mix_of(i, ledger_.accounts()[i]);
    return sum;
}

}  // namespace suan::settle
