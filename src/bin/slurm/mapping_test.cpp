#include "bin/slurm/mapping.hpp"

#include <gtest/gtest.h>

namespace suan::bin::slurm {
namespace {

const PoolShape cards{"1000P", "Ascend 910"};
const PoolShape cpu{"cpu", "cpu"};

Result<Submission> read(const std::vector<Option>& options) {
    return read_submission(options, Time{1'790'000'000'000'000});
}

// The table of docs/guides/slurm-users.md.
struct Case {
    std::vector<Option> options;
    const PoolShape& pool;
    std::uint32_t tasks, devices_per_task, cpus;
    Topology topology;
};

TEST(Mapping, NodesTasksAndDevicesBecomeAGang) {
    const Case cases[] = {
        {{}, cards, 1, 1, 1, TOPOLOGY_ANY},
        {{{"ntasks", "4"}}, cards, 4, 1, 1, TOPOLOGY_ANY},
        {{{"nodes", "1"}, {"ntasks", "4"}}, cards, 4, 1, 1, TOPOLOGY_ONE_NODE},
        {{{"nodes", "2"}}, cards, 2, 1, 1, TOPOLOGY_ANY},
        {{{"nodes", "2"}, {"ntasks-per-node", "4"}}, cards, 8, 1, 1, TOPOLOGY_ANY},
        {{{"gres", "gpu:8"}}, cards, 1, 8, 1, TOPOLOGY_ANY},
        {{{"nodes", "2"}, {"gpus-per-node", "8"}}, cards, 2, 8, 1, TOPOLOGY_ANY},
        {{{"nodes", "2"}, {"ntasks-per-node", "8"}, {"gres", "gpu:a100:8"}},
         cards,
         16,
         1,
         1,
         TOPOLOGY_ANY},
        {{{"ntasks", "4"}, {"gpus", "8"}}, cards, 4, 2, 1, TOPOLOGY_ANY},
        {{{"ntasks", "4"}, {"gpus-per-task", "2"}, {"cpus-per-task", "6"}},
         cards,
         4,
         2,
         6,
         TOPOLOGY_ANY},
        {{{"ntasks", "2"}, {"cpus-per-task", "3"}}, cpu, 2, 3, 3, TOPOLOGY_ANY}};
    int number = 0;
    for (const Case& c : cases) {
        const auto submission = read(c.options);
        ASSERT_TRUE(submission) << number;
        const auto gang = gang_of(submission->sizes, c.pool);
        ASSERT_TRUE(gang) << number << ": " << gang.error().context;
        EXPECT_EQ(*gang, (Gang{c.tasks, c.devices_per_task, c.cpus, c.topology})) << number;
        ++number;
    }
}

TEST(Mapping, WhatDoesNotComeOutEvenIsRefused) {
    EXPECT_FALSE(gang_of(read({{"ntasks", "3"}, {"gpus", "8"}})->sizes, cards));
    EXPECT_FALSE(gang_of(read({{"ntasks", "4"}, {"gpus", "1"}})->sizes, cards));
    EXPECT_FALSE(gang_of(read({{"gres", "gpu:1"}})->sizes, cpu));
    EXPECT_FALSE(gang_of(read({{"nodes", "4"}, {"ntasks", "2"}})->sizes, cards));
}

TEST(Mapping, LaterOptionsAreStronger) {
    const auto s = read({{"time", "10"}, {"job-name", "a"}, {"time", "20"}, {"job-name", "b"}});
    ASSERT_TRUE(s);
    EXPECT_EQ(s->walltime_ms, 1'200'000);
    EXPECT_EQ(s->name, "b");
}

TEST(Mapping, SwitchesAreRacks) {
    const auto s = read({{"switches", "1@10:00"}});
    ASSERT_TRUE(s);
    EXPECT_TRUE(s->one_rack);
    EXPECT_EQ(s->topology_wait_ms, 600'000);
    EXPECT_EQ(read({{"switches", "1"}})->topology_wait_ms, 300'000);
    EXPECT_FALSE(read({{"switches", "2@10:00"}})->one_rack);  // two racks are what packing does
}

TEST(Mapping, BadValuesNameTheOption) {
    const std::pair<Option, const char*> cases[] = {
        {{"ntasks", "0"}, "--ntasks"},
        {{"nodes", "x"}, "--nodes"},
        {{"gres", "tpu:1"}, "--gres"},
        {{"gres", "gpu:1,tpu:1"}, "--gres"},
        {{"time", "1:2:3:4"}, "--time"},
        {{"qos", "gold"}, "--qos"},
        {{"switches", "0"}, "--switches"},
        {{"switches", "1@soon"}, "--switches"},
        {{"mem", "lots"}, "--mem"},
        {{"dependency", "after:3"}, "--dependency"},
        {{"dependency", "singleton"}, "--dependency"},
        {{"dependency", "afterok:1?afterok:2"}, "--dependency"},
        {{"partition", "a,b"}, "--partition"}};
    for (const auto& [option, name] : cases) {
        const auto s = read({option});
        ASSERT_FALSE(s) << name;
        EXPECT_TRUE(s.error().context.starts_with(name)) << s.error().context;
    }
}

TEST(Mapping, DependenciesAreListsOfLists) {
    const auto list = parse_dependencies("afterok:1:2,afterany:3_4");
    ASSERT_TRUE(list);
    EXPECT_EQ(*list, (std::vector<DependencyText>{{DEPENDENCY_KIND_AFTEROK, "1"},
                                                  {DEPENDENCY_KIND_AFTEROK, "2"},
                                                  {DEPENDENCY_KIND_AFTERANY, "3_4"}}));
}

std::string names_of(const std::vector<EnvironmentVariable>& variables) {
    std::string out;
    for (const auto& v : variables)
        out += v.name() + "=" + v.value() + ";";
    return out;
}

TEST(Mapping, TheEnvironmentIsExportedAsAsked) {
    const std::vector<std::string> own = {
        "PATH=/bin", "A=1", "SUAN_TOKEN=secret", "SLURM_JOB_ID=7", "BASH_FUNC_x%%=() {", "B=\xff"};
    std::vector<std::string> notes;
    EXPECT_EQ(names_of(exported_variables(parse_export("ALL"), own, notes)), "PATH=/bin;A=1;");
    EXPECT_EQ(notes.size(), 1U);
    EXPECT_EQ(names_of(exported_variables(parse_export("NONE"), own, notes)), "");
    EXPECT_EQ(names_of(exported_variables(parse_export("A,C=2"), own, notes)), "A=1;C=2;");
    EXPECT_EQ(names_of(exported_variables(parse_export("ALL,A=9"), own, notes)), "PATH=/bin;A=9;");
    EXPECT_EQ(names_of(exported_variables(parse_export("SUAN_TOKEN"), own, notes)), "");
}

TEST(Mapping, FilesLieBeneathTheWorkingFolder) {
    std::vector<std::string> notes;
    JobRequest job;
    Submission s;
    s.output = "/shared/a/logs/%j.out";
    set_files(s, {"/shared/a", {"/shared"}}, job, notes);
    EXPECT_EQ(job.working_dir(), "/shared/a");
    EXPECT_EQ(job.stdout_pattern(), "logs/%j.out");
    set_files(s, {"/home/x", {"/shared"}}, job, notes);
    EXPECT_EQ(job.working_dir(), "");
    EXPECT_EQ(job.stdout_pattern(), "slurm-%j.out");
    EXPECT_EQ(notes.size(), 1U);
}

}  // namespace
}  // namespace suan::bin::slurm
