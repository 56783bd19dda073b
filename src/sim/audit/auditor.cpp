#include "sim/audit/auditor.hpp"

#include "sim/audit/model.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

using Kind = Event::KindCase;

// Which events a command may have, and the one it must have (KIND_NOT_SET: none must be).
struct Effects {
    Kind primary = Event::KIND_NOT_SET;
    std::set<Kind> others;
};

const std::set<Kind>& effects_of_an_end() {
    static const std::set<Kind> kinds{
        Event::kLeaseCharged, Event::kLeaseEnded,     Event::kJobRequeued,
        Event::kJobEnded,     Event::kJobEligible,    Event::kJobUnfunded,
        Event::kJobFunded,    Event::kVoucherExpired, Event::kLeaseStopping};
    return kinds;
}

std::set<Kind> with(std::set<Kind> kinds, std::initializer_list<Kind> more) {
    kinds.insert(more.begin(), more.end());
    return kinds;
}

std::set<Kind> effects_of_a_tick() {
    return with(
        effects_of_an_end(),
        {Event::kTimeAdvanced, Event::kJobRelaxed, Event::kJobStarted, Event::kJobReserved,
         Event::kJobUnreserved, Event::kQuoteEnded, Event::kRulesTookEffect, Event::kRulesWithdrawn,
         Event::kSpotCleared, Event::kSpotClosed, Event::kJobOutbid, Event::kLeasePriced});
}

Effects effects_of(const Command& command) {
    switch (command.kind_case()) {
        case Command::kTick:
            return {Event::KIND_NOT_SET, effects_of_a_tick()};
        case Command::kSubmitJob:
            return {Event::kJobAdmitted, {}};
        case Command::kCancelJob:
            return {Event::KIND_NOT_SET,
                    {Event::kLeaseStopping, Event::kJobEnded, Event::kJobEligible}};
        case Command::kHoldJob:
            return {Event::kJobHeld, {}};
        case Command::kReleaseJob:
            return {Event::kJobReleased, {}};
        case Command::kLeaseReport:
            return {Event::KIND_NOT_SET,
                    with(effects_of_an_end(), {Event::kLeaseRunning, Event::kLeaseProgress,
                                               Event::kJobStarted})};  // a resized run goes on
        case Command::kDefinePool:
            return {Event::kPoolDefined, {}};
        case Command::kAddNodes:
            return {Event::kNodesAdded, {}};
        case Command::kSetNodeState:
            return {Event::kNodeStateChanged, {Event::kLeaseStopping}};
        case Command::kSetPoolRules:
            return {Event::kPoolRulesChanged, {}};
        case Command::kCreateOrg:
            return {Event::kOrgCreated, {}};
        case Command::kCreateProject:
            return {Event::kProjectCreated, {}};
        case Command::kCreateMember:
            return {Event::kMemberCreated, {}};
        case Command::kChangeMember:
            return {Event::kMemberChanged, {}};
        case Command::kSetShare:
            return {Event::kShareChanged, {}};
        case Command::kPublishPriceSheet:
            return {Event::kPriceSheetPublished, {}};
        case Command::kFundOrg:
            return {Event::kOrgFunded, {Event::kJobFunded}};
        case Command::kSetBudget:
            return {Event::kBudgetChanged, {Event::kJobFunded}};
        case Command::kIssueVoucher:
            return {Event::kVoucherIssued, {Event::kJobFunded}};
        case Command::kCorrect:
            return {Event::kCorrected, {Event::kJobFunded}};
        case Command::kOfferQuote:
            return {Event::kQuoteOffered, {}};
        case Command::kChangeRules:
            return {Event::kRulesScheduled, {Event::kRulesTookEffect}};
        case Command::kChangeBid:
            return {Event::kBidChanged, {}};
        case Command::kCloseInvoice:
            return {Event::kInvoiceIssued,
                    {Event::kLeaseCharged, Event::kJobUnfunded, Event::kJobFunded,
                     Event::kVoucherExpired, Event::kLeaseStopping}};
        case Command::kRegisterWitness:
            return {Event::kWitnessRegistered, {}};
        case Command::kRemoveWitness:
            return {Event::kWitnessRemoved, {}};
        case Command::kOpenLedger:  // no simulated centre keeps ledgers: their journal is real
        case Command::kCloseLedger:
        case Command::kMeterLedgers:
        case Command::KIND_NOT_SET:
            break;
    }
    return {};
}

// How often the primary effect must be there.
int primary_count(const Command& command, const Entry& entry) {
    if (command.has_submit_job() && command.submit_job().has_array())
        return command.submit_job().array().indices_size();
    if (!command.has_set_node_state()) return 1;
    int changed = 0;
    for (const Event& event : entry.events())
        changed += event.has_node_state_changed() ? 1 : 0;
    return std::max(1, changed);
}

std::string request_text(const Actor& actor, const Command& command) {
    std::string command_text = command.SerializeAsString();
    return fmt::format("{}/{}/{}:{}", actor.member_id(), actor.org_id(),
                       static_cast<int>(actor.role()), command_text);
}

bool is_the_hubs_own(const Command& command) {
    return command.has_tick() || command.has_lease_report();
}

}  // namespace

Auditor::Auditor() : impl_(std::make_unique<Impl>()) {}
Auditor::~Auditor() = default;

const std::optional<Finding>& Auditor::finding() const {
    return impl_->finding;
}
std::uint64_t Auditor::entries_seen() const {
    return impl_->seq;
}

void Auditor::Impl::violate(Rule rule, std::string message) {
    if (finding) return;
    finding = Finding{rule, current == nullptr ? 0 : current->seq(), std::move(message),
                      current == nullptr ? "" : current->ShortDebugString()};
}

void Auditor::Impl::fresh_id(IdKind kind, std::uint64_t id) {
    std::uint64_t& last = last_id[kind];
    if (id <= last) {
        violate(Rule::id_reused, fmt::format("id {} was given out, but {} before it", id, last));
    }
    last = std::max(last, id);
}

void Auditor::entry(const Entry& entry) {
    Impl& in = *impl_;
    if (!in.good()) return;
    in.current = &entry;
    if (entry.seq() != in.seq + 1) {
        in.violate(Rule::sequence, fmt::format("entry {} follows {}", entry.seq(), in.seq));
    }
    if (entry.time_us() < in.now) {
        in.violate(Rule::time_backwards, fmt::format("{} us after {} us", entry.time_us(), in.now));
    }
    in.seq = entry.seq();
    in.now = entry.time_us();
    if (!is_the_hubs_own(entry.command()))
        in.entry_text[in.seq] = request_text(entry.actor(), entry.command());
    in.check_primary_effect();
    for (const Event& event : entry.events()) {
        in.check_kind(event);
        if (in.good()) in.event(event);
    }
    if (entry.command().has_cancel_job()) in.mark_cancelled(entry.command().cancel_job());
    if (in.good()) in.end_of_entry();
    in.current = nullptr;
}

void Auditor::Impl::check_kind(const Event& event) {
    const Effects effects = effects_of(current->command());
    if (event.kind_case() == effects.primary || effects.others.count(event.kind_case()) != 0)
        return;
    violate(Rule::foreign_effect,
            fmt::format("the command cannot have the event {}", event.ShortDebugString()));
}

void Auditor::Impl::check_primary_effect() {
    const Effects effects = effects_of(current->command());
    if (current->events().empty()) violate(Rule::effect_missing, "an entry without events");
    if (effects.primary == Event::KIND_NOT_SET) return;
    int count = 0;
    for (const Event& event : current->events())
        count += event.kind_case() == effects.primary ? 1 : 0;
    const int wanted = primary_count(current->command(), *current);
    if (count != wanted) {
        violate(Rule::effect_missing,
                fmt::format("the command has its effect {} times, not {}", count, wanted));
    }
}

void Auditor::Impl::event(const Event& event) {
    switch (event.kind_case()) {
        case Event::kTimeAdvanced:
        case Event::kJobReserved:
        case Event::kJobUnreserved:
        case Event::kLeaseRunning:
        case Event::kMemberChanged:
            return;
        case Event::kJobAdmitted:
            return job_admitted(event.job_admitted());
        case Event::kJobEligible:
            return job_queued(event.job_eligible().job_id());
        case Event::kJobRelaxed:
            return job_relaxed(event.job_relaxed().job_id());
        case Event::kJobStarted:
            return job_started(event.job_started());
        case Event::kLeaseStopping:
            return lease_stopping(event.lease_stopping());
        case Event::kLeaseEnded:
            return lease_ended(event.lease_ended());
        case Event::kLeaseCharged:
            return lease_charged(event.lease_charged());
        case Event::kJobRequeued:
            return job_requeued(event.job_requeued());
        case Event::kJobEnded:
            return job_ended(event.job_ended());
        case Event::kJobHeld:
            return job_held(event.job_held());
        case Event::kJobReleased:
            return job_released(event.job_released());
        case Event::kLeaseProgress:
            return lease_progress(event.lease_progress());
        case Event::kJobFunded:
            return job_funded(event.job_funded());
        case Event::kJobUnfunded:
            return job_unfunded(event.job_unfunded());
        case Event::KIND_NOT_SET:
            return violate(Rule::foreign_effect, "an event of no kind");
        default:
            return centre_event(event);
    }
}

void Auditor::Impl::centre_event(const Event& event) {
    switch (event.kind_case()) {
        case Event::kPoolDefined:
            return pool_defined(event.pool_defined());
        case Event::kNodesAdded:
            return nodes_added(event.nodes_added());
        case Event::kNodeStateChanged:
            return node_state_changed(event.node_state_changed());
        case Event::kPoolRulesChanged:
            return rules_changed(current->command().set_pool_rules());
        case Event::kOrgCreated:
            return org_created(event.org_created());
        case Event::kProjectCreated:
            return project_created(event.project_created());
        case Event::kMemberCreated:
            return member_created(event.member_created());
        case Event::kShareChanged:
            return share_changed(current->command().set_share());
        case Event::kPriceSheetPublished:
            return sheet_published(event.price_sheet_published().price_sheet_id(),
                                   current->command().publish_price_sheet().lines());
        case Event::kOrgFunded:
            return org_funded();
        case Event::kBudgetChanged:
            return budget_changed(event.budget_changed());
        case Event::kVoucherIssued:
            return voucher_issued(event.voucher_issued());
        case Event::kVoucherExpired:
            return voucher_expired(event.voucher_expired());
        case Event::kCorrected:
            return corrected(event.corrected());
        case Event::kInvoiceIssued:
            return invoice_issued(event.invoice_issued());
        case Event::kWitnessRegistered:
            return witness_registered(event.witness_registered());
        case Event::kWitnessRemoved:
            return witness_removed();
        case Event::kQuoteOffered:
        case Event::kQuoteEnded:
        case Event::kRulesScheduled:
        case Event::kRulesTookEffect:
        case Event::kRulesWithdrawn:
            return promise_event(event);
        case Event::kSpotCleared:
        case Event::kSpotClosed:
        case Event::kJobOutbid:
        case Event::kLeasePriced:
        case Event::kBidChanged:
            return market_event(event);
        default:  // ledgers are of no simulated centre
            violate(Rule::foreign_effect, "an event of no kind that a simulated centre has");
    }
}

void Auditor::Impl::end_of_entry() {
    for (const std::uint64_t id : alive) {
        if (jobs.at(id).between_lease) {
            violate(
                Rule::ended_wrongly,
                fmt::format("the lease of job {} ended, and the job neither ends nor waits", id));
            return;
        }
    }
    if (!current->command().has_tick()) return;
    check_clearings_done();
    if (good()) check_nothing_overdue();
    if (good()) check_promises_kept();
    if (good()) check_queue_complete();
}

void Auditor::sent(std::uint64_t request, const Actor& actor, const Command& command) {
    AuditRequest& made = impl_->requests[request];
    made.text = request_text(actor, command);
    made.command = command;
}

void Auditor::accepted(std::uint64_t request, std::uint64_t seq) {
    Impl& in = *impl_;
    if (!in.good()) return;
    AuditRequest& made = in.requests.at(request);
    made.answer = AuditRequest::Answer::accepted;
    made.seq = seq;
    if (seq == 0) {
        if (made.command.has_cancel_job()) in.mark_cancelled(made.command.cancel_job());
        return;
    }
    const auto entry = in.entry_text.find(seq);
    if (entry == in.entry_text.end() || entry->second != made.text) {
        in.violate(
            Rule::request_without_effect,
            fmt::format("request {} was acknowledged as entry {}, which is another or none: {}",
                        request, seq, made.command.ShortDebugString()));
        return;
    }
    in.entry_text.erase(entry);
}

void Auditor::refused(std::uint64_t request) {
    impl_->requests.at(request).answer = AuditRequest::Answer::refused;
}

void Auditor::already_done(std::uint64_t request, std::uint64_t first_job, std::uint32_t count) {
    Impl& in = *impl_;
    if (!in.good()) return;
    AuditRequest& made = in.requests.at(request);
    made.answer = AuditRequest::Answer::repeated;
    const SubmitJob& submit = made.command.submit_job();
    const auto known = in.keys.find({submit.member_id(), submit.idempotency_key()});
    if (known == in.keys.end() || known->second != std::pair(first_job, count)) {
        in.violate(
            Rule::retry_differs,
            fmt::format("request {} with key {} was answered with job {} ({} jobs), which is "
                        "not what the first one got",
                        request, submit.idempotency_key(), first_job, count));
    }
}

// Entries that no answer named must be those of requests that got no answer, each once.
void Auditor::Impl::match_requests() {
    std::multiset<std::string> open;
    for (const auto& [number, request] : requests) {
        if (request.answer == AuditRequest::Answer::none) open.insert(request.text);
    }
    for (const auto& [number, text] : entry_text) {
        const auto found = open.find(text);
        if (found == open.end()) {
            violate(Rule::effect_without_request,
                    fmt::format("nobody asked for entry {}, or it was done already", number));
            return;
        }
        open.erase(found);
    }
}

void Auditor::balance_seen(const BalanceSeen& seen) {
    Impl& in = *impl_;
    if (!in.good()) return;
    std::int64_t own = in.revenue;
    if (seen.of == BalanceSeen::Of::org) own = in.orgs.at(seen.id).purse.free();
    if (seen.of == BalanceSeen::Of::voucher) own = in.vouchers.at(seen.id).purse.free();
    if (own == seen.free) return;
    in.violate(Rule::books_differ,
               fmt::format("account {} {} shows {} micro-yuan, the log gives {}",
                           static_cast<int>(seen.of), seen.id, seen.free, own));
}

void Auditor::settled() {
    Impl& in = *impl_;
    for (const std::uint64_t id : in.alive) {
        const AuditJob& of = in.jobs.at(id);
        if (!in.good()) return;
        if (of.queued && in.leases.empty() && in.fits_empty(of))
            in.violate(Rule::job_starved,
                       fmt::format("job {} waits before idle devices: {} under rules {}", id,
                                   of.spec.ShortDebugString(),
                                   in.pools[of.spec.pool_id()].rules.ShortDebugString()));
    }
}

void Auditor::finish() {
    Impl& in = *impl_;
    if (in.good()) in.match_requests();
    if (!in.good()) return;
    for (const auto& [id, of] : in.leases)
        in.violate(Rule::not_quiet, fmt::format("lease {} of job {} still runs", id, of.job));
    for (const std::uint64_t id : in.alive)
        in.violate(Rule::not_quiet, fmt::format("job {} has not ended", id));
    std::int64_t sum = in.bank + in.funders + in.corrections + in.revenue;
    for (const auto& [id, org] : in.orgs) {
        sum += org.purse.balance;
        if (org.purse.held != 0)
            in.violate(Rule::not_quiet, fmt::format("org {} holds {}", id, org.purse.held));
    }
    for (const auto& [id, voucher] : in.vouchers) {
        sum += voucher.purse.balance;
        if (voucher.purse.held != 0)
            in.violate(Rule::not_quiet, fmt::format("voucher {} holds {}", id, voucher.purse.held));
    }
    if (sum != 0) in.violate(Rule::not_quiet, fmt::format("the books add up to {}", sum));
}

}  // namespace suan::sim
