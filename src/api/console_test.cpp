// The console's files as a browser gets them, and what the map and the overview tell whom.
#include "api/console_files.hpp"
#include "api/testing.hpp"
#include "api/usage.hpp"

#include <fstream>
#include <numeric>

namespace suan::api {
namespace {

class ConsoleTest : public ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        put("dist/index.html", "<!doctype html>");
        put("dist/assets/app-1a2b.js", "let a = 'plain';");
        put("dist/assets/app-1a2b.js.gz", "gzipped");
        put("dist/assets/app-1a2b.js.br", "brotlied");
        put("dist/notes.exe", "not a console's");
        put("secret.json", "{}");
        std::filesystem::create_symlink(folder_ / "secret.json", folder_ / "dist/link.json");
        api_->stop(Duration{});
        ApiOptions options;
        options.console = folder_ / "dist";
        options.forecast_period = Duration{100'000};
        auto started = ApiServer::start(*world_.hub, options);
        ASSERT_TRUE(started) << started.error().context;
        api_ = std::move(*started);
    }
    void put(const std::string& name, const std::string& text) {
        const auto path = folder_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    Answer get(const std::string& target, http::Headers headers = {}) {
        return ask("", "GET", target, "", std::move(headers));
    }
    static std::string header_of(const Answer& answer, std::string_view name) {
        for (const auto& [key, value] : answer.headers)
            if (key == name) return value;
        return {};
    }
    const http::Headers page = {{"Accept", "text/html,*/*"}};
};

TEST_F(ConsoleTest, EveryPagesAddressGetsTheConsoleAndNothingElseDoes) {
    for (const char* target : {"/", "/jobs", "/jobs/7", "/money/invoices/3?tab=lines"}) {
        const Answer answer = get(target, page);
        EXPECT_EQ(answer.status, 200) << target;
        EXPECT_EQ(answer.body, "<!doctype html>") << target;
        EXPECT_EQ(header_of(answer, "content-type"), "text/html; charset=utf-8");
        EXPECT_EQ(header_of(answer, "cache-control"), "no-cache");
    }
    EXPECT_EQ(get("/jobs").status, 404);
    EXPECT_EQ(get("/missing.js", page).status, 404);
    EXPECT_EQ(get("/v1/missing", page).code(), "not_found");
    EXPECT_EQ(get("/openapi.json", page).at("/openapi").as_string(), "3.0.3");
    EXPECT_EQ(get("/openapi.json").body.find("get_console"), std::string::npos);
}

TEST_F(ConsoleTest, ItsRuleAllowsNoInlineScriptAndNoOtherOrigin) {
    const std::string rule = header_of(get("/", page), "content-security-policy");
    EXPECT_NE(rule.find("default-src 'none'; script-src 'self';"), std::string::npos) << rule;
    EXPECT_EQ(rule.find("http"), std::string::npos) << rule;
    EXPECT_EQ(rule.find("unsafe-eval"), std::string::npos) << rule;
    EXPECT_EQ(rule.find("unsafe-inline"), rule.rfind("unsafe-inline")) << rule;
    EXPECT_NE(rule.find("frame-ancestors 'none'"), std::string::npos) << rule;
}

TEST_F(ConsoleTest, AssetsComeCompressedAndAreKeptForEver) {
    const Answer plain = get("/assets/app-1a2b.js");
    EXPECT_EQ(plain.body, "let a = 'plain';");
    EXPECT_EQ(header_of(plain, "content-encoding"), "");
    EXPECT_EQ(header_of(plain, "cache-control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(header_of(plain, "vary"), "Accept-Encoding");
    EXPECT_EQ(get("/assets/app-1a2b.js", {{"Accept-Encoding", "gzip, deflate, br"}}).body,
              "brotlied");
    EXPECT_EQ(get("/assets/app-1a2b.js", {{"Accept-Encoding", "gzip, br;q=0"}}).body, "gzipped");
    EXPECT_EQ(get("/assets/app-1a2b.js", {{"Accept-Encoding", "brown, gzipped"}}).body,
              "let a = 'plain';");
    const std::string tag = header_of(plain, "etag");
    const Answer known = get("/assets/app-1a2b.js", {{"If-None-Match", tag}});
    EXPECT_EQ(known.status, 304);
    EXPECT_EQ(known.body, "");
    EXPECT_EQ(header_of(known, "etag"), tag);
}

TEST_F(ConsoleTest, NoPathLeadsOutOfTheFolder) {
    for (const char* target :
         {"/../secret.json", "/assets/../../secret.json", "/..%2fsecret.json",
          "/%2e%2e/secret.json", "/link.json", "/notes.exe", "//etc/passwd", "/assets/"}) {
        const Answer answer = get(target);
        EXPECT_EQ(answer.status, 404) << target << answer.body;
    }
}

TEST_F(ConsoleTest, AFolderThatIsNoConsoleIsRefused) {
    const auto none = ConsoleFiles::load(folder_ / "dist/assets");
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().context.find("npm run build"), std::string::npos);
    EXPECT_FALSE(ConsoleFiles::load(folder_ / "nowhere"));
}

TEST_F(ConsoleTest, TheMapShowsWhatIsTakenAndToWhomItBelongsOnlyItsOwn) {
    ok(user, "POST", "/v1/jobs", R"({"name":"a","pool":"big","tasks":3})");
    const exec::StartOrder order = world_.executor.wait_start(1);
    world_.hub->executor_sink()(exec::Started{order.ref});
    const Answer own = ok(user, "GET", "/v1/map?pool=big");
    EXPECT_EQ(json_lib::serialize(own.at("/nodes/0/holders")), "[2,2,2,0,0,0,0,0]");
    EXPECT_EQ(own.at("/leases/0/org").as_string(), "acme");
    const Answer theirs = ok(foreign, "GET", "/v1/map?pool=big");
    EXPECT_EQ(json_lib::serialize(theirs.at("/nodes/0/holders")), "[1,1,1,0,0,0,0,0]");
    EXPECT_TRUE(theirs.at("/leases").as_array().empty());
    EXPECT_EQ(ask(user, "GET", "/v1/map?pool=none").status, 404);
    EXPECT_EQ(ask(user, "GET", "/v1/map").status, 400);
    const Answer now = ok(op, "GET", "/v1/overview");
    EXPECT_EQ(now.at("/pools/0/tiers/0/held_milli").as_int64(), 3'000);
    EXPECT_TRUE(ok(foreign, "GET", "/v1/overview").at("/pools/0/tiers").as_array().empty());
}

TEST_F(ConsoleTest, AJobThatIsBlockedHasAStartInTheOverview) {
    ok(foreign, "POST", "/v1/jobs",
       R"({"name":"long","pool":"big","tasks":6,"walltime_ms":3600000})");
    world_.hub->executor_sink()(exec::Started{world_.executor.wait_start(1).ref});
    const std::uint64_t id = json_lib::value_to<std::uint64_t>(
        ok(user, "POST", "/v1/jobs", R"({"name":"wide","pool":"big","tasks":8})").at("/id"));
    const auto deadline = std::chrono::steady_clock::now() + runtime::test_deadline;
    Answer own = ok(user, "GET", "/v1/overview");
    const auto reserved = [&] {
        return !own.at("/next_starts").as_array().empty() &&
               own.at("/next_starts/0/start_us").to_number<std::int64_t>() > 0;
    };
    while (!reserved()) {  // until the next scheduling pass
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        own = ok(user, "GET", "/v1/overview");
    }
    EXPECT_EQ(json_lib::value_to<std::uint64_t>(own.at("/next_starts/0/job_id")), id);
    EXPECT_TRUE(ok(foreign, "GET", "/v1/overview").at("/next_starts").as_array().empty());
}

TEST_F(ConsoleTest, WhatIsExpectedToStartIsInTheOverviewToo) {
    ok(foreign, "POST", "/v1/jobs",
       R"({"name":"long","pool":"big","tasks":6,"walltime_ms":3600000})");
    world_.hub->executor_sink()(exec::Started{world_.executor.wait_start(1).ref});
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 3; ++i)
        ids.push_back(json_lib::value_to<std::uint64_t>(
            ok(user, "POST", "/v1/jobs", R"({"name":"wide","pool":"big","tasks":8})").at("/id")));
    const auto deadline = std::chrono::steady_clock::now() + runtime::test_deadline;
    Answer own = ok(user, "GET", "/v1/overview");
    // One of them has a reservation, the others have a forecast alone.
    while (own.at("/next_starts").as_array().size() < 3) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        own = ok(user, "GET", "/v1/overview");
    }
    EXPECT_EQ(json_lib::value_to<std::uint64_t>(own.at("/next_starts/2/job_id")), ids[2]);
    EXPECT_EQ(own.at("/next_starts/2/start_us").to_number<std::int64_t>(), 0);
    EXPECT_GT(own.at("/next_starts/2/expected_us").to_number<std::int64_t>(), 0);
    EXPECT_LE(own.at("/next_starts/2/expected_us").to_number<std::int64_t>(),
              own.at("/next_starts/2/expected_by_us").to_number<std::int64_t>());
    EXPECT_TRUE(ok(foreign, "GET", "/v1/overview").at("/next_starts").as_array().empty());
}

TEST_F(ConsoleTest, UseOverTimeIsWhatWasMeteredAndWhatRuns) {
    run_for(Duration::minutes(30));
    const auto sum = [](const Answer& answer, const char* what = "milli_device_ms") {
        std::int64_t all = 0;
        for (const auto& series : answer.at("/series").as_array())
            for (const auto& step : series.at(what).as_array())
                all += json_lib::value_to<std::int64_t>(step);
        return all;
    };
    const std::int64_t half_an_hour = std::int64_t{1'000} * 30 * 60 * 1'000;
    for (const char* target : {"/v1/usage", "/v1/usage?range=month", "/v1/usage?org=acme"})
        EXPECT_EQ(sum(ok(op, "GET", target)), half_an_hour) << target;
    EXPECT_EQ(sum(ok(user, "GET", "/v1/usage")), half_an_hour);
    // At 1 yuan an hour.
    for (const char* target : {"/v1/usage", "/v1/usage?range=month"})
        EXPECT_EQ(sum(ok(user, "GET", target), "micro_yuan"), 500'000) << target;
    EXPECT_EQ(sum(ok(foreign, "GET", "/v1/usage")), 0);
    submit(user, "second");
    world_.hub->executor_sink()(exec::Started{world_.executor.wait_start(2).ref});
    world_.clock.advance(Duration::minutes(5));
    ok(op, "POST", "/v1/orgs", R"({"name":"later"})");
    EXPECT_EQ(sum(ok(op, "GET", "/v1/usage")), half_an_hour + half_an_hour / 6);
}

TEST(UsageSpread, SharesAnAmountEvenlyAndLosesNothing) {
    const Time now{usage_day.step.us * 1'000};
    std::vector<std::int64_t> steps;
    const Time begin = now - Duration::minutes(15);
    spread(usage_day, now, begin, now - Duration::minutes(1), 1'000'001, steps);
    ASSERT_EQ(steps.size(), usage_day.steps);
    EXPECT_EQ(std::accumulate(steps.begin(), steps.end(), std::int64_t{0}), 1'000'001);
    EXPECT_EQ(steps[usage_day.steps - 3], 357'143);  // 5 of 14 minutes
    EXPECT_EQ(steps[usage_day.steps - 2], 642'858);  // 9 of 14
    spread(usage_day, now, now - Duration::hours(48), now - Duration::hours(47), 7, steps);
    EXPECT_EQ(std::accumulate(steps.begin(), steps.end(), std::int64_t{0}), 1'000'001);
}

}  // namespace
}  // namespace suan::api
