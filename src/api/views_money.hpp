// Money as the API shows it. Runs in the hub's loop.
#pragma once

#include "api/viewer.hpp"
#include "runtime/history.hpp"
#include "suan/api.pb.h"

namespace suan::api {

// An account as it stands; all zero where there is none.
struct Balance {
    std::int64_t debits_posted = 0;
    std::int64_t credits_posted = 0;
    std::int64_t debits_pending = 0;
    std::int64_t credits_pending = 0;
    std::int64_t left() const { return credits_posted - debits_posted - debits_pending; }
};
Balance balance_of(const core::State& state, ledger::AccountId account);

void fill(const core::State& state, const core::Org& org, OrgView& out);
void fill(const core::State& state, const core::Project& project, ProjectView& out);
void fill(const core::State& state, const core::Member& member, MemberView& out);
void fill_share(const core::State& state, OrgId org, PoolId pool, ShareView& out);
// False when there is no active budget.
bool fill_budget(const core::State& state, OrgId org, ProjectId project, BudgetView& out);
void fill(const core::State& state, const core::Voucher& voucher, VoucherView& out);
void fill(const core::State& state, const core::PriceSheet& sheet, PriceSheetView& out);
void fill(const core::State& state, const runtime::ChargeRow& row, ChargeView& out);
enum class InvoiceParts { head, all };
void fill(const core::State& state, const runtime::InvoiceRow& row, InvoiceParts parts,
          InvoiceView& out);
void fill(const core::State& state, const runtime::JournalRow& row, JournalRowView& out);

}  // namespace suan::api
