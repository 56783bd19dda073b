#include "exec/local/environment.hpp"

#include "exec/exec_test.hpp"

namespace suan::exec {
namespace {

TEST(Environment, a_task_of_a_gang_knows_its_place) {
    auto order = gang_order(7, 3, "true");  // node1: 0 1, node2: 2
    order.visible_devices = VisibleDevices::ascend;
    order.master_port = 2'345;
    order.cpus_per_task = 4;
    auto env = task_environment(order, 2, "/data/jobs/7/1");
    const std::map<std::string, std::string> expected{{"SUAN_JOB_ID", "7"},
                                                      {"SLURM_JOB_ID", "7"},
                                                      {"SLURM_JOBID", "7"},
                                                      {"SLURM_JOB_NAME", "a job"},
                                                      {"SLURM_NTASKS", "3"},
                                                      {"SUAN_PROCID", "2"},
                                                      {"SLURM_LOCALID", "0"},
                                                      {"SLURM_NODEID", "1"},
                                                      {"SLURM_JOB_NODELIST", "node[1-2]"},
                                                      {"SLURM_TASKS_PER_NODE", "2,1"},
                                                      {"SLURM_NNODES", "2"},
                                                      {"SLURM_CPUS_PER_TASK", "4"},
                                                      {"SLURM_SUBMIT_DIR", "/data/jobs/7/1/work"},
                                                      {"RANK", "2"},
                                                      {"WORLD_SIZE", "3"},
                                                      {"LOCAL_RANK", "0"},
                                                      {"MASTER_ADDR", "127.0.0.1"},
                                                      {"MASTER_PORT", "2345"},
                                                      {"ASCEND_RT_VISIBLE_DEVICES", "2"},
                                                      {"SUAN_JOB_DIR", "/data/jobs/7/1/work"},
                                                      {"USER", "li"}};
    for (const auto& [name, value] : expected)
        EXPECT_EQ(env[name], value) << name;
    EXPECT_FALSE(env.contains("CUDA_VISIBLE_DEVICES"));
    EXPECT_FALSE(env.contains("SLURM_ARRAY_JOB_ID"));
}

TEST(Environment, a_script_sees_all_devices_of_its_node_and_no_rank) {
    auto order = gang_order(7, 3, "true");
    order.launcher = Launcher::script_on_first_node;
    order.visible_devices = VisibleDevices::cuda;
    const auto env = task_environment(order, 0, "/a");
    EXPECT_EQ(env.at("CUDA_VISIBLE_DEVICES"), "0,1");
    EXPECT_FALSE(env.contains("RANK"));
}

TEST(Environment, a_job_without_devices_sees_none) {
    auto order = script_order(1, "");
    order.visible_devices = VisibleDevices::cuda;
    EXPECT_EQ(task_environment(order, 0, "/a").at("CUDA_VISIBLE_DEVICES"), "");
}

TEST(Environment, users_add_variables_but_cannot_change_ours) {
    auto order = script_order(1, "");
    order.payload.environment = {
        {"PATH", "/mine"}, {"SLURM_JOB_ID", "99"}, {"SLURM_SUBMIT_DIR", "/here"}};
    const auto env = task_environment(order, 0, "/a");
    EXPECT_EQ(env.at("PATH"), "/mine");
    EXPECT_EQ(env.at("SLURM_JOB_ID"), "1");
    EXPECT_EQ(env.at("SLURM_SUBMIT_DIR"), "/here");
}

TEST(Environment, an_array_element_knows_its_array) {
    auto order = script_order(12, "");
    order.array = ArrayElement{JobId(10), 4, 5, 0, 8, 2};
    const auto env = task_environment(order, 0, "/a");
    EXPECT_EQ(env.at("SLURM_ARRAY_JOB_ID"), "10");
    EXPECT_EQ(env.at("SLURM_ARRAY_TASK_ID"), "4");
    EXPECT_EQ(env.at("SUAN_ARRAY_TASK_STEP"), "2");
}

TEST(NodeList, is_shortened_as_slurm_does) {
    using Names = std::vector<std::string>;
    const std::vector<std::pair<Names, std::string>> cases{
        {{}, ""},
        {{"n1"}, "n1"},
        {{"login"}, "login"},
        {{"n1", "n2", "n3"}, "n[1-3]"},
        {{"n1", "n3", "n4"}, "n[1,3-4]"},
        {{"n09", "n10"}, "n[09-10]"},
        {{"n9", "n10"}, "n[9,10]"},
        {{"n1", "m1", "m2", "login", "login2"}, "n1,m[1-2],login,login2"},
        {{"7", "8"}, "[7-8]"},
    };
    for (const auto& [names, text] : cases)
        EXPECT_EQ(short_node_list(names), text);
}

TEST(Pattern, letters_become_values) {
    auto order = gang_order(7, 3, "");
    order.job_name = "a/b";
    order.array = ArrayElement{JobId(5), 12, 20, 0, 19, 1};
    const std::vector<std::pair<std::string, std::string>> cases{
        {"slurm-%j.out", "slurm-7.out"}, {"%A_%a", "5_12"}, {"%x.%t", "a_b.2"}, {"%4a", "0012"},
        {"%N/%u", "node2/li"},           {"100%%", "100%"}, {"plain", "plain"},
    };
    for (const auto& [pattern, text] : cases)
        EXPECT_EQ(*expand_pattern(pattern, order, 2), text);
    for (const char* bad : {"%", "a%q", "%3", "%\n"})
        EXPECT_EQ(expand_pattern(bad, order, 2).error().code, ErrorCode::invalid) << bad;
}

TEST(OutputFiles, are_kept_in_the_log_folder_unless_named) {
    auto order = script_order(7, "");
    EXPECT_EQ(output_file(order, 0, LogStream::err, "/a")->name, "0.err");
    order.payload.stdout_pattern = "/a/work/o.txt";
    EXPECT_EQ(output_file(order, 0, LogStream::err, "/a")->name, "o.txt");
    order.payload.stderr_pattern = "/dev/null";
    EXPECT_TRUE(output_file(order, 0, LogStream::err, "/a")->discarded());
    order.payload.stdout_pattern = "/a/work/../order";
    EXPECT_FALSE(output_file(order, 0, LogStream::out, "/a"));
}

}  // namespace
}  // namespace suan::exec
