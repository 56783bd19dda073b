#include "sim/audit/auditor.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace suan::sim {
namespace {

// A log written by hand: a small centre with one job that runs from 10 s to 20 s and is charged.
std::vector<Entry> honest_log() {
    const char* texts[] = {
        // 1: a pool of two nodes in two racks
        R"(time_us: 1000000 command { define_pool { pool { name: "p" sharing: true rules { min_runtime_ms: 1000 }
             nodes { name: "n1" rack: 0 devices: 4 } nodes { name: "n2" rack: 1 devices: 4 } } } }
           events { pool_defined { pool_id: 1 first_node_id: 1 } })",
        R"(time_us: 1000000 command { create_org { name: "a" } } events { org_created { org_id: 1 } })",
        R"(time_us: 1000000 command { create_project { org_id: 1 name: "x" } }
           events { project_created { project_id: 1 } })",
        R"(time_us: 1000000 command { create_member { org_id: 1 name: "m" } }
           events { member_created { member_id: 1 } })",
        R"(time_us: 1000000 command { publish_price_sheet { name: "s"
             lines { line: 1 pool_id: 1 tier: TIER_STANDARD micro_yuan_per_device_hour: 3600000 }
             lines { line: 2 pool_id: 1 tier: TIER_RESERVED micro_yuan_per_device_hour: 3600000 } } }
           events { price_sheet_published { price_sheet_id: 1 } })",
        R"(time_us: 1000000 command { fund_org { org_id: 1 micro_yuan: 1000000 } } events { org_funded {} })",
        R"(time_us: 1000000 command { issue_voucher { org_id: 1 funder: "c" micro_yuan: 50000 expires_us: 900000000
             job_cap_micro_yuan: 15000 } } events { voucher_issued { voucher_id: 1 } })",
        // 8: a gang of two tasks x two devices for a minute: 240,000 at most
        R"(time_us: 2000000 actor { member_id: 1 org_id: 1 role: ROLE_MEMBER }
           command { submit_job { org_id: 1 project_id: 1 member_id: 1 idempotency_key: "k"
             spec { pool_id: 1 tasks: 2 devices_per_task: 2 walltime_ms: 60000 } } }
           events { job_admitted { job_id: 1 price_sheet_id: 1 price_line: 1 micro_yuan_per_device_hour: 3600000
             holds { voucher_id: 1 micro_yuan: 15000 } holds { micro_yuan: 225000 } eligible: true } })",
        // 9: it starts
        R"(time_us: 10000000 command { tick {} } events { job_started { job_id: 1 lease_id: 1 attempt: 1 tasks: 2
             slots { node_id: 1 tasks: 2 device_mask: 15 } } })",
        // 10: and ends ten seconds later
        R"(time_us: 20000000 command { lease_report { lease_id: 1 kind: KIND_ENDED outcome: LEASE_OUTCOME_COMPLETED } }
           events { lease_charged { lease_id: 1 to_us: 20000000 milli_device_ms: 40000000 micro_yuan: 40000
             payments { voucher_id: 1 micro_yuan: 15000 } payments { micro_yuan: 25000 } final: true } }
           events { lease_ended { lease_id: 1 outcome: LEASE_OUTCOME_COMPLETED } }
           events { job_ended { job_id: 1 state: JOB_STATE_COMPLETED } })",
        R"(time_us: 21000000 command { close_invoice { org_id: 1 } } events { invoice_issued { invoice_id: 1
             from_us: 1000000 to_us: 21000000
             lines { project_id: 1 pool_id: 1 tier: TIER_STANDARD price_sheet_id: 1 price_line: 1
               milli_device_ms: 40000000 micro_yuan: 40000 }
             payments { voucher_id: 1 micro_yuan: 15000 } payments { micro_yuan: 25000 } } })",
    };
    std::vector<Entry> log;
    for (const char* text : texts) {
        Entry entry;
        EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &entry)) << text;
        entry.set_seq(log.size() + 1);
        log.push_back(std::move(entry));
    }
    return log;
}

Entry parsed(const std::string& text) {
    Entry entry;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &entry)) << text;
    return entry;
}

// Feeds the log as if clients had asked for each entry and were answered.
void feed(Auditor& auditor, const std::vector<Entry>& log) {
    for (const Entry& entry : log) {
        const bool own = entry.command().has_tick() || entry.command().has_lease_report();
        if (!own) auditor.sent(entry.seq(), entry.actor(), entry.command());
        auditor.entry(entry);
        if (!own) auditor.accepted(entry.seq(), entry.seq());
    }
}

std::string rule_of(const Auditor& auditor) {
    return auditor.finding() ? to_string(auditor.finding()->rule) : "";
}

TEST(Auditor, an_honest_log_breaks_no_rule) {
    Auditor auditor;
    feed(auditor, honest_log());
    auditor.balance_seen({BalanceSeen::Of::org, 1, 975'000});
    auditor.balance_seen({BalanceSeen::Of::voucher, 1, 35'000});
    auditor.balance_seen({BalanceSeen::Of::revenue, 0, 40'000});
    auditor.settled();
    auditor.finish();
    EXPECT_EQ(auditor.finding() ? auditor.finding()->text() : "", "");
}

using Log = std::vector<Entry>;
struct Canary {
    Rule rule;
    void (*bend)(Log& log);
};

JobAdmitted& admitted(Log& log) {
    return *log[7].mutable_events(0)->mutable_job_admitted();
}
JobSpec& spec(Log& log) {
    return *log[7].mutable_command()->mutable_submit_job()->mutable_spec();
}
JobStarted& started(Log& log) {
    return *log[8].mutable_events(0)->mutable_job_started();
}
LeaseCharged& charged(Log& log) {
    return *log[9].mutable_events(0)->mutable_lease_charged();
}
void add(Log& log, std::size_t at, const std::string& text) {
    log.insert(log.begin() + static_cast<std::ptrdiff_t>(at), parsed(text));
    for (std::size_t i = 0; i < log.size(); ++i)
        log[i].set_seq(i + 1);
}
// A second job, held whole from the org's own money, queued right after the first.
void second_job(Log& log, const std::string& more) {
    add(log, 8,
        R"(time_us: 2000000 command { submit_job { org_id: 1 project_id: 1 member_id: 1
           spec { pool_id: 1 walltime_ms: 60000 )" +
            more + R"( } } } events { job_admitted { job_id: 2 price_sheet_id: 1 price_line: 1
           micro_yuan_per_device_hour: 3600000 holds { micro_yuan: 60000 } eligible: true } })");
}
void start_second(Log& log, const std::string& slot) {
    *log[9].add_events() = parsed(
                               "events { job_started { job_id: 2 lease_id: 2 attempt: 1 tasks: 1 "
                               "slots { " +
                               slot + " } } }")
                               .events(0);
}

// A quote for one device for a minute: 60,000 at most, a tenth of it when it is missed.
void add_quote(Log& log, std::int64_t compensation) {
    log[0]
        .mutable_command()
        ->mutable_define_pool()
        ->mutable_pool()
        ->mutable_rules()
        ->set_quote_compensation_permille(100);
    add(log, 7,
        R"(time_us: 2000000 actor { member_id: 1 org_id: 1 role: ROLE_MEMBER }
           command { offer_quote { org_id: 1 project_id: 1 member_id: 1 start_by_us: 5000000
             spec { pool_id: 1 walltime_ms: 60000 } } }
           events { quote_offered { quote_id: 1 price_sheet_id: 1 price_line: 1
             micro_yuan_per_device_hour: 3600000 total_micro_yuan: 60000
             compensation_micro_yuan: )" +
            std::to_string(compensation) + " valid_until_us: 602000000 } }");
}

TEST(Auditor, a_missed_quote_is_paid_once_and_by_its_rule) {
    for (const std::int64_t paid : {6'000, 5'999}) {
        Log log = honest_log();
        add_quote(log, 6'000);
        // Taken up at 2 s: three seconds to start, and it has not at 5 s.
        add(log, 8, R"(time_us: 2000000 actor { member_id: 1 org_id: 1 role: ROLE_MEMBER }
           command { submit_job { org_id: 1 project_id: 1 member_id: 1 quote_id: 1
             spec { pool_id: 1 walltime_ms: 60000 } } }
           events { job_admitted { job_id: 1 price_sheet_id: 1 price_line: 1
             micro_yuan_per_device_hour: 3600000 holds { voucher_id: 1 micro_yuan: 15000 }
             holds { micro_yuan: 45000 } eligible: true } })");
        add(log, 9,
            "time_us: 5000000 command { tick {} } events { quote_ended { quote_id: 1 "
            "outcome: QUOTE_OUTCOME_MISSED org_id: 1 job_id: 1 compensation_micro_yuan: " +
                std::to_string(paid) + " } }");
        log.resize(10);
        Auditor auditor;
        feed(auditor, log);
        if (paid == 6'000) auditor.balance_seen({BalanceSeen::Of::org, 1, 961'000});
        EXPECT_EQ(rule_of(auditor), paid == 6'000 ? "" : "quote_wrong")
            << (auditor.finding() ? auditor.finding()->text() : "");
    }
}

// A spot job of four devices that bids 2.00 yuan wins at the floor and starts there.
void add_market(Log& log, std::int64_t price) {
    log[0]
        .mutable_command()
        ->mutable_define_pool()
        ->mutable_pool()
        ->mutable_rules()
        ->set_spot_period_ms(10'000);
    PublishPriceSheet& sheet = *log[4].mutable_command()->mutable_publish_price_sheet();
    PriceLine& line = *sheet.add_lines();
    line.set_line(3);
    line.set_pool_id(1);
    line.set_tier(TIER_SPOT);
    line.set_micro_yuan_per_device_hour(1'800'000);
    add(log, 8, R"(time_us: 2000000 command { submit_job { org_id: 1 project_id: 1 member_id: 1
           spec { pool_id: 1 tier: TIER_SPOT tasks: 4 walltime_ms: 60000 bid_micro_yuan: 2000000 } } }
           events { job_admitted { job_id: 2 price_sheet_id: 1 price_line: 3
             micro_yuan_per_device_hour: 2000000 holds { micro_yuan: 133334 } } })");
    add(log, 10,
        "time_us: 11000000 command { tick {} } events { spot_cleared { pool_id: 1 "
        "micro_yuan_per_device_hour: " +
            std::to_string(price) +
            " floor_micro_yuan: 1800000 offered_milli: 4000 sold_milli: 4000 bids: 1 won: 1 } } "
            "events { job_eligible { job_id: 2 } } events { job_started { job_id: 2 lease_id: 2 "
            "attempt: 1 tasks: 4 slots { node_id: 2 tasks: 4 device_mask: 15 } "
            "micro_yuan_per_device_hour: " +
            std::to_string(price) + " } }");
}

TEST(Auditor, a_clearing_is_done_again_from_the_bids) {
    Log log = honest_log();
    add_market(log, 1'800'000);
    log.resize(11);
    Auditor honest;
    feed(honest, log);
    EXPECT_EQ(honest.finding() ? honest.finding()->text() : "", "");
    // Who lost may not be let in.
    log.back().mutable_events(0)->mutable_spot_cleared()->set_won(0);
    Auditor bent;
    feed(bent, log);
    EXPECT_EQ(rule_of(bent), "market_wrong");
}

// One bent log for each rule that a log alone can break.
const Canary canaries[] = {
    {Rule::market_wrong, [](Log& log) { add_market(log, 1'800'001); }},
    {Rule::quote_wrong, [](Log& log) { add_quote(log, 6'001); }},
    {Rule::quote_overdue,
     [](Log& log) {
         add_quote(log, 6'000);
         add(log, log.size(), "time_us: 700000000 command { tick {} } events { time_advanced {} }");
     }},
    {Rule::rules_wrong,
     [](Log& log) {
         add(log, 7, R"(time_us: 1000000 command { change_rules { name: "r" effective_us: 9000000
           shares { org_id: 1 pool_id: 1 deserved_milli: 1000 } } }
           events { rules_scheduled { rules_id: 1 } } events { rules_took_effect { rules_id: 1 } })");
     }},
    {Rule::sequence, [](Log& log) { log[8].set_seq(12); }},
    {Rule::time_backwards, [](Log& log) { log[8].set_time_us(1); }},
    {Rule::id_reused, [](Log& log) { admitted(log).set_job_id(0); }},
    {Rule::unknown_thing, [](Log& log) { started(log).set_job_id(9); }},
    {Rule::foreign_effect, [](Log& log) { log[8].mutable_events()->Add()->mutable_org_funded(); }},
    {Rule::effect_missing, [](Log& log) { log[5].mutable_events()->Add()->mutable_org_funded(); }},
    {Rule::device_missing,
     [](Log& log) { started(log).mutable_slots(0)->set_device_mask(0b10111); }},
    {Rule::node_closed,
     [](Log& log) {
         add(log, 8,
             "time_us: 3000000 command { set_node_state { node_ids: 1 state: NODE_STATE_DRAINING } "
             "} "
             "events { node_state_changed { node_id: 1 state: NODE_STATE_DRAINING } }");
     }},
    {Rule::device_leased_twice,
     [](Log& log) {
         second_job(log, "");
         start_second(log, "node_id: 1 tasks: 1 device_mask: 8");
     }},
    {Rule::gang_broken,
     [](Log& log) {
         started(log).set_tasks(1);
         started(log).mutable_slots(0)->set_tasks(1);
         started(log).mutable_slots(0)->set_device_mask(3);
     }},
    {Rule::task_split, [](Log& log) { started(log).mutable_slots(0)->set_device_mask(7); }},
    {Rule::topology_broken,
     [](Log& log) {
         spec(log).set_topology(TOPOLOGY_ONE_NODE);
         started(log).mutable_slots()->Clear();
         for (const std::uint32_t node : {1U, 2U}) {
             Slot& slot = *started(log).add_slots();
             slot.set_node_id(node);
             slot.set_tasks(1);
             slot.set_device_mask(3);
         }
     }},
    {Rule::lease_mismatch,
     [](Log& log) {
         *log[8].add_events() = log[8].events(0);
         log[8].mutable_events(1)->mutable_job_started()->set_lease_id(2);
     }},
    {Rule::started_too_early, [](Log& log) { spec(log).set_begin_time_us(99'000'000); }},
    {Rule::ended_wrongly,
     [](Log& log) { log[9].mutable_events(2)->mutable_job_ended()->set_state(JOB_STATE_FAILED); }},
    {Rule::job_forgotten,
     [](Log& log) {
         admitted(log).set_eligible(false);
         add(log, 8, "time_us: 3000000 command { tick {} } events { time_advanced {} }");
     }},
    {Rule::lease_overdue,
     [](Log& log) {
         add(log, 9, "time_us: 70000000 command { tick {} } events { time_advanced {} }");
     }},
    {Rule::org_limit,
     [](Log& log) {
         add(log, 7,
             "time_us: 1000000 command { set_share { org_id: 1 pool_id: 1 limit_milli: 3999 } } "
             "events { share_changed {} }");
     }},
    {Rule::reserved_share,
     [](Log& log) {
         spec(log).set_tier(TIER_RESERVED);
         admitted(log).set_price_line(2);
     }},
    {Rule::unfair_preemption,
     [](Log& log) {
         second_job(log, "");
         add(log, 10,
             "time_us: 10500000 command { tick {} } events { lease_stopping { lease_id: 1 "
             "reason: STOP_REASON_PREEMPTED for_job_id: 2 } }");
     }},
    {Rule::price_wrong, [](Log& log) { admitted(log).set_price_line(2); }},
    {Rule::hold_wrong, [](Log& log) { admitted(log).mutable_holds(1)->set_micro_yuan(224'999); }},
    {Rule::charge_wrong, [](Log& log) { charged(log).set_micro_yuan(40'001); }},
    {Rule::credit_wrong, [](Log& log) { charged(log).set_credited_micro_yuan(1); }},
    {Rule::charge_not_held,
     [](Log& log) {
         charged(log).mutable_payments(0)->set_micro_yuan(15'001);
         charged(log).mutable_payments(1)->set_micro_yuan(24'999);
     }},
    {Rule::voucher_misused,
     [](Log& log) {
         admitted(log).mutable_holds(0)->set_micro_yuan(15'001);
         admitted(log).mutable_holds(1)->set_micro_yuan(224'999);
     }},
    {Rule::overdraft,
     [](Log& log) { log[5].mutable_command()->mutable_fund_org()->set_micro_yuan(224'999); }},
    {Rule::budget_overshot,
     [](Log& log) {
         add(log, 7,
             "time_us: 1000000 command { set_budget { org_id: 1 micro_yuan: 239999 } } "
             "events { budget_changed { delta_micro_yuan: 239999 } }");
     }},
    {Rule::invoice_wrong,
     [](Log& log) {
         log[10].mutable_events(0)->mutable_invoice_issued()->mutable_lines(0)->set_micro_yuan(
             39'999);
     }},
};

TEST(Auditor, every_bent_log_is_found_and_named) {
    for (const Canary& canary : canaries) {
        Log log = honest_log();
        canary.bend(log);
        Auditor auditor;
        feed(auditor, log);
        EXPECT_EQ(rule_of(auditor), to_string(canary.rule));
    }
}

TEST(Auditor, what_clients_were_told_must_be_in_the_log_once) {
    const Log log = honest_log();
    {
        Auditor doubled;
        feed(doubled, log);
        Entry again = log[5];
        again.set_seq(12);
        again.set_time_us(22'000'000);
        doubled.entry(again);
        doubled.finish();
        EXPECT_EQ(rule_of(doubled), "effect_without_request");
    }
    {
        Auditor lost;
        feed(lost, log);
        lost.sent(77, log[5].actor(), log[5].command());
        lost.accepted(77, 12);
        EXPECT_EQ(rule_of(lost), "request_without_effect");
    }
    {
        Auditor retried;
        feed(retried, log);
        retried.sent(78, log[7].actor(), log[7].command());
        retried.already_done(78, 2, 1);
        EXPECT_EQ(rule_of(retried), "retry_differs");
    }
    {
        Auditor read;
        feed(read, log);
        read.balance_seen({BalanceSeen::Of::org, 1, 975'001});
        EXPECT_EQ(rule_of(read), "books_differ");
    }
}

TEST(Auditor, a_cancelled_job_may_not_start) {
    Log log = honest_log();
    log.resize(8);
    Auditor auditor;
    feed(auditor, log);
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(1);
    auditor.sent(9, Actor{}, cancel);
    auditor.accepted(9, 0);
    auditor.entry(honest_log()[8]);
    EXPECT_EQ(rule_of(auditor), "cancel_ignored");
}

TEST(Auditor, the_end_must_be_quiet_and_nobody_starves) {
    Log log = honest_log();
    log.resize(8);
    Auditor starved;
    feed(starved, log);
    starved.settled();
    EXPECT_EQ(rule_of(starved), "job_starved");
    log = honest_log();
    log.resize(9);
    Auditor busy;
    feed(busy, log);
    busy.finish();
    EXPECT_EQ(rule_of(busy), "not_quiet");
}

// The second job is of another org, which has what it needs.
void second_job_of_another_org(Log& log) {
    const char* texts[] = {
        R"(time_us: 2000000 command { create_org { name: "b" } } events { org_created { org_id: 2 } })",
        R"(time_us: 2000000 command { create_project { org_id: 2 name: "x" } }
           events { project_created { project_id: 2 } })",
        R"(time_us: 2000000 command { create_member { org_id: 2 name: "n" } }
           events { member_created { member_id: 2 } })",
        R"(time_us: 2000000 command { fund_org { org_id: 2 micro_yuan: 60000 } } events { org_funded {} })",
        R"(time_us: 2000000 command { submit_job { org_id: 2 project_id: 2 member_id: 2
             spec { pool_id: 1 walltime_ms: 60000 } } }
           events { job_admitted { job_id: 2 price_sheet_id: 1 price_line: 1
             micro_yuan_per_device_hour: 3600000 holds { micro_yuan: 60000 } eligible: true } })"};
    std::size_t at = 8;
    for (const char* text : texts)
        add(log, at++, text);
}

// A lease of ten seconds is stopped for job 2 and charged until `to_s`.
Log stopped_for_second(bool own, int to_s) {
    Log log = honest_log();
    log.resize(9);
    if (own) {
        second_job(log, "");
    } else {
        second_job_of_another_org(log);
    }
    add(log, log.size(),
        "time_us: 20000000 command { tick {} } events { lease_stopping { lease_id: 1 "
        "reason: STOP_REASON_PREEMPTED for_job_id: 2 } }");
    const std::string charge =
        to_s == 20 ? "to_us: 20000000 milli_device_ms: 40000000 micro_yuan: 40000 "
                     "payments { voucher_id: 1 micro_yuan: 15000 } payments { micro_yuan: 25000 }"
                   : "to_us: 10000000 credited_micro_yuan: 40000";
    add(log, log.size(),
        "time_us: 20000000 command { lease_report { lease_id: 1 } } events { lease_charged { "
        "lease_id: 1 " +
            charge +
            " final: true } } events { lease_ended { lease_id: 1 outcome: LEASE_OUTCOME_PREEMPTED "
            "} } "
            "events { job_requeued { job_id: 1 funded: true eligible: true " +
            (to_s == 20 ? "" : "holds { voucher_id: 1 micro_yuan: 15000 } ") +
            "holds { micro_yuan: " + (to_s == 20 ? "240000" : "225000") + " } } }");
    return log;
}

TEST(Auditor, work_is_given_back_unless_the_org_took_the_devices_from_itself) {
    const auto finding = [](bool own, int to_s) {
        Auditor auditor;
        feed(auditor, stopped_for_second(own, to_s));
        return rule_of(auditor);
    };
    const std::string none = rule_of(Auditor{});
    EXPECT_EQ(finding(true, 20), none);
    EXPECT_EQ(finding(true, 10), "credit_wrong");
    EXPECT_EQ(finding(false, 10), none);
    EXPECT_EQ(finding(false, 20), "credit_wrong");
}

TEST(Auditor, the_same_preemption_again_and_again_is_found) {
    Log log = honest_log();
    spec(log).set_walltime_ms(60'000);
    log.resize(9);
    second_job_of_another_org(log);
    for (int i = 0; i < 9; ++i) {
        const std::string lease = std::to_string(i + 1);
        const std::int64_t at = 20'000'000 + i * 10'000'000;
        add(log, log.size(),
            "time_us: " + std::to_string(at) +
                " command { tick {} } events { lease_stopping { lease_id: " + lease +
                " reason: STOP_REASON_PREEMPTED for_job_id: 2 } }");
        add(log, log.size(),
            "time_us: " + std::to_string(at) + " command { lease_report { lease_id: " + lease +
                " } } events { lease_charged { lease_id: " + lease +
                " to_us: " + std::to_string(i == 0 ? 10'000'000 : at - 5'000'000) +
                " credited_micro_yuan: " + std::to_string(i == 0 ? 40'000 : 20'000) +
                " final: true } } events { lease_ended { lease_id: " + lease +
                " outcome: LEASE_OUTCOME_PREEMPTED } } events { job_requeued { job_id: 1 funded: "
                "true "
                "eligible: true holds { voucher_id: 1 micro_yuan: 15000 } holds { micro_yuan: "
                "225000 } } }");
        add(log, log.size(),
            "time_us: " + std::to_string(at + 5'000'000) +
                " command { tick {} } events { job_started { job_id: 1 lease_id: " +
                std::to_string(i + 2) + " attempt: " + std::to_string(i + 2) +
                " tasks: 2 slots { node_id: 1 tasks: 2 device_mask: 15 } } }");
    }
    Auditor auditor;
    feed(auditor, log);
    EXPECT_EQ(rule_of(auditor), "endless_preemption")
        << (auditor.finding() ? auditor.finding()->text() : "");
}

// The tests above, together, have a canary for every rule.
TEST(Auditor, every_rule_has_a_canary) {
    std::set<Rule> with;
    for (const Canary& canary : canaries)
        with.insert(canary.rule);
    for (const Rule rule : {Rule::effect_without_request, Rule::request_without_effect,
                            Rule::retry_differs, Rule::books_differ, Rule::cancel_ignored,
                            Rule::job_starved, Rule::not_quiet, Rule::endless_preemption})
        with.insert(rule);
    for (int i = 0; i <= static_cast<int>(last_rule); ++i) {
        const Rule rule = static_cast<Rule>(i);
        EXPECT_EQ(with.count(rule), 1U) << to_string(rule);
    }
}

}  // namespace
}  // namespace suan::sim
