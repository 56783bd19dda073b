// The auditor's model: what the entries say, kept as plainly as possible. Internal to
// src/sim/audit.
#pragma once

#include "base/money.hpp"
#include "sim/audit/auditor.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace suan::sim {

struct AuditNode {
    std::uint32_t pool = 0;
    std::uint32_t rack = 0;
    std::uint32_t devices = 0;
    NodeState state = NODE_STATE_OPEN;
    std::map<std::uint32_t, std::uint32_t> used_milli;  // by device
};

struct AuditPrice {
    std::uint32_t sheet = 0;
    std::uint32_t line = 0;
    std::int64_t micro_yuan = 0;
};

struct AuditMarket {
    bool open = false;
    std::int64_t price = 0;
    bool cleared = false;         // in this entry
    std::set<std::uint64_t> won;  // then
};

struct AuditPool {
    PoolRules rules;  // with defaults filled in
    std::map<int, AuditPrice> prices;
    AuditMarket market;
};

struct AuditShare {
    std::int64_t deserved = 0;
    std::int64_t limit = 0;  // 0: none
};

// The money of an org or a voucher.
struct AuditPurse {
    std::int64_t balance = 0;  // with what is held
    std::int64_t held = 0;
    std::int64_t free() const { return balance - held; }
};

struct AuditBudget {
    bool active = false;
    std::int64_t left = 0;
};

using InvoiceLineKey = std::tuple<std::uint32_t, std::uint32_t, int, std::uint32_t, std::uint32_t>;
struct InvoiceLineSum {
    std::int64_t milli_device_ms = 0;
    std::int64_t charged = 0;
    std::int64_t credited = 0;
};

struct AuditOrg {
    AuditPurse purse;
    AuditBudget budget;
    std::map<std::uint32_t, AuditShare> shares;
    std::map<InvoiceLineKey, InvoiceLineSum> unbilled;
    std::map<std::uint32_t, std::int64_t> unbilled_payers;
    std::int64_t unbilled_corrections = 0;
    std::int64_t billed_until = 0;
};

struct AuditProject {
    std::uint32_t org = 0;
    AuditBudget budget;
};

struct AuditVoucher {
    std::uint32_t org = 0;
    AuditPurse purse;
    std::int64_t expires = 0;
    std::set<std::uint32_t> pools;
    std::int64_t job_cap = 0;
    bool expired = false;
};

struct AuditJob {
    SubmitJob asked;
    JobSpec spec;  // with defaults filled in
    std::uint64_t array = 0;
    AuditPrice price;         // of a spot job that bids: its bid
    std::int64_t listed = 0;  // the sheet's
    JobState state = JOB_STATE_WAITING;
    bool held = false;
    bool queued = false;
    bool relaxed = false;  // its topology is not required any more
    std::int64_t queued_since = 0;
    bool funded = true;
    bool bidding = false;        // no clearing has let it in
    bool cancelled = false;      // asked for, and acknowledged or logged
    bool between_lease = false;  // its lease has ended in this entry, what follows is not yet said
    LeaseOutcome last_outcome = LEASE_OUTCOME_UNSPECIFIED;
    std::uint64_t lease = 0;
    std::uint64_t quote = 0;
    std::int64_t submitted = 0;
    std::int64_t goes_on_until = 0;  // after a resize: the end of its wall time
    std::uint32_t attempts = 0;
    std::uint32_t own_failures = 0;
    std::map<std::uint32_t, std::int64_t> holds;  // by voucher; 0: own money
    std::map<AuditBudget*, std::int64_t> budget_holds;
    std::map<std::uint32_t, std::int64_t> paid;          // by voucher, over all leases
    std::map<std::uint64_t, std::uint32_t> stopped_for;  // preempted for which job, how often

    bool ended() const { return state >= JOB_STATE_COMPLETED; }
};

struct AuditQuote {
    OfferQuote offer;
    std::int64_t offered_at = 0;
    AuditPrice price;
    std::int64_t compensation = 0;
    std::int64_t valid_until = 0;
    std::uint64_t job = 0;  // that took it up
    std::int64_t start_by = 0;
    bool own_fault = false;
};

struct AuditLease {
    std::uint64_t job = 0;
    std::uint32_t tasks = 0;
    std::vector<Slot> slots;
    std::int64_t started = 0;
    std::int64_t ends_by = 0;
    std::int64_t checkpoint = 0;
    std::int64_t stop_due = 0;  // 0: not stopping
    StopReason stopping = STOP_REASON_UNSPECIFIED;
    bool for_own = false;  // the stop makes way for a job of the same org
    std::int64_t milli_device_ms = 0;
    std::int64_t charged = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> prices;  // since when, how much
    std::map<std::uint32_t, std::int64_t> paid;
    bool final_charge = false;
    std::int64_t charged_to = 0;
};

struct AuditArray {
    std::uint64_t count = 0;
    std::uint32_t running_max = 0;
};

struct AuditRequest {
    std::string text;  // actor and command, serialised
    Command command;
    enum class Answer : std::uint8_t { none, accepted, refused, repeated } answer = Answer::none;
    std::uint64_t seq = 0;
};

// Ids of one kind: each larger than all before.
enum class IdKind : std::uint8_t {
    pool,
    node,
    org,
    project,
    member,
    voucher,
    sheet,
    witness,
    job,
    lease,
    invoice,
    correction,
    quote
};

struct Auditor::Impl {
    std::optional<Finding> finding;
    const Entry* current = nullptr;
    std::uint64_t seq = 0;
    std::int64_t now = 0;
    std::map<IdKind, std::uint64_t> last_id;
    std::map<std::uint32_t, AuditPool> pools;
    std::map<std::uint32_t, std::string> witness_keys;  // of those not removed
    std::map<std::uint32_t, AuditNode> nodes;
    std::map<std::uint32_t, AuditOrg> orgs;
    std::map<std::uint32_t, AuditProject> projects;
    std::map<std::uint32_t, std::uint32_t> members;  // their org
    std::map<std::uint32_t, AuditVoucher> vouchers;
    std::map<std::uint64_t, AuditJob> jobs;
    std::map<std::uint64_t, AuditLease> leases;
    std::map<std::uint64_t, AuditArray> arrays;            // by their first job
    std::set<std::uint64_t> alive;                         // jobs that have not ended
    std::map<std::uint64_t, AuditQuote> quotes;            // open ones
    std::map<std::uint32_t, ChangeRules> scheduled_rules;  // versions of the rules file
    std::uint32_t last_rules = 0;
    std::int64_t revenue = 0, bank = 0, funders = 0, corrections = 0;
    std::map<std::uint64_t, AuditRequest> requests;
    std::map<std::uint64_t, std::string> entry_text;  // of clients' entries, by seq
    std::map<std::pair<std::uint32_t, std::string>, std::pair<std::uint64_t, std::uint32_t>> keys;

    void violate(Rule rule, std::string message);
    bool good() const { return !finding; }
    void fresh_id(IdKind kind, std::uint64_t id);

    // centre.cpp
    void pool_defined(const PoolDefined& event);
    void nodes_added(const NodesAdded& event);
    void nodes_added(std::uint32_t pool, std::uint64_t first,
                     const google::protobuf::RepeatedPtrField<NodeSpec>& nodes);
    void node_state_changed(const NodeStateChanged& event);
    void rules_changed(const SetPoolRules& change);
    void share_changed(const SetShare& change);
    void witness_registered(const WitnessRegistered& event);
    void witness_removed();
    void sheet_published(std::uint32_t sheet,
                         const google::protobuf::RepeatedPtrField<PriceLine>& lines);
    void org_created(const OrgCreated& event);
    void project_created(const ProjectCreated& event);
    void member_created(const MemberCreated& event);

    // jobs.cpp
    void job_admitted(const JobAdmitted& event);
    void job_queued(std::uint64_t job);
    void job_relaxed(std::uint64_t job);
    void job_held(const JobHeld& event);
    void job_released(const JobReleased& event);
    void job_requeued(const JobRequeued& event);
    void job_ended(const JobEnded& event);
    void job_funded(const JobFunded& event);
    void job_unfunded(const JobUnfunded& event);
    void mark_cancelled(const CancelJob& command);
    AuditJob* job(std::uint64_t id);
    std::string why_not_ready(std::uint64_t id, const AuditJob& job) const;
    // 1 met, 0 open, -1 can never be met
    int dependency(const suan::Dependency& dependency) const;
    bool has_place(std::uint64_t id, const AuditJob& job) const;
    void check_queue_complete();

    // leases.cpp
    void job_started(const JobStarted& event);
    void check_placement(const AuditJob& job, const JobStarted& event);
    void check_shares(const AuditJob& job, std::int64_t added);
    void lease_stopping(const LeaseStopping& event);
    void check_resize(const AuditJob& job, const AuditLease& lease, const LeaseStopping& event);
    void check_preemption(AuditJob& job, const AuditLease& lease, std::uint64_t for_job);
    void check_reclaim(const AuditJob& of, const AuditJob* winner, const PoolRules& pool_rules);
    void lease_ended(const LeaseEnded& event);
    void lease_progress(const LeaseProgress& event);
    void check_nothing_overdue();
    // Whether it could start if it were alone.
    bool fits_empty(const AuditJob& job);
    AuditLease* lease(std::uint64_t id);

    // money.cpp
    AuditPurse& purse(std::uint32_t org, std::uint32_t voucher);
    void hold(std::uint64_t id, AuditJob& job,
              const google::protobuf::RepeatedPtrField<Payment>& payments, std::int64_t amount);
    void release(AuditJob& job);
    std::int64_t hold_amount(const AuditJob& job) const;
    void check_voucher(const AuditJob& job, std::uint32_t voucher, std::int64_t amount);
    void lease_charged(const LeaseCharged& event);
    void take_payments(AuditJob& job, AuditLease& lease, const LeaseCharged& event);
    void budget_changed(const BudgetChanged& event);
    void voucher_issued(const VoucherIssued& event);
    void voucher_expired(const VoucherExpired& event);
    void org_funded();
    void corrected(const Corrected& event);
    void invoice_issued(const InvoiceIssued& event);

    // promises.cpp
    void promise_event(const Event& event);
    void quote_offered(const QuoteOffered& event);
    void quote_ended(const QuoteEnded& event);
    // A job admitted with a quote: the quote's price is the one that it must have.
    const AuditPrice& quoted_price(std::uint64_t job, const SubmitJob& command,
                                   const AuditPrice& otherwise);
    void promises_see_start(std::uint64_t id, const AuditJob& job);
    void promise_void(const AuditJob& job, bool ended);
    bool at_its_share(const AuditJob& job) const;
    void check_promises_kept();
    void rules_scheduled(const RulesScheduled& event);
    void rules_took_effect(const RulesTookEffect& event);
    void rules_withdrawn(const RulesWithdrawn& event);

    // market.cpp
    void market_event(const Event& event);
    void market_rules(std::uint32_t pool);
    // What a job bids when it is submitted: no bid is the floor.
    void take_bid(AuditJob& job);
    void price_start(const AuditJob& job, const JobStarted& event);
    void spot_cleared(const SpotCleared& event);
    void spot_closed(const SpotClosed& event);
    void job_outbid(const JobOutbid& event);
    void lease_priced(const LeasePriced& event);
    void bid_changed(const BidChanged& event);
    void check_won(std::uint64_t id, const AuditJob& job, bool won);
    std::int64_t spot_offered(std::uint32_t pool) const;
    bool runs_on(const AuditJob& job) const;
    void check_clearings_done();
    std::int64_t cost(const AuditJob& job, const AuditLease& lease, std::int64_t until) const;

    // auditor.cpp
    void event(const Event& event);
    void centre_event(const Event& event);
    void check_kind(const Event& event);
    void check_primary_effect();
    void end_of_entry();
    void match_requests();
};

std::int64_t cost_floor(std::int64_t milli_device_ms, std::int64_t micro_yuan_per_device_hour);

}  // namespace suan::sim
