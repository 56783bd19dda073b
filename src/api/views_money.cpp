#include "api/views_money.hpp"

#include "api/views_jobs.hpp"
#include "api/views_names.hpp"
#include "core/vouchers.hpp"

#include <algorithm>

namespace suan::api {

Balance balance_of(const core::State& state, ledger::AccountId id) {
    Balance out;
    const ledger::AccountIndex index = state.books.find_account(id);
    if (!index) return out;
    const ledger::Account& account = state.books.account(index);
    out.debits_posted = static_cast<std::int64_t>(account.debits_posted);
    out.credits_posted = static_cast<std::int64_t>(account.credits_posted);
    out.debits_pending = static_cast<std::int64_t>(account.debits_pending);
    out.credits_pending = static_cast<std::int64_t>(account.credits_pending);
    return out;
}

void fill(const core::State& state, const core::Org& org, OrgView& out) {
    out.set_id(org.id.value);
    out.set_name(org.name);
    out.set_title(org.title);
    out.set_projects(static_cast<std::uint32_t>(org.projects.size()));
    out.set_members(static_cast<std::uint32_t>(org.members.size()));
    out.set_jobs_waiting(org.jobs_waiting);
    out.set_jobs_running(org.jobs_running);
    const Balance own = balance_of(state, core::org_account(org.id));
    out.set_balance_micro_yuan(own.credits_posted - own.debits_posted);
    out.set_held_micro_yuan(own.debits_pending);
    out.set_available_micro_yuan(own.left());
    std::int64_t vouchers = 0;
    for (const VoucherId id : org.vouchers)
        vouchers += balance_of(state, core::voucher_account(id)).left();
    out.set_vouchers_left_micro_yuan(vouchers);
    BudgetView budget;
    if (fill_budget(state, org.id, ProjectId{}, budget)) out.mutable_budget()->Swap(&budget);
    for (const auto& [pool, share] : org.shares)
        fill_share(state, org.id, pool, *out.add_shares());
    Money unbilled = org.unbilled_corrections;
    for (const auto& [key, sum] : org.unbilled)
        unbilled += sum.charged;
    out.set_unbilled_micro_yuan(unbilled.micro_yuan);
    out.set_billed_until_us(org.billed_until.us);
}

void fill(const core::State& state, const core::Project& project, ProjectView& out) {
    out.set_id(project.id.value);
    out.set_name(project.name);
    out.set_org_id(project.org.value);
    out.set_org(org_name(state, project.org));
    out.set_weight(project.weight);
    BudgetView budget;
    if (fill_budget(state, project.org, project.id, budget)) out.mutable_budget()->Swap(&budget);
}

void fill(const core::State& state, const core::Member& member, MemberView& out) {
    out.set_id(member.id.value);
    out.set_name(member.name);
    out.set_org_id(member.org.value);
    out.set_org(org_name(state, member.org));
    out.set_role(member.role);
    out.set_disabled(member.disabled);
}

void fill_share(const core::State& state, OrgId org, PoolId pool, ShareView& out) {
    out.set_org_id(org.value);
    out.set_org(org_name(state, org));
    out.set_pool_id(pool.value);
    out.set_pool(pool_name(state, pool));
    const auto& shares = state.orgs.at(org.value).shares;
    const auto share = shares.find(pool);
    if (share != shares.end()) {
        out.set_deserved_milli(share->second.deserved_milli);
        out.set_weight(share->second.weight);
        const bool limited = share->second.limit_milli != INT64_MAX;
        out.set_limit_milli(limited ? share->second.limit_milli : 0);
    }
    const sched::OrgStanding standing = state.pools.at(pool.value).scheduler.standing(org);
    out.set_held_milli(standing.held_milli);
    out.set_waiting_jobs(standing.waiting_jobs);
}

bool fill_budget(const core::State& state, OrgId org, ProjectId project, BudgetView& out) {
    const core::Budget& budget =
        project ? state.projects.at(project.value).budget : state.orgs.at(org.value).budget;
    if (!budget.active) return false;
    out.set_org_id(org.value);
    out.set_org(org_name(state, org));
    out.set_project_id(project.value);
    out.set_project(project_name(state, project));
    const Balance balance = balance_of(state, budget.account);
    out.set_granted_micro_yuan(balance.credits_posted);
    out.set_charged_micro_yuan(balance.debits_posted);
    out.set_held_micro_yuan(balance.debits_pending);
    out.set_left_micro_yuan(balance.left());
    return true;
}

void fill(const core::State& state, const core::Voucher& voucher, VoucherView& out) {
    out.set_id(voucher.id.value);
    out.set_org_id(voucher.org.value);
    out.set_org(org_name(state, voucher.org));
    out.set_funder(voucher.funder);
    out.set_contract(voucher.contract);
    out.set_amount_micro_yuan(voucher.amount.micro_yuan);
    const Balance balance = balance_of(state, voucher.account);
    out.set_held_micro_yuan(balance.debits_pending);
    out.set_left_micro_yuan(balance.left());
    // What an expired voucher gave back to its funder was not spent, but left its account too.
    out.set_spent_micro_yuan(voucher.expired ? 0 : balance.debits_posted);
    out.set_expires_us(voucher.expires.us);
    out.set_expired(voucher.expired);
    for (const PoolId pool : voucher.pools)
        out.add_pools(pool_name(state, pool));
    out.set_job_cap_micro_yuan(voucher.job_cap.micro_yuan);
    out.set_rules(core::voucher_text(voucher));
}

void fill(const core::State& state, const core::PriceSheet& sheet, PriceSheetView& out) {
    out.set_id(sheet.id.value);
    out.set_name(sheet.name);
    out.set_published_us(sheet.published.us);
    for (const PriceLine& line : sheet.lines) {
        PriceLineView& view = *out.add_lines();
        view.set_line(line.line());
        view.set_pool_id(line.pool_id());
        view.set_pool(pool_name(state, PoolId{line.pool_id()}));
        view.set_tier(line.tier());
        view.set_micro_yuan_per_device_hour(line.micro_yuan_per_device_hour());
        if (line.service() != SERVICE_UNSPECIFIED) {
            view.set_service(line.service());
            view.set_micro_yuan_per_unit(line.micro_yuan_per_unit());
            view.set_current(state.service_prices.at(line.service()).first == sheet.id);
            continue;
        }
        const auto current = state.price_sheet_of.find({PoolId{line.pool_id()}, line.tier()});
        view.set_current(current != state.price_sheet_of.end() && current->second == sheet.id);
    }
}

void fill(const core::State& state, const runtime::ChargeRow& row, ChargeView& out) {
    out.set_number(row.number);
    out.set_seq(row.seq);
    out.set_org_id(row.org.value);
    out.set_org(org_name(state, row.org));
    out.set_project_id(row.project.value);
    out.set_project(project_name(state, row.project));
    out.set_job_id(row.job.value);
    out.set_lease_id(row.lease.value);
    out.set_pool_id(row.pool.value);
    out.set_pool(pool_name(state, row.pool));
    out.set_tier(row.tier);
    out.set_price_sheet_id(row.sheet.value);
    out.set_price_line(row.price_line);
    out.set_from_us(row.from.us);
    out.set_to_us(row.to.us);
    out.set_milli_device_ms(row.milli_device_ms);
    out.set_micro_yuan(row.micro_yuan.micro_yuan);
    out.set_credited_micro_yuan(row.credited.micro_yuan);
    for (const Payment& payment : row.payments)
        fill(state, payment, *out.add_payments());
    const bool is_service = row.service != SERVICE_UNSPECIFIED;
    out.set_kind(is_service ? CHARGE_KIND_SERVICE : CHARGE_KIND_COMPUTE);
    if (!is_service) return;
    out.set_service(row.service);
    out.set_ledger_id(row.ledger.value);
    if (const core::TenantLedger* const ledger = state.ledgers.find(row.ledger.value))
        out.set_ledger(ledger->name);
    out.set_quantity(row.quantity);
}

// What a spot device hour cost on average where bids made the price: the sheet names the floor.
static std::int64_t spot_mean(const InvoiceLine& line, std::int64_t listed) {
    if (line.tier() != TIER_SPOT || line.milli_device_ms() <= 0 || line.micro_yuan() <= 0)
        return listed;
    constexpr std::int64_t milli_ms_per_device_hour = 1'000LL * 3'600'000;
    return std::max(
        listed, mul_div_floor(line.micro_yuan(), milli_ms_per_device_hour, line.milli_device_ms()));
}

static void fill_line(const core::State& state, const InvoiceLine& line, InvoiceLineView& out) {
    out.set_project_id(line.project_id());
    out.set_project(project_name(state, ProjectId{line.project_id()}));
    out.set_pool_id(line.pool_id());
    out.set_pool(pool_name(state, PoolId{line.pool_id()}));
    out.set_tier(line.tier());
    out.set_kind(line.kind());
    out.set_price_sheet_id(line.price_sheet_id());
    out.set_price_line(line.price_line());
    if (const core::PriceSheet* sheet = state.sheets.find(line.price_sheet_id())) {
        out.set_price_sheet(sheet->name);
        for (const PriceLine& price : sheet->lines) {
            if (price.line() != line.price_line()) continue;
            out.set_price_micro_yuan_per_device_hour(
                spot_mean(line, price.micro_yuan_per_device_hour()));
            out.set_price_micro_yuan_per_unit(price.micro_yuan_per_unit());
        }
    }
    out.set_milli_device_ms(line.milli_device_ms());
    out.set_service(line.service());
    out.set_quantity(line.quantity());
    out.set_micro_yuan(line.micro_yuan());
    out.set_credited_micro_yuan(line.credited_micro_yuan());
}

void fill(const core::State& state, const runtime::InvoiceRow& row, InvoiceParts parts,
          InvoiceView& out) {
    out.set_id(row.id);
    out.set_seq(row.seq);
    out.set_org_id(row.org.value);
    out.set_org(org_name(state, row.org));
    out.set_from_us(row.from.us);
    out.set_to_us(row.to.us);
    out.set_issued_us(row.issued.us);
    out.set_total_micro_yuan(row.total.micro_yuan);
    out.set_corrections_micro_yuan(row.corrections.micro_yuan);
    if (parts == InvoiceParts::head) return;
    for (const InvoiceLine& line : row.lines)
        fill_line(state, line, *out.add_lines());
    for (const Payment& payment : row.payments)
        fill(state, payment, *out.add_payments());
}

void fill(const core::State& state, const runtime::JournalRow& row, JournalRowView& out) {
    out.set_number(row.number);
    out.set_seq(row.seq);
    out.set_time_us(row.time.us);
    out.set_org_id(row.org.value);
    out.set_org(org_name(state, row.org));
    out.set_kind(row.kind);
    out.set_debit(row.debit);
    out.set_credit(row.credit);
    out.set_micro_yuan(row.amount.micro_yuan);
    out.set_job_id(row.job.value);
    out.set_lease_id(row.lease.value);
    out.set_note(row.note);
}

}  // namespace suan::api
