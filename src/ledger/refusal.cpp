#include "ledger/refusal.hpp"

#include "base/assert.hpp"

#include <cstddef>
#include <iterator>

namespace suan::ledger {

const char* to_string(AccountRefusal refusal) {
    static constexpr const char* names[] = {
        "created",
        "timestamp_must_be_zero",
        "reserved_flag",
        "id_must_not_be_zero",
        "id_must_not_be_all_ones",
        "exists_with_different_flags",
        "exists_with_different_ledger",
        "exists_with_different_code",
        "exists",
        "flags_are_mutually_exclusive",
        "balances_must_be_zero",
        "ledger_must_not_be_zero",
        "code_must_not_be_zero",
        "too_many_accounts",
    };
    static_assert(std::size(names) == account_refusals);
    const auto number = static_cast<std::size_t>(refusal);
    SUAN_ASSERT(number < std::size(names));
    return names[number];
}

const char* to_string(Refusal refusal) {
    static constexpr const char* names[] = {
        "created",
        "linked_event_failed",
        "linked_event_chain_open",
        "timestamp_must_be_zero",
        "reserved_field",
        "reserved_flag",
        "id_must_not_be_zero",
        "id_must_not_be_all_ones",
        "exists_with_different_flags",
        "exists_with_different_pending_id",
        "exists_with_different_timeout",
        "exists_with_different_debit_account_id",
        "exists_with_different_credit_account_id",
        "exists_with_different_amount",
        "exists_with_different_user_data_128",
        "exists_with_different_user_data_64",
        "exists_with_different_user_data_32",
        "exists_with_different_ledger",
        "exists_with_different_code",
        "exists",
        "flags_are_mutually_exclusive",
        "pending_id_must_be_zero",
        "pending_id_must_not_be_zero",
        "pending_id_must_be_different",
        "timeout_reserved_for_pending_transfer",
        "amount_must_not_be_zero",
        "amount_must_be_zero",
        "ledger_must_not_be_zero",
        "code_must_not_be_zero",
        "accounts_must_be_different",
        "debit_account_not_found",
        "credit_account_not_found",
        "accounts_must_have_the_same_ledger",
        "transfer_must_have_the_same_ledger_as_accounts",
        "pending_transfer_not_found",
        "pending_transfer_not_pending",
        "pending_transfer_has_different_debit_account_id",
        "pending_transfer_has_different_credit_account_id",
        "pending_transfer_has_different_ledger",
        "pending_transfer_has_different_code",
        "exceeds_pending_transfer_amount",
        "pending_transfer_already_posted",
        "pending_transfer_already_voided",
        "pending_transfer_expired",
        "debit_account_already_closed",
        "credit_account_already_closed",
        "overflows_debits",
        "overflows_credits",
        "overflows_timeout",
        "exceeds_credits",
        "exceeds_debits",
        "too_many_pending_transfers",
    };
    static_assert(std::size(names) == refusals);
    const auto number = static_cast<std::size_t>(refusal);
    SUAN_ASSERT(number < std::size(names));
    return names[number];
}

}  // namespace suan::ledger
