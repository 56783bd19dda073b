#include "runtime/projector.hpp"

#include "runtime/subject.hpp"
#include "runtime/waits.hpp"

#include <fmt/format.h>

namespace suan::runtime {
namespace {

Tier tier_of(sched::Tier tier) {
    switch (tier) {
        case sched::Tier::reserved:
            return TIER_RESERVED;
        case sched::Tier::spot:
            return TIER_SPOT;
        case sched::Tier::standard:
            return TIER_STANDARD;
    }
    return TIER_STANDARD;
}

JobRow job_row(const core::Job& job, const Entry& entry, const JobEnded& event) {
    JobRow row;
    row.id = job.id;
    row.array = job.array;
    row.array_index = job.array_index;
    row.org = job.org;
    row.project = job.project;
    row.member = job.member;
    row.pool = job.pool;
    row.name = job.name;
    row.tier = tier_of(job.tier);
    row.tasks = job.shape.tasks_max;
    row.devices_per_task = job.shape.devices_per_task;
    row.milli_per_device = job.shape.milli;
    row.priority = job.priority;
    row.walltime = job.walltime;
    row.state = event.state();
    row.submitted = job.submitted;
    row.started = job.started;
    row.ended = Time{entry.time_us()};
    row.exit_code = event.exit_code();
    row.signal = event.signal();
    row.attempts = job.attempts;
    row.preemptions = job.preemptions;
    row.progress_permille = job.progress_permille;
    row.sheet = job.sheet;
    row.price_line = job.price_line;
    row.price = job.price;
    row.charged = job.charged;
    row.milli_device_ms = job.milli_device_ms;
    row.reason = event.reason();
    row.seq = entry.seq();
    return row;
}

InvoiceRow invoice_row(const Entry& entry, const InvoiceIssued& event, OrgId org) {
    InvoiceRow row;
    row.id = event.invoice_id();
    row.seq = entry.seq();
    row.org = org;
    row.from = Time{event.from_us()};
    row.to = Time{event.to_us()};
    row.issued = Time{entry.time_us()};
    row.corrections = Money{event.corrections_micro_yuan()};
    row.lines.assign(event.lines().begin(), event.lines().end());
    row.payments.assign(event.payments().begin(), event.payments().end());
    for (const InvoiceLine& line : row.lines) {
        row.total += Money{line.micro_yuan()};
    }
    row.total -= row.corrections;
    return row;
}

struct Movement {
    const char* kind;
    std::string debit;
    std::string credit;
    std::int64_t micro_yuan;
    std::string note;
};

JournalRow journal_row(const Entry& entry, std::uint32_t index, OrgId org, Movement movement) {
    JournalRow row;
    row.number = row_number(entry.seq(), index);
    row.seq = entry.seq();
    row.time = Time{entry.time_us()};
    row.org = org;
    row.kind = movement.kind;
    row.debit = std::move(movement.debit);
    row.credit = std::move(movement.credit);
    row.amount = Money{movement.micro_yuan};
    if (movement.micro_yuan < 0) {
        std::swap(row.debit, row.credit);
        row.amount = Money{-movement.micro_yuan};
    }
    row.note = std::move(movement.note);
    return row;
}

std::string org_name(OrgId org) {
    return fmt::format("org {}", org.value);
}

}  // namespace

void Projector::restore(const core::State& state) {
    live_.clear();
    state.leases.for_each([&](std::uint64_t id, const core::Lease& lease) {
        LiveLease live;
        live.row.id = lease.id;
        live.row.job = lease.job;
        live.row.org = org_of_job(state, lease.job.value);
        live.row.attempt = lease.attempt;
        live.row.tasks = lease.tasks;
        for (const sched::Slot& from : lease.placement) {
            Slot slot;
            slot.set_node_id(from.node.value);
            slot.set_tasks(from.tasks);
            slot.set_device_mask(from.device_mask);
            live.row.slots.push_back(slot);
        }
        live.row.started = lease.started;
        live.row.stopping = lease.stopping;
        live.row.charged = lease.charged;
        live.row.milli_device_ms = lease.milli_device_ms;
        live.charged_to = lease.metered_to;
        live_.emplace(id, std::move(live));
    });
}

OrgId Projector::org_of_job(const core::State& state, std::uint64_t job) const {
    const core::Job* found = state.jobs.find(job);
    return found == nullptr ? OrgId{} : found->org;
}

OrgId Projector::org_of_lease(std::uint64_t lease) const {
    const auto found = live_.find(lease);
    return found == live_.end() ? OrgId{} : found->second.row.org;
}

OrgId Projector::org_of_event(const core::State& state, const Entry& entry,
                              const Event& event) const {
    const Subject subject = subject_of(entry, event);
    switch (subject.kind) {
        case Subject::Kind::org:
            return OrgId{static_cast<std::uint32_t>(subject.id)};
        case Subject::Kind::job:
            return org_of_job(state, subject.id);
        case Subject::Kind::lease:
            return org_of_lease(subject.id);
        case Subject::Kind::member: {
            const core::Member* member = state.members.find(subject.id);
            return member == nullptr ? OrgId{} : member->org;
        }
        case Subject::Kind::voucher: {
            const core::Voucher* voucher = state.vouchers.find(subject.id);
            return voucher == nullptr ? OrgId{} : voucher->org;
        }
    }
    return OrgId{};
}

// Keeps up with the leases that live.
void Projector::follow(const Entry& entry, const Event& event, OrgId org) {
    if (event.has_job_started()) {
        const JobStarted& started = event.job_started();
        LiveLease live;
        live.row.id = LeaseId{started.lease_id()};
        live.row.job = JobId{started.job_id()};
        live.row.org = org;
        live.row.attempt = started.attempt();
        live.row.tasks = started.tasks();
        live.row.slots.assign(started.slots().begin(), started.slots().end());
        live.row.started = Time{entry.time_us()};
        live.charged_to = live.row.started;
        live_.emplace(started.lease_id(), std::move(live));
    } else if (event.has_lease_stopping()) {
        const auto lease = live_.find(event.lease_stopping().lease_id());
        if (lease != live_.end()) lease->second.row.stopping = event.lease_stopping().reason();
    } else if (event.has_lease_ended()) {
        const auto lease = live_.find(event.lease_ended().lease_id());
        if (lease == live_.end()) return;
        LeaseRow& row = lease->second.row;
        row.ended = Time{entry.time_us()};
        row.outcome = event.lease_ended().outcome();
        row.exit_code = event.lease_ended().exit_code();
        row.signal = event.lease_ended().signal();
        ended_.push_back(lease->first);
    }
}

void Projector::add_charge_row(const core::State& state, const Entry& entry, std::uint32_t index,
                               const LeaseCharged& event, std::vector<HistoryRow>& rows) {
    const auto lease = live_.find(event.lease_id());
    if (lease == live_.end()) return;
    LiveLease& live = lease->second;
    ChargeRow row;
    row.number = row_number(entry.seq(), index);
    row.seq = entry.seq();
    row.org = live.row.org;
    row.job = live.row.job;
    row.lease = live.row.id;
    if (const core::Job* job = state.jobs.find(live.row.job.value); job != nullptr) {
        row.project = job->project;
        row.pool = job->pool;
        row.tier = tier_of(job->tier);
        row.sheet = job->sheet;
        row.price_line = job->price_line;
    }
    row.from = live.charged_to;
    row.to = Time{event.to_us()};
    row.milli_device_ms = event.milli_device_ms();
    row.micro_yuan = Money{event.micro_yuan()};
    row.credited = Money{event.credited_micro_yuan()};
    row.payments.assign(event.payments().begin(), event.payments().end());
    live.charged_to = row.to;
    live.row.charged += row.micro_yuan;
    live.row.milli_device_ms += row.milli_device_ms;
    rows.emplace_back(std::move(row));
}

namespace {

// What a ledger was charged; a charge of nothing only ends a hold.
void add_ledger_row(const Entry& entry, std::uint32_t index, const LedgerCharged& event,
                    std::vector<HistoryRow>& rows) {
    if (event.quantity() == 0) return;
    ChargeRow row;
    row.number = row_number(entry.seq(), index);
    row.seq = entry.seq();
    row.org = OrgId{event.org_id()};
    row.service = event.service();
    row.ledger = LedgerId{event.ledger_id()};
    row.quantity = event.quantity();
    row.sheet = PriceSheetId{event.price_sheet_id()};
    row.price_line = event.price_line();
    row.from = Time{event.from_us()};
    row.to = Time{event.to_us()};
    row.micro_yuan = Money{event.micro_yuan()};
    if (event.micro_yuan() != 0) {
        row.payments.emplace_back();
        row.payments.back().set_micro_yuan(event.micro_yuan());
    }
    rows.emplace_back(std::move(row));
}

}  // namespace

void Projector::add_rows(const core::State& state, const Entry& entry, std::uint32_t index,
                         const Event& event, OrgId org, std::vector<HistoryRow>& rows) {
    const Command& command = entry.command();
    switch (event.kind_case()) {
        case Event::kJobEnded:
            if (const core::Job* job = state.jobs.find(event.job_ended().job_id())) {
                rows.emplace_back(job_row(*job, entry, event.job_ended()));
            }
            break;
        case Event::kLeaseCharged:
            add_charge_row(state, entry, index, event.lease_charged(), rows);
            break;
        case Event::kLedgerCharged:
            add_ledger_row(entry, index, event.ledger_charged(), rows);
            break;
        case Event::kInvoiceIssued:
            rows.emplace_back(invoice_row(entry, event.invoice_issued(), org));
            break;
        case Event::kOrgFunded:
            rows.emplace_back(
                journal_row(entry, index, org,
                            {"fund", "bank", org_name(org), command.fund_org().micro_yuan(),
                             command.fund_org().note()}));
            break;
        case Event::kVoucherIssued:
            rows.emplace_back(journal_row(
                entry, index, org,
                {"voucher", "funders",
                 fmt::format("voucher {}", event.voucher_issued().voucher_id()),
                 command.issue_voucher().micro_yuan(), command.issue_voucher().funder()}));
            break;
        case Event::kVoucherExpired:
            rows.emplace_back(journal_row(
                entry, index, org,
                {"voucher_expired", fmt::format("voucher {}", event.voucher_expired().voucher_id()),
                 "funders", event.voucher_expired().returned_micro_yuan(), ""}));
            break;
        case Event::kQuoteEnded:
            if (event.quote_ended().compensation_micro_yuan() == 0) break;
            rows.emplace_back(journal_row(
                entry, index, org,
                {"compensation", "corrections", org_name(org),
                 event.quote_ended().compensation_micro_yuan(),
                 fmt::format("quote {} of job {} was missed", event.quote_ended().quote_id(),
                             event.quote_ended().job_id())}));
            break;
        case Event::kCorrected:
            rows.emplace_back(
                journal_row(entry, index, org,
                            {"correction", "corrections", org_name(org),
                             command.correct().micro_yuan(), command.correct().reason()}));
            break;
        default:
            break;
    }
}

std::vector<OrgId> Projector::observe(const core::State& state, const Entry& entry,
                                      std::vector<HistoryRow>& rows) {
    std::vector<OrgId> orgs;
    orgs.reserve(static_cast<std::size_t>(entry.events_size()));
    std::uint32_t index = 0;
    for (const Event& event : entry.events()) {
        const OrgId org = org_of_event(state, entry, event);
        orgs.push_back(org);
        follow(entry, event, org);
        add_wait_row(state, entry, index, event, rows);
        add_rows(state, entry, index++, event, org, rows);
    }
    for (const std::uint64_t lease : ended_) {
        const auto live = live_.find(lease);
        rows.emplace_back(std::move(live->second.row));
        live_.erase(live);
    }
    ended_.clear();
    return orgs;
}

}  // namespace suan::runtime
