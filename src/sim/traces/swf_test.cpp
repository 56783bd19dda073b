#include "sim/traces/swf.hpp"

#include "sim/traces/formats.hpp"
#include "sim/traces/traces_testing.hpp"

#include <gmock/gmock.h>

namespace suan::sim {
namespace {

using testing::gzip;
using ::testing::HasSubstr;
using testing::inline_file;

// The worked example of docs/formats/traces.md, with a Latin-1 name as the archive's files have.
constexpr const char* example =
    "; Version: 2.2\n"
    "; Computer: Example of 64 nodes\n"
    "; Acknowledge: Bj\xf6rn\n"
    "; UnixStartTime: 1000000000\n"
    "; MaxNodes: 64\n"
    "; MaxProcs: 512 (8 a node)\n"
    ";\n"
    "  1   10  5  3600  16 -1 -1  16  7200 -1 1  3  1  7 0 -1 -1 -1\n"
    "  2   25  0   120   1 -1 -1   1    -1 -1 0  4  2  7 1 -1 -1 -1\n"
    "  3   20 -1    -1  -1 -1 -1   4   600 -1 5  3  1 -1 0 -1 -1 -1\n"
    "  4   30  9    60  -1 -1 -1  12    60 -1 5 -1 -1 -1 0 -1 -1 -1\n"
    "  5   31  9    60   8 -1 -1   8    60 -1 2  3  1  7 0 -1 -1 -1\n"
    "  6   32  9    -1   8 -1 -1   8    60 -1 1  3  1  7 0 -1 -1 -1\n"
    "  7   33  9    60   0 -1 -1  -1    60 -1 1  3  1  7 0 -1 -1 -1\n";

std::string error_of(const std::string& text) {
    auto trace = read_swf(inline_file(text));
    return trace ? "no error" : trace.error().context;
}

void expect_example(const Result<Trace>& trace) {
    ASSERT_TRUE(trace) << trace.error().context;
    EXPECT_EQ(trace->rows, 7);
    ASSERT_EQ(trace->jobs.size(), 3U);
    const TraceJob& first = trace->jobs[0];
    EXPECT_EQ(trace->job_ids[first.id], "1");
    EXPECT_EQ(first.submit_us, 0);
    EXPECT_EQ(first.duration_us, 3'600'000'000);
    EXPECT_EQ(first.walltime_us, 7'200'000'000);
    EXPECT_EQ(first.tasks, 2U);
    EXPECT_EQ(first.devices_per_task, 8U);
    EXPECT_EQ(trace->orgs[first.org], "group-1");
    EXPECT_EQ(trace->members[first.member], "user-3");
    EXPECT_EQ(trace->pools[first.pool], "queue-0");
    EXPECT_EQ(trace->jobs[1].submit_us, 15'000'000);
    EXPECT_EQ(trace->jobs[1].walltime_us, 0);
    EXPECT_EQ(trace->jobs[1].exit_code, 1);
    EXPECT_EQ(trace->jobs[2].tasks, 3U);  // 12 requested, none said to be allocated
    EXPECT_EQ(trace->members[trace->jobs[2].member], "unknown");
    EXPECT_EQ(trace->origin.clock, Origin::Clock::unix_utc);
    EXPECT_EQ(trace->origin.us, 1'000'000'010'000'000);
    EXPECT_EQ(trace->header_number("MaxNodes"), 64);
    EXPECT_EQ(trace->header_number("MaxProcs"), 512);
    for (const SkipReason reason : {SkipReason::never_started, SkipReason::partial_run,
                                    SkipReason::no_duration, SkipReason::no_devices}) {
        EXPECT_EQ(trace->skipped_rows(reason), 1) << to_string(reason);
    }
}

TEST(Swf, the_worked_example_reads_plain_and_gzip) {
    expect_example(read_swf(inline_file(example)));
    const std::string packed = gzip(example);
    expect_example(read_trace(TraceFormat::swf, inline_file(packed)));
}

TEST(Swf, options_choose_the_fields_that_name_things) {
    SwfOptions options;
    options.org = SwfField::none;
    options.project = SwfField::executable;
    options.pool = SwfField::none;
    const auto trace = read_swf(inline_file(example), options);
    ASSERT_TRUE(trace);
    EXPECT_EQ(trace->orgs[trace->jobs[0].org], "swf");
    EXPECT_EQ(trace->projects[trace->jobs[0].project], "app-7");
    EXPECT_EQ(trace->pools[trace->jobs[0].pool], "");
}

TEST(Swf, wrong_lines_are_refused_with_the_field) {
    EXPECT_THAT(error_of(""), HasSubstr("no job line; expected lines of 18 fields"));
    EXPECT_THAT(error_of("; MaxNodes: 3\n1 2 3\n"), HasSubstr("test.csv:2: 3 fields; expected 18"));
    const auto with = [](const char* fields) { return std::string(fields) + "\n"; };
    EXPECT_THAT(error_of(with("x 1 5 36 16 -1 -1 16 72 -1 1 3 1 7 0 -1 -1 -1")),
                HasSubstr("column 1 (job number): 'x' is refused"));
    EXPECT_THAT(error_of(with("1 -1 5 36 16 -1 -1 16 72 -1 1 3 1 7 0 -1 -1 -1")),
                HasSubstr("column 2 (submit time): '-1' is refused; expected seconds from 0"));
    EXPECT_THAT(error_of(with("1 1 5 -36 16 -1 -1 16 72 -1 1 3 1 7 0 -1 -1 -1")),
                HasSubstr("column 4 (run time): '-36' is refused"));
    EXPECT_THAT(error_of(with("1 1 5 36 16 -1 -1 16 72 -1 6 3 1 7 0 -1 -1 -1")),
                HasSubstr("column 11 (status): '6' is refused; expected an integer from -1 to 5"));
    EXPECT_THAT(error_of(with("1 1 5 36 99999999 -1 -1 16 72 -1 1 3 1 7 0 -1 -1 -1")),
                HasSubstr("column 5 (allocated processors): '99999999'"));
    const std::string line = with("1 1 5 36 16 -1 -1 16 72 -1 1 3 1 7 0 -1 -1 -1");
    EXPECT_THAT(error_of(line + line), HasSubstr("test.csv:2: job id '1' was used before"));
    EXPECT_THAT(error_of("1 \xff\n"), HasSubstr("test.csv:1: bytes that are not UTF-8"));
}

}  // namespace
}  // namespace suan::sim
