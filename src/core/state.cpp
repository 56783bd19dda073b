#include "core/state.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

// The high half of an account's id says what it is; the low half, whose.
enum AccountKind : std::uint64_t {
    kind_bank = 1,
    kind_revenue = 2,
    kind_corrections = 3,
    kind_funders = 4,
    kind_budget_source = 5,
    kind_budget_sink = 6,
    kind_org = 10,
    kind_voucher = 11,
    kind_org_budget = 12,
    kind_project_budget = 13,
};

ledger::AccountId account_id(AccountKind kind, std::uint64_t number) {
    return ledger::AccountId{kind, number};
}

}  // namespace

ledger::AccountId bank_account() {
    return account_id(kind_bank, 0);
}
ledger::AccountId revenue_account() {
    return account_id(kind_revenue, 0);
}
ledger::AccountId corrections_account() {
    return account_id(kind_corrections, 0);
}
ledger::AccountId funders_account() {
    return account_id(kind_funders, 0);
}
ledger::AccountId budget_source_account() {
    return account_id(kind_budget_source, 0);
}
ledger::AccountId budget_sink_account() {
    return account_id(kind_budget_sink, 0);
}
ledger::AccountId org_account(OrgId org) {
    return account_id(kind_org, org.value);
}
ledger::AccountId voucher_account(VoucherId voucher) {
    return account_id(kind_voucher, voucher.value);
}
ledger::AccountId org_budget_account(OrgId org) {
    return account_id(kind_org_budget, org.value);
}
ledger::AccountId project_budget_account(ProjectId project) {
    return account_id(kind_project_budget, project.value);
}

std::string account_name(const State& state, ledger::AccountId account) {
    const auto org_name = [&](std::uint64_t id) {
        const Org* org = state.orgs.find(id);
        return org == nullptr ? fmt::format("{}", id) : org->name;
    };
    switch (account.high) {
        case kind_bank:
            return "bank";
        case kind_revenue:
            return "revenue";
        case kind_corrections:
            return "corrections";
        case kind_funders:
            return "funders";
        case kind_budget_source:
            return "budgets granted";
        case kind_budget_sink:
            return "budgets used";
        case kind_org:
            return "org " + org_name(account.low);
        case kind_voucher:
            return fmt::format("voucher {}", account.low);
        case kind_org_budget:
            return "budget of org " + org_name(account.low);
        case kind_project_budget: {
            const Project* project = state.projects.find(account.low);
            return "budget of project " +
                   (project == nullptr ? fmt::format("{}", account.low) : project->name);
        }
        default:
            return fmt::format("{}:{}", account.high, account.low);
    }
}

State::State() : books(ledger::Options{}) {
    const std::pair<ledger::AccountId, std::uint32_t> accounts[] = {
        {bank_account(), ledger_cny},
        {revenue_account(), ledger_cny},
        {corrections_account(), ledger_cny},
        {funders_account(), ledger_cny},
        {budget_source_account(), ledger_budget},
        {budget_sink_account(), ledger_budget},
    };
    for (const auto& [id, ledger] : accounts) {
        ledger::Account account;
        account.id = id;
        account.ledger = ledger;
        account.code = static_cast<std::uint16_t>(id.high);
        SUAN_ASSERT(books.create_account(account, Time{}));
    }
}

Time State::next_due() const {
    Time due = timers.next();
    for (std::uint32_t id = 1; id < next_pool; ++id)
        due = std::min(due, pools.at(id).scheduler.wakes_at().value_or(time_max));
    return due;
}

bool State::wants_pass() const {
    bool wants = false;
    for (std::uint32_t id = 1; id < next_pool && !wants; ++id)
        wants = pools.at(id).scheduler.wants_pass();
    return wants;
}

const Member* State::member_by_token(const Hash256& token_sm3) const {
    const auto found = tokens.find(token_sm3);
    if (found == tokens.end()) return nullptr;
    const Member& member = members.at(found->second.value);
    return member.disabled ? nullptr : &member;
}

Money State::available(ledger::AccountId account) const {
    const ledger::AccountIndex index = books.find_account(account);
    SUAN_ASSERT(index);
    const std::uint64_t spendable = books.spendable(index);
    return Money{static_cast<std::int64_t>(std::min<std::uint64_t>(spendable, INT64_MAX))};
}

const Org* State::org_by_name(std::string_view name) const {
    const auto found = org_names.find(name);
    return found == org_names.end() ? nullptr : &orgs.at(found->second.value);
}
const Pool* State::pool_by_name(std::string_view name) const {
    const auto found = pool_names.find(name);
    return found == pool_names.end() ? nullptr : &pools.at(found->second.value);
}
const Node* State::node_by_name(std::string_view name) const {
    const auto found = node_names.find(name);
    return found == node_names.end() ? nullptr : &nodes.at(found->second.value);
}
const Project* State::project_by_name(OrgId org, std::string_view name) const {
    const auto found = project_names.find({org, std::string(name)});
    return found == project_names.end() ? nullptr : &projects.at(found->second.value);
}

void State::touch(Job& job) {
    if (job.touched) return;
    job.touched = true;
    touched_jobs_.push_back(job.id);
}
void State::touch(Lease& lease) {
    if (lease.touched) return;
    lease.touched = true;
    touched_leases_.push_back(lease.id);
}
void State::forget(Job& job) {
    objects_sum_ -= job.digest;
}
void State::forget(Lease& lease) {
    objects_sum_ -= lease.digest;
}

}  // namespace suan::core
