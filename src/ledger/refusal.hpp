// Why an account or a transfer was refused. The values stand in order of precedence: of several
// faults the first is reported. Numbers are stored in logs, so they never change.
#pragma once

#include <cstdint>

namespace suan::ledger {

enum class AccountRefusal : std::uint8_t {
    created = 0,  // no refusal
    timestamp_must_be_zero = 1,
    reserved_flag = 2,  // a bit without meaning, or `closed`, which only close_account sets
    id_must_not_be_zero = 3,
    id_must_not_be_all_ones = 4,
    exists_with_different_flags = 5,  // `closed` apart
    exists_with_different_ledger = 6,
    exists_with_different_code = 7,
    exists = 8,  // the same account is there already: a safe retry
    flags_are_mutually_exclusive = 9,
    balances_must_be_zero = 10,
    ledger_must_not_be_zero = 11,
    code_must_not_be_zero = 12,
    too_many_accounts = 13,  // Options::accounts_max
};

enum class Refusal : std::uint8_t {
    created = 0,                  // no refusal
    linked_event_failed = 1,      // another transfer of its chain was refused
    linked_event_chain_open = 2,  // the last transfer of a batch is marked as linked
    timestamp_must_be_zero = 3,
    reserved_field = 4,
    reserved_flag = 5,
    id_must_not_be_zero = 6,
    id_must_not_be_all_ones = 7,
    exists_with_different_flags = 8,
    exists_with_different_pending_id = 9,
    exists_with_different_timeout = 10,
    exists_with_different_debit_account_id = 11,
    exists_with_different_credit_account_id = 12,
    exists_with_different_amount = 13,
    exists_with_different_user_data_128 = 14,
    exists_with_different_user_data_64 = 15,
    exists_with_different_user_data_32 = 16,
    exists_with_different_ledger = 17,
    exists_with_different_code = 18,
    exists = 19,  // the same transfer was made already: a safe retry
    flags_are_mutually_exclusive = 20,
    pending_id_must_be_zero = 21,
    pending_id_must_not_be_zero = 22,
    pending_id_must_be_different = 23,
    timeout_reserved_for_pending_transfer = 24,
    amount_must_not_be_zero = 25,
    amount_must_be_zero = 26,  // of a void
    // Plain and pending transfers.
    ledger_must_not_be_zero = 27,
    code_must_not_be_zero = 28,
    accounts_must_be_different = 29,
    debit_account_not_found = 30,
    credit_account_not_found = 31,
    accounts_must_have_the_same_ledger = 32,
    transfer_must_have_the_same_ledger_as_accounts = 33,
    // Posts and voids.
    pending_transfer_not_found = 34,  // never made, or finished and forgotten
    pending_transfer_not_pending = 35,
    pending_transfer_has_different_debit_account_id = 36,
    pending_transfer_has_different_credit_account_id = 37,
    pending_transfer_has_different_ledger = 38,
    pending_transfer_has_different_code = 39,
    exceeds_pending_transfer_amount = 40,
    pending_transfer_already_posted = 41,
    pending_transfer_already_voided = 42,
    pending_transfer_expired = 43,
    // All but voids.
    debit_account_already_closed = 44,
    credit_account_already_closed = 45,
    // Plain and pending transfers.
    overflows_debits = 46,   // held and posted debits of the account, together
    overflows_credits = 47,  // held and posted credits of the account, together
    overflows_timeout = 48,
    exceeds_credits = 49,             // the debit account may not be overdrawn
    exceeds_debits = 50,              // the credit account may not be overfilled
    too_many_pending_transfers = 51,  // Options::pendings_max
};
inline constexpr std::uint8_t refusals = 52;
inline constexpr std::uint8_t account_refusals = 14;

// The name above, as used in messages, logs and the API.
const char* to_string(AccountRefusal refusal);
const char* to_string(Refusal refusal);

}  // namespace suan::ledger
