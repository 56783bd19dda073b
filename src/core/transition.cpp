#include "core/transition.hpp"

#include "base/limits.hpp"
#include "core/centre.hpp"
#include "core/idempotency.hpp"
#include "core/jobs.hpp"
#include "core/leases.hpp"
#include "core/ledgers.hpp"
#include "core/market.hpp"
#include "core/money.hpp"
#include "core/orgs.hpp"
#include "core/quotes.hpp"
#include "core/rules_file.hpp"
#include "core/step.hpp"
#include "core/tick.hpp"
#include "core/witnesses.hpp"

namespace suan::core {
namespace {

Verdict decide(Step& step, const Command& command) {
    switch (command.kind_case()) {
        case Command::kTick:
            return decide_tick(step);
        case Command::kCancelJob:
            return decide_cancel_job(step, command.cancel_job());
        case Command::kHoldJob:
            return decide_hold_job(step, command.hold_job());
        case Command::kReleaseJob:
            return decide_release_job(step, command.release_job());
        case Command::kLeaseReport:
            return decide_lease_report(step, command.lease_report());
        case Command::kDefinePool:
            return decide_define_pool(step, command.define_pool());
        case Command::kAddNodes:
            return decide_add_nodes(step, command.add_nodes());
        case Command::kSetNodeState:
            return decide_set_node_state(step, command.set_node_state());
        case Command::kSetPoolRules:
            return decide_set_pool_rules(step, command.set_pool_rules());
        case Command::kCreateOrg:
            return decide_create_org(step, command.create_org());
        case Command::kCreateProject:
            return decide_create_project(step, command.create_project());
        case Command::kCreateMember:
            return decide_create_member(step, command.create_member());
        case Command::kChangeMember:
            return decide_change_member(step, command.change_member());
        case Command::kSetShare:
            return decide_set_share(step, command.set_share());
        case Command::kPublishPriceSheet:
            return decide_publish_price_sheet(step, command.publish_price_sheet());
        case Command::kFundOrg:
            return decide_fund_org(step, command.fund_org());
        case Command::kSetBudget:
            return decide_set_budget(step, command.set_budget());
        case Command::kIssueVoucher:
            return decide_issue_voucher(step, command.issue_voucher());
        case Command::kCorrect:
            return decide_correct(step, command.correct());
        case Command::kCloseInvoice:
            return decide_close_invoice(step, command.close_invoice());
        case Command::kOpenLedger:
            return decide_open_ledger(step, command.open_ledger());
        case Command::kCloseLedger:
            return decide_close_ledger(step, command.close_ledger());
        case Command::kMeterLedgers:
            return decide_meter_ledgers(step, command.meter_ledgers());
        case Command::kRegisterWitness:
            return decide_register_witness(step, command.register_witness());
        case Command::kRemoveWitness:
            return decide_remove_witness(step, command.remove_witness());
        case Command::kOfferQuote:
            return decide_offer_quote(step, command.offer_quote());
        case Command::kChangeRules:
            return decide_change_rules(step, command.change_rules());
        case Command::kChangeBid:
            return decide_change_bid(step, command.change_bid());
        case Command::kSubmitJob:  // has answers of its own, see step()
        case Command::KIND_NOT_SET:
            break;
    }
    return reject(RejectionCode::invalid_field, "kind",
                  "the command has no kind that this version knows");
}

AlreadyDone already_done(const IdempotentRequest& request) {
    return {request.seq, request.first_job, request.count};
}

// What an idempotency key answers in place of a decision.
std::optional<Outcome> answer_by_key(const State& state, const Entry& entry) {
    const Command& command = entry.command();
    const KeyAnswer answer = look_up_key(state, MemberId{entry.actor().member_id()},
                                         command.idempotency_key(), command.request_sm3());
    if (const auto* bad = std::get_if<Rejection>(&answer)) return *bad;
    if (const auto* known = std::get_if<const IdempotentRequest*>(&answer)) {
        return already_done(**known);
    }
    return std::nullopt;
}

}  // namespace

Outcome step(State& state, Entry& entry) {
    SUAN_ASSERT(Time{entry.time_us()} >= state.now);
    SUAN_ASSERT(entry.events_size() == 0);
    entry.set_rules_version(rules_version);
    Step step(state, entry);
    if (entry.command().kind_case() == Command::kSubmitJob) {
        const SubmitVerdict verdict = decide_submit_job(step, entry.command().submit_job());
        if (verdict.rejection) return *verdict.rejection;
        if (verdict.done) return already_done(*verdict.done);
        return std::monostate{};
    }
    if (auto answer = answer_by_key(state, entry)) return *std::move(answer);
    if (Verdict refused = decide(step, entry.command())) {
        SUAN_ASSERT(entry.events_size() == 0);
        return *refused;
    }
    return std::monostate{};
}

void apply(State& state, const Entry& entry) {
    begin_entry(state, entry);
    for (const Event& event : entry.events())
        apply_event(state, entry, event);
}

void begin_entry(State& state, const Entry& entry) {
    SUAN_ASSERT(entry.seq() == state.seq + 1);
    SUAN_ASSERT(Time{entry.time_us()} >= state.now);
    state.seq = entry.seq();
    state.now = Time{entry.time_us()};
    for (std::uint32_t pool = 1; pool < state.next_pool; ++pool)
        state.pools.at(pool).scheduler.advance(state.now);
    const Command& command = entry.command();
    if (!command.idempotency_key().empty()) {
        remember_key(state, MemberId{entry.actor().member_id()}, command.idempotency_key(),
                     command.request_sm3());
    }
}

namespace {

enum class Handled { no, yes };

Handled apply_job_event(State& state, const Entry& entry, const Event& event) {
    switch (event.kind_case()) {
        case Event::kJobAdmitted:
            apply_job_admitted(state, entry, event.job_admitted());
            return Handled::yes;
        case Event::kJobEligible:
            apply_job_eligible(state, event.job_eligible());
            return Handled::yes;
        case Event::kJobRelaxed:
            apply_job_relaxed(state, event.job_relaxed());
            return Handled::yes;
        case Event::kJobStarted:
            apply_job_started(state, event.job_started());
            return Handled::yes;
        case Event::kLeaseStopping:
            apply_lease_stopping(state, event.lease_stopping());
            return Handled::yes;
        case Event::kLeaseEnded:
            apply_lease_ended(state, event.lease_ended());
            return Handled::yes;
        case Event::kLeaseCharged:
            apply_lease_charged(state, event.lease_charged());
            return Handled::yes;
        case Event::kJobRequeued:
            apply_job_requeued(state, event.job_requeued());
            return Handled::yes;
        case Event::kJobEnded:
            apply_job_ended(state, event.job_ended());
            return Handled::yes;
        case Event::kJobHeld:
            apply_job_held(state, event.job_held());
            return Handled::yes;
        case Event::kJobReleased:
            apply_job_released(state, event.job_released());
            return Handled::yes;
        case Event::kJobReserved:
            apply_job_reserved(state, event.job_reserved());
            return Handled::yes;
        case Event::kJobUnreserved:
            apply_job_unreserved(state, event.job_unreserved());
            return Handled::yes;
        case Event::kLeaseProgress:
            apply_lease_progress(state, event.lease_progress());
            return Handled::yes;
        case Event::kJobFunded:
            apply_job_funded(state, event.job_funded());
            return Handled::yes;
        case Event::kLeaseRunning:
            apply_lease_running(state, event.lease_running());
            return Handled::yes;
        case Event::kJobUnfunded:
            apply_job_unfunded(state, event.job_unfunded());
            return Handled::yes;
        default:
            return Handled::no;
    }
}

Handled apply_centre_event(State& state, const Entry& entry, const Event& event) {
    switch (event.kind_case()) {
        case Event::kTimeAdvanced:  // begin_entry has told the schedulers
            return Handled::yes;
        case Event::kPoolDefined:
            apply_pool_defined(state, entry, event.pool_defined());
            return Handled::yes;
        case Event::kNodesAdded:
            apply_nodes_added(state, entry, event.nodes_added());
            return Handled::yes;
        case Event::kNodeStateChanged:
            apply_node_state_changed(state, entry, event.node_state_changed());
            return Handled::yes;
        case Event::kPoolRulesChanged:
            apply_pool_rules_changed(state, entry, event.pool_rules_changed());
            return Handled::yes;
        case Event::kOrgCreated:
            apply_org_created(state, entry, event.org_created());
            return Handled::yes;
        case Event::kProjectCreated:
            apply_project_created(state, entry, event.project_created());
            return Handled::yes;
        case Event::kMemberCreated:
            apply_member_created(state, entry, event.member_created());
            return Handled::yes;
        case Event::kMemberChanged:
            apply_member_changed(state, entry, event.member_changed());
            return Handled::yes;
        case Event::kShareChanged:
            apply_share_changed(state, entry, event.share_changed());
            return Handled::yes;
        case Event::kPriceSheetPublished:
            apply_price_sheet_published(state, entry, event.price_sheet_published());
            return Handled::yes;
        case Event::kOrgFunded:
            apply_org_funded(state, entry, event.org_funded());
            return Handled::yes;
        case Event::kBudgetChanged:
            apply_budget_changed(state, entry, event.budget_changed());
            return Handled::yes;
        case Event::kVoucherIssued:
            apply_voucher_issued(state, entry, event.voucher_issued());
            return Handled::yes;
        case Event::kVoucherExpired:
            apply_voucher_expired(state, event.voucher_expired());
            return Handled::yes;
        case Event::kCorrected:
            apply_corrected(state, entry, event.corrected());
            return Handled::yes;
        case Event::kInvoiceIssued:
            apply_invoice_issued(state, entry, event.invoice_issued());
            return Handled::yes;
        case Event::kWitnessRegistered:
            apply_witness_registered(state, entry, event.witness_registered());
            return Handled::yes;
        case Event::kWitnessRemoved:
            apply_witness_removed(state, entry, event.witness_removed());
            return Handled::yes;
        default:
            return Handled::no;
    }
}

Handled apply_ledger_event(State& state, const Entry& entry, const Event& event) {
    switch (event.kind_case()) {
        case Event::kLedgerOpened:
            apply_ledger_opened(state, entry, event.ledger_opened());
            return Handled::yes;
        case Event::kLedgerClosing:
            apply_ledger_closing(state, event.ledger_closing());
            return Handled::yes;
        case Event::kLedgerClosed:
            apply_ledger_closed(state, event.ledger_closed());
            return Handled::yes;
        case Event::kLedgerHeld:
            apply_ledger_held(state, event.ledger_held());
            return Handled::yes;
        case Event::kLedgerCharged:
            apply_ledger_charged(state, event.ledger_charged());
            return Handled::yes;
        case Event::kLedgersAnchored:
            apply_ledgers_anchored(state, entry);
            return Handled::yes;
        default:
            return Handled::no;
    }
}

Handled apply_promise_event(State& state, const Entry& entry, const Event& event) {
    switch (event.kind_case()) {
        case Event::kQuoteOffered:
            apply_quote_offered(state, entry, event.quote_offered());
            return Handled::yes;
        case Event::kQuoteEnded:
            apply_quote_ended(state, event.quote_ended());
            return Handled::yes;
        case Event::kRulesScheduled:
            apply_rules_scheduled(state, entry, event.rules_scheduled());
            return Handled::yes;
        case Event::kRulesTookEffect:
            apply_rules_took_effect(state, event.rules_took_effect());
            return Handled::yes;
        case Event::kRulesWithdrawn:
            apply_rules_withdrawn(state, event.rules_withdrawn());
            return Handled::yes;
        default:
            return Handled::no;
    }
}

Handled apply_market_event(State& state, const Entry& entry, const Event& event) {
    switch (event.kind_case()) {
        case Event::kSpotCleared:
            apply_spot_cleared(state, event.spot_cleared());
            return Handled::yes;
        case Event::kSpotClosed:
            apply_spot_closed(state, event.spot_closed());
            return Handled::yes;
        case Event::kJobOutbid:
            apply_job_outbid(state, event.job_outbid());
            return Handled::yes;
        case Event::kLeasePriced:
            apply_lease_priced(state, event.lease_priced());
            return Handled::yes;
        case Event::kBidChanged:
            apply_bid_changed(state, entry, event.bid_changed());
            return Handled::yes;
        default:
            return Handled::no;
    }
}

}  // namespace

void apply_event(State& state, const Entry& entry, const Event& event) {
    const bool known = apply_job_event(state, entry, event) == Handled::yes ||
                       apply_centre_event(state, entry, event) == Handled::yes ||
                       apply_ledger_event(state, entry, event) == Handled::yes ||
                       apply_promise_event(state, entry, event) == Handled::yes ||
                       apply_market_event(state, entry, event) == Handled::yes;
    SUAN_ASSERT(known);
}

}  // namespace suan::core
