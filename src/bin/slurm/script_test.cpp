#include "bin/slurm/script.hpp"

#include <gtest/gtest.h>

namespace suan::bin::slurm {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view script) {
    const auto result = script_options(script);
    EXPECT_TRUE(result) << result.error().context;
    return result ? *result : Words{};
}

TEST(Script, LinesCountUpToTheFirstCommand) {
    EXPECT_EQ(words("#!/bin/bash\n# a comment\n#SBATCH -n 4\n\n  # more\n#SBATCH --time=5\n"
                    "echo hi\n#SBATCH -N 9\n"),
              (Words{"-n", "4", "--time=5"}));
}

TEST(Script, WordsAreSplitAsSbatchSplitsThem) {
    const std::pair<const char*, Words> cases[] = {
        {"#SBATCH --job-name=\"two words\"", {"--job-name=two words"}},
        {"#SBATCH --comment='it''s' -n 2", {"--comment=its", "-n", "2"}},
        {"#SBATCH -J a\\ b", {"-J", "a b"}},
        {"#SBATCH -n 4 # four tasks", {"-n", "4"}},
        {"#SBATCH -J a#b", {"-J", "a#b"}},
        {"#SBATCH\t-n\t4", {"-n", "4"}},
        {"#SBATCH", {}},
        {"##SBATCH -n 4", {}},
        {"# SBATCH -n 4", {}},
        {"#SBATCHX -n 4", {}},
        {" #SBATCH -n 4", {}},
        {"#SBATCH -J ''", {"-J", ""}}};
    for (const auto& [line, expected] : cases)
        EXPECT_EQ(words(std::string("#!/bin/sh\n") + line + "\n"), expected) << line;
}

TEST(Script, WhatIsNoScriptIsRefused) {
    EXPECT_FALSE(script_options("echo hi\n"));
    EXPECT_FALSE(script_options(""));
    EXPECT_EQ(script_options("#!/bin/sh\n#SBATCH -J \"open\n").error().context,
              "line 2: unmatched \" in the #SBATCH line");
    EXPECT_FALSE(script_options("#!/bin/sh\r\necho\r\n"));
    EXPECT_EQ(script_options(std::string_view("#!/bin/sh\n\0", 11)).error().context,
              "byte 10: a NUL byte");
    EXPECT_EQ(script_options("#!/bin/sh\n\xff").error().context, "byte 10: not UTF-8");
    EXPECT_FALSE(script_options("#!" + std::string(script_bytes_max, 'a')));
}

}  // namespace
}  // namespace suan::bin::slurm
