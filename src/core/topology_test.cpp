// Topologies that are preferred: waited for, then given up. docs/rules/topology.md.
#include "core/help.hpp"
#include "core/testing.hpp"

#include <gtest/gtest.h>

namespace suan::core {
namespace {

constexpr std::int64_t yuan = 1'000'000;

// Two racks of two nodes of 4 devices, of which one node in each rack is taken.
class Topologies : public ::testing::Test {
protected:
    TestCentre centre;
    std::vector<JobId> others;

    void SetUp() override {
        centre.pool("p", {.nodes = 4, .devices = 4, .per_rack = 2});
        centre.org("a", 10'000 * yuan);
        centre.org("b", 10'000 * yuan);
        for (int i = 0; i < 4; ++i)
            others.push_back(centre.submit(asks("b", 4, TOPOLOGY_ONE_NODE, 0)));
        centre.tick();
        centre.end(others[1]);
        centre.end(others[3]);
        centre.tick();
    }
    Command asks(const std::string& org, std::uint32_t tasks, Topology topology,
                 std::int64_t wait_ms) const {
        Command command = centre.submission(org, "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(tasks);
        spec.set_topology(topology);
        spec.set_topology_wait_ms(wait_ms);
        spec.set_walltime_ms(10'000'000);
        return command;
    }
    bool relaxed_in_last_entry() const {
        for (const Event& event : centre.log.back().events())
            if (event.has_job_relaxed()) return true;
        return false;
    }
};

TEST_F(Topologies, APreferredOneIsWaitedForAndThenGivenUp) {
    const JobId prefers = centre.submit(asks("a", 8, TOPOLOGY_ONE_RACK, 600'000));
    centre.tick();
    EXPECT_EQ(centre.at(prefers).state, JOB_STATE_WAITING);
    const std::vector<WaitReason> reasons = why(centre.state, centre.at(prefers));
    ASSERT_FALSE(reasons.empty());
    EXPECT_EQ(reasons.front().code, "Topology");
    EXPECT_EQ(reasons.front().message,
              "fits now, but not in one rack as it requires; in 600 s it takes any place");
    const std::vector<HelpfulChange> helps = help(centre.state, centre.at(prefers));
    ASSERT_FALSE(helps.empty());
    EXPECT_EQ(helps.front().outcome, "starts now, on 2 nodes in 2 racks");

    centre.tick(Duration::milliseconds(599'999));
    EXPECT_EQ(centre.at(prefers).state, JOB_STATE_WAITING);
    centre.tick(Duration::milliseconds(1));
    EXPECT_TRUE(relaxed_in_last_entry());
    ASSERT_EQ(centre.at(prefers).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.lease_of(prefers).placement.size(), 2U);
}

TEST_F(Topologies, ARequiredOneIsNeverGivenUp) {
    const JobId job = centre.submit(asks("a", 8, TOPOLOGY_ONE_RACK, 0));
    centre.tick(Duration::seconds(6'000));
    EXPECT_EQ(centre.at(job).state, JOB_STATE_WAITING);
}

TEST_F(Topologies, OneThatStartsInTimeIsNotRelaxed) {
    const JobId job = centre.submit(asks("a", 8, TOPOLOGY_ONE_RACK, 600'000));
    centre.end(others[2]);
    centre.tick();
    ASSERT_EQ(centre.at(job).state, JOB_STATE_RUNNING);
    centre.tick(Duration::seconds(700));
    EXPECT_FALSE(centre.at(job).relaxed);
}

TEST_F(Topologies, WhoComesIntoTheQueueAgainWaitsForItAgain) {
    const JobId job = centre.submit(asks("a", 8, TOPOLOGY_ONE_RACK, 600'000));
    centre.tick();
    centre.tick(Duration::seconds(600));
    ASSERT_EQ(centre.at(job).state, JOB_STATE_RUNNING);
    centre.end(job, LEASE_OUTCOME_LOST);
    centre.tick();
    EXPECT_EQ(centre.at(job).state, JOB_STATE_WAITING);
    EXPECT_FALSE(centre.at(job).relaxed);
    EXPECT_EQ(centre.at(job).relaxes, centre.clock + Duration::seconds(600));
}

// What waits in the state and not in a queue survives a snapshot.
TEST_F(Topologies, ASnapshotKeepsWhenItIsGivenUp) {
    const JobId job = centre.submit(asks("a", 8, TOPOLOGY_ONE_RACK, 600'000));
    centre.tick();
    std::string error;
    std::optional<State> restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    EXPECT_EQ(to_hex(restored->digest()), to_hex(centre.state.digest()));
    Entry entry;
    entry.set_time_us((centre.clock + Duration::seconds(600)).us);
    entry.mutable_command()->mutable_tick();
    step(*restored, entry);
    EXPECT_EQ(restored->jobs.at(job.value).state, JOB_STATE_RUNNING);
    restored->check_invariants();
}

TEST_F(Topologies, AWaitNeedsATopology) {
    EXPECT_EQ(centre.refused(asks("a", 8, TOPOLOGY_ANY, 1'000)).field, "topology_wait_ms");
    EXPECT_EQ(centre.refused(asks("a", 8, TOPOLOGY_ONE_RACK, -1)).field, "topology_wait_ms");
}

}  // namespace
}  // namespace suan::core
