// The API at its limits: what is still taken, and what the first one above is told.
#include "api/testing.hpp"

#include <atomic>
#include <future>

namespace suan::api {
namespace {

class LimitsTest : public ApiTest {
protected:
    // Another server of the same hub, for limits that are set when it starts.
    std::unique_ptr<ApiServer> serve(const ApiOptions& options) {
        auto started = ApiServer::start(*world_.hub, options);
        EXPECT_TRUE(started) << started.error().context;
        return std::move(*started);
    }
    static http::Headers bearer(const std::string& token) {
        return {{"Authorization", "Bearer " + token}};
    }
    static std::string batch_of(std::size_t jobs) {
        std::string body = R"({"jobs":[{"held":true})";
        for (std::size_t i = 1; i < jobs; ++i)
            body += R"(,{"held":true})";
        return body + "]}";
    }
};

TEST_F(LimitsTest, ATokenHasItsRateAndTakesNobodyElses) {
    std::atomic<std::int64_t> now_us{1'000'000};
    ApiOptions options;
    options.token_rate = {.per_second = 1, .burst = 3};
    options.clock = [&] { return Time{now_us.load()}; };
    const auto api = serve(options);
    auto client = http::Client::make(api->url());
    const auto status = [&](const std::string& token) {
        const auto answer = client->request("GET", "/v1/whoami", "", bearer(token));
        EXPECT_TRUE(answer) << answer.error().context;
        if (answer->status == 429) {
            EXPECT_EQ(answer->header("retry-after"), "1");
            EXPECT_NE(answer->body.find("rate_limited"), std::string::npos) << answer->body;
        }
        return answer->status;
    };
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(status(user), 200);
    EXPECT_EQ(status(user), 429);
    // Tokens that begin alike are different tokens.
    EXPECT_EQ(status(user.substr(0, 32) + "another"), 401);
    EXPECT_EQ(status(other_user), 200);
    now_us += 1'000'000;
    EXPECT_EQ(status(user), 200);
    EXPECT_EQ(status(user), 429);
    api->stop(Duration::seconds(5));
}

TEST_F(LimitsTest, ABatchTakesItsMostAndNotOneMore) {
    const Answer most = ask(user, "POST", "/v1/jobs/batch", batch_of(limits::jobs_batch_max));
    EXPECT_EQ(most.status, 200);
    EXPECT_EQ(most.at("/results").as_array().size(), limits::jobs_batch_max);
    for (const std::string& body :
         {batch_of(limits::jobs_batch_max + 1), std::string(R"({"jobs":[]})"), std::string("{}")}) {
        const Answer refused = ask(user, "POST", "/v1/jobs/batch", body);
        EXPECT_EQ(refused.status, 400);
        EXPECT_EQ(refused.at("/error/field").as_string(), "jobs") << refused.body;
    }
}

TEST_F(LimitsTest, APageAKeyAndABodyAtTheirMost) {
    const auto limit = [&](std::uint32_t items) {
        return ask(user, "GET", fmt::format("/v1/jobs?limit={}", items)).status;
    };
    EXPECT_EQ(limit(limits::page_items_max), 200);
    EXPECT_EQ(limit(limits::page_items_max + 1), 400);
    const auto key = [&](std::size_t bytes) {
        return ask(user, "POST", "/v1/jobs", "{}", {{"Idempotency-Key", std::string(bytes, 'k')}});
    };
    EXPECT_EQ(key(limits::idempotency_key_bytes_max).status, 201);
    const Answer longer = key(limits::idempotency_key_bytes_max + 1);
    EXPECT_EQ(longer.status, 400);
    EXPECT_EQ(longer.at("/error/field").as_string(), "idempotency_key");
    const auto padded = [&](std::size_t bytes) {
        return ask(user, "POST", "/v1/jobs", "{}" + std::string(bytes - 2, ' ')).status;
    };
    EXPECT_EQ(padded(limits::body_bytes_max), 201);
    EXPECT_EQ(padded(limits::body_bytes_max + 1), 413);
}

TEST_F(LimitsTest, OneConnectionMoreIsTurnedAway) {
    ApiOptions options;
    options.connections_max = 2;
    const auto api = serve(options);
    std::vector<http::Client> open;
    for (int i = 0; i < 2; ++i) {
        open.push_back(std::move(*http::Client::make(api->url())));
        EXPECT_EQ(open.back().request("GET", "/healthz")->status, 200);
    }
    auto third = http::Client::make(api->url());
    const auto turned = third->request("GET", "/healthz");
    EXPECT_TRUE(!turned || turned->status == 503);
    open[0].disconnect();
    const auto deadline = std::chrono::steady_clock::now() + runtime::test_deadline;
    while (true) {
        third->disconnect();
        const auto answer = third->request("GET", "/healthz");
        if (answer && answer->status == 200) break;
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
    api->stop(Duration::seconds(5));
}

TEST_F(LimitsTest, AGracefulStopEndsStreamsAndKeepsWhatWasAcknowledged) {
    const auto api = serve({});
    std::promise<void> open;
    auto stream = std::async(std::launch::async, [&] {
        auto client = http::Client::make(api->url());
        bool first = true;
        return client->events("/v1/events", bearer(user), [&](const http::ReceivedEvent&) {
            if (std::exchange(first, false)) open.set_value();
            return true;
        });
    });
    ASSERT_EQ(open.get_future().wait_for(runtime::test_deadline), std::future_status::ready);
    auto client = http::Client::make(api->url());
    const auto made = client->request("POST", "/v1/jobs", "{}", bearer(user));
    ASSERT_TRUE(made);
    EXPECT_EQ(made->status, 201);
    api->stop(Duration::seconds(20));
    ASSERT_EQ(stream.wait_for(runtime::test_deadline), std::future_status::ready);
    EXPECT_FALSE(http::Client::make(api->url())->request("GET", "/healthz"));
    const auto id = json_lib::value_to<std::uint64_t>(json_lib::parse(made->body).at("id"));
    EXPECT_EQ(ask(user, "GET", fmt::format("/v1/jobs/{}", id)).status, 200);
}

}  // namespace
}  // namespace suan::api
