// Binding quotes and versions of the rules file, re-checked from the entries alone.
#include "sim/audit/model.hpp"

#include <fmt/format.h>

namespace suan::sim {

void Auditor::Impl::promise_event(const Event& event) {
    if (event.has_quote_offered()) return quote_offered(event.quote_offered());
    if (event.has_quote_ended()) return quote_ended(event.quote_ended());
    if (event.has_rules_scheduled()) return rules_scheduled(event.rules_scheduled());
    if (event.has_rules_took_effect()) return rules_took_effect(event.rules_took_effect());
    rules_withdrawn(event.rules_withdrawn());
}

void Auditor::Impl::quote_offered(const QuoteOffered& event) {
    fresh_id(IdKind::quote, event.quote_id());
    const OfferQuote& offer = current->command().offer_quote();
    const auto pool = pools.find(offer.spec().pool_id());
    if (pool == pools.end() || orgs.count(offer.org_id()) == 0)
        return violate(Rule::unknown_thing, "a quote for an unknown pool or org");
    const PoolRules& rules = pool->second.rules;
    AuditJob asked;
    asked.spec = offer.spec();
    asked.spec.set_tasks(std::max(1U, asked.spec.tasks()));
    asked.spec.set_devices_per_task(std::max(1U, asked.spec.devices_per_task()));
    if (asked.spec.milli_per_device() == 0) asked.spec.set_milli_per_device(1'000);
    if (asked.spec.walltime_ms() == 0)
        asked.spec.set_walltime_ms(std::min(rules.walltime_default_ms(), rules.walltime_max_ms()));
    const int tier = offer.spec().tier() == TIER_UNSPECIFIED ? TIER_STANDARD : offer.spec().tier();
    asked.price = pool->second.prices[tier];
    const std::int64_t total = hold_amount(asked);
    const auto due =
        static_cast<std::int64_t>(int128{total} * rules.quote_compensation_permille() / 1'000);
    AuditQuote made;
    made.offer = offer;
    made.offered_at = now;
    made.price = asked.price;
    made.compensation = due;
    made.valid_until = now + rules.quote_valid_ms() * 1'000;
    if (event.price_sheet_id() != made.price.sheet || event.price_line() != made.price.line ||
        event.micro_yuan_per_device_hour() != made.price.micro_yuan ||
        event.total_micro_yuan() != total || event.compensation_micro_yuan() != due ||
        event.valid_until_us() != made.valid_until || rules.quote_compensation_permille() == 0) {
        violate(Rule::quote_wrong,
                fmt::format("sheet {} line {} at {} is the price, {} in all, {} when it is missed, "
                            "valid until {} us",
                            made.price.sheet, made.price.line, made.price.micro_yuan, total, due,
                            made.valid_until));
    }
    quotes[event.quote_id()] = std::move(made);
}

const AuditPrice& Auditor::Impl::quoted_price(std::uint64_t id, const SubmitJob& command,
                                              const AuditPrice& otherwise) {
    if (command.quote_id() == 0) return otherwise;
    const auto found = quotes.find(command.quote_id());
    if (found == quotes.end() || found->second.job != 0 || found->second.valid_until < now ||
        found->second.offer.org_id() != command.org_id() ||
        found->second.offer.spec().pool_id() != command.spec().pool_id()) {
        violate(Rule::quote_wrong, fmt::format("quote {} cannot be taken up", command.quote_id()));
        return otherwise;
    }
    AuditQuote& quote = found->second;
    quote.job = id;
    quote.start_by = now + (quote.offer.start_by_us() - quote.offered_at);
    jobs.at(id).quote = command.quote_id();
    return quote.price;
}

void Auditor::Impl::promises_see_start(std::uint64_t id, const AuditJob& started) {
    if (started.quote != 0) quotes.erase(started.quote);
    for (auto& [number, quote] : quotes) {
        if (quote.job == id || quote.offer.org_id() != started.asked.org_id()) continue;
        if (quote.offer.spec().pool_id() != started.spec.pool_id()) continue;
        if (started.submitted >= quote.offered_at) quote.own_fault = true;
    }
}

// Held, without money, or at its end before it started.
void Auditor::Impl::promise_void(const AuditJob& of, bool ended) {
    const auto found = quotes.find(of.quote);
    if (of.quote == 0 || found == quotes.end()) return;
    if (ended) {
        quotes.erase(found);
    } else {
        found->second.own_fault = true;
    }
}

bool Auditor::Impl::at_its_share(const AuditJob& of) const {
    std::int64_t held = 0;
    std::int64_t reserved = 0;
    for (const auto& [id, lease] : leases) {
        const AuditJob& other = jobs.at(lease.job);
        if (other.asked.org_id() != of.asked.org_id() ||
            other.spec.pool_id() != of.spec.pool_id()) {
            continue;
        }
        const std::int64_t milli = std::int64_t{lease.tasks} * other.spec.devices_per_task() *
                                   other.spec.milli_per_device();
        held += milli;
        if (other.spec.tier() == TIER_RESERVED) reserved += milli;
    }
    const std::int64_t asked =
        std::int64_t{of.spec.tasks_min()} * of.spec.devices_per_task() * of.spec.milli_per_device();
    const auto& shares = orgs.at(of.asked.org_id()).shares;
    const auto share = shares.find(of.spec.pool_id());
    const AuditShare none;
    const AuditShare& own = share == shares.end() ? none : share->second;
    if (own.limit != 0 && held + asked > own.limit) return true;
    return of.spec.tier() == TIER_RESERVED && reserved + asked > own.deserved;
}

void Auditor::Impl::quote_ended(const QuoteEnded& event) {
    const auto found = quotes.find(event.quote_id());
    if (found == quotes.end())
        return violate(Rule::quote_wrong, fmt::format("quote {} is not open", event.quote_id()));
    const AuditQuote quote = found->second;
    quotes.erase(found);
    QuoteOutcome outcome = QUOTE_OUTCOME_EXPIRED;
    bool due = now > quote.valid_until;
    if (quote.job != 0) {
        const AuditJob& of = jobs.at(quote.job);
        const bool own = quote.own_fault || !of.queued || at_its_share(of);
        outcome = own ? QUOTE_OUTCOME_VOID : QUOTE_OUTCOME_MISSED;
        due = now >= quote.start_by;
    }
    const std::int64_t owed = outcome == QUOTE_OUTCOME_MISSED ? quote.compensation : 0;
    if (!due || event.outcome() != outcome || event.compensation_micro_yuan() != owed ||
        event.org_id() != quote.offer.org_id() || event.job_id() != quote.job) {
        violate(Rule::quote_wrong,
                fmt::format("quote {} {} over, as {} with {} to pay", event.quote_id(),
                            due ? "is" : "is not yet", QuoteOutcome_Name(outcome), owed));
    }
    AuditOrg& org = orgs.at(quote.offer.org_id());
    org.purse.balance += owed;
    org.unbilled_corrections += owed;
    corrections -= owed;
}

void Auditor::Impl::check_promises_kept() {
    for (const auto& [id, quote] : quotes) {
        const bool late = quote.job != 0 ? now >= quote.start_by : now > quote.valid_until;
        if (late)
            return violate(Rule::quote_overdue,
                           fmt::format("quote {} of job {} is still open", id, quote.job));
    }
}

void Auditor::Impl::rules_scheduled(const RulesScheduled& event) {
    if (event.rules_id() != ++last_rules)
        violate(Rule::rules_wrong, fmt::format("the next version is {}", last_rules));
    scheduled_rules[event.rules_id()] = current->command().change_rules();
}

void Auditor::Impl::rules_took_effect(const RulesTookEffect& event) {
    const auto found = scheduled_rules.find(event.rules_id());
    if (found == scheduled_rules.end() || found->second.effective_us() > now) {
        return violate(Rule::rules_wrong, fmt::format("version {} is not due", event.rules_id()));
    }
    const ChangeRules in_force = found->second;
    scheduled_rules.erase(found);
    for (const SetPoolRules& change : in_force.pools())
        rules_changed(change);
    std::map<std::uint32_t, std::int64_t> deserved, devices;
    for (const SetShare& share : in_force.shares())
        share_changed(share);
    for (const auto& [id, org] : orgs) {
        for (const auto& [pool, share] : org.shares)
            deserved[pool] += share.deserved;
    }
    for (const auto& [id, node] : nodes)
        devices[node.pool] += 1'000LL * node.devices;
    for (const auto& [pool, sum] : deserved) {
        if (sum > devices[pool])
            violate(Rule::rules_wrong, fmt::format("{} milli-devices are deserved of {} in pool {}",
                                                   sum, devices[pool], pool));
    }
    if (!in_force.prices().empty()) sheet_published(event.price_sheet_id(), in_force.prices());
}

void Auditor::Impl::rules_withdrawn(const RulesWithdrawn& event) {
    const auto found = scheduled_rules.find(event.rules_id());
    if (found == scheduled_rules.end() || found->second.effective_us() > now ||
        event.reason().empty()) {
        violate(Rule::rules_wrong, fmt::format("version {} is not due", event.rules_id()));
    }
    scheduled_rules.erase(event.rules_id());
}

}  // namespace suan::sim
