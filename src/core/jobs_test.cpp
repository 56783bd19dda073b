#include "core/testing.hpp"

namespace suan::core {
namespace {

// One pool of 2 nodes x 4 devices, 1,000 micro-yuan a device second; org "a" has 1 yuan.
struct Jobs : ::testing::Test {
    TestCentre centre;
    void SetUp() override {
        centre.pool("p", {});
        centre.org("a", 10'000'000);
    }
    Command job(std::uint32_t tasks = 1, std::uint32_t devices = 1) {
        Command command = centre.submission("a", "p");
        command.mutable_submit_job()->mutable_spec()->set_tasks(tasks);
        command.mutable_submit_job()->mutable_spec()->set_devices_per_task(devices);
        return command;
    }
};

TEST_F(Jobs, a_job_is_held_run_charged_and_settled) {
    const JobId id = centre.submit(job(2, 4));
    EXPECT_EQ(centre.money("a"), 10'000'000 - 8 * 60 * 1'000);  // the whole wall time is held
    EXPECT_EQ(centre.at(id).state, JOB_STATE_WAITING);
    centre.tick();
    EXPECT_EQ(centre.at(id).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.lease_of(id).placement.size(), 2U);
    centre.clock = centre.clock + Duration::seconds(10);
    centre.end(id);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_COMPLETED);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 8 * 10 * 1'000);
    EXPECT_EQ(centre.at(id).milli_device_ms, 8LL * 1'000 * 10 * 1'000);
    EXPECT_EQ(centre.money("a"), 10'000'000 - 80'000);
    EXPECT_EQ(centre.revenue(), 80'000);
}

TEST_F(Jobs, a_gang_starts_whole_or_waits) {
    const JobId first = centre.submit(job(1, 4));
    const JobId gang = centre.submit(job(2, 4));
    centre.tick();
    EXPECT_EQ(centre.at(first).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.at(gang).state, JOB_STATE_WAITING);
    const std::vector<WaitReason> reasons = why(centre.state, centre.at(gang));
    ASSERT_FALSE(reasons.empty());
    EXPECT_EQ(reasons[0].code, "Resources");
    centre.end(first);
    centre.tick();
    EXPECT_EQ(centre.at(gang).state, JOB_STATE_RUNNING);
}

TEST_F(Jobs, an_elastic_job_starts_with_what_fits) {
    centre.submit(job(1, 3));
    Command elastic = job(8, 1);
    elastic.mutable_submit_job()->mutable_spec()->set_tasks_min(2);
    const JobId id = centre.submit(std::move(elastic));
    centre.tick();
    EXPECT_EQ(centre.at(id).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.lease_of(id).tasks, 5U);
}

TEST_F(Jobs, a_failed_job_runs_again_as_often_as_it_may) {
    Command command = job();
    command.mutable_submit_job()->mutable_spec()->set_retries(1);
    const JobId id = centre.submit(std::move(command));
    centre.tick();
    centre.end(id, LEASE_OUTCOME_FAILED, 3);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_WAITING);
    centre.tick();
    EXPECT_EQ(centre.lease_of(id).attempt, 2U);
    centre.end(id, LEASE_OUTCOME_FAILED, 4);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_FAILED);
    EXPECT_EQ(centre.at(id).exit_code, 4);
}

TEST_F(Jobs, a_job_that_cannot_be_launched_is_given_up_after_three_times) {
    const JobId id = centre.submit(job());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(centre.at(id).state, JOB_STATE_WAITING);
        centre.tick(Duration::seconds(1));
        centre.end(id, LEASE_OUTCOME_LAUNCH_FAILED);
    }
    EXPECT_EQ(centre.at(id).state, JOB_STATE_FAILED);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 0);
}

TEST_F(Jobs, wall_time_stops_a_job_and_never_costs_more_than_was_held) {
    const JobId id = centre.submit(job());
    centre.tick();
    centre.tick(Duration::seconds(60));
    EXPECT_EQ(centre.at(id).state, JOB_STATE_STOPPING);
    EXPECT_EQ(centre.lease_of(id).stopping, STOP_REASON_TIMEOUT);
    centre.clock = centre.clock + Duration::seconds(20);
    centre.end(id, LEASE_OUTCOME_FAILED);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_TIMEOUT);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 60'000);
}

TEST_F(Jobs, a_stop_that_nobody_confirms_frees_the_devices_in_the_end) {
    const JobId id = centre.submit(job());
    centre.tick();
    centre.tick(Duration::seconds(60));
    centre.tick(Duration::seconds(91));
    EXPECT_EQ(centre.at(id).state, JOB_STATE_TIMEOUT);
    EXPECT_EQ(centre.state.leases.size(), 0U);
}

TEST_F(Jobs, late_and_doubled_reports_change_nothing) {
    const JobId id = centre.submit(job());
    centre.tick();
    const LeaseId lease = centre.at(id).lease;
    centre.end(id);
    const std::size_t entries = centre.log.size();
    centre.report(lease, LEASE_OUTCOME_COMPLETED);
    centre.report(LeaseId{99}, LEASE_OUTCOME_FAILED);
    EXPECT_EQ(centre.log.size(), entries);
}

TEST_F(Jobs, running_leases_are_charged_as_they_run) {
    centre.pool("metered", {.meter_interval_ms = 10'000});
    const JobId id = centre.submit(centre.submission("a", "metered"));
    centre.tick();
    EXPECT_EQ(centre.state.next_due().us, centre.clock.us + 10'000'000);
    centre.tick(Duration::seconds(10));
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 10'000);
    EXPECT_EQ(centre.revenue(), 10'000);
    centre.tick(Duration::seconds(10));
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 20'000);
    centre.clock = centre.clock + Duration::seconds(5);
    centre.end(id);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 25'000);
}

TEST_F(Jobs, node_failure_gives_back_the_work_since_the_last_checkpoint) {
    centre.pool("metered", {.meter_interval_ms = 10'000});
    const JobId id = centre.submit(centre.submission("a", "metered"));
    centre.tick();
    centre.tick(Duration::seconds(10));
    Command checkpoint;
    checkpoint.mutable_lease_report()->set_lease_id(centre.at(id).lease.value);
    checkpoint.mutable_lease_report()->set_kind(LeaseReport::KIND_CHECKPOINTED);
    centre.ok(checkpoint);
    centre.tick(Duration::seconds(20));
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 30'000);
    Command down;
    down.mutable_set_node_state()->add_node_ids(centre.lease_of(id).placement[0].node.value);
    down.mutable_set_node_state()->set_state(NODE_STATE_DOWN);
    down.mutable_set_node_state()->set_reason("power");
    centre.ok(down);
    EXPECT_EQ(centre.lease_of(id).stopping, STOP_REASON_NODE_FAILED);
    centre.end(id, LEASE_OUTCOME_FAILED);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_WAITING);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 10'000);
    EXPECT_EQ(centre.revenue(), 10'000);
    centre.tick();
    EXPECT_EQ(centre.at(id).state, JOB_STATE_RUNNING);  // on the other node
    EXPECT_EQ(centre.lease_of(id).attempt, 2U);
}

TEST_F(Jobs, dependencies_release_or_end_what_waits) {
    const JobId first = centre.submit(job());
    const auto after = [&](DependencyKind kind) {
        Command command = job();
        Dependency& dependency = *command.mutable_submit_job()->mutable_spec()->add_dependencies();
        dependency.set_job_id(first.value);
        dependency.set_kind(kind);
        return centre.submit(std::move(command));
    };
    const JobId ok = after(DEPENDENCY_KIND_AFTEROK);
    const JobId bad = after(DEPENDENCY_KIND_AFTERNOTOK);
    const JobId any = after(DEPENDENCY_KIND_AFTERANY);
    Command chained = job();
    chained.mutable_submit_job()->mutable_spec()->add_dependencies()->set_job_id(ok.value);
    const JobId last = centre.submit(std::move(chained));
    EXPECT_EQ(why(centre.state, centre.at(ok)).at(0).code, "Dependency");
    centre.tick();
    centre.end(first, LEASE_OUTCOME_FAILED, 1);
    EXPECT_EQ(centre.at(ok).state, JOB_STATE_DEPENDENCY_FAILED);
    EXPECT_EQ(centre.at(last).state, JOB_STATE_DEPENDENCY_FAILED);
    EXPECT_TRUE(centre.at(bad).queued);
    EXPECT_TRUE(centre.at(any).queued);
    EXPECT_EQ(centre.money("a"), 10'000'000 - 2 * 60'000);  // what ended holds nothing
}

TEST_F(Jobs, an_array_is_one_job_an_index_and_its_bound_holds) {
    Command command = job();
    for (std::uint32_t i = 10; i < 15; ++i)
        command.mutable_submit_job()->mutable_array()->add_indices(i);
    command.mutable_submit_job()->mutable_array()->set_running_max(2);
    const JobId first = centre.submit(std::move(command));
    Command after = job();
    after.mutable_submit_job()->mutable_spec()->add_dependencies()->set_job_id(first.value);
    const JobId last = centre.submit(std::move(after));
    centre.tick();
    EXPECT_EQ(centre.state.leases.size(), 2U);
    EXPECT_EQ(why(centre.state, centre.at(JobId{first.value + 4})).at(0).code, "JobArrayTaskLimit");
    for (std::uint64_t i = 0; i < 5; ++i) {
        EXPECT_EQ(centre.at(JobId{first.value + i}).array_index, 10 + i);
        centre.end(JobId{first.value + i});
        centre.tick();
        EXPECT_LE(centre.state.leases.size(), 2U);
    }
    EXPECT_EQ(centre.at(last).state, JOB_STATE_RUNNING);
}

TEST_F(Jobs, begin_time_and_user_hold_keep_a_job_out_of_the_queue) {
    Command later = job();
    later.mutable_submit_job()->mutable_spec()->set_begin_time_us(centre.clock.us + 5'000'000);
    later.mutable_submit_job()->mutable_spec()->set_held(true);
    const JobId id = centre.submit(std::move(later));
    centre.tick();
    EXPECT_EQ(why(centre.state, centre.at(id)).size(), 2U);
    Command release;
    release.mutable_release_job()->set_job_id(id.value);
    centre.ok(release);
    EXPECT_FALSE(centre.at(id).queued);
    centre.tick(Duration::seconds(5));
    EXPECT_EQ(centre.at(id).state, JOB_STATE_RUNNING);
}

TEST_F(Jobs, cancel_ends_a_waiting_job_and_stops_a_running_one) {
    const JobId running = centre.submit(job());
    centre.tick();
    Command later = job();
    later.mutable_submit_job()->mutable_spec()->set_held(true);
    const JobId waiting = centre.submit(std::move(later));
    for (const JobId id : {running, waiting}) {
        Command cancel;
        cancel.mutable_cancel_job()->set_job_id(id.value);
        centre.ok(cancel);
    }
    EXPECT_EQ(centre.at(waiting).state, JOB_STATE_CANCELLED);
    EXPECT_EQ(centre.at(running).state, JOB_STATE_STOPPING);
    centre.end(running, LEASE_OUTCOME_CANCELLED);
    EXPECT_EQ(centre.at(running).state, JOB_STATE_CANCELLED);
}

TEST_F(Jobs, a_cancel_ends_what_was_stopped_only_to_run_again) {
    const JobId id = centre.submit(job());
    centre.tick();
    Command down;
    down.mutable_set_node_state()->add_node_ids(centre.lease_of(id).placement[0].node.value);
    down.mutable_set_node_state()->set_state(NODE_STATE_DOWN);
    down.mutable_set_node_state()->set_reason("power");
    centre.ok(down);
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(id.value);
    centre.ok(cancel);
    centre.end(id, LEASE_OUTCOME_CANCELLED);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_CANCELLED);
}

TEST_F(Jobs, a_retry_under_the_same_key_gets_the_same_job_and_a_clash_is_refused) {
    Command command = job();
    command.mutable_submit_job()->set_idempotency_key("k1");
    command.mutable_submit_job()->set_request_sm3(std::string(32, 'x'));
    const JobId id = centre.submit(command);
    const Outcome again = centre.run(command);
    ASSERT_TRUE(std::holds_alternative<AlreadyDone>(again));
    EXPECT_EQ(std::get<AlreadyDone>(again).first_job, id);
    command.mutable_submit_job()->set_request_sm3(std::string(32, 'y'));
    EXPECT_EQ(centre.refused(command).code, RejectionCode::idempotency_clash);
}

TEST_F(Jobs, money_paid_in_under_a_key_is_paid_in_once_even_after_a_restore) {
    Command command;
    command.mutable_fund_org()->set_org_id(1);
    command.mutable_fund_org()->set_micro_yuan(1'000);
    command.set_idempotency_key("k1");
    command.set_request_sm3(std::string(32, 'x'));
    centre.ok(command);
    const std::uint64_t seq = centre.state.seq;
    const Outcome again = centre.run(command);
    ASSERT_TRUE(std::holds_alternative<AlreadyDone>(again));
    EXPECT_EQ(std::get<AlreadyDone>(again).seq, seq);
    std::string error;
    centre.state = std::move(*from_snapshot(to_snapshot(centre.state), error));
    EXPECT_TRUE(std::holds_alternative<AlreadyDone>(centre.run(command))) << error;
    command.set_request_sm3(std::string(32, 'y'));
    EXPECT_EQ(centre.refused(command).code, RejectionCode::idempotency_clash);
    Actor other;
    other.set_member_id(9);
    other.set_role(ROLE_OPERATOR);
    centre.ok(command, other);  // a key is its member's own
}

}  // namespace
}  // namespace suan::core
