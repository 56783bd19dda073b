#include "sim/audit/rules.hpp"

#include <fmt/format.h>

namespace suan::sim {

const char* to_string(Rule rule) {
    switch (rule) {
#define SUAN_RULE(name) \
    case Rule::name:    \
        return #name
        SUAN_RULE(sequence);
        SUAN_RULE(time_backwards);
        SUAN_RULE(id_reused);
        SUAN_RULE(unknown_thing);
        SUAN_RULE(foreign_effect);
        SUAN_RULE(effect_missing);
        SUAN_RULE(device_missing);
        SUAN_RULE(node_closed);
        SUAN_RULE(device_leased_twice);
        SUAN_RULE(gang_broken);
        SUAN_RULE(task_split);
        SUAN_RULE(topology_broken);
        SUAN_RULE(lease_mismatch);
        SUAN_RULE(started_too_early);
        SUAN_RULE(ended_wrongly);
        SUAN_RULE(job_forgotten);
        SUAN_RULE(job_starved);
        SUAN_RULE(lease_overdue);
        SUAN_RULE(org_limit);
        SUAN_RULE(reserved_share);
        SUAN_RULE(unfair_preemption);
        SUAN_RULE(endless_preemption);
        SUAN_RULE(price_wrong);
        SUAN_RULE(hold_wrong);
        SUAN_RULE(charge_wrong);
        SUAN_RULE(credit_wrong);
        SUAN_RULE(charge_not_held);
        SUAN_RULE(voucher_misused);
        SUAN_RULE(overdraft);
        SUAN_RULE(budget_overshot);
        SUAN_RULE(books_differ);
        SUAN_RULE(invoice_wrong);
        SUAN_RULE(quote_wrong);
        SUAN_RULE(quote_overdue);
        SUAN_RULE(rules_wrong);
        SUAN_RULE(market_wrong);
        SUAN_RULE(effect_without_request);
        SUAN_RULE(request_without_effect);
        SUAN_RULE(cancel_ignored);
        SUAN_RULE(retry_differs);
        SUAN_RULE(not_quiet);
#undef SUAN_RULE
    }
    return "sequence";
}

std::string Finding::text() const {
    return fmt::format("{} at entry {}: {}\n  entry: {}", to_string(rule), seq, message, entry);
}

}  // namespace suan::sim
