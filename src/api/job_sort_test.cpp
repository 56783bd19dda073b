// Jobs in other orders than newest first.
#include "api/testing.hpp"

namespace suan::api {
namespace {

class JobSortTest : public ApiTest {
protected:
    std::uint64_t job_of(int tasks) {
        const Answer made = ok(user, "POST", "/v1/jobs",
                               fmt::format(R"({{"pool":"big","tasks":{},"held":true}})", tasks));
        world_.clock.advance(Duration::seconds(1));
        return json_lib::value_to<std::uint64_t>(made.at("/id"));
    }
    // All pages of two, as "3 1 2 ".
    std::string ids(const std::string& query, std::string_view token = {}) {
        std::string text;
        std::string cursor;
        for (int page = 0; page < 20; ++page) {
            const Answer list =
                ok(token.empty() ? user : token, "GET",
                   "/v1/jobs?limit=2&" + query + (cursor.empty() ? "" : "&cursor=" + cursor));
            EXPECT_LE(list.at("/jobs").as_array().size(), 2U);
            for (const auto& job : list.at("/jobs").as_array())
                text += fmt::format("{} ", json_lib::value_to<std::uint64_t>(job.at("id")));
            cursor = std::string(list.at("/next_cursor").as_string());
            if (cursor.empty()) return text;
        }
        ADD_FAILURE() << query << " has no end";
        return text;
    }
};

TEST_F(JobSortTest, ByEachValueRisingAndFallingOverAllPages) {
    for (const int tasks : {3, 1, 2, 3, 1})  // jobs 1 to 5
        job_of(tasks);
    EXPECT_EQ(ids("sort=submitted"), "1 2 3 4 5 ");
    EXPECT_EQ(ids("sort=-submitted"), "5 4 3 2 1 ");
    EXPECT_EQ(ids("sort=devices"), "2 5 3 1 4 ");
    EXPECT_EQ(ids("sort=-devices"), "1 4 3 2 5 ");
    EXPECT_EQ(ids("sort=-wait"), "1 2 3 4 5 ");
    EXPECT_EQ(ids("sort=wait"), "5 4 3 2 1 ");
    ok(user, "POST", "/v1/jobs/2/cancel", "{}");
    EXPECT_EQ(ids("sort=-state"), "2 1 3 4 5 ");
    EXPECT_EQ(ids("sort=devices&state=waiting"), "5 3 1 4 ");
    EXPECT_EQ(ids("sort=devices", foreign), "");
}

TEST_F(JobSortTest, ByCost) {
    const std::uint64_t paid = run_for(Duration::minutes(6));
    const std::uint64_t free = job_of(1);
    EXPECT_EQ(ids("sort=-cost"), fmt::format("{} {} ", paid, free));
    EXPECT_EQ(ids("sort=cost"), fmt::format("{} {} ", free, paid));
}

TEST_F(JobSortTest, WrongOrdersAndForeignCursorsAreRefused) {
    for (int i = 0; i < 3; ++i)
        job_of(1);
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?sort=name").at("/error/field").as_string(), "sort");
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?sort=-").status, 400);
    const auto cursor = [&](const std::string& query) {
        return std::string(
            ok(user, "GET", "/v1/jobs?limit=1&" + query).at("/next_cursor").as_string());
    };
    const std::string sorted = cursor("sort=devices");
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?cursor=" + sorted).status, 400);
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?sort=wait&cursor=" + sorted).status, 400);
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?sort=devices&cursor=" + cursor("")).status, 400);
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?sort=devices&cursor=" + sorted).status, 200);
}

}  // namespace
}  // namespace suan::api
