// State: everything the centre knows, as a value. It changes only by apply() (see transition.hpp),
// one event at a time; reading it never changes it. One thread at a time. A copy is independent:
// forecasts and what-if runs go ahead on a copy.
#pragma once

#include "core/objects.hpp"
#include "core/table.hpp"
#include "core/timers.hpp"
#include "ledger/ledger.hpp"
#include "suan/state.pb.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::core {

// The version of decide() and of the scheduler's rules: it goes into every entry, and an audit must
// use the program that knows it.
inline constexpr std::uint32_t rules_version = 2;

class State {
public:
    State();

    // Where the log stands.
    std::uint64_t seq = 0;  // of the last applied entry
    Time now;               // of the last applied entry

    // Counters: the next id of each kind. Never reused.
    std::uint32_t next_pool = 1, next_node = 1, next_org = 1, next_project = 1, next_member = 1;
    std::uint32_t next_voucher = 1, next_sheet = 1, next_ledger = 1;
    std::uint64_t next_job = 1, next_lease = 1, next_invoice = 1, next_correction = 1;
    std::uint64_t next_transfer = 1, next_quote = 1;

    // The centre.
    Table<Pool> pools;
    Table<Node> nodes;
    std::map<std::string, PoolId, std::less<>> pool_names;
    std::map<std::string, NodeId, std::less<>> node_names;

    // Who uses it.
    Table<Org> orgs;
    Table<Project> projects;
    Table<Member> members;
    std::map<std::string, OrgId, std::less<>> org_names;
    std::map<std::pair<OrgId, std::string>, ProjectId> project_names;
    std::map<std::pair<OrgId, std::string>, MemberId> member_names;
    std::map<Hash256, MemberId> tokens;

    // Money.
    ledger::Ledger books;
    Table<Voucher> vouchers;
    Table<PriceSheet> sheets;
    std::map<std::pair<PoolId, Tier>, PriceLine> prices;  // today's line; sheet in price_sheet_of
    std::map<std::pair<PoolId, Tier>, PriceSheetId> price_sheet_of;
    std::map<Service, std::pair<PriceSheetId, PriceLine>> service_prices;  // today's
    std::vector<Invoice> invoices;
    std::map<QuoteId, Quote> quotes;                // open ones
    std::set<std::pair<OrgId, QuoteId>> quotes_of;  // the same by org
    std::vector<RulesVersion> rules;                // versions of the rules file; id = place + 1
    RulesId rules_in_force;                         // 0: no version has taken effect yet

    // Tenants' ledgers: what the journal of settlement is charged by.
    Table<TenantLedger> ledgers;
    std::map<std::pair<OrgId, std::string>, LedgerId> ledger_names;  // of those not closed
    std::set<LedgerId> unfunded_ledgers;  // open, and nothing is held for their time
    Anchor anchor;

    // What they run.
    Table<Job> jobs;
    Table<Lease> leases;
    std::map<JobId, Array> arrays;                   // of which any job is alive
    std::map<JobId, std::vector<JobId>> dependents;  // waiting for this job (or array) to end
    std::set<OrgId> unfunded_orgs;                   // with jobs that wait for money
    std::deque<JobId> finished;  // oldest first; limits::finished_jobs_kept of them
    std::map<std::pair<MemberId, std::string>, IdempotentRequest> idempotent;
    std::deque<std::pair<MemberId, std::string>> idempotent_order;

    // Who co-signs the log's blocks: id 1 is the first. Removed ones stay.
    std::vector<Witness> witnesses;

    // Derived, rebuilt on restore: due times.
    TimerQueue timers;

    // Questions.
    // Until when a Tick is pointless, unless a pool wants a pass; time_max when nothing is due.
    Time next_due() const;
    bool wants_pass() const;
    const Member* member_by_token(const Hash256& token_sm3) const;
    Money available(ledger::AccountId account) const;  // posted less held; what may still be spent
    const Org* org_by_name(std::string_view name) const;
    const Pool* pool_by_name(std::string_view name) const;
    const Node* node_by_name(std::string_view name) const;
    const Project* project_by_name(OrgId org, std::string_view name) const;

    // 32 bytes that agree between two states that behave alike. Costs what changed since the last
    // call, plus the number of orgs, nodes and sums of use.
    Hash256 digest();

    // Asserts everything that must hold between the parts: no device leased twice, gangs whole,
    // books balanced, counters and indices right. O(size).
    void check_invariants() const;

    // Called by apply for every job or lease that it changes, so that digest() looks at them again.
    void touch(Job& job);
    void touch(Lease& lease);
    // Takes it out of the digest; called before it is erased.
    void forget(Job& job);
    void forget(Lease& lease);

private:
    std::vector<JobId> touched_jobs_;
    std::vector<LeaseId> touched_leases_;
    uint128 objects_sum_ = 0;
};

// A snapshot and back. `restore` asserts nothing about the bytes: it returns what is wrong.
StateSnapshot to_snapshot(const State& state);
// nullopt and `error` set when the snapshot contradicts itself.
std::optional<State> from_snapshot(const StateSnapshot& snapshot, std::string& error);

// Ledger accounts of the centre and of the orgs.
ledger::AccountId bank_account();         // money paid in, debit side
ledger::AccountId revenue_account();      // what the centre has earned
ledger::AccountId corrections_account();  // given and taken by decision
ledger::AccountId funders_account();      // vouchers issued, debit side
ledger::AccountId budget_source_account();
ledger::AccountId budget_sink_account();
ledger::AccountId org_account(OrgId org);
ledger::AccountId voucher_account(VoucherId voucher);
ledger::AccountId org_budget_account(OrgId org);
ledger::AccountId project_budget_account(ProjectId project);
// "org 3", "voucher 2", "revenue", ... for people.
std::string account_name(const State& state, ledger::AccountId account);

// Of a priced service: how much of it its price is for (transfers, or microseconds), and what
// `quantity` costs, rounded down.
std::int64_t service_unit(Service service);
Money service_cost(Service service, std::int64_t quantity, Money price);

inline constexpr std::uint32_t ledger_cny = 1;     // micro-yuan
inline constexpr std::uint32_t ledger_budget = 2;  // micro-yuan that only count

}  // namespace suan::core
