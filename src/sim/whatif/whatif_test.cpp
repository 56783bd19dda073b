// The policy time machine on logs of replays: no change is no difference, and changes do what their
// rules say.
#include "sim/whatif/whatif.hpp"

#include "sim/replay/replay.hpp"
#include "sim/traces/suan_csv.hpp"
#include "sim/traces/traces_testing.hpp"

#include <boost/json.hpp>
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
    EXPECT_NE(to_text(report).find("Who waits less"), std::string::npos);
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
