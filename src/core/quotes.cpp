#include "core/quotes.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

Verdict wrong_state(const char* field, std::string message) {
    return reject(RejectionCode::wrong_state, field, std::move(message));
}

// A quote is for a job that nothing of its own keeps from starting.
Verdict check_could_start_now(const JobSpec& spec) {
    const auto bad = [](const char* field) {
        return reject(RejectionCode::invalid_field, std::string("spec.") + field,
                      "a binding quote is for a job that may start at once: leave this out");
    };
    if (spec.held()) return bad("held");
    if (spec.begin_time_us() != 0) return bad("begin_time_us");
    if (!spec.dependencies().empty()) return bad("dependencies");
    if (sched_tier(spec.tier()) == sched::Tier::spot) {
        return reject(RejectionCode::invalid_field, "spec.tier",
                      "spot jobs live on what is idle: no start-by time is promised to them");
    }
    return std::nullopt;
}

bool same_work(const Job& a, const Job& b) {
    return a.pool == b.pool && a.tier == b.tier && a.shape == b.shape &&
           a.topology_wait == b.topology_wait && a.walltime == b.walltime &&
           a.priority == b.priority;
}

// Its org's limit or deserved devices keep it out, whatever the centre does.
bool stopped_by_its_share(const State& state, const Job& job) {
    const sched::PoolScheduler& scheduler = state.pools.at(job.pool.value).scheduler;
    for (const sched::Reason& reason : scheduler.explain(job.id, state.now)) {
        if (reason.code == sched::ReasonCode::share_limit ||
            reason.code == sched::ReasonCode::reserved_share) {
            return true;
        }
    }
    return false;
}

void erase_quote(State& state, QuoteId id) {
    const auto found = state.quotes.find(id);
    SUAN_ASSERT(found != state.quotes.end());
    state.quotes_of.erase({found->second.org(), id});
    state.quotes.erase(found);
}

// When it is decided: after its validity, or at the promised start of the job that took it up.
Time due_of(const Quote& quote) {
    return quote.job ? quote.start_by : Time{quote.offered.valid_until_us() + 1};
}

void end_quote(Step& step, QuoteId id, QuoteOutcome outcome, Money compensation) {
    step.emit([&](Event& event) {
        const Quote& quote = step.state().quotes.at(id);
        QuoteEnded& ended = *event.mutable_quote_ended();
        ended.set_quote_id(id.value);
        ended.set_org_id(quote.org().value);
        ended.set_job_id(quote.job.value);
        ended.set_outcome(outcome);
        ended.set_compensation_micro_yuan(compensation.micro_yuan);
    });
}

}  // namespace

Money compensation_of(Money total, std::uint32_t permille) {
    return Money{mul_div_floor(total.micro_yuan, permille, 1'000)};
}

Verdict decide_offer_quote(Step& step, const OfferQuote& command) {
    const State& state = step.state();
    SubmitJob as_submitted;
    as_submitted.set_org_id(command.org_id());
    as_submitted.set_project_id(command.project_id());
    as_submitted.set_member_id(command.member_id());
    *as_submitted.mutable_spec() = command.spec();
    if (Verdict bad = check_submitter(step, as_submitted)) return bad;
    Asked asked = check_asked(step, as_submitted);
    if (asked.rejection) return asked.rejection;
    if (Verdict bad = check_could_start_now(command.spec())) return bad;
    if (command.start_by_us() <= step.now().us || command.start_by_us() > time_max.us) {
        return reject(RejectionCode::invalid_field, "start_by_us",
                      "start_by_us must be a time in the future");
    }
    const Pool& pool = state.pools.at(asked.job.pool.value);
    if (pool.limits.quote_compensation_permille == 0) {
        return wrong_state("spec.pool_id",
                           fmt::format("pool {} gives no binding quotes: its rules set no "
                                       "quote_compensation_permille",
                                       pool.name));
    }
    const OrgId org = asked.job.org;
    const auto first = state.quotes_of.lower_bound({org, QuoteId{}});
    const auto last = state.quotes_of.lower_bound({OrgId{org.value + 1}, QuoteId{}});
    if (std::distance(first, last) >= limits::quotes_open_per_org_max) {
        return reject(RejectionCode::limit_reached, "org_id",
                      fmt::format("an org has at most {} open quotes at a time",
                                  limits::quotes_open_per_org_max));
    }
    const Money total = hold_amount(asked.job.shape, asked.job.walltime, asked.job.price);
    step.emit([&](Event& event) {
        QuoteOffered& offered = *event.mutable_quote_offered();
        offered.set_quote_id(state.next_quote);
        offered.set_price_sheet_id(asked.sheet.value);
        offered.set_price_line(asked.price.line());
        offered.set_micro_yuan_per_device_hour(asked.job.price.micro_yuan);
        offered.set_total_micro_yuan(total.micro_yuan);
        offered.set_compensation_micro_yuan(
            compensation_of(total, pool.limits.quote_compensation_permille).micro_yuan);
        offered.set_valid_until_us((step.now() + pool.limits.quote_valid).us);
    });
    return std::nullopt;
}

void apply_quote_offered(State& state, const Entry& entry, const QuoteOffered& event) {
    Quote quote;
    quote.id = QuoteId{event.quote_id()};
    quote.offered_at = state.now;
    quote.offer = entry.command().offer_quote();
    quote.offered = event;
    state.next_quote = event.quote_id() + 1;
    insert_quote(state, std::move(quote));
}

void insert_quote(State& state, Quote quote) {
    state.timers.push({due_of(quote), Timer::Kind::quote, quote.id.value});
    state.quotes_of.emplace(quote.org(), quote.id);
    const QuoteId id = quote.id;
    state.quotes.emplace(id, std::move(quote));
}

Verdict take_quoted_price(const Step& step, const SubmitJob& command, Asked& asked) {
    const State& state = step.state();
    const auto found = state.quotes.find(QuoteId{command.quote_id()});
    if (found == state.quotes.end() || found->second.offer.org_id() != command.org_id()) {
        return reject(RejectionCode::not_found, "quote_id",
                      fmt::format("the org has no open quote {}", command.quote_id()));
    }
    const Quote& quote = found->second;
    if (quote.offer.project_id() != command.project_id() ||
        quote.offer.member_id() != command.member_id()) {
        return reject(RejectionCode::invalid_field, "quote_id",
                      "the quote was given to another project or member");
    }
    if (command.has_array()) {
        return reject(RejectionCode::invalid_field, "array",
                      "a quote is for one job, not an array");
    }
    if (quote.job) {
        return wrong_state("quote_id",
                           fmt::format("job {} has taken up this quote", quote.job.value));
    }
    if (step.now() > Time{quote.offered.valid_until_us()}) {
        return wrong_state("quote_id", "the quote is no longer valid: ask for another one");
    }
    if (Verdict bad = check_could_start_now(command.spec())) return bad;
    Job quoted;
    fill_from_spec(quoted, quote.offer.spec(), state.pools.at(quote.pool().value));
    if (!same_work(quoted, asked.job)) {
        return reject(RejectionCode::invalid_field, "quote_id",
                      "the quote is for another pool, tier, shape, wall time or priority");
    }
    asked.job.price = Money{quote.offered.micro_yuan_per_device_hour()};
    asked.sheet = PriceSheetId{quote.offered.price_sheet_id()};
    asked.price.set_line(quote.offered.price_line());
    asked.price.set_micro_yuan_per_device_hour(asked.job.price.micro_yuan);
    return std::nullopt;
}

// The promise counts from the submission: who waits with it gets the same span, not a shorter one.
void take_up_quote(State& state, Job& job) {
    Quote& quote = state.quotes.at(job.quote);
    SUAN_ASSERT(!quote.job);
    quote.job = job.id;
    quote.start_by = state.now + (Time{quote.offer.start_by_us()} - quote.offered_at);
    state.timers.push({quote.start_by, Timer::Kind::quote, quote.id.value});
}

void quotes_see_start(State& state, const Job& started) {
    if (state.quotes.empty()) return;
    if (started.quote && state.quotes.count(started.quote) != 0) erase_quote(state, started.quote);
    auto at = state.quotes_of.lower_bound({started.org, QuoteId{}});
    for (; at != state.quotes_of.end() && at->first == started.org; ++at) {
        Quote& quote = state.quotes.at(at->second);
        if (quote.pool() == started.pool && started.submitted >= quote.offered_at)
            quote.own_fault = true;
    }
}

void quote_at_own_fault(State& state, const Job& job) {
    const auto found = state.quotes.find(job.quote);
    if (found != state.quotes.end()) found->second.own_fault = true;
}

void forget_quote(State& state, const Job& job) {
    if (job.quote && state.quotes.count(job.quote) != 0) erase_quote(state, job.quote);
}

void quote_due(Step& step, QuoteId id, Time due) {
    const State& state = step.state();
    const auto found = state.quotes.find(id);
    // A stale timer must do nothing: a restored state does not have it.
    if (found == state.quotes.end() || due_of(found->second) != due) return;
    const Quote& quote = found->second;
    if (!quote.job) return end_quote(step, id, QUOTE_OUTCOME_EXPIRED, Money{});
    const Job& job = state.jobs.at(quote.job.value);
    if (quote.own_fault || !job.queued || stopped_by_its_share(state, job)) {
        end_quote(step, id, QUOTE_OUTCOME_VOID, Money{});
    } else {
        end_quote(step, id, QUOTE_OUTCOME_MISSED, Money{quote.offered.compensation_micro_yuan()});
    }
}

void apply_quote_ended(State& state, const QuoteEnded& event) {
    const Quote& quote = state.quotes.at(QuoteId{event.quote_id()});
    const Money compensation{event.compensation_micro_yuan()};
    move_money(state, {.debit = corrections_account(),
                       .credit = org_account(quote.org()),
                       .amount = compensation,
                       .code = transfer_code::compensation,
                       .about = event.quote_id()});
    state.orgs.at(quote.org().value).unbilled_corrections += compensation;
    erase_quote(state, quote.id);
}

}  // namespace suan::core
