#include "sim/traces/openb.hpp"

#include "sim/traces/traces_testing.hpp"

#include <gmock/gmock.h>

#include <map>

namespace suan::sim {
namespace {

using ::testing::HasSubstr;
using testing::inline_file;

constexpr const char* pod_header =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time\n";

std::string pod_error(const std::string& row) {
    const std::string text = pod_header + row;
    auto pods = read_openb_pods(inline_file(text));
    return pods ? "no error" : pods.error().context;
}

std::string node_error(const std::string& rows) {
    const std::string text = "sn,cpu_milli,memory_mib,gpu,model\n" + rows;
    auto nodes = read_openb_nodes(inline_file(text));
    return nodes ? "no error" : nodes.error().context;
}

TEST(Openb, pods_become_jobs_of_one_task) {
    const std::string text = std::string(pod_header) +
                             "p0,1000,10,1,460,,LS,Running,5,100,10\n"
                             "p1,1000,10,8,1000,V100M16|V100M32,BE,Failed,2,30,20\n"
                             "p2,1000,10,0,0,,LS,Running,5,100,10\n"
                             "p3,1000,10,1,1000,,Burstable,Pending,5,100,\n";
    const auto trace = read_openb(inline_file(text));
    ASSERT_TRUE(trace) << trace.error().context;
    ASSERT_EQ(trace->jobs.size(), 2U);
    const TraceJob& gang = trace->jobs[0];
    EXPECT_EQ(gang.duration_us, 10'000'000);
    EXPECT_EQ(gang.devices_per_task, 8U);
    EXPECT_EQ(gang.tier, Tier::spot);
    EXPECT_EQ(gang.exit_code, 1);
    EXPECT_EQ(trace->pools[gang.pool], "V100M16|V100M32");
    const TraceJob& part = trace->jobs[1];
    EXPECT_EQ(part.submit_us, 3'000'000);
    EXPECT_EQ(part.milli, 460);
    EXPECT_EQ(part.tier, Tier::reserved);
    EXPECT_EQ(trace->skipped_rows(SkipReason::no_devices), 1);
    EXPECT_EQ(trace->skipped_rows(SkipReason::never_started), 1);
    EXPECT_EQ(trace->origin.us, 2'000'000);
}

TEST(Openb, a_list_without_times_reads_but_does_not_replay) {
    constexpr const char* text = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1,2,2,1000\n";
    const auto pods = read_openb_pods(inline_file(text));
    ASSERT_TRUE(pods) << pods.error().context;
    EXPECT_FALSE(pods->has_times);
    EXPECT_EQ(pods->pods.at(0).gpus, 2U);
    EXPECT_THAT(read_openb(inline_file(text)).error().context,
                HasSubstr("column creation_time is missing"));
}

TEST(Openb, wrong_pods_are_refused) {
    EXPECT_THAT(pod_error("p,1,1,2,500,,LS,Running,0,2,1\n"),
                HasSubstr("column gpu_milli: '500' is refused; expected an integer from 1000"));
    EXPECT_THAT(pod_error("p,1,1,1,0,,LS,Running,0,2,1\n"), HasSubstr("column gpu_milli: '0'"));
    EXPECT_THAT(pod_error("p,1,1,65,1000,,LS,Running,0,2,1\n"), HasSubstr("column num_gpu: '65'"));
    EXPECT_THAT(pod_error("p,1,1,1,1000,,XX,Running,0,2,1\n"), HasSubstr("column qos: 'XX'"));
    EXPECT_THAT(pod_error("p,1,1,1,1000,A||B,LS,Running,0,2,1\n"), HasSubstr("column gpu_spec"));
    EXPECT_THAT(pod_error("p,1,1,1,1000,,LS,Running,0,2,3\n"),
                HasSubstr("column scheduled_time: '3' is refused; expected a time from"));
    EXPECT_THAT(pod_error("p,-1,1,1,1000,,LS,Running,0,2,1\n"),
                HasSubstr("column cpu_milli: '-1'"));
    constexpr const char* half = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,qos\n";
    EXPECT_THAT(read_openb_pods(inline_file(half)).error().context,
                HasSubstr("column scheduled_time is missing"));
}

TEST(Openb, wrong_nodes_are_refused) {
    EXPECT_EQ(node_error("n,1,1,0,\n"), "no error");
    EXPECT_THAT(node_error("n,1,1,8,\n"), HasSubstr("column model: '' is refused"));
    EXPECT_THAT(node_error("n,1,1,65,G2\n"), HasSubstr("column gpu: '65' is refused"));
    EXPECT_THAT(node_error("n,1,1,0,\nn,1,1,0,\n"), HasSubstr("test.csv:3: column sn: 'n'"));
}

TEST(Openb, the_real_node_list_has_the_counts_of_its_readme) {
    SUAN_REAL_TRACE(path, "openb-v2023/csv/openb_node_list_gpu_node.csv");
    auto input = Input::file(path);
    ASSERT_TRUE(input);
    const auto nodes = read_openb_nodes(std::move(*input));
    ASSERT_TRUE(nodes) << nodes.error().context;
    EXPECT_EQ(nodes->size(), 1'213U);
    std::int64_t cpu_milli = 0, memory_mib = 0;
    std::uint32_t gpus = 0;
    std::map<std::uint32_t, int> by_size;
    std::map<std::string, std::uint32_t> by_model;
    for (const OpenbNode& node : *nodes) {
        cpu_milli += node.cpu_milli;
        memory_mib += node.memory_mib;
        gpus += node.gpus;
        ++by_size[node.gpus];
        by_model[node.model] += node.gpus;
    }
    EXPECT_EQ(gpus, 6'212U);
    EXPECT_EQ(cpu_milli, 107'018'000);
    EXPECT_EQ(memory_mib, 503'828'480);
    EXPECT_EQ(by_size, (std::map<std::uint32_t, int>{{8, 617}, {4, 54}, {2, 518}, {1, 24}}));
    EXPECT_EQ(by_model, (std::map<std::string, std::uint32_t>{{"G2", 4392},
                                                              {"T4", 842},
                                                              {"P100", 265},
                                                              {"V100M16", 195},
                                                              {"G3", 312},
                                                              {"V100M32", 204},
                                                              {"A10", 2}}));
}

TEST(Openb, the_real_pod_list_has_the_counts_of_its_readme) {
    SUAN_REAL_TRACE(path, "openb-v2023/csv/openb_pod_list_default.csv");
    auto input = Input::file(path);
    ASSERT_TRUE(input);
    const auto pods = read_openb_pods(std::move(*input));
    ASSERT_TRUE(pods) << pods.error().context;
    EXPECT_EQ(pods->pods.size(), 8'152U);
    std::map<std::uint32_t, int> by_gpus;
    std::map<std::string, int> by_qos, by_phase;
    int shares = 0;
    std::int64_t milli = 0;
    for (const OpenbPod& pod : pods->pods) {
        ++by_gpus[pod.gpus];
        ++by_qos[pod.qos];
        ++by_phase[pod.phase];
        shares += pod.gpus == 1 && pod.gpu_milli < 1000 ? 1 : 0;
        milli += std::int64_t{pod.gpus} * pod.gpu_milli;
    }
    EXPECT_EQ(by_gpus,
              (std::map<std::uint32_t, int>{{0, 1'088}, {1, 6'989}, {2, 16}, {4, 15}, {8, 44}}));
    EXPECT_EQ(by_qos, (std::map<std::string, int>{
                          {"LS", 4'647}, {"BE", 3'398}, {"Burstable", 100}, {"Guaranteed", 7}}));
    EXPECT_EQ(by_phase["Pending"], 897);
    EXPECT_EQ(shares, 3'078);
    EXPECT_EQ((milli + 50) / 100, 60'868);  // 6,086.8 GPUs
    const auto trace = trace_of(*pods);
    ASSERT_TRUE(trace) << trace.error().context;
    EXPECT_EQ(trace->skipped_rows(SkipReason::no_devices), 1'088);
    EXPECT_EQ(std::int64_t(trace->jobs.size()) + trace->skipped_rows(SkipReason::never_started),
              8'152 - 1'088);
}

TEST(Openb, every_published_pod_list_reads) {
    SUAN_REAL_TRACE(folder, "openb-v2023/csv");
    int lists = 0, without_times = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().filename().string().find("pod_list") == std::string::npos) continue;
        auto input = Input::file(entry.path().string());
        ASSERT_TRUE(input);
        const auto pods = read_openb_pods(std::move(*input));
        ASSERT_TRUE(pods) << pods.error().context;
        ++lists;
        without_times += pods->has_times ? 0 : 1;
    }
    EXPECT_EQ(lists, 23);  // default and 22 others
    EXPECT_EQ(without_times, 4);
}

}  // namespace
}  // namespace suan::sim
