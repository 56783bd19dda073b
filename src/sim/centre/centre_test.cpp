#include "sim/centre/centre.hpp"

#include "core/transition.hpp"
#include "sim/centre/values.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace suan::sim {
namespace {

std::string read_source(const std::string& path) {
    const char* root = std::getenv("SUAN_SOURCE_DIR");
    std::ifstream file(std::string(root != nullptr ? root : ".") + "/" + path);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

// Brings `state` to the centre; fails the test where the core refuses.
void build(core::State& state, const CentreFile& centre) {
    const CentrePlan todo = plan(state, centre, {counted_tokens()});
    for (const Contradiction& bad : todo.contradictions)
        ADD_FAILURE() << bad.field << ": " << bad.message;
    for (const Command& command : todo.commands) {
        Entry entry;
        *entry.mutable_command() = command;
        const core::Outcome outcome = core::step(state, entry);
        const auto* refused = std::get_if<core::Rejection>(&outcome);
        EXPECT_EQ(refused, nullptr) << refused->message << command.ShortDebugString();
    }
}

CentreFile parse(const std::string& text) {
    auto centre = parse_centre("c.yaml", text);
    EXPECT_TRUE(centre) << centre.error().context;
    return std::move(*centre);
}
std::string error_of(const std::string& text) {
    auto centre = parse_centre("c.yaml", text);
    EXPECT_FALSE(centre);
    return centre ? "" : centre.error().context;
}

// The first ```yaml block of the manual.
std::string worked_example() {
    const std::string manual = read_source("docs/formats/centre.md");
    const std::size_t begin = manual.find("```yaml\n") + 8;
    return manual.substr(begin, manual.find("```", begin) - begin);
}

TEST(Centre, TheWorkedExampleOfTheManualBuildsWhatItSays) {
    core::State state;
    build(state, parse(worked_example()));
    const core::Pool* pool = state.pool_by_name("train");
    ASSERT_NE(pool, nullptr);
    EXPECT_EQ(pool->scheduler.totals().devices_milli, (40 * 8 + 4) * 1'000);
    EXPECT_EQ(pool->rules.usage_half_life, Duration::hours(24 * 7));
    EXPECT_EQ(state.node_by_name("n33")->rack, 1U);
    const core::Org* org = state.org_by_name("acme");
    ASSERT_NE(org, nullptr);
    EXPECT_EQ(state.available(core::org_account(org->id)), Money{50'000'500'000});
    EXPECT_EQ(org->shares.at(pool->id).deserved_milli, 64'000);
    EXPECT_EQ(state.prices.at({pool->id, TIER_SPOT}).micro_yuan_per_device_hour(), 3'200'000);
    EXPECT_EQ(state.vouchers.at(1).amount, Money::yuan(20'000));
    EXPECT_EQ(state.member_names.count({org->id, "alice"}), 1U);
}

TEST(Centre, NoMinimumRunTimeCanBeSaid) {
    const auto min_runtime_of = [](const std::string& rules) {
        core::State state;
        build(state, parse("pools:\n  - name: p\n    rules: {" + rules +
                           "}\n    nodes:\n      - {name: n, devices: 1}\n"));
        return state.pool_by_name("p")->rules.min_runtime;
    };
    EXPECT_EQ(min_runtime_of("order: fair"), Duration::minutes(5));
    EXPECT_EQ(min_runtime_of("min_runtime: 0s"), Duration{1'000});
    EXPECT_EQ(min_runtime_of("min_runtime: 250ms"), Duration{250'000});
}

TEST(Centre, EveryShippedFileBuilds) {
    const std::pair<const char*, std::int64_t> files[] = {
        {"100P", 400},         {"500P", 1'960},  {"1000P", 3'920},  {"philly", 2'816},
        {"philly-tight", 656}, {"openb", 6'212}, {"one-machine", 0}};
    for (const auto& [name, devices] : files) {
        core::State state;
        build(state, parse(read_source(std::string("centres/") + name + ".yaml")));
        std::int64_t milli = 0;
        state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
            milli += pool.scheduler.totals().devices_milli;
        });
        if (devices > 0) {
            EXPECT_EQ(milli, devices * 1'000) << name;
        }
        EXPECT_GT(milli, 0) << name;
    }
}

TEST(Centre, GivenTwiceItChangesNothing) {
    core::State state;
    const CentreFile centre = parse(worked_example());
    build(state, centre);
    const CentrePlan again = plan(state, centre, {counted_tokens()});
    EXPECT_EQ(again.commands.size(), 0U);
    EXPECT_EQ(again.contradictions.size(), 0U);
}

TEST(Centre, WhatIsNewIsAddedAndRulesAndSharesAreChanged) {
    core::State state;
    build(state, parse("pools: [{name: a, nodes: [{name: n1, devices: 4}]}]\norgs: [{name: o}]"));
    build(state, parse("pools: [{name: a, rules: {order: fifo}, nodes: [{name: n1, devices: 4}, "
                       "{name: n2, devices: 4, rack: 1}]}]\n"
                       "orgs: [{name: o, shares: [{pool: a, deserved: 6}]}, {name: p}]"));
    EXPECT_EQ(state.nodes.size(), 2U);
    EXPECT_EQ(state.pools.at(1).rules.order, sched::Rules::Order::fifo);
    EXPECT_EQ(state.orgs.at(1).shares.at(PoolId{1}).deserved_milli, 6'000);
    EXPECT_NE(state.org_by_name("p"), nullptr);
}

struct Contradicting {
    const char* file;
    const char* field;
};
class CentreContradicts : public ::testing::TestWithParam<Contradicting> {};
TEST_P(CentreContradicts, TheRunningStateByField) {
    core::State state;
    build(state, parse("pools:\n"
                       "  - {name: a, nodes: [{name: n1, devices: 4}, {name: n2, devices: 4}]}\n"
                       "  - {name: b, nodes: [{name: n3, devices: 4}]}\n"
                       "price_sheets: [{name: s, lines: [{pool: a, yuan_per_device_hour: 1}]}]\n"
                       "orgs: [{name: o, members: [{name: m}], projects: [{name: p}]}]\n"));
    const CentrePlan todo = plan(state, parse(GetParam().file), {counted_tokens()});
    ASSERT_EQ(todo.contradictions.size(), 1U);
    EXPECT_EQ(todo.contradictions[0].field, GetParam().field);
}
INSTANTIATE_TEST_SUITE_P(
    All, CentreContradicts,
    ::testing::Values(
        Contradicting{"pools: [{name: b, nodes: [{name: n3, devices: 8}]}]",
                      "pools[b].nodes[n3].devices"},
        Contradicting{"pools: [{name: b, nodes: [{name: n3, devices: 4, rack: 2}]}]",
                      "pools[b].nodes[n3].rack"},
        Contradicting{"pools: [{name: a, nodes: [{name: n1, devices: 4}]}]", "pools[a].nodes[n2]"},
        Contradicting{"pools: [{name: c, nodes: [{name: n3, devices: 4}]}]", "pools[c].nodes[n3]"},
        Contradicting{"pools: [{name: b, executor: local, nodes: [{name: n3, devices: 4}]}]",
                      "pools[b].executor"},
        Contradicting{"pools: [{name: b, sharing: true, nodes: [{name: n3, devices: 4}]}]",
                      "pools[b].sharing"},
        Contradicting{"pools: [{name: b, nodes: [{name: n3, devices: 4}]}]\n"
                      "price_sheets: [{name: s, lines: [{pool: b, yuan_per_device_hour: 1}]}]",
                      "price_sheets[s].lines"},
        Contradicting{"pools: [{name: b, nodes: [{name: n3, devices: 4}]}]\n"
                      "orgs: [{name: o, members: [{name: m, role: admin}]}]",
                      "members[m].role"},
        Contradicting{"pools: [{name: b, nodes: [{name: n3, devices: 4}]}]\n"
                      "orgs: [{name: o, projects: [{name: p, weight: 2}]}]",
                      "orgs[o].projects[p].weight"}));

struct Wrong {
    const char* text;
    const char* error;  // a part of it
};
class CentreRefuses : public ::testing::TestWithParam<Wrong> {};
TEST_P(CentreRefuses, WithFileLineColumnFieldAndWhatWouldBeRight) {
    const std::string error = error_of(GetParam().text);
    EXPECT_NE(error.find(GetParam().error), std::string::npos) << error;
}
INSTANTIATE_TEST_SUITE_P(
    All, CentreRefuses,
    ::testing::Values(
        Wrong{"pool: []", "c.yaml:1:1: 'pool': there is no such field; did you mean 'pools'?"},
        Wrong{"pools:\n  - name: a\n    nodes: [{name: n, devices: 65}]",
              "c.yaml:3:32: pools[0].nodes[0].devices: '65' is refused; expected an integer from 1 "
              "to 64"},
        Wrong{"pools: [{name: a, rules: {usage_half_life: 7}, nodes: [{name: n, devices: 1}]}]",
              "pools[0].rules.usage_half_life: '7' is refused; expected a whole number with its "
              "unit"},
        Wrong{"pools: [{name: a, executor: slurm, nodes: [{name: n, devices: 1}]}]",
              "expected sim or local"},
        Wrong{"pools: [{name: a, name: b, nodes: []}]", "the field is given twice"},
        Wrong{"pools: [{name: a, nodes: [{prefix: n, count: 3, devices: 1}, {name: n2, devices: "
              "1}]}]",
              "node 'n2' is named twice"},
        Wrong{"pools: [{name: a, nodes: [{prefix: n, count: 1000000000, devices: 1}]}]",
              "expected an integer from 1 to 100000"},
        Wrong{"pools: []", "a centre needs at least one pool"},
        Wrong{"pools: [{name: a, nodes: [{name: n, devices: 1}]}]\n"
              "orgs: [{name: o, funds: 1.0000001}]",
              "orgs[0].funds: '1.0000001' is refused"},
        Wrong{"pools: [{name: a, nodes: [{name: n, devices: 1}]}]\n"
              "orgs: [{name: o, shares: [{pool: aa, deserved: 1}]}]",
              "there is no pool 'aa' in this file; did you mean 'a'?"},
        Wrong{"pools: {a: 1}", "pools: expected a list"}, Wrong{"[1, 2]", "expected a map"},
        Wrong{"pools: [", "not YAML"}, Wrong{"pools: [{name: \"\xff\"}]", "not UTF-8"},
        Wrong{"", "expected a map"},
        Wrong{"pools: &p [{name: a, nodes: [{name: n, devices: 1}]}]\norgs: *p",
              "c.yaml:2:7: aliases (*name) are not read"},
        Wrong{"pools: [{name: a, nodes: [{name: n, devices: 1}]}]\n---\norgs: [{name: o}]",
              "a file has at most 1 document"}));

TEST(CentreValues, SpansMoneyAndDevicesAreExactOrRefused) {
    EXPECT_EQ(parse_span_ms("7d"), 604'800'000);
    EXPECT_EQ(parse_span_ms("250ms"), 250);
    EXPECT_EQ(parse_span_ms("5"), std::nullopt);
    EXPECT_EQ(parse_span_ms("-5s"), std::nullopt);
    EXPECT_EQ(parse_span_ms("99999999999999999d"), std::nullopt);
    EXPECT_EQ(parse_decimal("12.5", 6), 12'500'000);
    EXPECT_EQ(parse_decimal("0.0005", 3), std::nullopt);
    EXPECT_EQ(parse_decimal("1.", 3), std::nullopt);
    EXPECT_EQ(parse_decimal("9223372036854775808", 0), std::nullopt);
    EXPECT_EQ(parse_utc_us("1970-01-02"), 86'400'000'000);
}

}  // namespace
}  // namespace suan::sim
