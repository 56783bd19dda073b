#include "sim/traces/chronus.hpp"
#include "sim/traces/fields.hpp"
#include "sim/traces/muri.hpp"
#include "sim/traces/traces_testing.hpp"

#include <gmock/gmock.h>

#include <array>
#include <map>

namespace suan::sim {
namespace {

using ::testing::HasSubstr;
using testing::inline_file;

constexpr const char* muri_row =
    "job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval,iteration_time,"
    "resource_time_0,resource_time_1,resource_time_2,priority\r\n"
    "0,8,1500,1000,dqn,128,2500,0,490,446,8,0.5,1\r\n";

TEST(Muri, times_are_milliseconds_recorded_or_simulated) {
    const auto recorded = read_muri(inline_file(muri_row));
    ASSERT_TRUE(recorded) << recorded.error().context;
    EXPECT_EQ(recorded->jobs[0].duration_us, 2'500'000);
    EXPECT_EQ(recorded->jobs[0].priority, 1);
    EXPECT_EQ(recorded->origin.us, 1'500'000);
    const auto simulated = read_muri(inline_file(muri_row), {}, MuriDuration::simulated);
    ASSERT_TRUE(simulated) << simulated.error().context;
    EXPECT_EQ(simulated->jobs[0].duration_us, 497'350'000);  // 1,000 x 490 ms x 1.015
}

TEST(Muri, the_real_files_have_the_counts_of_their_readme) {
    SUAN_REAL_TRACE(folder, "muri-philly64");
    struct File {
        const char* name;
        std::size_t jobs;
        std::int64_t span_tenth_days;
        std::uint64_t gang;
    };
    for (const File& file :
         {File{"trace1.csv", 1'494, 1'252, 32}, File{"trace2.csv", 5'755, 992, 32},
          File{"trace3.csv", 992, 945, 32}, File{"trace4.csv", 2'638, 852, 8},
          File{"trace1_pr.csv", 1'494, 0, 32}}) {
        auto input = Input::file(folder + "/" + file.name);
        ASSERT_TRUE(input);
        const auto trace = read_muri(std::move(*input));
        ASSERT_TRUE(trace) << trace.error().context;
        EXPECT_EQ(trace->jobs.size(), file.jobs);
        const std::int64_t tenth_us = 8'640 * second_us;
        EXPECT_EQ((trace->jobs.back().submit_us + tenth_us / 2) / tenth_us, file.span_tenth_days);
        std::uint64_t gang = 0;
        for (const TraceJob& job : trace->jobs) {
            gang = std::max(gang, job.devices());
        }
        EXPECT_EQ(gang, file.gang) << file.name;
    }
}

TEST(Chronus, a_wrong_job_type_is_refused) {
    constexpr const char* text =
        "job_id,user,num_gpu,submit_time,model_name,duration,job_type\n0,vc,1,5,m,9,hard\n";
    EXPECT_THAT(read_chronus(inline_file(text)).error().context,
                HasSubstr("column job_type: 'hard' is refused; expected strict, soft or best"));
}

TEST(Chronus, the_real_files_have_the_counts_of_their_readme) {
    SUAN_REAL_TRACE(folder, "chronus-philly-slo");
    struct File {
        const char* name;
        std::int64_t no_gpu;
        std::int64_t strict, soft, best;
    };
    for (const File& file :
         {File{"MIX1", 184, 21'724, 0, 9'216}, File{"MIX2", 194, 9'276, 18'525, 3'139},
          File{"SLO", 205, 30'940, 0, 0}}) {
        auto input = Input::file(folder + "/trace_job_Philly_" + file.name + ".csv");
        ASSERT_TRUE(input);
        const auto trace = read_chronus(std::move(*input));
        ASSERT_TRUE(trace) << trace.error().context;
        EXPECT_EQ(trace->rows, 30'940);
        EXPECT_EQ(trace->skipped_rows(SkipReason::no_devices), file.no_gpu);
        EXPECT_EQ(trace->orgs.size(), 11U);
        std::map<Tier, std::int64_t> tiers;
        for (const TraceJob& job : trace->jobs) {
            ++tiers[job.tier];
        }
        // The README counts job types over all rows, those without GPU too.
        EXPECT_LE(tiers[Tier::reserved], file.strict);
        EXPECT_GE(tiers[Tier::reserved], file.strict - file.no_gpu);
        EXPECT_LE(tiers[Tier::standard], file.soft);
        EXPECT_LE(tiers[Tier::spot], file.best);
    }
}

}  // namespace
}  // namespace suan::sim
