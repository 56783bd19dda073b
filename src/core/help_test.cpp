// Changes that help, in words: docs/rules/explain.md, and what keeps a job out of the queue.
#include "core/help.hpp"

#include "core/testing.hpp"

namespace suan::core {
namespace {

struct HelpTest : ::testing::Test {
    TestCentre centre;  // two racks of one node with 8 devices each
    MemberId user;
    void SetUp() override {
        TestCentre::PoolOptions options;
        options.devices = 8;
        options.per_rack = 1;
        centre.pool("p", options);
        user = centre.org("a", 1'000'000'000);
    }
    Command submission(std::uint32_t tasks, std::uint32_t devices, Topology topology) {
        Command command = centre.submission("a", "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(tasks);
        spec.set_devices_per_task(devices);
        spec.set_topology(topology);
        spec.set_walltime_ms(3'600'000);
        return command;
    }
    std::vector<HelpfulChange> of(JobId job) { return help(centre.state, centre.at(job)); }
    static std::string text(const HelpfulChange& change) {
        return change.kind + " (" + change.who + "): " + change.change + ": " + change.outcome;
    }
};

// The example of docs/rules/explain.md: four nodes in two racks, one free in each.
TEST_F(HelpTest, a_gang_that_fits_in_no_rack_may_lie_anywhere) {
    TestCentre::PoolOptions options;
    options.nodes = 4;
    options.devices = 8;
    options.per_rack = 2;
    centre.pool("q", options);
    const auto in_q = [&](std::uint32_t tasks, Topology topology) {
        Command command = submission(tasks, 8, topology);
        command.mutable_submit_job()->mutable_spec()->set_pool_id(2);
        return centre.submit(std::move(command));
    };
    std::vector<JobId> jobs;
    for (int i = 0; i < 4; ++i)
        jobs.push_back(in_q(1, TOPOLOGY_ANY));
    centre.tick();
    centre.end(jobs[0]);
    centre.end(jobs[2]);
    const JobId job = in_q(2, TOPOLOGY_ONE_RACK);
    centre.tick();
    ASSERT_EQ(centre.at(job).state, JOB_STATE_WAITING);
    const auto helps = of(job);
    ASSERT_GE(helps.size(), 2U);
    EXPECT_EQ(text(helps[0]),
              "topology (member): 2 x 8 devices anywhere instead of in one rack: starts now, on 2 "
              "nodes in 2 racks");
    bool fewer = false;
    for (const HelpfulChange& change : helps)
        fewer = fewer || text(change) == "tasks (member): 1 tasks instead of 2: starts now";
    EXPECT_TRUE(fewer);
    const auto reasons = why(centre.state, centre.at(job));
    ASSERT_FALSE(reasons.empty());
    EXPECT_EQ(reasons.front().code, "Topology");
    EXPECT_NE(reasons[1].message.find("1 in one rack, 2 in all"), std::string::npos)
        << reasons[1].message;
}

TEST_F(HelpTest, what_keeps_it_out_of_the_queue_comes_first) {
    Command held = submission(1, 8, TOPOLOGY_ANY);
    held.mutable_submit_job()->mutable_spec()->set_held(true);
    const JobId job = centre.submit(std::move(held));
    centre.tick();
    const auto helps = of(job);
    ASSERT_EQ(helps.size(), 1U);
    EXPECT_EQ(text(helps.front()), "release (member): release it: starts now");
    EXPECT_TRUE(help(centre.state, centre.at(job)).front().starts_now);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_WAITING);  // asking changed nothing
}

TEST_F(HelpTest, another_pool_of_the_same_device_type_is_offered) {
    // Pools of test centres name no device type: two that do.
    for (const char* name : {"x", "y"}) {
        Command command;
        PoolSpec& spec = *command.mutable_define_pool()->mutable_pool();
        spec.set_name(name);
        spec.set_executor(EXECUTOR_KIND_SIM);
        spec.set_device_type("Ascend 910");
        NodeSpec& node = *spec.add_nodes();
        node.set_name(std::string(name) + "1");
        node.set_devices(8);
        centre.ok(std::move(command));
        Command prices;
        prices.mutable_publish_price_sheet()->set_name(std::string("sheet-") + name);
        PriceLine& line = *prices.mutable_publish_price_sheet()->add_lines();
        line.set_line(1);
        line.set_pool_id(centre.state.pool_by_name(name)->id.value);
        line.set_tier(TIER_STANDARD);
        line.set_micro_yuan_per_device_hour(1'000'000);
        centre.ok(std::move(prices));
    }
    const auto in = [&](std::uint32_t pool) {
        Command command = submission(1, 8, TOPOLOGY_ANY);
        command.mutable_submit_job()->mutable_spec()->set_pool_id(pool);
        return centre.submit(std::move(command));
    };
    in(2);
    const JobId job = in(2);
    centre.tick();
    ASSERT_EQ(centre.at(job).state, JOB_STATE_WAITING);
    bool offered = false;
    for (const HelpfulChange& change : of(job)) {
        if (change.kind != "pool") continue;
        offered = true;
        EXPECT_EQ(change.pool.value, 3U);
        EXPECT_TRUE(change.starts_now);
    }
    EXPECT_TRUE(offered);
}

TEST_F(HelpTest, a_running_job_needs_no_help) {
    const JobId job = centre.submit(submission(1, 1, TOPOLOGY_ANY));
    centre.tick();
    EXPECT_TRUE(of(job).empty());
}

}  // namespace
}  // namespace suan::core
