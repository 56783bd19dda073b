// Tenants' ledgers as the API shows them.
#pragma once

#include "core/state.hpp"
#include "settle/books/book.hpp"
#include "settle/engine.hpp"
#include "suan/api.pb.h"
#include "suan/ledgers.pb.h"

#include <vector>

namespace suan::api {

void fill(const core::State& state, const core::TenantLedger& ledger, LedgerView& out);

// An account with its rules, copied out of a book.
struct SeenAccount {
    ledger::Account account;
    std::vector<std::uint32_t> keys;
    std::uint32_t contract = 0;
};
SeenAccount see_account(const settle::Book& book, ledger::AccountIndex index);
void fill(const SeenAccount& seen, AccountView& out);

void fill(const settle::Balances& balances, BalanceView& out);
void fill(const settle::HistoryEntry& entry, AccountChangeView& out);

void fill(const ledger::Transfer& transfer, TransferView& out);
void fill(const ledger::Remembered& transfer, TransferView& out);

}  // namespace suan::api
