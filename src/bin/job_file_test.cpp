#include "bin/job_file.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace suan::bin {
namespace {

constexpr Time now{1'790'000'000'000'000};

std::string error_of(std::string_view text) {
    const auto jobs = parse_job_file(text, now);
    return jobs ? "accepted" : jobs.error().context;
}

TEST(JobFile, EveryFieldIsRead) {
    const auto jobs = parse_job_file(R"(
org: acme
project: vision
pool: 1000P
name: train
label: first
tier: reserved
tasks: 4
tasks_min: 2
devices_per_task: 8
milli_per_device: 1000
topology: one_rack
walltime: 1h30m
priority: -5
after: [12, other, {job: 13, kind: afterany}]
retries: 3
checkpoint_interval: 10m
begin: now+60
held: true
grace: 30s
bid: 2.5
array: 0-3%2
script: "#!/bin/sh\necho $1\n"
argv: [hello]
environment: {EPOCHS: "9", EMPTY: ""}
working_dir: /data/a
stdout: out-%j.txt
stderr: err-%j.txt
launcher: first_node
cpus_per_task: 6
memory: 4G
sim: {duration: 1h, exit_code: -3}
)",
                                     now);
    ASSERT_TRUE(jobs) << jobs.error().context;
    ASSERT_EQ(jobs->size(), 1U);
    const JobRequest& job = (*jobs)[0];
    EXPECT_EQ(job.tier(), TIER_RESERVED);
    EXPECT_EQ(job.topology(), TOPOLOGY_ONE_RACK);
    EXPECT_EQ(job.walltime_ms(), 5'400'000);
    EXPECT_EQ(job.priority(), -5);
    ASSERT_EQ(job.after_size(), 3);
    EXPECT_EQ(job.after(0).job_id(), 12U);
    EXPECT_EQ(job.after(1).label(), "other");
    EXPECT_EQ(job.after(2).kind(), DEPENDENCY_KIND_AFTERANY);
    EXPECT_EQ(job.begin_time_us(), now.us + 60'000'000);
    EXPECT_EQ(job.bid_micro_yuan(), 2'500'000);
    EXPECT_EQ(job.array().indices_size(), 4);
    EXPECT_EQ(job.array().running_max(), 2U);
    EXPECT_EQ(job.environment_size(), 2);
    EXPECT_EQ(job.memory_bytes(), 4ULL << 30);
    EXPECT_EQ(job.sim_exit_code(), -3);
}

TEST(JobFile, DocumentsAreABatch) {
    const auto jobs = parse_job_file("label: a\nargv: [x]\n---\nafter: [a]\nargv: [y]\n", now);
    ASSERT_TRUE(jobs) << jobs.error().context;
    EXPECT_EQ(jobs->size(), 2U);
}

TEST(JobFile, WhatIsWrongIsNamedWithItsPlace) {
    const std::pair<const char*, const char*> cases[] = {
        {"walltme: 1h\n",
         "line 1, column 1: unknown field \"walltme\"; did you mean \"walltime\"?"},
        {"name: a\nname: b\n", "line 2, column 1: field \"name\" stands here twice"},
        {"tasks: two\n",
         "line 1, column 8: tasks: expected a whole number up to 4294967295, got \"two\""},
        {"tasks: 99999999999\n",
         "line 1, column 8: tasks: expected a whole number up to 4294967295, got \"99999999999\""},
        {"tasks: -1\n",
         "line 1, column 8: tasks: expected a whole number up to 4294967295, got \"-1\""},
        {"tier: gold\n",
         "line 1, column 7: tier: expected one of reserved, standard, spot, got \"gold\""},
        {"argv: ls -l\n",
         "line 1, column 7: argv: expected a list, [program, argument, ...]; for a shell line use "
         "script"},
        {"held: yes\n", "line 1, column 7: held: expected true or false, got \"yes\""},
        {"sim: {durtion: 1h}\n",
         "line 1, column 7: unknown field \"sim.durtion\"; did you mean \"duration\"?"},
        {"after: [{kind: afterok}]\n",
         "line 1, column 9: after: names no job; write {job: 12, kind: afterok}"},
        {"- a\n", "line 1, column 1: job: expected fields (name: value)"},
        {"", "the file holds no job"}};
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(error_of(text), expected) << text;
}

TEST(JobFile, BrokenBytesAndYamlAreRefused) {
    EXPECT_EQ(error_of("name: \xff\n"), "byte 6: not UTF-8");
    EXPECT_EQ(error_of(std::string_view("name: \0\n", 8)), "byte 6: a NUL byte");
    EXPECT_NE(error_of("name: [\n").find("line 2"), std::string::npos);
    EXPECT_NE(error_of("name: a\n---\n, b]\nc: d\n"), "accepted");  // LoadAll never ends on it
    EXPECT_NE(error_of("name: &x a\nproject: *x\n").find("aliases"), std::string::npos);
    EXPECT_NE(error_of(std::string(100'000, '[')), "accepted");
    EXPECT_NE(error_of(std::string(job_file_bytes_max + 1, ' ')), "accepted");
}

}  // namespace
}  // namespace suan::bin
