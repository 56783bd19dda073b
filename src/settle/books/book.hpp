// One tenant's books: accounts and transfers (ledger/ledger.hpp), the keys that may move accounts,
// and the contracts that rule them. Pure: time and the verdicts on signatures come from outside.
//
// Who may move an account. An account without keys is moved by whoever may send to the book. An
// account with keys is debited only by a transfer signed with one of them; a hold on it is posted
// by a key of the payer and voided by a key of the payee, so that each party can act to its own
// disadvantage only (a payee without keys: by anyone who may send). Holds run out by themselves.
//
// Signatures carry a serial number chosen by the signer. An accepted one is remembered in a sliding
// window per key, so that a signed transfer is made once, even after the ledger has forgotten its
// id. A refused transfer leaves no trace: it may be sent again until its valid_until.
//
// Contracts of the paying account (side debit) and the receiving one (side credit) are asked when a
// transfer or a hold is made, not when a hold ends. What a limit has counted stays counted when a
// hold is released. Fees and splits are made as one chain with their transfer: all or none.
//
// The same calls give the same state and answers. Threads: one.
#pragma once

#include "base/money.hpp"
#include "base/time.hpp"
#include "ledger/contract/contract.hpp"
#include "ledger/ledger.hpp"
#include "settle/books/codes.hpp"
#include "settle/books/limits.hpp"
#include "settle/books/moves.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace suan::settle {

using RawKey = std::array<std::uint8_t, 65>;  // an SM2 point: 0x04, x, y

// What a signed transfer brings beside its record.
struct SignedPart {
    std::uint32_t key = 0;  // number in the book, from 1
    std::uint64_t serial = 0;
    std::int64_t valid_until_us = 0;
};

enum class SignatureVerdict : std::uint8_t { no_key, valid, invalid };

// A batch as the books take it. The two spans of signatures are both empty or as long as the first.
struct TransferBatch {
    std::span<const ledger::Transfer> transfers;
    std::span<const SignedPart> signed_parts;
    std::span<const SignatureVerdict> verdicts;

    bool is_signed() const { return !signed_parts.empty(); }
};

// The serials of a key that were accepted: the highest, and which of those just below it.
class SerialWindow {
public:
    enum class State : std::uint8_t { fresh, seen, old };
    State state(std::uint64_t serial) const;
    void accept(std::uint64_t serial);

    static constexpr std::size_t words = limits::serial_window / 64;
    std::uint64_t highest() const { return highest_; }
    const std::array<std::uint64_t, words>& seen() const { return seen_; }
    static SerialWindow restored(std::uint64_t highest,
                                 const std::array<std::uint64_t, words>& seen) {
        SerialWindow out;
        out.highest_ = highest;
        out.seen_ = seen;
        return out;
    }

private:
    std::uint64_t highest_ = 0;
    std::array<std::uint64_t, words> seen_{};  // a ring: serial s is bit s mod the window
};

// Everything that makes a book behave the same from here on. What has finished lies in the journal,
// so it may be left out and put back from there.
struct BookState {
    struct Key {
        RawKey raw{};
        SerialWindow serials;
    };
    struct Counter {
        std::int64_t window = -1;
        std::uint64_t used = 0;
    };
    struct Rules {
        std::uint32_t account = 0;
        std::uint32_t contract = 0;
        std::vector<std::uint32_t> keys;
        std::vector<Counter> counters;
    };

    ledger::Snapshot ledger;
    std::uint64_t finished = 0;  // how many the ledger remembers, whether they are above or not
    std::vector<Key> keys;
    std::vector<std::string> contracts;
    std::vector<Rules> rules;
    std::uint64_t made = 0;
    std::uint64_t changes = 0;
    std::uint64_t rule_changes = 0;
};

class Book {
public:
    explicit Book(const ledger::Options& options)
        : ledger_(options), keeps_moves_(options.keeps_movements) {}

    // results[i] is the answer to transfers[i]. Holds whose time is over are released first.
    void apply(const TransferBatch& batch, Time now, std::span<Code> results);

    ledger::AccountCreated open_account(const ledger::Account& account, Time now);
    AdminCode set_closed(ledger::AccountId id, std::uint16_t closed_flag);
    // `number` is where the key stands, new or not.
    AdminCode add_key(const RawKey& key, std::uint32_t& number);
    AdminCode grant_key(ledger::AccountId account, std::uint32_t key);
    AdminCode revoke_key(ledger::AccountId account, std::uint32_t key);
    // Contracts are numbered from 1 and never change; number 0 takes an account's contract away.
    // Attaching starts the counters of its limits at zero.
    // A book counts by time only: a limit per user_data_64 is contract_invalid.
    AdminCode add_contract(std::string_view text, std::uint32_t& number, std::string& why);
    AdminCode attach_contract(ledger::AccountId account, std::uint32_t contract);

    const ledger::Ledger& ledger() const { return ledger_; }
    std::size_t keys() const { return keys_.size(); }
    const RawKey& key(std::uint32_t number) const { return keys_[number - 1].raw; }
    std::span<const std::uint32_t> keys_of(ledger::AccountIndex index) const;
    std::uint32_t contract_of(ledger::AccountIndex index) const;
    std::size_t contracts() const { return contract_texts_.size(); }
    const std::string& contract_text(std::uint32_t number) const {
        return contract_texts_[number - 1];
    }
    std::uint64_t made() const { return made_; }
    // Changes of the book that are no transfers and took effect: Books::apply counts them.
    std::uint64_t changes() const { return changes_; }
    void note_change() { ++changes_; }

    // Where the ledger keeps movements: what the last `apply` did, in order, and what finished by
    // it beside the records of the batch themselves.
    std::span<const Move> moves() const { return moves_; }
    std::span<const Finish> finishes() const { return finishes_; }

    BookState export_state(ledger::Finished finished) const;
    // `corrupt` for what no book could have come to.
    static Result<Book> import_state(const BookState& state, const ledger::Options& options);

    // Sums a fast mix of every account, so that it follows changes without reading all; with counts
    // of the rest. Takes in what has changed since the last call.
    uint128 digest();
    // The same from nothing: for checks.
    uint128 recomputed_accounts_digest() const;
    uint128 accounts_digest() const { return accounts_digest_; }

private:
    using Key = BookState::Key;
    using Counter = BookState::Counter;
    // What an account has beside its balances.
    struct Rules {
        std::vector<std::uint32_t> keys;
        std::uint32_t contract = 0;
        std::vector<Counter> counters;
    };
    // A transfer of the chain at hand, as the ledger gets it.
    struct Step {
        std::uint32_t origin = 0;  // which of the batch it is or derives from
        bool is_derived = false;
    };
    struct CounterUndo {
        std::uint32_t account = 0;
        std::uint32_t counter = 0;
        Counter before;
    };
    struct SerialUndo {
        std::uint32_t key = 0;
        SerialWindow before;
    };

    // book.cpp
    bool is_plain(const TransferBatch& batch) const;
    void apply_chain(const TransferBatch& batch, std::size_t first, std::size_t last, Time now,
                     std::span<Code> results);
    Code run_steps(std::size_t first, Time now, std::size_t& failed);
    void undo_rules();
    void note_plain(std::span<const ledger::Transfer> transfers, std::span<const Code> results);
    void note_chain();
    void note_finish(std::uint32_t place, ledger::TransferId id);
    void build_moves();

    static Result<ledger::Contract> compile_contract(std::string_view text);

    // book_state.cpp
    Result<void> import_keys(const BookState& state);
    Result<void> import_rules(const BookState& state);

    // authority.cpp: who may, and what contracts say.
    Code admit(const TransferBatch& batch, std::size_t i, Time now);
    Code check_signature(const TransferBatch& batch, std::size_t i) const;
    Code check_serial(const SignedPart& part, Time now);
    const ledger::Transfer* find_held(ledger::TransferId id) const;
    Code check_contracts(const ledger::Transfer& transfer, std::uint32_t signer, std::size_t i,
                         Time now);
    Code check_clauses(ledger::AccountIndex account, ledger::Side side, const ledger::Facts& facts);
    Code count(ledger::AccountIndex account, const ledger::Clause& clause,
               const ledger::Facts& facts);
    Code derive(ledger::AccountIndex account, ledger::Side side, const ledger::Transfer& transfer,
                const ledger::Facts& facts, std::size_t i);
    Code push_derived(const ledger::Transfer& transfer, ledger::AccountId from,
                      ledger::AccountId to, int128 amount, std::size_t clause, std::size_t i);
    bool has_contract(ledger::AccountId id) const;
    bool moved_in_chain(ledger::AccountId id) const;
    Rules* rules_of(ledger::AccountIndex index);
    const Rules* rules_of(ledger::AccountIndex index) const;
    Rules& make_rules(ledger::AccountIndex index);

    void take_in_changes();
    void mix_all();

    ledger::Ledger ledger_;
    std::vector<Key> keys_;
    std::map<RawKey, std::uint32_t> key_numbers_;
    std::vector<ledger::Contract> contracts_;
    std::vector<std::string> contract_texts_;
    std::vector<std::uint32_t> rules_at_;  // by account: place in rules_ plus one, or 0
    std::vector<Rules> rules_;
    std::uint64_t made_ = 0;  // transfers created, ever
    std::uint64_t changes_ = 0;
    std::uint64_t rule_changes_ = 0;

    std::vector<uint128> account_mixes_;  // by account, as they are in the sum
    uint128 accounts_digest_ = 0;

    // Of the call at hand.
    struct Origin {
        std::uint32_t index = 0;
        MoveKind kind = MoveKind::transfer;
    };
    bool keeps_moves_;
    std::vector<Origin> origins_;  // of the movements after those of expiries
    std::vector<Move> moves_;
    std::vector<Finish> finishes_;
    std::vector<ledger::Refusal> refusals_;
    std::vector<ledger::TransferId> expired_;
    std::vector<ledger::Transfer> chain_;
    std::vector<Step> steps_;
    std::vector<CounterUndo> counter_undo_;
    std::vector<SerialUndo> serial_undo_;
};

}  // namespace suan::settle
