#include "bin/slurm/options.hpp"

#include "bin/slurm/submit_options.hpp"

#include <gtest/gtest.h>

namespace suan::bin::slurm {
namespace {

Result<ParsedOptions> parse(const std::vector<std::string>& words) {
    return parse_options(words, submit_rules(), Words::stop_options);
}

TEST(Options, AllFormsOfAnOptionAreTheSame) {
    const std::vector<std::vector<std::string>> forms = {
        {"-n", "4"}, {"-n4"}, {"-n=4"}, {"--ntasks", "4"}, {"--ntasks=4"}};
    for (const auto& form : forms) {
        const auto parsed = parse(form);
        ASSERT_TRUE(parsed) << form[0];
        EXPECT_EQ(parsed->options, (std::vector<Option>{{"ntasks", "4"}})) << form[0];
    }
}

TEST(Options, LettersThatTakeNothingMayBeJoined) {
    const auto parsed = parse({"-HWJname"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->options,
              (std::vector<Option>{{"hold", ""}, {"wait", ""}, {"job-name", "name"}}));
}

TEST(Options, ReadingStopsAtTheScript) {
    const auto parsed = parse({"-N2", "job.sh", "-n", "4", "--x"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->words, (std::vector<std::string>{"job.sh", "-n", "4", "--x"}));
}

TEST(Options, UnambiguousBeginningsAreEnough) {
    EXPECT_EQ(parse({"--part=x"})->last("partition"), "x");
    EXPECT_EQ(parse({"--gpus=2"})->last("gpus"), "2");
    EXPECT_EQ(parse({"--gpus-per=2"}).error().context,
              "option --gpus-per is ambiguous: --gpus-per-node or --gpus-per-task");
}

TEST(Options, WhatIsWrongIsNamed) {
    EXPECT_EQ(parse({"--prtition=x"}).error().context,
              "unknown option --prtition; did you mean --partition?");
    EXPECT_EQ(parse({"-n"}).error().context, "option -n needs a value");
    EXPECT_EQ(parse({"--hold=1"}).error().context, "option --hold takes no value");
    EXPECT_EQ(parse({"-Z"}).error().context, "unknown option -Z");
    EXPECT_EQ(parse({"-w", "node1"}).error().context,
              "option --nodelist is not supported: the scheduler chooses the nodes; require "
              "--nodes=1 or a pool instead");
}

TEST(Options, IgnoredOnesLeaveOneNote) {
    const auto parsed = parse({"--mail-type=END", "--mail-type=FAIL", "--mail-user=a@b"});
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->options.empty());
    EXPECT_EQ(parsed->notes.size(), 2U);
}

}  // namespace
}  // namespace suan::bin::slurm
