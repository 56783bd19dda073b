// Shares, borrowing, reclaiming: the scheduler seen through the core.
#include "core/testing.hpp"

namespace suan::core {
namespace {

struct Shares : ::testing::Test {
    TestCentre centre;  // 2 nodes x 4 devices
    void SetUp() override {
        centre.pool("p", {});
        centre.org("a", 100'000'000);
        centre.org("b", 100'000'000);
        centre.share("a", "p", 4);
        centre.share("b", "p", 4);
    }
    JobId submit(const std::string& org, std::uint32_t tasks, Tier tier = TIER_STANDARD) {
        Command command = centre.submission(org, "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(tasks);
        spec.set_tier(tier);
        spec.set_walltime_ms(3'600'000);
        return centre.submit(std::move(command));
    }
};

TEST_F(Shares, idle_devices_are_lent_and_come_back_by_preempting_the_borrower) {
    std::vector<JobId> borrowed;
    for (int i = 0; i < 8; ++i)
        borrowed.push_back(submit("a", 1));
    centre.tick();
    for (const JobId id : borrowed)
        EXPECT_EQ(centre.at(id).state, JOB_STATE_RUNNING);
    centre.clock = centre.clock + Duration::minutes(10);
    const JobId owner = submit("b", 4);
    centre.tick();
    std::vector<JobId> victims;
    for (const JobId id : borrowed) {
        if (centre.at(id).state == JOB_STATE_STOPPING) victims.push_back(id);
    }
    ASSERT_EQ(victims.size(), 4U);
    for (const JobId id : victims)
        centre.end(id, LEASE_OUTCOME_FAILED);
    centre.tick();
    EXPECT_EQ(centre.at(owner).state, JOB_STATE_RUNNING);
    for (const JobId id : victims) {
        EXPECT_EQ(centre.at(id).state,
                  JOB_STATE_WAITING);  // with its place, and without being charged
        EXPECT_EQ(centre.at(id).charged.micro_yuan, 0);
        EXPECT_EQ(centre.at(id).preemptions, 1U);
    }
}

TEST_F(Shares, a_young_lease_is_not_preempted) {
    for (int i = 0; i < 8; ++i)
        submit("a", 1);
    centre.tick();
    centre.clock = centre.clock + Duration::minutes(4);
    submit("b", 4);
    centre.tick();
    centre.state.leases.for_each([](std::uint64_t, const Lease& lease) {
        EXPECT_EQ(lease.stopping, STOP_REASON_UNSPECIFIED);
    });
}

TEST_F(Shares, reserved_work_is_never_preempted_and_stays_within_the_share) {
    const JobId reserved = submit("a", 4, TIER_RESERVED);
    const JobId more = submit("a", 1, TIER_RESERVED);
    centre.tick();
    EXPECT_EQ(centre.at(reserved).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.at(more).state, JOB_STATE_WAITING);
    bool told = false;
    for (const WaitReason& reason : why(centre.state, centre.at(more)))
        told = told || reason.code == "QOSGrpGRES";
    EXPECT_TRUE(told);
}

TEST_F(Shares, spot_gives_way_to_anyone) {
    const JobId spot = submit("a", 8, TIER_SPOT);
    centre.tick();
    centre.clock = centre.clock + Duration::minutes(10);
    const JobId standard = submit("a", 2);
    centre.tick();
    EXPECT_EQ(centre.at(spot).state, JOB_STATE_STOPPING);
    centre.end(spot, LEASE_OUTCOME_FAILED);
    centre.tick();
    EXPECT_EQ(centre.at(standard).state, JOB_STATE_RUNNING);
}

// 8 devices for 600 s at 1,000 micro-yuan a device second, and 30 s more until it has stopped.
TEST_F(Shares, work_lost_to_a_job_of_the_same_org_is_charged) {
    const JobId spot = submit("a", 8, TIER_SPOT);
    centre.tick();
    centre.clock = centre.clock + Duration::minutes(10);
    submit("a", 2);
    centre.tick();
    EXPECT_TRUE(centre.lease_of(spot).makes_way_for_own);
    centre.clock = centre.clock + Duration::seconds(30);
    centre.end(spot, LEASE_OUTCOME_FAILED);
    EXPECT_EQ(centre.at(spot).state, JOB_STATE_WAITING);
    EXPECT_EQ(centre.at(spot).charged.micro_yuan, 8 * 630 * 1'000);
}

TEST_F(Shares, work_lost_to_a_job_of_another_org_is_given_back) {
    const JobId spot = submit("a", 8, TIER_SPOT);
    centre.tick();
    centre.clock = centre.clock + Duration::minutes(10);
    submit("b", 2);
    centre.tick();
    EXPECT_FALSE(centre.lease_of(spot).makes_way_for_own);
    centre.end(spot, LEASE_OUTCOME_FAILED);
    EXPECT_EQ(centre.at(spot).charged.micro_yuan, 0);
}

TEST_F(Shares, every_reason_of_a_blocked_job_is_told) {
    Command drain;
    drain.mutable_set_node_state()->add_node_ids(1);
    drain.mutable_set_node_state()->set_state(NODE_STATE_DRAINING);
    centre.ok(drain);
    submit("a", 4);
    centre.tick();
    const JobId first = submit("b", 4);
    const JobId second = submit("b", 4);
    centre.tick();
    EXPECT_EQ(centre.at(first).state, JOB_STATE_WAITING);
    std::set<std::string> codes;
    for (const WaitReason& reason : why(centre.state, centre.at(second))) {
        codes.insert(reason.code);
        EXPECT_FALSE(reason.message.empty());
    }
    EXPECT_TRUE(codes.count("Resources"));
    EXPECT_TRUE(codes.count("Priority"));
    EXPECT_TRUE(codes.count("ReqNodeNotAvail"));
}

}  // namespace
}  // namespace suan::core
