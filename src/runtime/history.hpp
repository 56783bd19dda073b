// What happened, for people: finished jobs, their leases and charges, invoices, and the journal of
// money. Tables beside the log in its SQLite file, written in the same transaction as the entries
// they come from, so they never disagree with it; a version number rebuilds them from the log when
// their shape changes. Nothing is written for a submission: a job appears here when it ends, and
// until then it is in the State. What it
// waits for is kept from the moment at which it changes.
//
// Threads: History may be used from any thread; reads go over a connection of their own and see
// only what is durable. Pages go by cursor: pass the last key seen, 0 for the first page.
// Rights: nothing is checked here. A caller who serves a tenant must set `org`.
#pragma once

#include "base/ids.hpp"
#include "base/money.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "suan/types.pb.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace suan::runtime {

struct JobRow {
    JobId id;
    JobId array;
    std::uint32_t array_index = 0;
    OrgId org;
    ProjectId project;
    MemberId member;
    PoolId pool;
    std::string name;
    Tier tier = TIER_STANDARD;
    std::uint32_t tasks = 0;
    std::uint32_t devices_per_task = 0;
    std::uint32_t milli_per_device = 0;
    std::int32_t priority = 0;
    Duration walltime;
    JobState state = JOB_STATE_UNSPECIFIED;
    Time submitted;
    Time started;  // of the newest lease; 0: never
    Time ended;
    std::int32_t exit_code = 0;
    std::uint32_t signal = 0;
    std::uint32_t attempts = 0;
    std::uint32_t preemptions = 0;
    std::uint32_t progress_permille = 0;
    PriceSheetId sheet;
    std::uint32_t price_line = 0;
    Money price;  // per device hour
    Money charged;
    std::int64_t milli_device_ms = 0;
    std::string reason;
    std::uint64_t seq = 0;  // of the entry that ended it
};

struct LeaseRow {
    LeaseId id;
    JobId job;
    OrgId org;
    std::uint32_t attempt = 0;
    std::uint32_t tasks = 0;
    std::vector<Slot> slots;
    Time started;
    Time ended;
    LeaseOutcome outcome = LEASE_OUTCOME_UNSPECIFIED;
    StopReason stopping = STOP_REASON_UNSPECIFIED;
    std::int32_t exit_code = 0;
    std::uint32_t signal = 0;
    Money charged;
    std::int64_t milli_device_ms = 0;
};

struct ChargeRow {
    std::uint64_t number = 0;  // grows with the log
    std::uint64_t seq = 0;
    OrgId org;
    ProjectId project;
    JobId job;
    LeaseId lease;
    PoolId pool;
    Tier tier = TIER_STANDARD;
    PriceSheetId sheet;
    std::uint32_t price_line = 0;
    Time from;
    Time to;
    std::int64_t milli_device_ms = 0;
    Money micro_yuan;
    Money credited;
    std::vector<Payment> payments;
    // Of a service: no project, job, lease, pool or tier.
    Service service = SERVICE_UNSPECIFIED;
    LedgerId ledger;
    std::int64_t quantity = 0;
};

struct InvoiceRow {
    std::uint64_t id = 0;
    std::uint64_t seq = 0;
    OrgId org;
    Time from;
    Time to;
    Time issued;
    Money total;
    Money corrections;
    std::vector<InvoiceLine> lines;
    std::vector<Payment> payments;
};

// One movement of money between two named accounts. Holds are not movements.
struct JournalRow {
    std::uint64_t number = 0;
    std::uint64_t seq = 0;
    Time time;
    OrgId org;
    std::string kind;   // fund, voucher, voucher_expired, charge, credit, correction
    std::string debit;  // account names as core::account_name: "org 3", "voucher 2", "revenue", ...
    std::string credit;
    Money amount;  // positive
    JobId job;     // of a charge
    LeaseId lease;
    std::string note;
};

// From `since` on a job waited for this; its next row, or its start, ends it. Nothing is written
// for a job that goes into the queue at once and starts without having held a reservation.
struct WaitRow {
    std::uint64_t number = 0;  // grows with the log
    JobId job;
    Time since;
    std::string code;     // as core::WaitReason: Priority, Resources, Dependency, ...
    Time reserved_start;  // of Resources: the start that is promised; else 0
};

struct JobFilter {
    OrgId org;  // 0: any
    ProjectId project;
    MemberId member;
    PoolId pool;
    JobState state = JOB_STATE_UNSPECIFIED;
    Time ended_from;              // 0: no bound
    Time ended_until = time_max;  // exclusive
    JobId before;                 // cursor: newest first, ids below this one; 0: from the newest
    std::uint32_t limit = 100;
};

struct MoneyFilter {
    OrgId org;  // 0: any
    JobId job;  // charges only; 0: any
    Time from;
    Time until = time_max;
    std::uint64_t after = 0;  // cursor: number (invoices: id), oldest first
    std::uint32_t limit = 100;
};

class History {
public:
    // Reads the tables that a hub keeps in the log's file.
    static Result<std::unique_ptr<History>> open(const std::filesystem::path& log_file);
    ~History();

    Result<std::vector<JobRow>> jobs(const JobFilter& filter) const;
    // `not_found` while it has not ended, and when it never was.
    Result<JobRow> job(JobId id) const;
    Result<std::vector<LeaseRow>> leases(JobId job) const;  // that ended, by attempt
    // What a job waited for, oldest first; the newest waits_max of them.
    Result<std::vector<WaitRow>> waits(JobId job) const;
    static constexpr std::uint32_t waits_max = 200;
    // Of a job or lease that ended; `not_found` otherwise.
    Result<OrgId> org_of(JobId id) const;
    Result<OrgId> org_of(LeaseId id) const;
    Result<std::vector<ChargeRow>> charges(const MoneyFilter& filter) const;
    Result<std::vector<InvoiceRow>> invoices(const MoneyFilter& filter) const;
    Result<InvoiceRow> invoice(std::uint64_t id) const;
    Result<std::vector<JournalRow>> journal(const MoneyFilter& filter) const;

private:
    class Reader;
    Result<OrgId> org_in(const char* table, std::uint64_t wanted) const;
    explicit History(std::unique_ptr<Reader> reader);
    std::unique_ptr<Reader> reader_;
};

}  // namespace suan::runtime
