#include "quantum/cli/batch.hpp"

#include "quantum/cli/limits.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace suan::quantum {
namespace {

BatchOptions options_for(std::uint64_t shots) {
    BatchOptions options;
    options.run.isa = best_isa();
    options.run.shots = shots;
    options.run.memory_bytes_max = std::uint64_t{1} << 30;
    return options;
}

// GHZ states of 2 to 18 qubits with a phase: small and large ones mixed.
std::vector<NamedText> programs() {
    std::vector<NamedText> files;
    for (int n = 2; n <= 18; ++n)
        files.push_back(
            {fmt::format("ghz{}", n),
             fmt::format("OPENQASM 3; include \"stdgates.inc\"; qubit[{0}] q; bit[{0}] c; "
                         "h q[0]; t q[0]; for int i in [0:{1}] {{ cx q[i], q[i + 1]; }} "
                         "c = measure q;",
                         n, n - 2)});
    return files;
}

std::vector<BatchRun> one_each(std::size_t files) {
    std::vector<BatchRun> runs;
    for (std::size_t i = 0; i < files; ++i)
        runs.push_back({i, {}});
    return runs;
}

boost::json::object counts_of(const std::string& document) {
    return boost::json::parse(document).as_object().at("counts").as_object();
}

TEST(Batch, results_keep_their_order_and_do_not_depend_on_threads) {
    const auto files = programs();
    Threads one(1);
    Threads three(3);
    auto a = run_batch(files, one_each(files.size()), options_for(500), one);
    auto b = run_batch(files, one_each(files.size()), options_for(500), three);
    ASSERT_TRUE(a && b);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto document = boost::json::parse(b->documents[i]).as_object();
        EXPECT_EQ(document.at("circuit").as_string(), files[i].name);
        EXPECT_EQ(counts_of(a->documents[i]), counts_of(b->documents[i])) << files[i].name;
        const auto counts = counts_of(b->documents[i]);
        EXPECT_EQ(counts.size(), 2U);
        EXPECT_EQ(counts.at(std::string(i + 2, '0')).as_int64() +
                      counts.at(std::string(i + 2, '1')).as_int64(),
                  500);
    }
}

TEST(Batch, alone_or_among_others_a_program_gives_the_same_counts) {
    const auto files = programs();
    Threads threads(2);
    auto all = run_batch(files, one_each(files.size()), options_for(300), threads);
    auto alone = run_batch({files[3]}, one_each(1), options_for(300), threads);
    ASSERT_TRUE(all && alone);
    EXPECT_EQ(counts_of(all->documents[3]), counts_of(alone->documents[0]));
}

TEST(Batch, sweep_points_follow_the_parameter) {
    const std::vector<NamedText> files = {
        {"sweep",
         "OPENQASM 3; include \"stdgates.inc\"; input float theta; qubit q; bit c; "
         "ry(theta) q; c = measure q;"}};
    std::vector<BatchRun> runs;
    for (const double theta : {0.0, 3.141592653589793})
        runs.push_back({0, {{"theta", theta}}});
    Threads threads(2);
    auto done = run_batch(files, runs, options_for(100), threads);
    ASSERT_TRUE(done) << done.error().context;
    EXPECT_EQ(counts_of(done->documents[0]).at("0").as_int64(), 100);
    EXPECT_EQ(counts_of(done->documents[1]).at("1").as_int64(), 100);
}

TEST(Batch, the_first_wrong_program_is_named) {
    auto files = programs();
    files[4].text = "OPENQASM 3; qubit q; nonsense q;";
    files[9].text = "OPENQASM 3; qubit";
    Threads threads(3);
    auto done = run_batch(files, one_each(files.size()), options_for(10), threads);
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().context.starts_with("ghz6:1:")) << done.error().context;
}

TEST(Batch, a_limit_is_of_all_runs_together_and_comes_before_the_first) {
    auto machine = load_backend(backend_folder(), "line20");
    ASSERT_TRUE(machine);
    const std::vector<NamedText> files = {{"one", "OPENQASM 3; qubit q; bit c; c = measure q;"}};
    RunArguments limits;
    const auto options = options_for(1000).run;
    limits.limit_yuan = 3 * (machine->price_task_yuan + 1000 * machine->price_shot_yuan);
    EXPECT_TRUE(check_limits(files, {{0, {}}, {0, {}}, {0, {}}}, options, 1, limits, &*machine));
    auto over =
        check_limits(files, {{0, {}}, {0, {}}, {0, {}}, {0, {}}}, options, 1, limits, &*machine);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code, ErrorCode::exhausted);
    limits.limit_yuan = -1;
    EXPECT_FALSE(check_limits(files, {{0, {}}}, options, 1, limits));
}

}  // namespace
}  // namespace suan::quantum
