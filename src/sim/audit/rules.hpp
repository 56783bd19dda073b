// What the auditor checks, one value a rule, and what it says when a rule is broken.
#pragma once

#include <cstdint>
#include <string>

namespace suan::sim {

// Each rule has a canary in auditor_test.cpp: a log that breaks it and nothing before it.
enum class Rule : std::uint8_t {
    sequence,             // entries are numbered 1, 2, 3, ...
    time_backwards,       // no entry is older than the one before it
    id_reused,            // ids of a kind only grow
    unknown_thing,        // an event or a command names what does not exist
    foreign_effect,       // an event that its command cannot have
    effect_missing,       // a command without the one effect that makes it
    device_missing,       // a slot names a device that its node or the job's pool does not have
    node_closed,          // a lease starts on a node that is not open
    device_leased_twice,  // more than 1,000 milli of a device
    gang_broken,          // tasks outside min..max, or slots that do not add up
    task_split,           // devices of a slot are not tasks x devices a task
    topology_broken,      // one_node or one_rack not kept
    lease_mismatch,       // started while running, ended without a start, attempts not in order
    started_too_early,    // held, begin time, dependency, unfunded, or over the array's bound
    ended_wrongly,        // a job's end does not follow from its lease, cancel or dependency
    job_forgotten,        // ready, and not in the queue after a tick
    job_starved,          // at the end, in the queue of an idle pool
    lease_overdue,        // past its wall time, or past the patience of its stop, after a tick
    org_limit,            // an org holds more than its limit when one of its jobs starts
    reserved_share,       // the same for reserved jobs and the org's deserved devices
    unfair_preemption,    // of a reserved job, of a young lease, or where rules forbid it
    endless_preemption,   // one job stops another again and again
    price_wrong,          // not that of the newest sheet
    hold_wrong,           // not the whole wall time at the price, rounded up
    charge_wrong,         // not price x milli-device-milliseconds, rounded down, less what was paid
    credit_wrong,         // lost work charged, or own work given back
    charge_not_held,      // a payment beyond its hold, or a credit beyond what was paid
    voucher_misused,      // wrong org, wrong pool, expired, or over its cap for one job
    overdraft,            // a hold beyond the free money of an org or voucher
    budget_overshot,      // a hold beyond a budget, or a budget set to another value than asked
    books_differ,         // an account that was read shows another sum than the log gives
    invoice_wrong,        // not the sum of the charges since the last one
    quote_wrong,          // price, validity or compensation of a binding quote not by its rule
    quote_overdue,        // a promise whose time has come, and nobody said how it ended
    rules_wrong,          // a rules version in force before its time, or after being withdrawn
    market_wrong,         // a clearing that is not by the bids, or what it means for a job
    effect_without_request,  // an entry that nobody asked for, or a second one of a request
    request_without_effect,  // an acknowledged request that the log does not have
    cancel_ignored,          // a job runs again after its cancel was acknowledged
    retry_differs,           // a retry was answered with another job
    not_quiet,               // at the end something is still held or runs
};
inline constexpr Rule last_rule = Rule::not_quiet;

const char* to_string(Rule rule);

struct Finding {
    Rule rule = Rule::sequence;
    std::uint64_t seq = 0;  // of the entry; 0: at the end
    std::string message;    // what is wrong, and the auditor's own view of it
    std::string entry;      // as text

    std::string text() const;
};

}  // namespace suan::sim
