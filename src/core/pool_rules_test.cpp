// Rules of a pool that are off unless they are named: learnt run times, and what stands on them.
#include "core/centre.hpp"
#include "core/testing.hpp"

namespace suan::core {
namespace {

struct PoolRulesTest : ::testing::Test {
    TestCentre centre;  // one node x 4 devices
    void SetUp() override {
        centre.pool("p", {.nodes = 1});
        centre.org("a", 1'000'000'000);
    }
    static PoolRules learning() {
        PoolRules rules;
        rules.set_expected_permille(500);
        rules.set_expected_behind_milli(3'000);
        return rules;
    }
    static Command set(const PoolRules& rules) {
        Command command;
        command.mutable_set_pool_rules()->set_pool_id(1);
        *command.mutable_set_pool_rules()->mutable_rules() = rules;
        return command;
    }
    JobId submit(std::uint32_t devices) {
        Command command = centre.submission("a", "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_devices_per_task(devices);
        spec.set_walltime_ms(7'200'000);
        return centre.submit(std::move(command));
    }
    void run(std::uint32_t devices, Duration ran, LeaseOutcome outcome) {
        const JobId job = submit(devices);
        centre.tick();
        centre.clock = centre.clock + ran;
        centre.end(job, outcome);
    }
    // Four runs of four devices for an hour, four of three devices for a minute.
    void live_a_while() {
        for (int i = 0; i < 4; ++i) {
            run(4, Duration::hours(1), LEASE_OUTCOME_COMPLETED);
            run(3, Duration::minutes(1), LEASE_OUTCOME_COMPLETED);
        }
    }
    // A long job, then a short one of the same member, while all is in use. Which starts first?
    JobId first_of_two() {
        const JobId before = submit(4);
        centre.tick();
        const JobId longer = submit(4);
        const JobId shorter = submit(3);
        centre.tick();
        centre.end(before);
        centre.tick();
        return centre.at(longer).lease ? longer : shorter;
    }
    Duration expected(std::uint32_t devices) { return centre.at(submit(devices)).expected; }
    std::string refusal(const PoolRules& rules) {
        const Rejection no = centre.refused(set(rules));
        return std::string(to_string(no.code)) + " " + no.field;
    }
};

TEST_F(PoolRulesTest, nothing_is_learnt_unless_the_rules_ask_for_it) {
    live_a_while();
    EXPECT_TRUE(centre.state.pools.at(1).run_times.levels().empty());
    const JobId first = first_of_two();
    EXPECT_EQ(centre.at(first).shape.devices_per_task, 4U);
    EXPECT_EQ(centre.at(first).expected, Duration{});
}

// By docs/rules/expected-run.md: an hour lies in the bucket from 2^11.5 s, a minute in that from
// 2^5.5 s.
TEST_F(PoolRulesTest, what_ended_says_what_is_expected) {
    centre.ok(set(learning()));
    live_a_while();
    EXPECT_EQ(expected(4), Duration{1'414'213LL << 11});
    EXPECT_EQ(expected(3), Duration{1'414'213LL << 5});
}

TEST_F(PoolRulesTest, a_members_short_job_passes_its_long_one_once_runs_were_learnt) {
    centre.ok(set(learning()));
    live_a_while();
    EXPECT_EQ(centre.at(first_of_two()).shape.devices_per_task, 3U);
}

TEST_F(PoolRulesTest, runs_that_were_stopped_are_not_learnt) {
    centre.ok(set(learning()));
    for (int i = 0; i < 4; ++i)
        run(4, Duration::minutes(1), LEASE_OUTCOME_CANCELLED);
    EXPECT_TRUE(centre.state.pools.at(1).run_times.levels().empty());
    for (int i = 0; i < 4; ++i)
        run(4, Duration::minutes(1), LEASE_OUTCOME_FAILED);
    EXPECT_EQ(expected(4), Duration{1'414'213LL << 5});
}

TEST_F(PoolRulesTest, what_was_learnt_survives_a_snapshot) {
    centre.ok(set(learning()));
    live_a_while();
    submit(4);
    const JobId waiting = submit(3);
    centre.tick();
    run(1, Duration::minutes(9), LEASE_OUTCOME_COMPLETED);
    std::string error;
    auto restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    EXPECT_EQ(to_hex(restored->digest()), to_hex(centre.state.digest()));
    EXPECT_EQ(restored->pools.at(1).run_times.levels(),
              centre.state.pools.at(1).run_times.levels());
    EXPECT_EQ(restored->jobs.at(waiting.value).expected, Duration{1'414'213LL << 5});
}

TEST_F(PoolRulesTest, every_rule_reads_as_it_was_written) {
    PoolRules rules = learning();
    rules.set_ends("expected");
    rules.set_gang_nodes_min(2);
    rules.set_reserve_after_ms(60'000);
    rules.set_overdue_after_ms(3'600'000);
    rules.set_reclaim_ratio_milli(2'000);
    rules.set_reclaim_after_ms(1'000);
    rules.set_reclaim_within_ms(2'000);
    rules.set_stops_max(3);
    centre.ok(set(rules));
    const Pool& pool = centre.state.pools.at(1);
    EXPECT_EQ(pool.rules.ends, sched::Rules::Ends::by_expected);
    EXPECT_EQ(pool.rules.overdue_after, Duration::hours(1));
    const PoolRules read = rules_to_proto(pool);
    EXPECT_EQ(sched_rules_from(read).reclaim_within, Duration::seconds(2));
    EXPECT_EQ(read.ends(), "expected");
    EXPECT_EQ(read.gang_nodes_min(), 2U);
    EXPECT_EQ(read.reserve_after_ms(), 60'000);
    EXPECT_EQ(read.stops_max(), 3U);
    Pool plain;
    EXPECT_EQ(rules_to_proto(plain).overdue_after_ms(), 0) << "the default is never, written as 0";
}

TEST_F(PoolRulesTest, refusals_name_the_field) {
    PoolRules rules;
    rules.set_expected_permille(1'001);
    EXPECT_EQ(refusal(rules), "invalid_field rules.expected_permille");
    rules.Clear();
    rules.set_expected_behind_milli(1);
    EXPECT_EQ(refusal(rules), "invalid_field rules.expected_behind_milli");
    rules.Clear();
    rules.set_ends("expected");
    EXPECT_EQ(refusal(rules), "invalid_field rules.ends");
    rules.set_ends("never");
    EXPECT_EQ(refusal(rules), "invalid_field rules.ends");
    rules.Clear();
    rules.set_reclaim_after_ms(2);
    rules.set_reclaim_within_ms(1);
    EXPECT_EQ(refusal(rules), "invalid_field rules.reclaim_within_ms");
    rules.Clear();
    rules.set_overdue_after_ms(-1);
    EXPECT_EQ(refusal(rules), "invalid_field rules.overdue_after_ms");
}

}  // namespace
}  // namespace suan::core
