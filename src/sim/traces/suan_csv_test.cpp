#include "sim/traces/suan_csv.hpp"

#include "sim/traces/generate.hpp"
#include "sim/traces/traces_testing.hpp"

#include <gmock/gmock.h>

namespace suan::sim {
namespace {

using testing::gzip;
using ::testing::HasSubstr;
using testing::inline_file;

constexpr const char* header =
    "job_id,org,project,member,submit_s,duration_s,walltime_s,tasks,devices_per_task,tier,pool";

std::string error_of(const std::string& text) {
    auto trace = read_suan_csv(inline_file(text));
    return trace ? "no error" : trace.error().context;
}

// A whole file of one row; `extra` names an optional column.
std::string error_of_row(const std::string& row, const std::string& extra = "") {
    return error_of(header + (extra.empty() ? "" : "," + extra) + "\n" + row + "\n");
}

TEST(SuanCsv, reads_every_column_in_any_order_with_quotes) {
    const std::string text =
        "pool,tier,depends_on,exit_code,priority,min_tasks,milli,devices_per_task,tasks,walltime_s,"
        "duration_s,submit_s,member,project,org,job_id\r\n"
        "a100,spot,,0,-5,,250,1,1,,0.000001,5,,,\"Ming, \"\"Ltd\"\"\",first\r\n"
        "\r\n"
        ",,first,3,,2,,8,4,3600,60.5,7.25,li,vision,算,second\r\n";
    const auto trace = read_suan_csv(inline_file(text));
    ASSERT_TRUE(trace) << trace.error().context;
    ASSERT_EQ(trace->jobs.size(), 2U);
    const TraceJob& first = trace->jobs[0];
    EXPECT_EQ(trace->orgs[first.org], "Ming, \"Ltd\"");
    EXPECT_EQ(trace->projects[first.project], "default");
    EXPECT_EQ(trace->members[first.member], "default");
    EXPECT_EQ(trace->pools[first.pool], "a100");
    EXPECT_EQ(first.duration_us, 1);
    EXPECT_EQ(first.walltime_us, 0);
    EXPECT_EQ(first.milli, 250);
    EXPECT_EQ(first.priority, -5);
    EXPECT_EQ(first.tier, Tier::spot);
    const TraceJob& second = trace->jobs[1];
    EXPECT_EQ(second.submit_us, 2'250'000);
    EXPECT_EQ(second.duration_us, 60'500'000);
    EXPECT_EQ(second.tasks, 4U);
    EXPECT_EQ(second.min_tasks, 2U);
    EXPECT_EQ(second.devices(), 32U);
    EXPECT_EQ(second.exit_code, 3);
    EXPECT_EQ(second.tier, Tier::standard);
    EXPECT_EQ(trace->dependencies, (std::vector<Dependency>{{1, 0}}));
    EXPECT_EQ(trace->origin.us, 5'000'000);
}

TEST(SuanCsv, wrong_headers_are_refused) {
    EXPECT_THAT(error_of(""), HasSubstr("test.csv:1: the file is empty; expected the header line"));
    EXPECT_THAT(error_of("job_id,org\n"), HasSubstr("test.csv:1: column project is missing"));
    EXPECT_THAT(error_of(std::string(header) + ",milly\n"), HasSubstr("unknown column 'milly'"));
    EXPECT_THAT(error_of(std::string(header) + ",pool\n"),
                HasSubstr("column 'pool' is there twice"));
    EXPECT_THAT(error_of(std::string(70'000, ',')), HasSubstr("a line of more than 65536 bytes"));
    EXPECT_THAT(error_of(std::string(300, ',')), HasSubstr("301 columns; expected at most 256"));
}

TEST(SuanCsv, wrong_values_are_refused_by_column) {
    struct Case {
        const char* row;
        const char* extra;
        const char* error;
    };
    const Case cases[] = {
        {",o,p,m,0,1,1,1,1,spot,", "", "column job_id: '' is refused; expected 1 to 128 bytes"},
        {"a;b,o,p,m,0,1,1,1,1,spot,", "",
         "column job_id: 'a;b' is refused; expected an id without"},
        {"a,,p,m,0,1,1,1,1,spot,", "", "column org: '' is refused; expected 1 to 64 bytes"},
        {"a,o,p\tq,m,0,1,1,1,1,spot,", "", "column project: 'p\\x09q' is refused"},
        {"a,o,p,m,-1,1,1,1,1,spot,", "",
         "column submit_s: '-1' is refused; expected seconds from 0"},
        {"a,o,p,m,0,1.0000001,1,1,1,spot,", "", "column duration_s: '1.0000001' is refused"},
        {"a,o,p,m,0,1e99,1,1,1,spot,", "", "column duration_s: '1e99' is refused"},
        {"a,o,p,m,0,31622400.000001,1,1,1,spot,", "", "column duration_s"},
        {"a,o,p,m,0,1,99999999999999999999999,1,1,spot,", "", "column walltime_s"},
        {"a,o,p,m,0,1,1,0,1,spot,", "", "column tasks: '0' is refused; expected an integer from 1"},
        {"a,o,p,m,0,1,1,65537,1,spot,", "", "column tasks: '65537'"},
        {"a,o,p,m,0,1,1,1,65,spot,", "", "column devices_per_task: '65'"},
        {"a,o,p,m,0,1,1,1,1,gold,", "",
         "column tier: 'gold' is refused; expected reserved, standard"},
        {"a,o,p,m,0,1,1,1,1,spot,,1001", "milli", "column milli: '1001'"},
        {"a,o,p,m,0,1,1,1,2,spot,,500", "milli", "column milli: '500' is refused; expected 1000"},
        {"a,o,p,m,0,1,1,2,1,spot,,3", "min_tasks", "column min_tasks: '3' is refused"},
        {"a,o,p,m,0,1,1,2,1,spot,,1000001", "priority", "column priority: '1000001'"},
        {"a,o,p,m,0,1,1,2,1,spot,,256", "exit_code", "column exit_code: '256'"},
        {"a,o,p,m,0,1,1,1,1,spot", "", "test.csv:2: 10 fields; expected 11"},
        {"a,o,\"p\"x,m,0,1,1,1,1,spot,", "", "column project: 'x' follows the closing quote"},
        {"a,o,p\"x,m,0,1,1,1,1,spot,", "", "column project: 'p\"x' has a quote inside"},
        {"a,o,\"p,m,0,1,1,1,1,spot,", "",
         "test.csv:2: column project: the quoted field is not closed"},
        {"a,o,\xff,m,0,1,1,1,1,spot,", "", "test.csv:2: bytes that are not UTF-8"},
    };
    for (const Case& c : cases) {
        EXPECT_THAT(error_of_row(c.row, c.extra), HasSubstr(c.error)) << c.row;
    }
    EXPECT_EQ(error_of_row("a,o,p,m,0,31622400,1,65536,64,spot,"), "no error");
}

TEST(SuanCsv, nul_bytes_long_fields_and_double_ids_are_refused) {
    using namespace std::string_literals;
    EXPECT_THAT(error_of_row("a,o\0,p,m,0,1,1,1,1,spot,"s),
                HasSubstr("test.csv:2: a NUL byte at byte 3 of the line"));
    EXPECT_THAT(error_of_row("a," + std::string(5'000, 'x') + ",p,m,0,1,1,1,1,spot,"),
                HasSubstr("column org: 5000 bytes; expected at most 4096"));
    EXPECT_THAT(error_of_row("a,o,p,m,0,1,1,1,1,spot,\na,o,p,m,0,1,1,1,1,spot,"),
                HasSubstr("test.csv:3: job id 'a' was used before"));
    std::string open = "a,o,\"";
    for (int i = 0; i < 100; ++i) {
        open += std::string(1'000, 'x') + "\n";
    }
    EXPECT_THAT(error_of_row(open), HasSubstr("is not closed within the limit of a record"));
}

TEST(SuanCsv, a_dependency_names_an_earlier_job) {
    const auto error = [](const std::string& rows) { return error_of_row(rows, "depends_on"); };
    EXPECT_EQ(error("a,o,p,m,0,1,1,1,1,spot,,\nb,o,p,m,0,1,1,1,1,spot,,a"), "no error");
    EXPECT_THAT(error("a,o,p,m,0,1,1,1,1,spot,,z"),
                HasSubstr("test.csv:2: column depends_on: 'z' is refused; expected the job_id"));
    EXPECT_THAT(error("a,o,p,m,0,1,1,1,1,spot,,a"), HasSubstr("expected a job that is submitted"));
    EXPECT_THAT(error("a,o,p,m,5,1,1,1,1,spot,,b\nb,o,p,m,6,1,1,1,1,spot,,"),
                HasSubstr("expected a job that is submitted before"));
    EXPECT_THAT(error("a,o,p,m,0,1,1,1,1,spot,,\nb,o,p,m,0,1,1,1,1,spot,,a;"),
                HasSubstr("column depends_on: ''"));
    std::string many = "a,o,p,m,0,1,1,1,1,spot,,\nb,o,p,m,0,1,1,1,1,spot,,a";
    for (int i = 0; i < 64; ++i) {
        many += ";a";
    }
    EXPECT_THAT(error(many), HasSubstr("expected at most 64 ids"));
}

TEST(SuanCsv, a_dependency_on_a_filtered_job_is_dropped_and_counted) {
    const std::string text =
        std::string(header) + ",depends_on\na,x,p,m,0,1,1,1,1,spot,,\nb,o,p,m,0,1,1,1,1,spot,,a\n";
    ReadOptions options;
    options.orgs = {"o"};
    const auto trace = read_suan_csv(inline_file(text), options);
    ASSERT_TRUE(trace) << trace.error().context;
    EXPECT_EQ(trace->jobs.size(), 1U);
    EXPECT_TRUE(trace->dependencies.empty());
    EXPECT_EQ(trace->skipped_rows(SkipReason::dependency_gone), 1);
}

TEST(SuanCsv, what_is_written_reads_the_same_and_writes_the_same) {
    GenerateOptions options;
    options.jobs = 3'000;
    options.shared_per_mille = 300;
    options.pools = {"a,b", "quote\"d"};
    Trace trace = generate(options);
    trace.dependencies = {{5, 1}, {5, 4}, {2'999, 0}};
    trace.jobs[7].min_tasks = 1;
    trace.jobs[7].tasks = 9;
    trace.jobs[8].priority = -1;
    const std::string text = to_suan_csv(trace);
    const std::string packed = gzip(text);
    const auto again = read_suan_csv(inline_file(packed));
    ASSERT_TRUE(again) << again.error().context;
    EXPECT_EQ(again->dependencies, trace.dependencies);
    EXPECT_EQ(to_suan_csv(*again), text);
}

TEST(SuanCsv, a_sink_that_fails_stops_the_writer) {
    const auto written = write_suan_csv(generate({}), [](std::string_view) -> Result<void> {
        return Error{ErrorCode::exhausted, "disk full"};
    });
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().context, "disk full");
}

}  // namespace
}  // namespace suan::sim
