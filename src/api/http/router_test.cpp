#include "api/http/router.hpp"

#include "api/http/rate.hpp"
#include "api/http/testing.hpp"

#include <gmock/gmock.h>

namespace suan::api::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RouterTest : public ::testing::Test {
protected:
    RouterTest() {
        add(Method::get, "/");
        add(Method::get, "/v1/jobs");
        add(Method::post, "/v1/jobs");
        add(Method::post, "/v1/jobs/batch");
        add(Method::get, "/v1/jobs/{id:u64}");
        add(Method::del, "/v1/jobs/{id:u64}");
        add(Method::get, "/v1/orgs/{org}/projects/{project}");
        add(Method::get, "/console/{path*}");
    }
    void add(Method method, std::string path) {
        router_.add(
            testing::make_route(method, std::move(path), [](const RequestPtr&, Responder) {}));
    }
    std::string find(Method method, std::string_view path) {
        router_.find(method, path, match_);
        if (match_.route != nullptr) return match_.route->path;
        return match_.allow.empty() ? "none" : "allow " + match_.allow;
    }

    Router router_;
    Match match_;
};

TEST_F(RouterTest, finds_by_method_and_path) {
    struct Row {
        Method method;
        const char* path;
        const char* found;
    };
    const Row table[] = {
        {Method::get, "/", "/"},
        {Method::get, "/v1/jobs", "/v1/jobs"},
        {Method::head, "/v1/jobs", "/v1/jobs"},
        {Method::post, "/v1/jobs/batch", "/v1/jobs/batch"},
        {Method::get, "/v1/jobs/17", "/v1/jobs/{id:u64}"},
        {Method::del, "/v1/jobs/17", "/v1/jobs/{id:u64}"},
        {Method::put, "/v1/jobs/17", "allow GET, HEAD, DELETE, OPTIONS"},
        {Method::get, "/v1/jobs/batch", "allow POST, OPTIONS"},
        {Method::get, "/v1/orgs/a%2Fb/projects/c", "/v1/orgs/{org}/projects/{project}"},
        {Method::get, "/console/a/b.js", "/console/{path*}"},
        {Method::get, "/console/", "/console/{path*}"},
        {Method::get, "/v1", "none"},
        {Method::get, "/v1/", "none"},
        {Method::get, "/v1/jobs/", "none"},
        {Method::get, "/v1//jobs", "none"},
        {Method::get, "/v1/jobs/1/2", "none"},
        {Method::get, "", "none"},
        {Method::get, "*", "none"},
        {Method::other, "/v1/jobs", "allow GET, HEAD, POST, OPTIONS"},
    };
    for (const Row& row : table) {
        EXPECT_EQ(find(row.method, row.path), row.found) << to_string(row.method) << row.path;
    }
}

TEST_F(RouterTest, hands_out_the_parts_of_the_path) {
    find(Method::get, "/v1/orgs/a%2Fb/projects/c");
    std::vector<std::string> parts;
    ASSERT_FALSE(bind_path(*match_.route, match_.params, parts));
    EXPECT_THAT(parts, ElementsAre("a/b", "c"));
    find(Method::get, "/console/a/b.js");
    ASSERT_FALSE(bind_path(*match_.route, match_.params, parts));
    EXPECT_THAT(parts, ElementsAre("a/b.js"));
    find(Method::get, "/v1/jobs/18446744073709551616");
    EXPECT_EQ(bind_path(*match_.route, match_.params, parts)->field, "id");
    find(Method::get, "/v1/orgs/a%00/projects/c");
    EXPECT_TRUE(bind_path(*match_.route, match_.params, parts));
}

TEST(Query, is_checked_against_the_route) {
    Route route;
    route.query = {{"state", ParamType::choice, "", {"running", "waiting"}},
                   {"limit", ParamType::u64, ""},
                   {"all", ParamType::boolean, ""},
                   {"name", ParamType::text, ""}};
    struct Row {
        const char* query;
        const char* fault;
    };
    const Row table[] = {
        {"", nullptr},
        {"state=running&limit=10&all=true&name=a+b%20%E7%AE%97", nullptr},
        {"limt=1", "did you mean \"limit\"?"},
        {"limit=-1", "expected an unsigned integer, got \"-1\""},
        {"limit=", "expected an unsigned integer"},
        {"all=yes", "expected true or false"},
        {"state=done", "expected one of running, waiting"},
        {"limit=1&limit=2", "is given twice"},
        {"name=%ff", "not percent-encoded UTF-8"},
        {"name=%0", "not percent-encoded UTF-8"},
    };
    std::vector<std::pair<std::string, std::string>> out;
    for (const Row& row : table) {
        const auto fault = bind_query(route, row.query, out);
        EXPECT_EQ(fault.has_value(), row.fault != nullptr) << row.query;
        if (!fault || row.fault == nullptr) continue;
        EXPECT_THAT(fault->message, HasSubstr(row.fault));
    }
    route.query[1].required = true;
    EXPECT_THAT(bind_query(route, "", out)->message, HasSubstr("is required"));
}

TEST(Rate, allows_a_burst_and_then_the_rate) {
    Time now{1'000'000'000};
    RateLimiter limiter({10, 3}, [&] { return now; });
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(limiter.take("a"));
    EXPECT_EQ(limiter.take("a")->us, 100'000);
    EXPECT_FALSE(limiter.take("b"));
    now.us += 99'999;
    EXPECT_EQ(limiter.take("a")->us, 1);
    now.us += 1;
    EXPECT_FALSE(limiter.take("a"));
    now.us -= 50'000;  // a clock that goes back gives nothing
    EXPECT_TRUE(limiter.take("a"));
    now.us += 3'600'000'000;
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(limiter.take("a"));
    EXPECT_TRUE(limiter.take("a"));
}

TEST(Rate, remembers_a_bounded_number_of_keys) {
    Time now{0};
    RateLimiter limiter(
        {1, 1}, [&] { return now; }, 4);
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(limiter.take(std::to_string(i)));
    EXPECT_FALSE(limiter.take("x"));  // the shared bucket
    EXPECT_TRUE(limiter.take("y"));
    EXPECT_EQ(limiter.buckets(), 4U);
    now.us += 10'000'000;
    EXPECT_FALSE(limiter.take("z"));
    EXPECT_EQ(limiter.buckets(), 1U);
}

TEST(Failures, have_one_shape_and_one_table_of_statuses) {
    struct Row {
        ErrorCode code;
        int status;
    };
    const Row table[] = {
        {ErrorCode::invalid, 400}, {ErrorCode::forbidden, 403}, {ErrorCode::not_found, 404},
        {ErrorCode::exists, 409},  {ErrorCode::exhausted, 429}, {ErrorCode::unavailable, 503},
        {ErrorCode::io, 500},      {ErrorCode::corrupt, 500},   {ErrorCode::internal, 500}};
    for (const Row& row : table)
        EXPECT_EQ(failure_of(Error{row.code, "x"}).status, row.status);
    Failure failure = make_failure(400, "invalid", "no \"name\"");
    failure.field = "name";
    failure.what_to_do = "Give one.";
    EXPECT_EQ(render(failure, "r-1"),
              "{\"error\":{\"code\":\"invalid\",\"message\":\"no \\\"name\\\"\",\"what_to_do\":"
              "\"Give one.\",\"field\":\"name\",\"request_id\":\"r-1\"}}\n");
}

}  // namespace
}  // namespace suan::api::http
