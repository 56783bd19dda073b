// What the State is made of: plain values, one struct an aggregate. Times are microseconds, money
// is micro-yuan, device quantities are milli-devices, so that a share of a device is a whole
// number.
#pragma once

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/money.hpp"
#include "base/time.hpp"
#include "ledger/contract/contract.hpp"
#include "ledger/types.hpp"
#include "sched/run_times.hpp"
#include "sched/scheduler.hpp"
#include "suan/log.pb.h"
#include "suan/types.pb.h"

#include <boost/container/small_vector.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace suan::core {

using QuoteId = Id<struct QuoteTag, std::uint64_t>;
using RulesId = Id<struct RulesTag, std::uint32_t>;

struct Node {
    NodeId id;
    PoolId pool;
    std::string name;
    std::uint32_t rack = 0;
    std::uint32_t devices = 0;
    NodeState state = NODE_STATE_OPEN;
    std::string reason;           // of its being drained or down
    std::vector<LeaseId> leases;  // that hold devices of it, in no order
};

// Rules of a pool beyond those of its scheduler.
struct PoolLimits {
    Duration walltime_default = Duration::hours(1);
    Duration walltime_max = Duration::hours(366 * 24);
    Duration grace_default = Duration::seconds(30);
    Duration meter_interval = Duration::hours(1);
    std::uint32_t quote_compensation_permille = 0;  // 0: no binding quotes
    Duration quote_valid = Duration::minutes(10);
    std::uint32_t expected_permille = 0;  // quantile of learnt run times; 0: nothing is learnt
    Duration spot_period;                 // 0: spot has no market, it costs what the sheet says
};

// A pool's spot market (market.hpp).
struct SpotMarket {
    struct Clearing {
        Time at;
        std::uint64_t seq = 0;
        SpotCleared cleared;
    };
    bool open = false;             // who comes must bid; closes at the first tick after the rules
    Time due;                      // of the next clearing; 0: nobody bids
    std::uint64_t clearings = 0;   // in all
    std::deque<Clearing> history;  // oldest first; limits::spot_history_kept of them
    std::set<JobId> jobs;          // of tier spot in the pool, not ended; derived
    std::map<OrgId, std::int64_t> asked;  // milli-devices of queued jobs of other tiers; derived

    // What all winners of the newest clearing pay for a device hour.
    Money price() const {
        return Money{history.empty() ? 0 : history.back().cleared.micro_yuan_per_device_hour()};
    }
};

struct Pool {
    PoolId id;
    std::string name;
    std::string title;
    ExecutorKind executor = EXECUTOR_KIND_SIM;
    std::string device_type;
    std::int64_t device_gflops = 0;
    bool sharing = false;
    std::string visible_devices_variable;
    sched::Rules rules;
    PoolLimits limits;
    std::vector<NodeId> nodes;
    sched::PoolScheduler scheduler{sched::Rules{}};
    sched::RunTimes run_times;  // empty while the rules do not ask for any
    SpotMarket spot;
};

// What an invoice line is summed over.
struct InvoiceKey {
    ProjectId project;
    PoolId pool;
    Tier tier = TIER_STANDARD;
    PriceSheetId sheet;
    std::uint32_t line = 0;
    Service service = SERVICE_UNSPECIFIED;  // of a line of service: no project, pool or tier
    friend auto operator<=>(const InvoiceKey&, const InvoiceKey&) = default;
};
struct InvoiceSum {
    std::int64_t milli_device_ms = 0;
    Money charged;  // less what was credited
    Money credited;
    std::int64_t quantity = 0;  // of a service
};

// A cap on what may be held and charged, kept as a ledger account so that it cannot be overshot.
struct Budget {
    ledger::AccountId account;
    Money granted;  // sum of all that was ever allowed
    bool active = false;
};

struct Org {
    OrgId id;
    std::string name;
    std::string title;
    std::vector<ProjectId> projects;
    std::vector<MemberId> members;
    std::vector<VoucherId> vouchers;  // usable ones, in the order in which they pay
    std::vector<LedgerId> ledgers;    // not closed
    std::map<PoolId, sched::Share> shares;
    Budget budget;
    std::set<JobId> unfunded;  // requeued jobs whose hold could not be renewed
    std::map<InvoiceKey, InvoiceSum> unbilled;
    std::map<VoucherId, Money> unbilled_by_payer;  // VoucherId{} is the org's own money
    Money unbilled_corrections;
    Time billed_until;
    std::uint64_t jobs_waiting = 0;
    std::uint64_t jobs_running = 0;
};

struct Project {
    ProjectId id;
    OrgId org;
    std::string name;
    std::uint32_t weight = 1;
    Budget budget;
};

struct Member {
    MemberId id;
    OrgId org;  // 0: of the centre
    std::string name;
    Role role = ROLE_MEMBER;
    Hash256 token_sm3{};
    bool disabled = false;
};

struct Voucher {
    VoucherId id;
    OrgId org;
    std::string funder;
    std::string contract;
    Money amount;
    Time expires;
    std::vector<PoolId> pools;  // empty: any
    Money job_cap;              // 0: none
    ledger::AccountId account;
    ledger::Contract rules;  // what the four above come to (vouchers.hpp); empty once expired
    bool expired = false;
};

struct PriceSheet {
    PriceSheetId id;
    std::string name;
    Time published;
    std::vector<PriceLine> lines;
};

struct Invoice {
    std::uint64_t id = 0;
    OrgId org;
    Time from;
    Time to;
    Money total;  // compute charged, plus corrections taken, less given
};

// Money held for a job: one pending transfer.
struct Hold {
    ledger::TransferId transfer;
    ledger::AccountId account;  // that pays: the org's, a voucher's, or a budget that only counts
    VoucherId voucher;
    std::int64_t micro_yuan = 0;
    bool budget = false;
};

// What a tenant's ledger may use of a service before money has to be held again, at the price of
// then. Not in force: nothing is held, and nothing may be used.
struct ServiceTerm {
    bool in_force = false;
    PriceSheetId sheet;  // 0: free
    std::uint32_t line = 0;
    Money price;                // per unit of the service
    std::int64_t quantity = 0;  // transfers, or microseconds; 0 of time: for ever
    Time since;
    boost::container::small_vector<Hold, 1> holds;
};

// A tenant's ledger, kept in the journal of settlement under its id.
struct TenantLedger {
    LedgerId id;
    OrgId org;
    std::string name;
    LedgerState state = LEDGER_STATE_OPEN;
    Time opened;
    Time closed;
    std::uint64_t transfers = 0;  // metered, with changes
    Money charged;                // in all
    ServiceTerm transfer_term;
    ServiceTerm time_term;

    bool takes_transfers() const { return state == LEDGER_STATE_OPEN && time_term.in_force; }
    // In all, so that a total is compared with a total.
    std::uint64_t transfers_allowed() const {
        return transfers + static_cast<std::uint64_t>(transfer_term.quantity);
    }
    // When what is held of its time has run out.
    Time due() const {
        const bool ends = time_term.in_force && time_term.quantity != 0;
        return ends ? time_term.since + Duration{time_term.quantity} : time_max;
    }
};

// The newest block of the journal of settlement that was metered.
struct Anchor {
    Hash256 journal_id{};
    std::uint64_t block = 0;  // 0: none yet
    Hash256 block_sm3{};
    Time time;
    std::uint64_t seq = 0;
};

// Sums by payer, in order of first payment; VoucherId{} is the org's own money.
using PaidBy = boost::container::small_vector<std::pair<VoucherId, Money>, 1>;

struct JobDependency {
    JobId job;  // the first of an array means all of it
    DependencyKind kind = DEPENDENCY_KIND_AFTEROK;
    bool met = false;
};

struct Job {
    JobId id;
    JobId array;  // first job of its array; 0: none
    OrgId org;
    ProjectId project;
    MemberId member;
    PoolId pool;
    std::string name;
    sched::Shape shape;
    sched::Tier tier = sched::Tier::standard;
    JobState state = JOB_STATE_WAITING;
    std::int32_t priority = 0;
    std::uint32_t array_index = 0;
    std::uint32_t array_order = 0;  // 0.. in its array
    Duration walltime;
    Duration expected;             // learnt run time, as it last came into the queue; 0: none
    Duration checkpoint_interval;  // 0: none
    Duration grace;
    Time submitted;
    Time begin;              // not before
    Duration topology_wait;  // in the queue; then its topology is not required; 0: it always is
    Time relaxes;            // when that is, of one that came into the queue; 0: never
    bool relaxed = false;    // that has come: it takes any place until it comes in again
    Time started;            // of the newest lease
    Time ended;
    std::uint32_t retries = 0;
    std::uint32_t own_failures = 0;
    std::uint32_t launch_failures = 0;  // in a row
    std::uint32_t attempts = 0;
    std::uint32_t preemptions = 0;
    bool held = false;    // by its user
    bool queued = false;  // in the pool's scheduler
    bool funded = true;
    bool bidding = false;    // waits for a clearing of the spot market that its bid wins
    bool array_slot = true;  // the array's running_max lets it wait in the queue
    bool has_payload = false;
    Hash256 payload_sm3{};
    std::vector<JobDependency> dependencies;
    std::uint32_t dependencies_open = 0;
    LeaseId lease;  // current one
    QuoteId quote;  // that it was submitted with; kept after the quote has ended
    PriceSheetId sheet;
    std::uint32_t price_line = 0;
    Money price;  // per device hour; in a spot market: the most, which is held
    Money bid;
    boost::container::small_vector<Hold, 1> holds;
    Money charged;  // over all leases, less what was credited
    PaidBy paid;    // by whom, over all leases
    std::int64_t milli_device_ms = 0;
    std::int32_t exit_code = 0;
    std::uint32_t signal = 0;
    std::uint32_t progress_permille = 0;

    bool touched = false;  // changed since the last digest
    uint128 digest = 0;    // its part of the last digest

    bool has_ended() const { return state >= JOB_STATE_COMPLETED; }
};

// What a device hour of a lease costs, from when on, and what it had cost until then. The price of
// the spot market changes while it runs.
struct LeasePrice {
    Money per_device_hour;
    bool of_market = false;
    Time since;
    Money before;
    Money at_checkpoint;  // until the last checkpoint, where that is older than `since`
};

struct Lease {
    LeaseId id;
    JobId job;
    std::uint32_t attempt = 0;
    std::uint32_t tasks = 0;
    sched::Placement placement;
    Time started;
    Time ends_by;
    Time last_checkpoint;
    Time metered_to;
    Time due;  // its next timer: metering, wall time, or the end of a stop's patience
    LeasePrice price;
    Money charged;                     // so far
    std::int64_t milli_device_ms = 0;  // so far
    PaidBy paid;                       // by whom so far, in order of payment
    StopReason stopping = STOP_REASON_UNSPECIFIED;
    sched::Placement next;           // of a resize: what the run is to go on with; else empty
    bool makes_way_for_own = false;  // told to stop for a job of its own org
    bool running = false;            // the executor said so
    bool touched = false;            // changed since the last digest
    uint128 digest = 0;              // its part of the last digest
};

// What is left to know of an array while any of its jobs lives.
struct Array {
    JobId first;
    std::uint32_t count = 0;
    std::uint32_t ended = 0;
    std::uint32_t failed = 0;
    std::uint32_t running_max = 0;  // 0: no bound
    std::uint32_t released = 0;     // jobs let into the queue so far
};

// A binding quote that has not ended: offered, or taken up by a job that has not started yet.
struct Quote {
    QuoteId id;
    Time offered_at;
    OfferQuote offer;
    QuoteOffered offered;
    JobId job;               // that took it up
    Time start_by;           // of that job
    bool own_fault = false;  // its org did something that may have kept the job from starting

    OrgId org() const { return OrgId{offer.org_id()}; }
    PoolId pool() const { return PoolId{offer.spec().pool_id()}; }
};

enum class RulesState : std::uint8_t { scheduled = 0, in_force = 1, replaced = 2, withdrawn = 3 };

// A version of the centre's rules file. The content of one that is past is dropped.
struct RulesVersion {
    RulesId id;
    ChangeRules content;
    Time scheduled;
    Time effective;
    RulesState state = RulesState::scheduled;
};

struct IdempotentRequest {
    Hash256 request_sm3{};
    std::uint64_t seq = 0;    // of the entry that it became
    JobId first_job;          // of a submission
    std::uint32_t count = 0;  // jobs of a submission
};

// Somebody outside who co-signs blocks. Its signature of a block counts when the block's last entry
// is from_seq or later, and before until_seq.
struct Witness {
    std::string name;
    std::string title;
    std::array<std::uint8_t, 65> key{};  // SM2: 0x04, x, y
    Time registered;
    std::uint64_t from_seq = 0;
    Time removed;
    std::uint64_t until_seq = 0;  // 0: still a witness
    std::string reason;           // of its being removed

    bool counts_at(std::uint64_t last_seq) const {
        return from_seq <= last_seq && (until_seq == 0 || last_seq < until_seq);
    }
};

}  // namespace suan::core
