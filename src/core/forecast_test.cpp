// Forecasts: windows from the run ahead and from how far it was off before.
#include "core/forecast.hpp"

#include "core/spec.hpp"
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

TEST_F(ForecastTest, a_topology_that_is_only_preferred_is_given_up_in_the_run_ahead_too) {
    submit(3, 600);
    submit(3, 600);  // one device is left on each node
    centre.tick();
    Command command = centre.submission("a", "p");
    JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
    spec.set_tasks(2);
    spec.set_walltime_ms(3'600'000);
    spec.set_topology(TOPOLOGY_ONE_NODE);
    spec.set_topology_wait_ms(600'000);
    update();
    Job asked = centre.at(JobId{1});
    asked.id = JobId{1ULL << 62};
    fill_from_spec(asked, spec, centre.state.pools.at(1));
    const Time given_up = centre.state.now + Duration::seconds(600);
    EXPECT_EQ(forecaster.ask(asked, centre.state.now).raw, given_up);
    const JobId job = centre.submit(std::move(command));
    centre.tick();
    ASSERT_EQ(centre.at(job).state, JOB_STATE_WAITING);
    update();
    EXPECT_EQ(forecaster.of(job)->raw, given_up);
    centre.tick(Duration::seconds(600));
    EXPECT_EQ(centre.at(job).started, given_up) << "and so it does";
}

// 8 devices that spot jobs buy by bids; a clearing every 5 minutes.
struct ForecastOfBids : ForecastTest {
    void SetUp() override {
        centre.clock = Time{3'600'000'000'000};  // a whole hour
        centre.pool("p", {});
        centre.org("a", 1'000'000'000'000);
        centre.org("b", 1'000'000'000'000);
        Command command;
        command.mutable_set_pool_rules()->set_pool_id(1);
        command.mutable_set_pool_rules()->mutable_rules()->set_spot_period_ms(300'000);
        centre.ok(std::move(command));
    }
    JobId bids(std::uint32_t devices, std::int64_t micro_yuan, const std::string& org = "a") {
        Command command = centre.submission(org, "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(devices);
        spec.set_walltime_ms(24 * 3'600'000);
        spec.set_tier(TIER_SPOT);
        spec.set_bid_micro_yuan(micro_yuan);
        return centre.submit(std::move(command));
    }
    void clear() { centre.tick(Duration::minutes(5)); }
    Forecast of(JobId job) {
        update();
        return forecaster.of(job).value_or(Forecast{});
    }
    // Runs of `devices` that lasted so long, to learn from.
    void runs(std::uint32_t devices, Duration span) {
        for (int i = 0; i < 4; ++i) {
            const JobId job = submit(devices, 600);
            centre.tick();
            centre.clock = centre.clock + span;
            centre.end(job);
        }
    }
};

TEST_F(ForecastOfBids, a_bid_that_wins_starts_at_the_next_clearing) {
    const JobId job = bids(8, 5'000'000);
    const Time next = centre.state.pools.at(1).spot.due;
    const Forecast forecast = of(job);
    EXPECT_STREQ(to_string(forecast.basis), "clearing");
    EXPECT_EQ(forecast.raw, next);
    EXPECT_GE(forecast.start.p10, next) << "whatever the factors say, not before a clearing";
    EXPECT_EQ(forecast.cost_max.micro_yuan, 8 * 24 * 5'000'000) << "at its bid: at most";
    clear();
    EXPECT_EQ(centre.at(job).started, next);
}

TEST_F(ForecastOfBids, a_bid_that_loses_starts_at_the_first_clearing_after_others_have_left) {
    runs(8, Duration::minutes(42));
    const JobId high = bids(8, 9'000'000);
    clear();
    const JobId low = bids(8, 5'000'000, "b");
    clear();
    ASSERT_EQ(centre.at(high).state, JOB_STATE_RUNNING);
    ASSERT_TRUE(centre.at(low).bidding);
    const Forecast forecast = of(low);
    EXPECT_EQ(forecast.basis, Forecast::Basis::clearing);
    // 42 minutes after its start, up to the next whole 5 minutes.
    const Time ends = centre.at(high).started + Duration::minutes(42);
    EXPECT_GE(forecast.raw, ends);
    EXPECT_LE(forecast.raw, ends + Duration::minutes(5));
    EXPECT_EQ(forecast.raw.us % Duration::minutes(5).us, 0);
    centre.clock = ends;
    centre.end(high);
    centre.tick(forecast.raw - ends);
    EXPECT_EQ(centre.at(low).started, forecast.raw) << "and so it does";
}

TEST_F(ForecastOfBids, a_higher_bid_takes_the_place_of_one_that_waits) {
    const JobId mine = bids(8, 5'000'000);
    EXPECT_EQ(of(mine).raw, centre.state.pools.at(1).spot.due);
    bids(8, 6'000'000, "b");
    EXPECT_GT(of(mine).raw, centre.state.pools.at(1).spot.due);
}

TEST_F(ForecastOfBids, what_no_clearing_sells_to_has_no_start_and_says_so) {
    // Its org may hold no device, so no clearing sells to it, however many are idle.
    Command share;
    share.mutable_set_share()->set_org_id(2);
    share.mutable_set_share()->set_pool_id(1);
    share.mutable_set_share()->set_weight(1);
    share.mutable_set_share()->set_limit_milli(4'000);
    centre.ok(std::move(share));
    const JobId job = bids(4, 5'000'000, "b");
    clear();
    ASSERT_EQ(centre.at(job).state, JOB_STATE_RUNNING);
    const JobId beyond = bids(4, 5'000'000, "b");
    clear();
    const Forecast after_it = of(beyond);
    EXPECT_EQ(after_it.basis, Forecast::Basis::clearing) << "when the other has left";
    // A floor above the bid sells to nobody.
    Command sheet;
    sheet.mutable_publish_price_sheet()->set_name("dearer");
    PriceLine& line = *sheet.mutable_publish_price_sheet()->add_lines();
    line.set_line(1);
    line.set_pool_id(1);
    line.set_tier(TIER_SPOT);
    line.set_micro_yuan_per_device_hour(8'000'000);
    centre.ok(std::move(sheet));
    const Forecast forecast = of(beyond);
    EXPECT_STREQ(to_string(forecast.basis), "outbid");
    EXPECT_EQ(forecast.start.p90, Time{});
    EXPECT_GT(forecast.cost_max.micro_yuan, 0);
}

TEST_F(ForecastOfBids, a_question_with_a_bid_is_answered_by_the_clearing_that_it_would_win) {
    const JobId running = bids(8, 6'000'000);
    clear();
    update();
    Job asked = centre.at(running);
    asked.id = JobId{1ULL << 62};
    asked.lease = LeaseId{};
    asked.state = JOB_STATE_WAITING;
    asked.bidding = true;
    asked.price = Money{7'000'000};
    const Forecast over = forecaster.ask(asked, centre.state.now);
    EXPECT_EQ(over.basis, Forecast::Basis::clearing);
    // The other is stopped at the clearing and has its grace.
    EXPECT_EQ(over.raw, centre.state.pools.at(1).spot.due + Duration::seconds(30));
    asked.price = Money{5'000'000};
    EXPECT_GT(forecaster.ask(asked, centre.state.now).raw, over.raw + Duration::minutes(5));
}

// All draws alike.
Said sure(Duration wait) {
    return {wait, wait, wait};
}

// The example of docs/rules/forecast.md.
TEST(Calibration, the_example_of_the_rule_page) {
    Calibration calibration;
    const Said said = sure(Duration::seconds(570));  // and 30 s: 10 minutes
    const Window first = calibration.window(Time{}, said);
    EXPECT_EQ(first.p10, Time{} + Duration::seconds(270));
    EXPECT_EQ(first.p50, Time{} + said.middle);
    EXPECT_EQ(first.p90, Time{} + Duration::seconds(1'470));
    calibration.learn(said, first, Time{} + Duration::minutes(30), Calibration::Late::not_told);
    const Window wider = calibration.window(Time{}, said);
    EXPECT_EQ(wider.p90, Time{} + Duration::milliseconds(1'498'500));  // 1,500 s x 1.019 - 30 s
    EXPECT_EQ(wider.p10, Time{} + Duration::milliseconds(270'300));    // 300 s x 1.001 - 30 s
}

TEST(Calibration, where_draws_are_far_apart_windows_are_learned_apart) {
    Calibration calibration;
    const Duration hour = Duration::hours(1);
    const Said agreed = sure(hour);
    const Said apart{Duration::minutes(30), hour, Duration::hours(3)};
    for (int i = 0; i < 200; ++i) {
        calibration.learn(agreed, calibration.window(Time{}, agreed), Time{} + hour,
                          Calibration::Late::not_told);
        calibration.learn(apart, calibration.window(Time{}, apart),
                          Time{} + Duration::hours(i % 2 * 4), Calibration::Late::not_told);
    }
    const Window narrow = calibration.window(Time{}, agreed);
    const Window wide = calibration.window(Time{}, apart);
    EXPECT_LT((narrow.p90 - narrow.p10).us * 2, (wide.p90 - wide.p10).us);
}

TEST(Calibration, who_is_late_is_counted_once_and_before_it_starts) {
    Calibration told, asked;
    const Said said = sure(Duration::minutes(10));
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
        const Said said = sure(Duration::hours(1));
        const Window window = calibration.window(Time{}, said);
        const Time start = Time{} + Duration{said.middle.us / 1'000 * permille};
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
        calibration.learn(Said{}, calibration.window(Time{}, Said{}), Time{} + year,
                          Calibration::Late::not_told);
    EXPECT_GE(calibration.window(Time{}, sure(year)).p90,
              calibration.window(Time{}, sure(year)).p10);
}

}  // namespace
}  // namespace suan::core
