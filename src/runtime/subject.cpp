#include "runtime/subject.hpp"

namespace suan::runtime {
namespace {

// The org that a command names, of commands that change something about one org.
Subject subject_of_command(const Command& command) {
    const auto org = [](std::uint32_t id) { return Subject{Subject::Kind::org, id}; };
    switch (command.kind_case()) {
        case Command::kSubmitJob:
            return org(command.submit_job().org_id());
        case Command::kCreateProject:
            return org(command.create_project().org_id());
        case Command::kCreateMember:
            return org(command.create_member().org_id());
        case Command::kChangeMember:
            return {Subject::Kind::member, command.change_member().member_id()};
        case Command::kSetShare:
            return org(command.set_share().org_id());
        case Command::kFundOrg:
            return org(command.fund_org().org_id());
        case Command::kSetBudget:
            return org(command.set_budget().org_id());
        case Command::kIssueVoucher:
            return org(command.issue_voucher().org_id());
        case Command::kCorrect:
            return org(command.correct().org_id());
        case Command::kCloseInvoice:
            return org(command.close_invoice().org_id());
        case Command::kOfferQuote:
            return org(command.offer_quote().org_id());
        default:
            return {};
    }
}

// The job that an event of a job names; 0 for other events.
std::uint64_t job_of(const Event& event) {
    switch (event.kind_case()) {
        case Event::kJobEligible:
            return event.job_eligible().job_id();
        case Event::kJobRelaxed:
            return event.job_relaxed().job_id();
        case Event::kJobStarted:
            return event.job_started().job_id();
        case Event::kJobRequeued:
            return event.job_requeued().job_id();
        case Event::kJobEnded:
            return event.job_ended().job_id();
        case Event::kJobHeld:
            return event.job_held().job_id();
        case Event::kJobReleased:
            return event.job_released().job_id();
        case Event::kJobReserved:
            return event.job_reserved().job_id();
        case Event::kJobUnreserved:
            return event.job_unreserved().job_id();
        case Event::kJobFunded:
            return event.job_funded().job_id();
        case Event::kJobUnfunded:
            return event.job_unfunded().job_id();
        case Event::kJobOutbid:
            return event.job_outbid().job_id();
        case Event::kBidChanged:
            return event.bid_changed().job_id();
        default:
            return 0;
    }
}

std::uint64_t lease_of(const Event& event) {
    switch (event.kind_case()) {
        case Event::kLeaseRunning:
            return event.lease_running().lease_id();
        case Event::kLeaseStopping:
            return event.lease_stopping().lease_id();
        case Event::kLeaseEnded:
            return event.lease_ended().lease_id();
        case Event::kLeaseCharged:
            return event.lease_charged().lease_id();
        case Event::kLeaseProgress:
            return event.lease_progress().lease_id();
        case Event::kLeasePriced:
            return event.lease_priced().lease_id();
        default:
            return 0;
    }
}

}  // namespace

Subject subject_of(const Entry& entry, const Event& event) {
    if (const std::uint64_t job = job_of(event); job != 0) return {Subject::Kind::job, job};
    if (const std::uint64_t lease = lease_of(event); lease != 0) {
        return {Subject::Kind::lease, lease};
    }
    switch (event.kind_case()) {
        case Event::kOrgCreated:
            return {Subject::Kind::org, event.org_created().org_id()};
        case Event::kLedgerOpened:
            return {Subject::Kind::org, event.ledger_opened().org_id()};
        case Event::kLedgerClosing:
            return {Subject::Kind::org, event.ledger_closing().org_id()};
        case Event::kLedgerClosed:
            return {Subject::Kind::org, event.ledger_closed().org_id()};
        case Event::kLedgerHeld:
            return {Subject::Kind::org, event.ledger_held().org_id()};
        case Event::kLedgerCharged:
            return {Subject::Kind::org, event.ledger_charged().org_id()};
        case Event::kQuoteEnded:
            return {Subject::Kind::org, event.quote_ended().org_id()};
        case Event::kVoucherExpired:
            return {Subject::Kind::voucher, event.voucher_expired().voucher_id()};
        default:
            return subject_of_command(entry.command());
    }
}

}  // namespace suan::runtime
