// The rules: which transfers are refused, and what an accepted one moves. Nothing here changes
// state.
#include "base/assert.hpp"
#include "ledger/ledger.hpp"

namespace suan::ledger {
namespace {

using namespace transfer_flags;

constexpr std::uint16_t kinds = pending | post_pending | void_pending;

bool overflows(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum);
}

Refusal compare_with_existing(const Transfer& sent, const Transfer& known) {
    if ((sent.flags & kinds) != known.flags) return Refusal::exists_with_different_flags;
    if (sent.pending_id != known.pending_id) return Refusal::exists_with_different_pending_id;
    if (sent.timeout_us != known.timeout_us) return Refusal::exists_with_different_timeout;
    if (sent.debit_account_id != known.debit_account_id) {
        return Refusal::exists_with_different_debit_account_id;
    }
    if (sent.credit_account_id != known.credit_account_id) {
        return Refusal::exists_with_different_credit_account_id;
    }
    if (sent.amount != known.amount) return Refusal::exists_with_different_amount;
    if (sent.user_data_128 != known.user_data_128) {
        return Refusal::exists_with_different_user_data_128;
    }
    if (sent.user_data_64 != known.user_data_64) return Refusal::exists_with_different_user_data_64;
    if (sent.user_data_32 != known.user_data_32) return Refusal::exists_with_different_user_data_32;
    if (sent.ledger != known.ledger) return Refusal::exists_with_different_ledger;
    if (sent.code != known.code) return Refusal::exists_with_different_code;
    return Refusal::exists;
}

// Faults that show in the record itself, before its id is looked up.
Refusal refuse_header(const Transfer& transfer) {
    if (transfer.timestamp_us != 0) return Refusal::timestamp_must_be_zero;
    if (transfer.reserved != 0) return Refusal::reserved_field;
    if ((transfer.flags & ~all) != 0) return Refusal::reserved_flag;
    if (!transfer.id) return Refusal::id_must_not_be_zero;
    if (transfer.id.is_all_ones()) return Refusal::id_must_not_be_all_ones;
    return Refusal::created;
}

// Faults that show in the record itself, once its id is known to be new.
Refusal refuse_shape(const Transfer& transfer) {
    const std::uint16_t kind = transfer.flags & kinds;
    if ((kind & (kind - 1)) != 0) return Refusal::flags_are_mutually_exclusive;
    const bool ends = (kind & (post_pending | void_pending)) != 0;
    if (!ends && transfer.pending_id) return Refusal::pending_id_must_be_zero;
    if (ends && !transfer.pending_id) return Refusal::pending_id_must_not_be_zero;
    if (transfer.pending_id == transfer.id) return Refusal::pending_id_must_be_different;
    if (kind != pending && transfer.timeout_us != 0) {
        return Refusal::timeout_reserved_for_pending_transfer;
    }
    if (kind != void_pending && transfer.amount == 0) return Refusal::amount_must_not_be_zero;
    if (kind == void_pending && transfer.amount != 0) return Refusal::amount_must_be_zero;
    if (ends) return Refusal::created;
    if (transfer.ledger == 0) return Refusal::ledger_must_not_be_zero;
    if (transfer.code == 0) return Refusal::code_must_not_be_zero;
    if (transfer.debit_account_id == transfer.credit_account_id) {
        return Refusal::accounts_must_be_different;
    }
    return Refusal::created;
}

Refusal refuse_closed(const Account& debit, const Account& credit) {
    if ((debit.flags & account_flags::closed) != 0) return Refusal::debit_account_already_closed;
    if ((credit.flags & account_flags::closed) != 0) return Refusal::credit_account_already_closed;
    return Refusal::created;
}

// What a post or void says about its pending transfer; zero says nothing.
Refusal refuse_mismatch(const Transfer& transfer, const Transfer& held) {
    if (transfer.debit_account_id && transfer.debit_account_id != held.debit_account_id) {
        return Refusal::pending_transfer_has_different_debit_account_id;
    }
    if (transfer.credit_account_id && transfer.credit_account_id != held.credit_account_id) {
        return Refusal::pending_transfer_has_different_credit_account_id;
    }
    if (transfer.ledger != 0 && transfer.ledger != held.ledger) {
        return Refusal::pending_transfer_has_different_ledger;
    }
    if (transfer.code != 0 && transfer.code != held.code) {
        return Refusal::pending_transfer_has_different_code;
    }
    if (transfer.amount != amount_all && transfer.amount > held.amount) {
        return Refusal::exceeds_pending_transfer_amount;
    }
    return Refusal::created;
}

Refusal refuse_ended(TransferState state) {
    if (state == TransferState::posted) return Refusal::pending_transfer_already_posted;
    if (state == TransferState::voided) return Refusal::pending_transfer_already_voided;
    if (state == TransferState::expired) return Refusal::pending_transfer_expired;
    return Refusal::created;
}

}  // namespace

Refusal Ledger::refuse_record(const Transfer& remembered) {
    Transfer sent = remembered;
    sent.timestamp_us = 0;
    if (const Refusal r = refuse_header(sent); r != Refusal::created) return r;
    if ((sent.flags & linked) != 0) return Refusal::reserved_flag;
    if (const Refusal r = refuse_shape(sent); r != Refusal::created) return r;
    std::int64_t expires_at_us = 0;
    if (__builtin_add_overflow(remembered.timestamp_us, sent.timeout_us, &expires_at_us)) {
        return Refusal::overflows_timeout;
    }
    return Refusal::created;
}

Ledger::Plan Ledger::plan(const Transfer& transfer, const Names& names, Time now) const {
    if (const Refusal r = refuse_header(transfer); r != Refusal::created) return Plan{r};
    if (const Remembered* known = transfers_.find(transfer.id, names.id_hash)) {
        return Plan{compare_with_existing(transfer, known->transfer)};
    }
    if (const Refusal r = refuse_shape(transfer); r != Refusal::created) return Plan{r};
    const bool ends = (transfer.flags & (post_pending | void_pending)) != 0;
    return ends ? plan_end(transfer, now) : plan_new(transfer, names, now);
}

Ledger::Plan Ledger::plan_new(const Transfer& transfer, const Names& names, Time now) const {
    Movement movement{names.debit, names.credit};
    if (!movement.debit) return Plan{Refusal::debit_account_not_found};
    if (!movement.credit) return Plan{Refusal::credit_account_not_found};
    const Account& debit = accounts_[movement.debit.value];
    const Account& credit = accounts_[movement.credit.value];
    if (debit.ledger != credit.ledger) return Plan{Refusal::accounts_must_have_the_same_ledger};
    if (transfer.ledger != debit.ledger) {
        return Plan{Refusal::transfer_must_have_the_same_ledger_as_accounts};
    }
    if (const Refusal r = refuse_closed(debit, credit); r != Refusal::created) return Plan{r};
    if (const Refusal r = refuse_amounts(transfer, movement, now); r != Refusal::created) {
        return Plan{r};
    }
    ((transfer.flags & pending) != 0 ? movement.held : movement.posted) = transfer.amount;
    return Plan{Refusal::created, no_row, movement};
}

Refusal Ledger::refuse_amounts(const Transfer& transfer, const Movement& movement, Time now) const {
    const Account& debit = accounts_[movement.debit.value];
    const Account& credit = accounts_[movement.credit.value];
    // The invariant: held + posted fit 64 bits on each side of each account.
    const std::uint64_t debits = debit.debits_pending + debit.debits_posted;
    const std::uint64_t credits = credit.credits_pending + credit.credits_posted;
    if (overflows(debits, transfer.amount)) return Refusal::overflows_debits;
    if (overflows(credits, transfer.amount)) return Refusal::overflows_credits;
    if (transfer.timeout_us != 0) {
        std::int64_t expires_at_us = 0;
        if (__builtin_add_overflow(now.us, transfer.timeout_us, &expires_at_us)) {
            return Refusal::overflows_timeout;
        }
    }
    if ((debit.flags & account_flags::debits_must_not_exceed_credits) != 0 &&
        debits + transfer.amount > debit.credits_posted) {
        return Refusal::exceeds_credits;
    }
    if ((credit.flags & account_flags::credits_must_not_exceed_debits) != 0 &&
        credits + transfer.amount > credit.debits_posted) {
        return Refusal::exceeds_debits;
    }
    if ((transfer.flags & pending) != 0 && transfers_.pending() >= options_.pendings_max) {
        return Refusal::too_many_pending_transfers;
    }
    return Refusal::created;
}

Ledger::Plan Ledger::plan_end(const Transfer& transfer, Time now) const {
    const Remembered* known = transfers_.find(transfer.pending_id);
    if (known == nullptr) return Plan{Refusal::pending_transfer_not_found};
    const Transfer& held = known->transfer;
    if (held.flags != pending) return Plan{Refusal::pending_transfer_not_pending};
    if (const Refusal r = refuse_mismatch(transfer, held); r != Refusal::created) return Plan{r};
    if (const Refusal r = refuse_ended(known->state); r != Refusal::created) return Plan{r};
    if (held.timeout_us != 0 && TransferStore::expires_at_us(held) <= now.us) {
        return Plan{Refusal::pending_transfer_expired};
    }
    const Row row = transfers_.find_row(transfer.pending_id);
    SUAN_ASSERT(row != no_row);
    Movement movement{transfers_.row(row).debit, transfers_.row(row).credit, 0, held.amount, 0};
    if ((transfer.flags & void_pending) != 0) return Plan{Refusal::created, row, movement};
    const Refusal closed =
        refuse_closed(accounts_[movement.debit.value], accounts_[movement.credit.value]);
    if (closed != Refusal::created) return Plan{closed};
    movement.posted = transfer.amount == amount_all ? held.amount : transfer.amount;
    return Plan{Refusal::created, row, movement};
}

}  // namespace suan::ledger
