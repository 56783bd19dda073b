// A double-entry ledger as a pure state machine, after TigerBeetle's model. It knows accounts and
// transfers, and nothing of jobs or people. Usable alone.
//
// What always holds, after every call:
// * In every ledger (unit), posted debits of all accounts equal posted credits, and held debits
//   equal held credits. Running totals are asserted on every transfer; check_books recomputes all.
// * An account with a limit flag keeps it, held amounts counted on the limited side.
// * A refused transfer, or chain, leaves no trace: it may be sent again under the same id.
// * An id is used once. Sending a transfer again answers `exists`, with other contents
//   `exists_with_different_...`, for as long as it is remembered: while pending, and then among the
//   last Options::finished_kept finished ones. A forgotten id is accepted as new, so keep at least
//   as many as can be retried.
// * Results depend on the calls alone: not on the hash seed, nor on how often the state was
//   exported and imported. Time is the caller's and may stand still or go back.
//
// Amounts: see types.hpp. Errors: Refusal (refusal.hpp); Result where an exported state is not
// sound. Threads: one. Memory: a call allocates only where a table grows.
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ledger/index_table.hpp"
#include "ledger/refusal.hpp"
#include "ledger/transfer_store.hpp"
#include "ledger/types.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace suan::ledger {

struct Options {
    std::uint64_t finished_kept = 0;  // below 2^30
    std::uint32_t accounts_max = 16'000'000;
    std::uint32_t pendings_max = 16'000'000;
    std::uint64_t hash_seed = 0;  // unknown to whoever chooses ids; changes speed under attack only
    bool keeps_movements = false;  // for whoever writes histories: see Ledger::movements
};

// What one step did to two accounts: `held` and `posted` were added, `released` taken from what was
// held. Of a transfer only `posted` is not zero, of a hold `held`, of a void or an expiry
// `released`; a post releases all that was held and posts some of it.
struct Movement {
    AccountIndex debit;
    AccountIndex credit;
    std::uint64_t held = 0;
    std::uint64_t released = 0;
    std::uint64_t posted = 0;
};

struct AccountCreated {
    AccountRefusal refusal = AccountRefusal::created;
    AccountIndex index;  // where created or exists

    explicit operator bool() const { return refusal == AccountRefusal::created; }
};

// The first refusal of a chain, and which of its transfers it struck.
struct ChainResult {
    Refusal refusal = Refusal::created;
    std::uint32_t at = 0;

    explicit operator bool() const { return refusal == Refusal::created; }
};

// The full state: enough to build a ledger that behaves the same from here on.
struct Snapshot {
    std::vector<Account> accounts;     // in order of creation
    std::vector<Transfer> pending;     // by id
    std::vector<Remembered> finished;  // oldest first

    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

// Whether a snapshot has the finished transfers; who has them elsewhere can put them back.
enum class Finished : std::uint8_t { with, without };

// Totals over the accounts of one ledger (unit). 128 bits: a sum of 64-bit balances.
struct Totals {
    std::uint32_t ledger = 0;
    uint128 debits_pending = 0;
    uint128 debits_posted = 0;
    uint128 credits_pending = 0;
    uint128 credits_posted = 0;

    friend bool operator==(const Totals&, const Totals&) = default;
};

class Ledger {
public:
    explicit Ledger(const Options& options);

    // `account` brings id, ledger, code and flags; the rest must be zero.
    AccountCreated create_account(const Account& account, Time now);
    // A closed account takes no transfer, and no post of an earlier hold; holds on it may still be
    // voided or expire. The account must exist (asserted); closing twice is the same as once.
    void close_account(AccountIndex index);
    void reopen_account(AccountIndex index);

    // One transfer; its `linked` flag must not be set (refused as an open chain).
    Refusal create_transfer(const Transfer& transfer, Time now);
    // All or none. Every transfer is part of the chain, whatever its `linked` flag. A repeated
    // chain answers `exists` at its first transfer.
    ChainResult create_chain(std::span<const Transfer> chain, Time now);
    // Any mix of single transfers and chains (runs marked `linked` and the transfer after each), in
    // order. results[i] is the answer to transfers[i]; both have the same size (asserted).
    void create_transfers(std::span<const Transfer> transfers, Time now,
                          std::span<Refusal> results);

    // What create_transfer and create_chain would answer now. The rehearsal of a chain applies it
    // and takes it back: no trace, but not const.
    Refusal check_transfer(const Transfer& transfer, Time now) const;
    ChainResult rehearse_chain(std::span<const Transfer> chain, Time now);

    // Releases every hold whose time is over (timestamp + timeout <= now), by (expiry, id), and
    // appends their ids to `expired`. A hold past its time cannot be posted even before this is
    // called.
    void expire(Time now, std::vector<TransferId>& expired);
    // When the next hold expires; time_max: none does.
    Time next_expiry() const;

    // None where there is no such account.
    AccountIndex find_account(AccountId id) const;
    const Account& account(AccountIndex index) const;
    std::span<const Account> accounts() const { return accounts_; }
    // What may still be debited from an account that cannot be overdrawn: posted credits less
    // posted and held debits; 0 where that is negative.
    std::uint64_t spendable(AccountIndex index) const;
    // The remembered transfer, or null. Valid until the next change.
    const Remembered* find_transfer(TransferId id) const { return transfers_.find(id); }
    std::size_t pending_count() const { return transfers_.pending(); }
    std::size_t finished_count() const { return transfers_.finished(); }
    // Per ledger, in order of first use.
    std::span<const Totals> totals() const { return totals_; }

    // Accounts created or changed since clear_changed, each once, in order of first change.
    std::span<const AccountIndex> changed() const { return changed_; }
    void clear_changed();

    // With Options::keeps_movements: one for each transfer that was made and each hold that ran out
    // since clear_movements, in order. What an undone chain did is not there.
    std::span<const Movement> movements() const { return movements_; }
    void clear_movements() { movements_.clear(); }

    // Recomputes totals and limits from the accounts: O(accounts + pendings). An error names the
    // account or ledger that is wrong.
    Result<void> check_books() const;

    Snapshot export_state(Finished finished = Finished::with) const;
    // Refuses (ErrorCode::corrupt) a state that no ledger could have reached, naming the record.
    // Nothing counts as changed in the new ledger. Of more finished transfers than
    // options.finished_kept the newest are kept.
    static Result<Ledger> import_state(const Snapshot& snapshot, const Options& options);

private:
    struct Plan {
        Refusal refusal = Refusal::created;
        Row ends = no_row;  // the pending transfer that a post or void ends
        Movement movement{};
    };
    // What a transfer names, looked up: the hash of its id, and its accounts.
    struct Names {
        std::uint64_t id_hash = 0;
        AccountIndex debit;
        AccountIndex credit;
    };
    struct Undo {
        Movement movement{};
        Row row = no_row;  // of the new record
        Row ends = no_row;
    };
    enum class Fate { commit, undo };

    // plan.cpp: the rules.
    Plan plan(const Transfer& transfer, const Names& names, Time now) const;
    Plan plan_new(const Transfer& transfer, const Names& names, Time now) const;
    Plan plan_end(const Transfer& transfer, Time now) const;
    Refusal refuse_amounts(const Transfer& transfer, const Movement& movement, Time now) const;

    // Faults that show in a remembered record itself.
    static Refusal refuse_record(const Transfer& remembered);

    // ledger.cpp: the changes.
    void apply(const Movement& movement);
    void take_back(const Movement& movement);
    void assert_balanced(AccountIndex any_of_ledger) const;
    Names look_up(const Transfer& transfer) const;
    void look_up(std::span<const Transfer> transfers, std::span<Names> names) const;
    Refusal run_one(const Transfer& transfer, const Names& names, Time now);
    void commit(const Plan& plan, const Transfer& transfer, const Names& names, Time now);
    void stage(const Plan& plan, const Transfer& transfer, Time now);
    void commit_staged();
    void undo_staged();
    ChainResult run_chain(std::span<const Transfer> chain, Time now, Fate fate);
    void set_closed(AccountIndex index, std::uint16_t closed);
    void mark_changed(AccountIndex index);
    void note(const Movement& movement);

    std::uint64_t account_hash(AccountId id) const;
    AccountIndex append_account(const Account& account);
    std::uint32_t totals_slot(std::uint32_t ledger);

    // snapshot.cpp
    Result<void> check_holds() const;
    Result<void> import_accounts(std::span<const Account> accounts);
    Result<void> import_pending(std::span<const Transfer> pending);
    Result<void> import_finished(std::span<const Remembered> finished);

    Options options_;
    std::vector<Account> accounts_;
    std::vector<std::uint32_t> totals_of_;  // by account: its place in totals_
    std::vector<std::uint8_t> is_changed_;  // by account
    std::vector<AccountIndex> changed_;
    std::vector<Movement> movements_;
    IndexTable account_ids_;
    std::vector<Totals> totals_;
    IndexTable ledger_ids_;  // places in totals_
    TransferStore transfers_;
    std::vector<Undo> staged_;  // of the chain in progress, empty between calls
};

}  // namespace suan::ledger
