// Elastic jobs from submission to their end: leases, wall time, holds and charges of a resize.
// docs/rules/elastic.md.
#include "core/elastic.hpp"

#include "core/testing.hpp"

#include <gtest/gtest.h>

namespace suan::core {
namespace {

constexpr std::int64_t yuan = 1'000'000;

// Two nodes of 4 devices at 3.6 yuan a device hour: 1,000 micro-yuan a device second.
class ElasticJobs : public ::testing::Test {
protected:
    TestCentre centre;
    JobId rigid, job;

    void SetUp() override {
        centre.pool("p", {.nodes = 2, .devices = 4});
        centre.org("a", 100 * yuan);
        centre.org("b", 100 * yuan);
        Command rules;
        rules.mutable_set_pool_rules()->set_pool_id(1);
        rules.mutable_set_pool_rules()->mutable_rules()->set_resize_within_ms(60'000);
        rules.mutable_set_pool_rules()->mutable_rules()->set_min_runtime_ms(100'000);
        centre.ok(std::move(rules));
    }
    JobId submit(const std::string& org, std::uint32_t least, std::uint32_t most,
                 std::int64_t walltime_ms = 1'000'000) {
        Command command = centre.submission(org, "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(most);
        spec.set_tasks_min(least);
        spec.set_walltime_ms(walltime_ms);
        const JobId id = centre.submit(std::move(command));
        centre.tick();
        return id;
    }
    void checkpoint(JobId id) {
        Command command;
        command.mutable_lease_report()->set_lease_id(centre.at(id).lease.value);
        command.mutable_lease_report()->set_kind(LeaseReport::KIND_CHECKPOINTED);
        centre.ok(std::move(command));
        centre.tick();
    }
    // The executor has stopped it.
    void stopped(JobId id) { centre.end(id, LEASE_OUTCOME_CANCELLED); }
    // A job of 2 to 8 tasks that runs at 2; the other 6 devices are idle after 100 s.
    void start_small() {
        rigid = submit("b", 6, 6);
        job = submit("a", 2, 8);
        ASSERT_EQ(centre.lease_of(job).tasks, 2U);
        centre.clock = centre.clock + Duration::seconds(100);
        centre.end(rigid);
        centre.tick();
    }
    std::int64_t held(JobId id) const {
        std::int64_t sum = 0;
        for (const Hold& hold : centre.at(id).holds)
            sum += hold.micro_yuan;
        return sum;
    }
};

TEST_F(ElasticJobs, GrowUnderANewLeaseForTheRestOfTheirWallTime) {
    start_small();
    const Lease before = centre.lease_of(job);
    checkpoint(job);
    EXPECT_EQ(centre.lease_of(job).stopping, STOP_REASON_RESIZED);
    EXPECT_EQ(sched::tasks_of(centre.lease_of(job).next), 8U);
    centre.clock = centre.clock + Duration::seconds(5);
    stopped(job);
    const Lease& after = centre.lease_of(job);
    EXPECT_NE(after.id, before.id);
    EXPECT_EQ(after.tasks, 8U);
    EXPECT_EQ(after.attempt, 2U);
    EXPECT_EQ(after.ends_by, before.ends_by);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.at(job).preemptions, 0U);
}

// docs/rules/elastic.md: 2 devices for 100 s, 8 for 100 s, and the 5 s of the stop for nothing.
TEST_F(ElasticJobs, PayForWhatEachLeaseHeldAndNotForTheStop) {
    start_small();
    EXPECT_EQ(held(job), 8'000'000);  // 8 devices for 1,000 s: the most it can cost
    checkpoint(job);
    centre.clock = centre.clock + Duration::seconds(5);
    stopped(job);
    EXPECT_EQ(centre.at(job).charged.micro_yuan, 200'000);
    EXPECT_EQ(held(job), 7'800'000);
    EXPECT_EQ(centre.money("a"), 92'000'000);
    centre.clock = centre.clock + Duration::seconds(100);
    centre.end(job);
    EXPECT_EQ(centre.at(job).charged.micro_yuan, 200'000 + 800'000);
    EXPECT_EQ(centre.money("a"), 99'000'000);
}

// The org's last money is held for it, and its budget allows no more: growing needs neither.
TEST_F(ElasticJobs, GrowWithoutMoreMoney) {
    Command budget;
    budget.mutable_set_budget()->set_org_id(centre.state.org_by_name("a")->id.value);
    budget.mutable_set_budget()->set_micro_yuan(100 * yuan);
    centre.ok(std::move(budget));
    rigid = submit("b", 6, 6);
    job = submit("a", 2, 8, 12'500'000);
    EXPECT_EQ(centre.money("a"), 0);
    centre.clock = centre.clock + Duration::seconds(100);
    centre.end(rigid);
    centre.tick();
    checkpoint(job);
    stopped(job);
    EXPECT_EQ(centre.lease_of(job).tasks, 8U);
    centre.clock = centre.lease_of(job).ends_by;
    centre.tick();
    EXPECT_EQ(centre.lease_of(job).stopping, STOP_REASON_TIMEOUT);
    stopped(job);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_TIMEOUT);
    EXPECT_EQ(centre.at(job).charged.micro_yuan, 200'000 + 8 * 12'400'000);
}

TEST_F(ElasticJobs, ShrinkForAJobThatWaits) {
    job = submit("a", 2, 8);
    EXPECT_EQ(centre.lease_of(job).tasks, 8U);
    centre.clock = centre.clock + Duration::seconds(100);
    const JobId waits = submit("b", 4, 4);
    EXPECT_EQ(centre.at(waits).state, JOB_STATE_WAITING);
    checkpoint(job);
    EXPECT_EQ(centre.lease_of(job).stopping, STOP_REASON_RESIZED);
    stopped(job);
    EXPECT_EQ(centre.lease_of(job).tasks, 4U);
    centre.tick();
    EXPECT_EQ(centre.at(waits).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_RUNNING);
}

TEST_F(ElasticJobs, AreCancelledWhileTheyAreResized) {
    start_small();
    checkpoint(job);
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(job.value);
    centre.ok(std::move(cancel));
    EXPECT_EQ(centre.lease_of(job).stopping, STOP_REASON_CANCELLED);
    EXPECT_TRUE(centre.lease_of(job).next.empty());
    stopped(job);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_CANCELLED);
    EXPECT_EQ(held(job), 0);
    submit("b", 8, 8);  // all devices are free
    EXPECT_EQ(centre.at(JobId{centre.state.next_job - 1}).state, JOB_STATE_RUNNING);
}

TEST_F(ElasticJobs, WaitAgainWhenTheirStopIsNeverConfirmed) {
    start_small();
    checkpoint(job);
    centre.clock = centre.lease_of(job).due;
    Command tick;
    tick.mutable_tick();
    centre.ok(std::move(tick));
    const Entry& entry = centre.log.back();
    EXPECT_EQ(entry.events(1).lease_ended().outcome(), LEASE_OUTCOME_PREEMPTED);
    EXPECT_TRUE(entry.events(2).has_job_requeued());
}

TEST_F(ElasticJobs, WaitAgainWhenANodeFailsMeanwhile) {
    start_small();
    const NodeId own = centre.lease_of(job).placement[0].node;
    checkpoint(job);
    Command down;
    down.mutable_set_node_state()->add_node_ids(own.value);
    down.mutable_set_node_state()->set_state(NODE_STATE_DOWN);
    centre.ok(std::move(down));
    EXPECT_EQ(centre.lease_of(job).stopping, STOP_REASON_NODE_FAILED);
    stopped(job);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_WAITING);
    EXPECT_EQ(held(job), 8'000'000);
    centre.tick();
    EXPECT_EQ(centre.lease_of(job).tasks, 4U);  // on the other node
}

TEST_F(ElasticJobs, ThatEndByThemselvesWhileTheyAreResizedHaveEnded) {
    start_small();
    checkpoint(job);
    centre.end(job, LEASE_OUTCOME_COMPLETED);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_COMPLETED);
    EXPECT_EQ(held(job), 0);
    EXPECT_EQ(centre.money("a"), 100 * yuan - 200'000);
}

TEST_F(ElasticJobs, AreTheSameAfterASnapshotInTheMidstOfAResize) {
    start_small();
    checkpoint(job);
    std::string error;
    std::optional<State> restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    EXPECT_EQ(to_hex(restored->digest()), to_hex(centre.state.digest()));
    restored->check_invariants();
    centre.state = std::move(*restored);
    stopped(job);
    EXPECT_EQ(centre.lease_of(job).tasks, 8U);
}

TEST_F(ElasticJobs, SayHowLargeTheyRunAndWhenTheyGrow) {
    rigid = submit("b", 6, 6);
    job = submit("a", 2, 8);
    const auto text = [&] { return elastic_text(centre.state, centre.at(job)).message; };
    EXPECT_EQ(text(),
              "runs at 2 of 2 to 8 tasks; grows at a checkpoint when devices where it may be are "
              "idle and no waiting job can start on them");
    centre.clock = centre.clock + Duration::seconds(100);
    centre.end(rigid);
    centre.tick();
    EXPECT_EQ(text(),
              "runs at 2 of 2 to 8 tasks; grows to 8 at its next checkpoint, if nothing "
              "else takes the idle devices");
    EXPECT_EQ(elastic_text(centre.state, centre.at(job)).grows_to, 8U);
    checkpoint(job);
    EXPECT_EQ(text(), "runs at 2 of 2 to 8 tasks; it is being resized to 8");
    stopped(job);
    EXPECT_EQ(text(),
              "runs at 8 of 2 to 8 tasks, the most that it asked for; it may shrink to 2 "
              "for jobs that wait");
}

}  // namespace
}  // namespace suan::core
