// The policy time machine on logs of replays: no change is no difference, and changes do what their
// rules say.
#include "sim/whatif/whatif.hpp"

#include "sim/replay/replay.hpp"
#include "sim/traces/suan_csv.hpp"
#include "sim/traces/traces_testing.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace suan::sim {
namespace {

constexpr const char* header =
    "job_id,org,project,member,submit_s,duration_s,walltime_s,tasks,devices_per_task,tier,pool\n";

// Two orgs on one node of four: o fills it, q waits behind.
constexpr const char* rows =
    "1,o,p,m,0,100,200,1,4,standard,a\n"
    "2,o,p,m,1,100,200,1,4,standard,a\n"
    "3,o,p,m,2,100,200,1,4,standard,a\n"
    "4,q,p,m,3,50,100,1,4,standard,a\n"
    "5,q,p,m,4,50,100,1,2,standard,a\n";

std::vector<Entry> log_of(const std::string& text, const std::string& rules = "fifo") {
    auto centre = parse_centre("c.yaml",
                               "pools: [{name: a, nodes: [{prefix: n, count: 1, devices: "
                               "4}]}]\nprice_sheets: [{name: s, lines: [{pool: a, tier: "
                               "all, yuan_per_device_hour: 3.6}]}]");
    EXPECT_TRUE(centre) << centre.error().context;
    auto trace = read_suan_csv(testing::inline_file(header + text));
    EXPECT_TRUE(trace) << trace.error().context;
    std::vector<Entry> log;
    ReplayRun run;
    run.rules = rules;
    run.sink = [&](const Entry& entry) { log.push_back(entry); };
    auto report = replay_trace(std::move(*centre), *trace, run);
    EXPECT_TRUE(report) << report.error().context;
    return log;
}

WhatIfOptions change(const std::string& yaml) {
    auto rules = parse_rules_file("rules.yaml", yaml);
    EXPECT_TRUE(rules) << rules.error().context;
    WhatIfOptions options;
    options.change = std::move(*rules);
    return options;
}

WhatIfReport run(const std::vector<Entry>& log, const WhatIfOptions& options) {
    auto report = what_if(log, options);
    EXPECT_TRUE(report) << report.error().context;
    return report ? std::move(*report) : WhatIfReport{};
}

TEST(WhatIf, NoChangeIsNoDifference) {
    const std::vector<Entry> log = log_of(rows);
    const WhatIfReport report = run(log, {});
    EXPECT_EQ(report.first_difference, 0U);
    EXPECT_EQ(report.entries, log.size());
    EXPECT_EQ(report.before.total.wait.mean_us, report.after.total.wait.mean_us);
    EXPECT_EQ(report.before.total.charged_micro_yuan, report.after.total.charged_micro_yuan);
    EXPECT_EQ(report.after.entries, static_cast<std::int64_t>(log.size()));
}

TEST(WhatIf, ALogThatDoesNotReproduceItselfIsRefused) {
    std::vector<Entry> log = log_of(rows);
    for (Entry& entry : log) {
        if (entry.events(0).has_job_started()) {
            entry.mutable_events(0)->mutable_job_started()->mutable_slots(0)->set_device_mask(3);
            break;
        }
    }
    const auto report = what_if(log, {});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::corrupt);
    EXPECT_NE(report.error().context.find("does not reproduce"), std::string::npos);
}

TEST(WhatIf, ALogOfAnotherRulesVersionIsRefusedByItsCause) {
    std::vector<Entry> log = log_of(rows);
    for (Entry& entry : log)
        entry.set_rules_version(core::rules_version - 1);
    const auto report = what_if(log, {});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::invalid);
    EXPECT_EQ(report.error().context,
              fmt::format("entry 1 was decided under rules version {}, and this program knows "
                          "rules version {} alone: ask what if with the program that wrote the log",
                          core::rules_version - 1, core::rules_version));
}

TEST(WhatIf, ALogWithAGapOrWithoutEntriesIsRefused) {
    std::vector<Entry> log = log_of(rows);
    log.erase(log.begin() + 3);
    const auto gap = what_if(log, {});
    ASSERT_FALSE(gap);
    EXPECT_EQ(gap.error().context, "entry 5: expected entry 4");
    const auto none = what_if({}, {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().context, "the log is empty");
}

// First come: 1 at 0, 2 at 100, 3 at 200, 4 at 300, 5 at 350. Shortest first: after 1 the two of q
// go at 100 and 150, then those of o.
TEST(WhatIf, ShortestFirstHelpsTheShortJobs) {
    const WhatIfReport report =
        run(log_of(rows, "fifo-no-backfill"),
            change("version: t\npools: [{name: a, rules: {order: shortest, backfill: off}}]"));
    ASSERT_EQ(report.before.orgs.size(), 2U);
    EXPECT_EQ(report.before.orgs[1].name, "q");
    EXPECT_EQ(report.before.orgs[1].wait.mean_us, (297 + 346) * 1'000'000LL / 2);
    EXPECT_EQ(report.after.orgs[1].wait.mean_us, (97 + 146) * 1'000'000LL / 2);
    EXPECT_EQ(report.after.orgs[0].wait.max_us, (300 - 2) * 1'000'000LL);
    EXPECT_NE(report.first_difference, 0U);
    const std::string text = to_text(report);
    EXPECT_NE(text.find("Who waits less\n  org"), std::string::npos) << text;
    EXPECT_NE(text.find("  q                           2    5.3 min    2.0 min"), std::string::npos)
        << "(297 + 346) / 2 s and (97 + 146) / 2 s\n"
        << text;
    EXPECT_NE(
        to_text(run(log_of(rows), {})).find("Who waits less\n  nobody\nWho waits longer\n  nobody"),
        std::string::npos);
    EXPECT_EQ(boost::json::parse(to_json(report)).at("entries").as_int64(),
              static_cast<std::int64_t>(report.entries));
}

TEST(WhatIf, OtherPricesChangeTheMoneyAndNothingElse) {
    const std::vector<Entry> log = log_of(rows);
    const WhatIfReport report =
        run(log, change("version: t\nprices: [{pool: a, yuan_per_device_hour: 7.2}]"));
    EXPECT_EQ(report.after.total.charged_micro_yuan, 2 * report.before.total.charged_micro_yuan);
    EXPECT_EQ(report.after.total.wait.mean_us, report.before.total.wait.mean_us);
}

TEST(WhatIf, MoreNodesLetThemAllStartAtOnce) {
    const WhatIfReport report =
        run(log_of(rows), change("version: t\npools: [{name: a, nodes: 5}]"));
    EXPECT_EQ(report.after.devices_milli, 20'000);
    EXPECT_EQ(report.after.total.wait.max_us, 0);
    EXPECT_EQ(report.after.total.started, 5);
    EXPECT_EQ(report.after.total.device_seconds, report.before.total.device_seconds);
}

TEST(WhatIf, TenTimesTheSizeIsTenTimesTheWork) {
    WhatIfOptions options;
    options.scale = 10;
    const WhatIfReport report = run(log_of(rows), options);
    EXPECT_EQ(report.after.total.submitted, 50);
    EXPECT_EQ(report.after.total.started, 50);
    EXPECT_EQ(report.after.devices_milli, 40'000);
    EXPECT_EQ(report.after.total.device_seconds, 10 * report.before.total.device_seconds);
    EXPECT_EQ(report.after.total.charged_micro_yuan, 10 * report.before.total.charged_micro_yuan);
}

// What the changed centre would refuse cannot be compared with anything.
TEST(WhatIf, AChangeThatTheCentreRefusesIsAnErrorWithItsLine) {
    const std::string shares =
        "version: t\nshares:\n  - {org: o, pool: a, deserved: 3}\n  - {org: q, pool: a, deserved: "
        "2}\n";
    const auto too_much = what_if(log_of(rows), change(shares));
    ASSERT_FALSE(too_much);
    EXPECT_EQ(too_much.error().code, ErrorCode::invalid);
    EXPECT_EQ(too_much.error().context.substr(0, 16), "rules.yaml:4:11:")
        << too_much.error().context;
    EXPECT_NE(too_much.error().context.find("deserved_milli must be 0 to 1000"), std::string::npos)
        << too_much.error().context;
    WhatIfOptions more = change(shares);
    more.change.pools.push_back({{}, "a", false, {}, 2});
    EXPECT_TRUE(what_if(log_of(rows), more)) << "2 nodes have room for both";
}

// o's job holds all 8 devices for 250 s of its 1,000 s when b, who deserves them, asks for 100 s.
// It saved 200 s of its work, and ends at 250 + 100 + 800 s. With a second node it is never
// stopped.
TEST(WhatIf, AStoppedJobHasAllOfItsWorkToDoWhereItIsNotStopped) {
    auto centre = parse_centre(
        "c.yaml",
        "pools: [{name: a, rules: {min_runtime: 1ms, grace_default: 1ms}, nodes: [{prefix: n, "
        "count: 2, devices: 4}]}]\n"
        "orgs: [{name: b, funds: 1000000, projects: [{name: p}], members: [{name: m}], shares: "
        "[{pool: a, deserved: 8}]}]");
    ASSERT_TRUE(centre) << centre.error().context;
    auto trace = read_suan_csv(testing::inline_file(std::string(header) +
                                                    "1,o,p,m,0,1000,3000,2,4,standard,a\n"
                                                    "2,b,p,m,250,100,200,2,4,standard,a\n"));
    ASSERT_TRUE(trace);
    std::vector<Entry> log;
    ReplayRun replay;
    replay.checkpoint_us = 100'000'000;
    replay.sink = [&](const Entry& entry) { log.push_back(entry); };
    ASSERT_TRUE(replay_trace(std::move(*centre), *trace, replay));
    const WhatIfReport report = run(log, change("version: t\npools: [{name: a, nodes: 4}]"));
    EXPECT_EQ(report.before.preemptions, 1);
    EXPECT_EQ(report.after.preemptions, 0);
    ASSERT_EQ(report.after.orgs[1].name, "o");
    EXPECT_EQ(report.before.orgs[1].device_seconds, 8 * (250 + 800));
    EXPECT_EQ(report.after.orgs[1].device_seconds, 8 * 1'000);
    EXPECT_EQ(report.after.orgs[0].wait.max_us, 0);
}

TEST(WhatIf, NamesThatTheLogDoesNotHaveAreAnErrorWithTheirLine) {
    const auto report =
        what_if(log_of(rows), change("version: t\nshares:\n  - {org: nobody, pool: a}\n"));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::invalid);
    EXPECT_NE(report.error().context.find("rules.yaml:3:"), std::string::npos)
        << report.error().context;
}

// ---- Rules files.

std::string error_of(const std::string& yaml) {
    const auto rules = parse_rules_file("r.yaml", yaml);
    return rules ? "" : rules.error().context;
}

TEST(RulesFile, BadFilesAreRefusedWithTheLineAndTheReason) {
    EXPECT_EQ(error_of("version: v\npools:\n  - name: a\n    rules: {order: fair}\n"), "");
    for (const auto& [yaml, line] : std::vector<std::pair<std::string, std::string>>{
             {"pools: []\n", "r.yaml:1:"},
             {"version: v\n", "r.yaml:1:"},
             {"version: v\npools:\n  - name: a\n    rules: {order: best}\n", "r.yaml:4:"},
             {"version: v\npools:\n  - name: a\n    rules: {half_life: 1d}\n", "r.yaml:4:"},
             {"version: v\nshares:\n  - {org: o, pool: a, weight: 0}\n", "r.yaml:3:"},
             {"version: v\nshares:\n  - {org: o, pool: a, deserved: -1}\n", "r.yaml:3:"},
             {"version: v\nshares:\n  - {org: o, pool: a, deserved: 4, limit: 3}\n", "r.yaml:3:"},
             {"version: v\nprices:\n  - {pool: a, yuan_per_device_hour: -0.5}\n", "r.yaml:3:"},
             {"version: v\nprices:\n  - {pool: a}\n", "r.yaml:3:"},
             {"version: v\nprices: [\n", "r.yaml:"}}) {
        EXPECT_EQ(error_of(yaml).substr(0, line.size()), line) << yaml << error_of(yaml);
    }
}

// Each field once, none with its default, so that one the reader forgot shows.
TEST(RulesFile, EveryFieldOfTheRulesIsRead) {
    const auto file = parse_rules_file("r.yaml", R"(version: all
pools:
  - name: a
    nodes: 3
    rules:
      order: shortest
      backfill: "off"
      preemption: "off"
      usage_half_life: 1d
      usage_horizon: 2h
      min_runtime: 3m
      reservations_max: 7
      walltime_default: 4h
      walltime_max: 5d
      grace_default: 6s
      meter_interval: 7m
      quote_compensation_permille: 8
      quote_valid: 9m
      expected_permille: 510
      expected_behind: 11
      ends: expected
      gang_nodes_min: 12
      reserve_after: 13s
      overdue_after: 14s
      reclaim_ratio: 15
      reclaim_after: 16s
      reclaim_within: 17s
      stops_max: 18
      spot_ratio: 19
      spot_within: 20s
      placement: tight
      resize_within: 21s
      spot_period: 22s
shares:
  - {org: o, pool: a, deserved: 1.5, weight: 2, limit: 3}
prices:
  - {pool: a, tier: spot, yuan_per_device_hour: 0.000001}
)");
    ASSERT_TRUE(file) << file.error().context;
    const PoolRules& rules = file->pools[0].rules;
    std::vector<const google::protobuf::FieldDescriptor*> set;
    rules.GetReflection()->ListFields(rules, &set);
    EXPECT_EQ(set.size(), static_cast<std::size_t>(PoolRules::descriptor()->field_count()))
        << "a field of PoolRules that no rules file can set: " << rules.ShortDebugString();
    EXPECT_EQ(rules.placement(), "tight");
    EXPECT_EQ(rules.spot_within_ms(), 20'000);
    EXPECT_EQ(file->shares[0].deserved_milli, 1'500);
    EXPECT_EQ(file->prices[0].micro_yuan_per_device_hour, 1);
}

TEST(RulesFile, WhatIsRefusedSaysWhatWouldBeRight) {
    struct Bad {
        const char* yaml;
        const char* error;
    };
    constexpr Bad table[] = {
        {"version: v\npools: [{name: a, rules: {min_runtime: 5}}]",
         "r.yaml:2:40: pools[0].rules.min_runtime: '5' is refused; expected a whole number with "
         "its "
         "unit"},
        {"version: v\npools: [{name: a, rules: {min_runtime: 5 minutes}}]",
         "'5 minutes' is refused"},
        {"version: v\npools: [{name: a, rules: {reclaim_ratio: -1}}]",
         "pools[0].rules.reclaim_ratio: '-1' is refused; expected an integer from 0 to 1000000"},
        {"version: v\npools: [{name: a, rules: {quote_compensation_permille: 1001}}]",
         "'1001' is refused; expected an integer from 0 to 1000"},
        {"version: v\npools: [{name: a, rules: {spot_ratio: 2.5}}]", "'2.5' is refused"},
        {"version: v\npools: [{name: a, rules: {placement: loose}}]",
         "pools[0].rules.placement: 'loose' is refused; expected fragments or tight"},
        {"version: v\npools: [{name: a, rules: {order: fair, order: fifo}}]",
         "r.yaml:2:40: pools[0].rules.order: the field is given twice"},
        {"version: v\nversion: w\npools: [{name: a, nodes: 1}]",
         "r.yaml:2:1: version: the field is given twice"},
        {"version: v\npools:\n  - {name: a, nodes: 1}\n  - {name: a, nodes: 2}",
         "r.yaml:4:12: pools: pool 'a' is named twice"},
        {"version: v\nshares:\n  - {org: o, pool: a}\n  - {org: o, pool: a}",
         "r.yaml:4:11: shares: the share of org 'o' in pool 'a' is named twice"},
        {"version: v\nprices:\n  - {pool: a, yuan_per_device_hour: 1}\n"
         "  - {pool: a, tier: standard, yuan_per_device_hour: 2}",
         "r.yaml:4:12: prices: pool 'a' has two prices for the same tier"},
        {"version: v\nshares: [{org: o, pool: a, weight: 1000001}]",
         "expected an integer from 1 to 1000000"},
        {"version: v\nshares: [{org: o, pool: a, deserved: 0.0001}]", "deserved: '0.0001'"},
        {"version: v\nprices: [{pool: a, yuan_per_device_hour: 1e3}]", "'1e3' is refused"},
        {"version: v\npools: [{name: a, nodes: 0}]", "expected an integer from 1 to 100000"},
        {"version: v\npools: [{name: a}]", "pools[0].rules: the field is required"},
        {"version:\npools: [{name: a, nodes: 1}]", "version: expected one value"},
        {"version: v\npools: {name: a}", "pools: expected a list"},
        {"[version]", "expected a map"},
        {"version: &v v\npools: [{name: *v, nodes: 1}]",
         "r.yaml:2:16: aliases (*name) are not read; write the value again"},
        {"version: v\npools: [{name: a, <<: {nodes: 1}}]", "there is no such field"},
        {"version: v\npools: [{name: a, nodes: 1}]\n---\nversion: w",
         "a file has at most 1 document"},
        {"version: \"\xff\"", "not UTF-8"},
    };
    for (const Bad& bad : table)
        EXPECT_NE(error_of(bad.yaml).find(bad.error), std::string::npos) << bad.yaml << "\n"
                                                                         << error_of(bad.yaml);
    std::string nested = "version: v\npools: ";
    nested.append(100'000, '[');
    EXPECT_NE(error_of(nested).find("not YAML"), std::string::npos) << error_of(nested);
    EXPECT_NE(error_of(std::string((8 << 20) + 1, ' ')).find("at most 8388608 bytes"),
              std::string::npos);
}

TEST(RulesFile, WhatTheCentreRefusesIsBlamedOnItsLine) {
    const auto rules = parse_rules_file(
        "r.yaml",
        "version: v\nshares:\n  - {org: o, pool: a, deserved: 4}\n  - {org: q, pool: a, "
        "deserved: 1}\n");
    ASSERT_TRUE(rules);
    core::Rejection refused;
    refused.field = "shares[1].deserved_milli";
    refused.message = "too many";
    const std::string blamed = blame(*rules, refused).context;
    EXPECT_EQ(blamed.substr(0, 9), "r.yaml:4:");
    EXPECT_NE(blamed.find(": shares[1].deserved_milli: too many"), std::string::npos) << blamed;
}

}  // namespace
}  // namespace suan::sim
