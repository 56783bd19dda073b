#include "api/views_ledgers.hpp"

#include "api/views_names.hpp"
#include "settle/id_text.hpp"

namespace suan::api {
namespace {

std::int64_t price_of(const core::State& state, Service service) {
    const auto found = state.service_prices.find(service);
    return found == state.service_prices.end() ? 0 : found->second.second.micro_yuan_per_unit();
}

// What is held of the org's money, its budgets apart.
std::int64_t held_by(const core::ServiceTerm& term) {
    std::int64_t sum = 0;
    for (const core::Hold& hold : term.holds)
        sum += hold.budget ? 0 : hold.micro_yuan;
    return sum;
}

TransferKind kind_of(std::uint16_t flags) {
    if ((flags & ledger::transfer_flags::pending) != 0) return TRANSFER_KIND_HOLD;
    if ((flags & ledger::transfer_flags::post_pending) != 0) return TRANSFER_KIND_POST;
    if ((flags & ledger::transfer_flags::void_pending) != 0) return TRANSFER_KIND_VOID;
    return TRANSFER_KIND_PLAIN;
}

const char* cause_text(settle::MoveKind kind) {
    switch (kind) {
        case settle::MoveKind::transfer:
            return "transfer";
        case settle::MoveKind::hold:
            return "hold";
        case settle::MoveKind::post:
            return "post";
        case settle::MoveKind::release:
            return "void";
        case settle::MoveKind::expiry:
            return "expiry";
        case settle::MoveKind::derived:
            return "contract";
    }
    return "";
}

const char* state_text(ledger::TransferState state) {
    switch (state) {
        case ledger::TransferState::settled:
            return "settled";
        case ledger::TransferState::pending:
            return "pending";
        case ledger::TransferState::posted:
            return "posted";
        case ledger::TransferState::voided:
            return "voided";
        case ledger::TransferState::expired:
            return "expired";
    }
    return "";
}

}  // namespace

void fill(const core::State& state, const core::TenantLedger& ledger, LedgerView& out) {
    out.set_id(ledger.id.value);
    out.set_name(ledger.name);
    out.set_org_id(ledger.org.value);
    out.set_org(org_name(state, ledger.org));
    out.set_state(ledger.state);
    out.set_opened_us(ledger.opened.us);
    out.set_closed_us(ledger.closed.us);
    out.set_takes_transfers(ledger.takes_transfers());
    out.set_transfers(ledger.transfers);
    out.set_transfers_allowed(static_cast<std::uint64_t>(ledger.transfer_term.quantity));
    out.set_held_micro_yuan(held_by(ledger.transfer_term) + held_by(ledger.time_term));
    out.set_charged_micro_yuan(ledger.charged.micro_yuan);
    out.set_micro_yuan_per_1000_transfers(price_of(state, SERVICE_LEDGER_TRANSFERS));
    out.set_micro_yuan_per_day(price_of(state, SERVICE_LEDGER_TIME));
}

SeenAccount see_account(const settle::Book& book, ledger::AccountIndex index) {
    SeenAccount out;
    out.account = book.ledger().account(index);
    const auto keys = book.keys_of(index);
    out.keys.assign(keys.begin(), keys.end());
    out.contract = book.contract_of(index);
    return out;
}

void fill(const SeenAccount& seen, AccountView& out) {
    using namespace ledger::account_flags;
    const ledger::Account& account = seen.account;
    out.set_id(settle::id_text(account.id));
    out.set_unit(account.ledger);
    out.set_code(account.code);
    out.set_debits_must_not_exceed_credits((account.flags & debits_must_not_exceed_credits) != 0);
    out.set_credits_must_not_exceed_debits((account.flags & credits_must_not_exceed_debits) != 0);
    out.set_closed((account.flags & closed) != 0);
    out.set_debits_posted(account.debits_posted);
    out.set_credits_posted(account.credits_posted);
    out.set_debits_pending(account.debits_pending);
    out.set_credits_pending(account.credits_pending);
    out.set_opened_us(account.timestamp_us);
    out.mutable_keys()->Add(seen.keys.begin(), seen.keys.end());
    out.set_contract(seen.contract);
}

void fill(const settle::Balances& balances, BalanceView& out) {
    out.set_debits_posted(balances.debits_posted);
    out.set_credits_posted(balances.credits_posted);
    out.set_debits_pending(balances.debits_pending);
    out.set_credits_pending(balances.credits_pending);
}

void fill(const settle::HistoryEntry& entry, AccountChangeView& out) {
    const settle::HistoryItem& item = entry.item;
    out.set_sequence(item.sequence);
    out.set_time_us(item.time.us);
    out.set_block(item.block);
    out.set_index(item.index);
    out.set_cause(cause_text(item.kind));
    out.set_side(item.side == settle::MoveSide::debit ? "debit" : "credit");
    out.set_held(item.held);
    out.set_released(item.released);
    out.set_posted(item.posted);
    out.set_debits_posted(item.after.debits_posted);
    out.set_credits_posted(item.after.credits_posted);
    out.set_debits_pending(item.after.debits_pending);
    out.set_credits_pending(item.after.credits_pending);
    if (entry.transfer) fill(*entry.transfer, *out.mutable_transfer());
}

void fill(const ledger::Transfer& transfer, TransferView& out) {
    out.set_id(settle::id_text(transfer.id));
    if (transfer.debit_account_id) out.set_debit(settle::id_text(transfer.debit_account_id));
    if (transfer.credit_account_id) out.set_credit(settle::id_text(transfer.credit_account_id));
    out.set_amount(transfer.amount);
    out.set_unit(transfer.ledger);
    out.set_code(transfer.code);
    out.set_kind(kind_of(transfer.flags));
    if (transfer.pending_id) out.set_pending(settle::id_text(transfer.pending_id));
    out.set_timeout_us(transfer.timeout_us);
    if (transfer.user_data_128) out.set_user_data_128(settle::id_text(transfer.user_data_128));
    out.set_user_data_64(transfer.user_data_64);
    out.set_user_data_32(transfer.user_data_32);
    out.set_time_us(transfer.timestamp_us);
}

void fill(const ledger::Remembered& transfer, TransferView& out) {
    fill(transfer.transfer, out);
    out.set_state(state_text(transfer.state));
}

}  // namespace suan::api
