#include "sim/traces/philly.hpp"

#include "sim/traces/fields.hpp"
#include "sim/traces/traces_testing.hpp"

#include <gmock/gmock.h>

#include <map>

namespace suan::sim {
namespace {

using ::testing::HasSubstr;
using testing::inline_file;

constexpr const char* header = "timestamp,duration,num_gpus,gpu_time,cluster\n";

Result<Trace> read(const std::string& rows, const ReadOptions& options = {}) {
    const std::string text = header + rows;
    return read_philly(inline_file(text), options);
}

std::string error_of(const std::string& rows) {
    auto trace = read(rows);
    return trace ? "no error" : trace.error().context;
}

TEST(Philly, sorts_by_time_with_ties_in_file_order_relative_to_the_first) {
    const auto trace = read(
        "2017-10-09 07:01:55,66.0,1,66.0,b\n"
        "2017-10-09 07:01:50,10.5,12,126.0,a\n"
        "2017-10-09 07:01:55,7,16,112,a\n\n");
    ASSERT_TRUE(trace) << trace.error().context;
    ASSERT_EQ(trace->jobs.size(), 3U);
    EXPECT_EQ(trace->job_ids[trace->jobs[0].id], "row-2");
    EXPECT_EQ(trace->job_ids[trace->jobs[1].id], "row-1");
    EXPECT_EQ(trace->job_ids[trace->jobs[2].id], "row-3");
    EXPECT_EQ(trace->jobs[0].submit_us, 0);
    EXPECT_EQ(trace->jobs[1].submit_us, 5'000'000);
    EXPECT_EQ(trace->jobs[0].duration_us, 10'500'000);
    EXPECT_EQ(trace->jobs[0].tasks, 3U);
    EXPECT_EQ(trace->jobs[0].devices_per_task, 4U);
    EXPECT_EQ(trace->orgs[trace->jobs[0].org], "a");
    EXPECT_EQ(trace->pools[trace->jobs[1].pool], "b");
    EXPECT_EQ(trace->origin.clock, Origin::Clock::local);
    EXPECT_EQ(trace->origin.us, parse_civil_us("2017-10-09 07:01:50"));
}

TEST(Philly, window_and_clusters_filter_and_are_counted) {
    ReadOptions options;
    options.from_us = *parse_civil_us("2017-10-01 00:00:00");
    options.to_us = *parse_civil_us("2017-10-02 00:00:00");
    options.orgs = {"a"};
    const auto trace = read(
        "2017-09-30 23:59:59,1,1,1,a\n"
        "2017-10-01 00:00:00,1,1,1,a\n"
        "2017-10-02 00:00:00,1,1,1,a\n"
        "2017-10-02 00:00:01,1,1,1,a\n"
        "2017-10-01 00:00:00,1,1,1,b\n",
        options);
    ASSERT_TRUE(trace) << trace.error().context;
    EXPECT_EQ(trace->rows, 5);
    EXPECT_EQ(trace->jobs.size(), 2U);
    ASSERT_EQ(trace->skipped.size(), 2U);
    EXPECT_EQ(trace->skipped[0].reason, SkipReason::outside_window);
    EXPECT_EQ(trace->skipped[0].first_lines, (std::vector<std::int64_t>{2, 5}));
    EXPECT_EQ(trace->skipped_rows(SkipReason::other_org), 1);
}

TEST(Philly, a_wrong_value_is_named_with_file_line_column_and_what_is_right) {
    EXPECT_EQ(
        error_of("2017-10-09 07:01:55,-66.0,1,66.0,a\n"),
        "test.csv:2: column duration: '-66.0' is refused; expected seconds from 0 to 31622400, "
        "no finer than a microsecond, such as 12 or 12.5");
    EXPECT_THAT(error_of("2017-10-32 07:01:55,66.0,1,66.0,a\n"),
                HasSubstr("column timestamp: '2017-10-32 07:01:55' is refused"));
    EXPECT_THAT(error_of("2017-10-09 07:01:55,66.0,0,0,a\n"),
                HasSubstr("column num_gpus: '0' is refused; expected an integer from 1 to 65536"));
    EXPECT_THAT(error_of("2017-10-09 07:01:55,66.0,99999999999999999999,0,a\n"),
                HasSubstr("column num_gpus: '99999999999999999999'"));
    EXPECT_THAT(error_of("2017-10-09 07:01:55,66.0,2,66.0,a\n"),
                HasSubstr("column gpu_time: '66.0' is refused; expected duration x num_gpus"));
    EXPECT_THAT(error_of("2017-10-09 07:01:55,66.0,1,66.0,\n"), HasSubstr("column cluster: ''"));
    EXPECT_THAT(error_of("2017-10-09 07:01:55,66.0,1,66.0\n"),
                HasSubstr("test.csv:2: 4 fields; expected 5"));
}

TEST(Philly, the_real_file_has_the_counts_of_its_readme) {
    SUAN_REAL_TRACE(path, "philly-pollux/philly.csv");
    auto input = Input::file(path);
    ASSERT_TRUE(input);
    const auto trace = read_philly(std::move(*input));
    ASSERT_TRUE(trace) << trace.error().context;
    EXPECT_EQ(trace->jobs.size(), 82'247U);
    EXPECT_EQ(trace->orgs.size(), 15U);
    EXPECT_EQ(trace->origin.us, parse_civil_us("2017-09-04 10:30:41"));
    EXPECT_EQ(trace->origin.us + trace->jobs.back().submit_us,
              parse_civil_us("2017-12-22 08:02:11"));
    std::map<std::uint64_t, int> gangs;
    std::vector<std::int64_t> durations_s;
    std::int64_t total_s = 0;
    for (const TraceJob& job : trace->jobs) {
        ++gangs[job.devices()];
        durations_s.push_back(job.duration_us / second_us);
        total_s += durations_s.back();
    }
    const std::map<std::uint64_t, int> readme{{1, 76'627}, {2, 1'818}, {4, 1'870}, {8, 1'643},
                                              {12, 7},     {16, 199},  {24, 7},    {32, 67},
                                              {64, 6},     {128, 3}};
    EXPECT_EQ(gangs, readme);
    std::sort(durations_s.begin(), durations_s.end());
    EXPECT_EQ(durations_s.front(), 1);
    EXPECT_EQ(durations_s[durations_s.size() / 2], 1'144);
    EXPECT_EQ(durations_s.back(), 4'628'226);
    EXPECT_EQ((total_s + 41'123) / 82'247, 13'136);
}

TEST(Philly, the_reference_window_keeps_68503_jobs) {
    SUAN_REAL_TRACE(path, "philly-pollux/philly.csv");
    ReadOptions options;
    options.from_us = *parse_civil_us("2017-10-01 00:00:00");
    options.to_us = *parse_civil_us("2017-11-30 23:59:00");
    options.orgs = {"6214e9", "7f04ca", "11cb48", "b436b2", "ee9e8c", "e13805",
                    "6c71a0", "2869ce", "ed69ec", "103959", "0e4a51"};
    auto input = Input::file(path);
    ASSERT_TRUE(input);
    const auto trace = read_philly(std::move(*input), options);
    ASSERT_TRUE(trace) << trace.error().context;
    EXPECT_EQ(trace->jobs.size(), 68'503U);
}

}  // namespace
}  // namespace suan::sim
