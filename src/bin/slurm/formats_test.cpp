#include "bin/slurm/node_states.hpp"
#include "bin/slurm/sacct_format.hpp"
#include "bin/slurm/squeue_format.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace suan::bin::slurm {
namespace {

constexpr std::int64_t start_us = 1'790'000'000'000'000;

JobView job(std::uint64_t id, JobState state) {
    JobView j;
    j.set_id(id);
    j.set_name("train");
    j.set_member("lin");
    j.set_project("default");
    j.set_pool("1000P");
    j.set_state(state);
    j.set_tasks(2);
    j.set_devices_per_task(8);
    j.set_walltime_ms(3'600'000);
    if (state == JOB_STATE_WAITING) {
        j.set_reason("Resources");
    } else {
        j.set_started_us(start_us);
        j.add_nodes("n001");
        j.add_nodes("n002");
    }
    return j;
}

JobView element(std::uint32_t index, JobState state) {
    JobView j = job(100 + index, state);
    j.set_array_id(100);
    j.set_array_index(index);
    return j;
}

std::string queue(std::string_view format, const std::vector<JobView>& jobs) {
    const auto columns = parse_queue_format(format);
    EXPECT_TRUE(columns) << columns.error().context;
    std::string text = queue_header(*columns);
    for (const QueueLine& line : queue_lines(jobs))
        text += queue_text(*columns, line, start_us + 3'723'000'000LL);
    return text;
}

TEST(SqueueFormat, TheDefaultLooksAsSlurms) {
    EXPECT_EQ(
        queue(squeue_default, {job(7, JOB_STATE_WAITING), job(6, JOB_STATE_RUNNING)}),
        "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)\n"
        "                 7     1000P    train      lin PD       0:00      1 (Resources)\n"
        "                 6     1000P    train      lin  R    1:02:03      2 n[001-002]\n");
}

TEST(SqueueFormat, WaitingElementsOfAnArrayAreOneLine) {
    EXPECT_EQ(queue("%i %t", {element(0, JOB_STATE_RUNNING), element(1, JOB_STATE_WAITING),
                              element(2, JOB_STATE_WAITING), element(5, JOB_STATE_WAITING)}),
              "JOBID ST\n100_0 R\n100_[1-2,5] PD\n");
}

TEST(SqueueFormat, WidthsCutAndFill) {
    EXPECT_EQ(queue("%3i|%.4j|%%", {job(12'345, JOB_STATE_RUNNING)}), "JOB|NAME|%\n123|trai|%\n");
    EXPECT_EQ(parse_queue_format("%y").error().context,
              "format: %y is not known; docs/guides/slurm-users.md lists the letters");
    EXPECT_FALSE(parse_queue_format("%"));
    EXPECT_FALSE(parse_queue_format("%99999i"));
}

TEST(SacctFormat, TheDefaultLooksAsSlurms) {
    JobView done = job(6, JOB_STATE_FAILED);
    done.set_exit_code(3);
    const auto columns = parse_account_format(sacct_default);
    ASSERT_TRUE(columns);
    EXPECT_EQ(account_text(*columns, {done}, {}, start_us),
              "JobID           JobName  Partition    Account  AllocCPUS      State ExitCode \n"
              "------------ ---------- ---------- ---------- ---------- ---------- -------- \n"
              "6                 train      1000P    default         16     FAILED      3:0 \n");
}

TEST(SacctFormat, ParsableLinesAreCutNowhere) {
    const auto columns = parse_account_format("jobid,JobName%3,state");
    ASSERT_TRUE(columns);
    AccountStyle style;
    style.shape = AccountStyle::Shape::delimited;
    EXPECT_EQ(account_text(*columns, {job(6, JOB_STATE_RUNNING)}, style, start_us),
              "JobID|JobName|State\n6|train|RUNNING\n");
    style.header = false;
    style.shape = AccountStyle::Shape::delimited_and_ended;
    EXPECT_EQ(account_text(*columns, {job(6, JOB_STATE_RUNNING)}, style, start_us),
              "6|train|RUNNING|\n");
    EXPECT_EQ(parse_account_format("Stat").error().context,
              "invalid field requested: \"Stat\"; did you mean State?");
}

TEST(Fields, NodeNamesAreShortened) {
    EXPECT_EQ(node_list({}), "");
    EXPECT_EQ(node_list({"n1"}), "n1");
    EXPECT_EQ(node_list({"n3", "n1", "n2", "gpu7"}), "n[1-3],gpu7");
    EXPECT_EQ(node_list({"login"}), "login");
}

TEST(Fields, TimesHaveSlurmsForms) {
    EXPECT_EQ(squeue_time(62), "1:02");
    EXPECT_EQ(squeue_time(3'723), "1:02:03");
    EXPECT_EQ(squeue_time(176'523), "2-01:02:03");
    EXPECT_EQ(sacct_time(62), "00:01:02");
    EXPECT_EQ(slurm_date(0, "N/A"), "N/A");
}

TEST(Sinfo, NodesAreGroupedByState) {
    PoolView pool;
    pool.set_name("1000P");
    std::vector<NodeView> nodes(3);
    for (int i = 0; i < 3; ++i) {
        NodeView& node = nodes[static_cast<std::size_t>(i)];
        node.set_name("n" + std::to_string(i + 1));
        node.set_pool("1000P");
        node.set_devices(8);
        node.set_state(NODE_STATE_OPEN);
        node.set_free_milli(i == 2 ? 3'000 : 8'000);
    }
    const auto groups = node_groups({pool}, nodes, NodeLines::by_state);
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(*node_group_text("%P %t %D %N", &groups[0]), "1000P idle 2 n[1-2]\n");
    EXPECT_EQ(*node_group_text("%P %t %D %N", &groups[1]), "1000P mix 1 n3\n");
    EXPECT_FALSE(node_group_text("%y", nullptr));
}

}  // namespace
}  // namespace suan::bin::slurm
