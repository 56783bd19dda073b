// The state as plain records, and the check that plain records are a state.
#include "base/assert.hpp"
#include "ledger/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::ledger {
namespace {

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

bool overflows(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum);
}

Result<void> check_limits(const Account& a, std::size_t i) {
    if (overflows(a.debits_pending, a.debits_posted)) {
        return corrupt(fmt::format("account {}: debits_pending + debits_posted overflow", i));
    }
    if (overflows(a.credits_pending, a.credits_posted)) {
        return corrupt(fmt::format("account {}: credits_pending + credits_posted overflow", i));
    }
    if ((a.flags & account_flags::debits_must_not_exceed_credits) != 0 &&
        a.debits_pending + a.debits_posted > a.credits_posted) {
        return corrupt(fmt::format("account {}: debits {} held and {} posted exceed credits {}", i,
                                   a.debits_pending, a.debits_posted, a.credits_posted));
    }
    if ((a.flags & account_flags::credits_must_not_exceed_debits) != 0 &&
        a.credits_pending + a.credits_posted > a.debits_posted) {
        return corrupt(fmt::format("account {}: credits {} held and {} posted exceed debits {}", i,
                                   a.credits_pending, a.credits_posted, a.debits_posted));
    }
    return {};
}

void add_balances(const Account& account, Totals& sum) {
    sum.debits_pending += account.debits_pending;
    sum.debits_posted += account.debits_posted;
    sum.credits_pending += account.credits_pending;
    sum.credits_posted += account.credits_posted;
}

}  // namespace

Result<void> Ledger::check_books() const {
    SUAN_ASSERT(staged_.empty());
    SUAN_ASSERT(transfers_.is_index_exact());
    std::vector<Totals> sums;
    for (const Totals& totals : totals_)
        sums.push_back(Totals{totals.ledger});
    for (std::size_t i = 0; i < accounts_.size(); ++i) {
        if (auto limits = check_limits(accounts_[i], i); !limits) return limits;
        add_balances(accounts_[i], sums[totals_of_[i]]);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::uint32_t ledger = sums[i].ledger;
        if (sums[i].debits_posted != sums[i].credits_posted) {
            return corrupt(fmt::format("ledger {}: posted debits and credits differ", ledger));
        }
        if (sums[i].debits_pending != sums[i].credits_pending) {
            return corrupt(fmt::format("ledger {}: held debits and credits differ", ledger));
        }
        if (sums[i] != totals_[i]) {
            return corrupt(fmt::format("ledger {}: running totals differ from accounts", ledger));
        }
    }
    return check_holds();
}

// Every held balance is the sum of the pending transfers on it.
Result<void> Ledger::check_holds() const {
    std::vector<uint128> debits(accounts_.size());
    std::vector<uint128> credits(accounts_.size());
    transfers_.for_each_pending([&](const TransferStore::Record& record) {
        debits[record.debit.value] += record.remembered.transfer.amount;
        credits[record.credit.value] += record.remembered.transfer.amount;
    });
    for (std::size_t i = 0; i < accounts_.size(); ++i) {
        if (debits[i] != accounts_[i].debits_pending) {
            return corrupt(fmt::format("account {}: debits_pending is {}, its holds are {}", i,
                                       accounts_[i].debits_pending, debits[i]));
        }
        if (credits[i] != accounts_[i].credits_pending) {
            return corrupt(fmt::format("account {}: credits_pending is {}, its holds are {}", i,
                                       accounts_[i].credits_pending, credits[i]));
        }
    }
    return {};
}

Snapshot Ledger::export_state(Finished finished) const {
    SUAN_ASSERT(staged_.empty());
    Snapshot out{accounts_, transfers_.export_pending(), {}};
    if (finished == Finished::with) out.finished = transfers_.export_finished();
    return out;
}

Result<Ledger> Ledger::import_state(const Snapshot& snapshot, const Options& options) {
    Ledger ledger(options);
    if (auto done = ledger.import_accounts(snapshot.accounts); !done)
        return std::move(done).error();
    if (auto done = ledger.import_pending(snapshot.pending); !done) return std::move(done).error();
    if (auto done = ledger.import_finished(snapshot.finished); !done) {
        return std::move(done).error();
    }
    if (auto books = ledger.check_books(); !books) return std::move(books).error();
    return ledger;
}

Result<void> Ledger::import_accounts(std::span<const Account> accounts) {
    if (accounts.size() > options_.accounts_max) {
        return corrupt(fmt::format("{} accounts, at most {} are allowed", accounts.size(),
                                   options_.accounts_max));
    }
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        const Account& account = accounts[i];
        Account blank{.id = account.id, .ledger = account.ledger, .code = account.code};
        blank.flags = account.flags & static_cast<std::uint16_t>(~account_flags::closed);
        const AccountCreated created = create_account(blank, Time{account.timestamp_us});
        if (!created) return corrupt(fmt::format("account {}: {}", i, to_string(created.refusal)));
        accounts_[i] = account;
        add_balances(account, totals_[totals_of_[i]]);
    }
    clear_changed();
    return {};
}

Result<void> Ledger::import_pending(std::span<const Transfer> pending) {
    for (std::size_t i = 0; i < pending.size(); ++i) {
        const Transfer& held = pending[i];
        if (i != 0 && !(pending[i - 1].id < held.id)) {
            return corrupt(
                fmt::format("pending transfer {}: its id is not above the one before", i));
        }
        if (const Refusal r = refuse_record(held); r != Refusal::created) {
            return corrupt(fmt::format("pending transfer {}: {}", i, to_string(r)));
        }
        if (held.flags != transfer_flags::pending) {
            return corrupt(fmt::format("pending transfer {}: its flags are {}", i, held.flags));
        }
        const AccountIndex debit = find_account(held.debit_account_id);
        const AccountIndex credit = find_account(held.credit_account_id);
        if (!debit || !credit || accounts_[debit.value].ledger != held.ledger ||
            accounts_[credit.value].ledger != held.ledger) {
            return corrupt(fmt::format("pending transfer {}: it has no accounts in its ledger", i));
        }
        const Remembered record{held, TransferState::pending};
        transfers_.start_timeout(transfers_.add(record, debit, credit));
    }
    return {};
}

Result<void> Ledger::import_finished(std::span<const Remembered> finished) {
    for (std::size_t i = 0; i < finished.size(); ++i) {
        const Remembered& record = finished[i];
        if (const Refusal r = refuse_record(record.transfer); r != Refusal::created) {
            return corrupt(fmt::format("finished transfer {}: {}", i, to_string(r)));
        }
        const bool was_pending = (record.transfer.flags & transfer_flags::pending) != 0;
        if (record.state == TransferState::pending || record.state > TransferState::expired ||
            was_pending == (record.state == TransferState::settled)) {
            return corrupt(fmt::format("finished transfer {}: state {} contradicts its flags", i,
                                       static_cast<int>(record.state)));
        }
        if (transfers_.find(record.transfer.id) != nullptr) {
            return corrupt(fmt::format("finished transfer {}: its id occurs twice", i));
        }
        transfers_.add_finished(record, transfers_.hash(record.transfer.id));
    }
    return {};
}

}  // namespace suan::ledger
