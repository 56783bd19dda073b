// Forecasts: windows from the run ahead and from how far it was off before.
#include "core/forecast.hpp"

#include "core/testing.hpp"

namespace suan::core {
namespace {

struct ForecastTest : ::testing::Test {
    TestCentre centre;  // 2 nodes x 4 devices
    Forecaster forecaster;
    void SetUp() override {
        centre.pool("p", {});
        centre.org("a", 1'000'000'000'000);
    }
    JobId submit(std::uint32_t devices, std::int64_t minutes) {
        Command command = centre.submission("a", "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(devices);
        spec.set_walltime_ms(minutes * 60'000);
        return centre.submit(std::move(command));
    }
    void update() {
        forecaster.update(
            forecast_input(centre.state, forecaster.ended_until(), forecaster.watched()));
    }
    void run_one(Duration for_how_long) {
        const JobId job = submit(1, 600);
        centre.tick();
        centre.clock = centre.clock + for_how_long;
        centre.end(job);
    }
};

TEST_F(ForecastTest, a_waiting_job_starts_when_what_runs_is_expected_to_end) {
    for (int i = 0; i < 8; ++i)
        run_one(Duration::minutes(20));
    for (int i = 0; i < 8; ++i)
        submit(1, 600);
    centre.tick();
    const JobId job = submit(8, 600);
    centre.tick();
    ASSERT_EQ(centre.at(job).state, JOB_STATE_WAITING);
    update();
    EXPECT_EQ(forecaster.run_times().learned(), 8U);
    const auto forecast = forecaster.of(job);
    ASSERT_TRUE(forecast);
    EXPECT_EQ(forecast->raw, centre.state.now + Duration::minutes(20));
    EXPECT_LE(forecast->start.p10, forecast->start.p50);
    EXPECT_LE(forecast->start.p50, forecast->start.p90);
    // 8 devices for 20 minutes at 3.60 yuan: runs of 8 devices were never seen, those of 1 were.
    EXPECT_EQ(forecast->run_p50, Duration::minutes(20));
    EXPECT_EQ(forecast->cost_p50.micro_yuan, 9'600'000);
    EXPECT_EQ(forecast->cost_max.micro_yuan, 8 * 10 * 3'600'000);
}

TEST_F(ForecastTest, what_starts_soonest_comes_first) {
    submit(8, 60);
    centre.tick();
    const JobId first = submit(8, 60);
    const JobId second = submit(8, 60);
    const JobId small = submit(1, 600);
    centre.tick();
    update();
    const std::vector<ExpectedStart>& soonest = forecaster.soonest();
    ASSERT_EQ(soonest.size(), 3U);
    for (const ExpectedStart& start : soonest)
        EXPECT_EQ(start.p50, forecaster.of(start.job)->start.p50);
    EXPECT_LE(soonest[0].p50, soonest[1].p50);
    EXPECT_LE(soonest[1].p50, soonest[2].p50);
    EXPECT_EQ(soonest[0].job, first);
    EXPECT_EQ(soonest[1].job, second);
    EXPECT_EQ(soonest[2].job, small);
}

TEST_F(ForecastTest, a_question_for_a_job_that_is_not_submitted_is_one_more_run) {
    for (int i = 0; i < 8; ++i)
        run_one(Duration::minutes(20));
    for (int i = 0; i < 8; ++i)
        submit(1, 600);
    centre.tick();
    update();
    const Job running = centre.at(JobId{centre.state.next_job - 1});
    Job asked = running;
    asked.id = JobId{1ULL << 62};
    asked.lease = LeaseId{};
    const Forecast forecast = forecaster.ask(asked, centre.state.now);
    EXPECT_EQ(forecast.basis, Forecast::Basis::run_ahead);
    EXPECT_EQ(forecast.raw, centre.state.now + Duration::minutes(20));
}

TEST_F(ForecastTest, what_started_is_scored_and_watched_no_longer) {
    for (int i = 0; i < 8; ++i)
        submit(1, 60);
    centre.tick();
    const JobId job = submit(8, 60);
    centre.tick();
    update();
    ASSERT_EQ(forecaster.watched().size(), 1U);
    centre.clock = centre.clock + Duration::minutes(30);
    for (std::uint64_t id = 1; id <= 8; ++id)
        centre.end(JobId{id});
    centre.tick();
    ASSERT_EQ(centre.at(job).state, JOB_STATE_RUNNING);
    update();
    EXPECT_EQ(forecaster.accuracy().scored, 1);
    EXPECT_EQ(forecaster.accuracy().wait_p50_ms(), 30 * 60'000);
    EXPECT_TRUE(forecaster.watched().empty());
}

// The example of docs/rules/forecast.md.
TEST(Calibration, the_example_of_the_rule_page) {
    Calibration calibration;
    const Duration said = Duration::seconds(570);  // and 30 s: 10 minutes
    const Window first = calibration.window(Time{}, said);
    EXPECT_EQ(first.p10, Time{} + Duration::seconds(270));
    EXPECT_EQ(first.p50, Time{} + said);
    EXPECT_EQ(first.p90, Time{} + Duration::seconds(1'470));
    calibration.learn(said, first, Time{} + Duration::minutes(30), Calibration::Late::not_told);
    const Window wider = calibration.window(Time{}, said);
    EXPECT_EQ(wider.p90, Time{} + Duration::milliseconds(1'498'200));  // 1,500 s x 1.0188 - 30 s
    EXPECT_EQ(wider.p10, Time{} + Duration::milliseconds(270'360));    // 300 s x 1.0012 - 30 s
}

TEST(Calibration, who_is_late_is_counted_once_and_before_it_starts) {
    Calibration told, asked;
    const Duration said = Duration::minutes(10);
    const Window window = told.window(Time{}, said);
    const Time start = Time{} + Duration::hours(3);
    told.late(said);
    EXPECT_GT(told.window(Time{}, said).p90, window.p90);
    told.learn(said, window, start, Calibration::Late::told);
    asked.learn(said, window, start, Calibration::Late::not_told);
    EXPECT_EQ(told.window(Time{}, said).p90, asked.window(Time{}, said).p90);
}

// Waits of half to eight times what was said, later of a tenth to twice: the windows follow.
TEST(Calibration, windows_cover_what_they_are_meant_to_while_the_centre_changes) {
    Calibration calibration;
    std::uint64_t random = 7;
    int covered = 0;
    constexpr int starts = 8'000;
    for (int i = 0; i < starts; ++i) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        const auto drawn = static_cast<std::int64_t>((random >> 33) % 1'000);
        const std::int64_t permille =
            i < starts / 2 ? 500 + drawn * drawn * 75 / 10'000 : 100 + drawn * 19 / 10;
        const Duration said = Duration::hours(1);
        const Window window = calibration.window(Time{}, said);
        const Time start = Time{} + Duration{said.us / 1'000 * permille};
        if (start >= window.p10 && start <= window.p90) ++covered;
        calibration.learn(said, window, start, Calibration::Late::not_told);
    }
    EXPECT_GT(covered, starts * 84 / 100);
    EXPECT_LT(covered, starts * 91 / 100);
}

TEST(Calibration, the_longest_waits_do_not_overflow) {
    Calibration calibration;
    const Duration year = Duration::hours(24 * 366);
    for (int i = 0; i < 500; ++i)
        calibration.learn(Duration{}, calibration.window(Time{}, Duration{}), Time{} + year,
                          Calibration::Late::not_told);
    EXPECT_GE(calibration.window(Time{}, year).p90, calibration.window(Time{}, year).p10);
}

}  // namespace
}  // namespace suan::core
