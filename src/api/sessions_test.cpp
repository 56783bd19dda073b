// Browsers' sessions: the cookie in a token's place, and what it may not do.
#include "api/sessions.hpp"

#include "api/cookie.hpp"
#include "api/testing.hpp"
#include "crypto/sm3.hpp"

#include <fstream>

namespace suan::api {
namespace {

using Header = http::Headers::value_type;

const http::Headers own_page = {{"X-Suan-Console", "1"}};

class SessionsTest : public ApiTest {
protected:
    static std::string header_of(const Answer& answer, std::string_view name) {
        for (const auto& [key, value] : answer.headers)
            if (key == name) return value;
        return {};
    }
    // As a browser sends it back.
    static Header cookie_of(const Answer& answer) {
        const std::string set = header_of(answer, "set-cookie");
        return {"Cookie", set.substr(0, set.find(';'))};
    }
    Answer sign_in(const std::string& body) {
        return ask("", "POST", "/v1/session", body, own_page);
    }
    Header signed_in(const std::string& token) {
        const Answer made = sign_in(fmt::format(R"({{"token":"{}"}})", token));
        EXPECT_EQ(made.status, 201) << made.body;
        return cookie_of(made);
    }
};

TEST_F(SessionsTest, ATokenBecomesACookieThatScriptsAndOtherSitesDoNotGet) {
    const Answer made = sign_in(fmt::format(R"({{"token":"{}"}})", user));
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.at("/member").as_string(), "bob");
    EXPECT_EQ(made.at("/org").as_string(), "acme");
    const std::string set = header_of(made, "set-cookie");
    EXPECT_NE(set.find("; HttpOnly; SameSite=Strict"), std::string::npos) << set;
    EXPECT_EQ(set.find("Secure"), std::string::npos) << set;
    EXPECT_EQ(set.find(user), std::string::npos);
    const Answer who = ask("", "GET", "/v1/whoami", "", {cookie_of(made)});
    EXPECT_EQ(who.status, 200) << who.body;
    EXPECT_EQ(who.at("/member").as_string(), "bob");
}

TEST_F(SessionsTest, BehindTlsTheCookieIsSecure) {
    const Answer made = ask("", "POST", "/v1/session", fmt::format(R"({{"token":"{}"}})", user),
                            {{"X-Suan-Console", "1"}, {"X-Forwarded-Proto", "https"}});
    EXPECT_NE(header_of(made, "set-cookie").find("; Secure"), std::string::npos);
}

TEST_F(SessionsTest, AChangeByCookieComesFromTheHubsOwnPageOrNotAtAll) {
    const Header cookie = signed_in(user);
    const std::string body = R"({"name":"forged","pool":"big"})";
    const std::string host = api_->url().substr(std::string("http://").size());
    const std::vector<http::Headers> foreign_pages = {
        {cookie},
        {cookie, {"X-Suan-Console", "0"}},
        {cookie, {"X-Suan-Console", "1"}, {"Origin", "http://evil.example"}},
        {cookie, {"X-Suan-Console", "1"}, {"Origin", "null"}},
        {cookie, {"X-Suan-Console", "1"}, {"Origin", "http://" + host + ".evil.example"}},
        {cookie, {"X-Suan-Console", "1"}, {"Sec-Fetch-Site", "cross-site"}},
        {cookie, {"X-Suan-Console", "1"}, {"Sec-Fetch-Site", "same-site"}},
    };
    for (const http::Headers& headers : foreign_pages) {
        const Answer refused = ask("", "POST", "/v1/jobs", body, headers);
        EXPECT_EQ(refused.status, 403) << refused.body;
        EXPECT_EQ(refused.code(), "forbidden");
    }
    EXPECT_TRUE(ok(user, "GET", "/v1/jobs").at("/jobs").as_array().empty());
    const Answer made = ask("", "POST", "/v1/jobs", body,
                            {cookie,
                             {"X-Suan-Console", "1"},
                             {"Origin", "http://" + host},
                             {"Sec-Fetch-Site", "same-origin"}});
    EXPECT_EQ(made.status, 201) << made.body;
}

TEST_F(SessionsTest, NoPageOfAnotherOriginSignsABrowserInOrOut) {
    EXPECT_EQ(ask("", "POST", "/v1/session", fmt::format(R"({{"token":"{}"}})", user)).status, 403);
    const Header cookie = signed_in(user);
    EXPECT_EQ(ask("", "DELETE", "/v1/session", "", {cookie}).status, 403);
    EXPECT_EQ(ask("", "GET", "/v1/whoami", "", {cookie}).status, 200);
}

TEST_F(SessionsTest, ATokenThatTheHubDoesNotKnowOpensNothing) {
    for (const char* body : {R"({"token":"not-a-token"})", R"({"code":"not-a-code"})"}) {
        const Answer refused = sign_in(body);
        EXPECT_EQ(refused.status, 401) << body;
        EXPECT_EQ(header_of(refused, "set-cookie"), "");
    }
    for (const char* body : {R"({})", R"({"token":"a","code":"b"})"})
        EXPECT_EQ(sign_in(body).at("/error/field").as_string(), "token") << body;
    EXPECT_EQ(
        ask("", "GET", "/v1/whoami", "", {{"Cookie", "suan_session_00000000=" + user}}).status,
        401);
}

TEST_F(SessionsTest, SigningOutEndsTheSessionAndRemovesTheCookie) {
    const Header cookie = signed_in(user);
    const Answer out = ask("", "DELETE", "/v1/session", "", {cookie, own_page[0]});
    EXPECT_EQ(out.status, 200);
    EXPECT_TRUE(out.at("/was_open").as_bool());
    EXPECT_NE(header_of(out, "set-cookie").find("Max-Age=0"), std::string::npos);
    EXPECT_EQ(ask("", "GET", "/v1/whoami", "", {cookie}).status, 401);
    EXPECT_EQ(ask("", "GET", "/v1/log/head", "", {cookie}).status, 200);
}

TEST_F(SessionsTest, ASessionEndsWithItsToken) {
    const Header cookie = signed_in(other_user);
    const auto id = json_lib::value_to<std::uint64_t>(
        ask("", "GET", "/v1/whoami", "", {cookie}).at("/member_id"));
    ok(admin, "POST", fmt::format("/v1/members/{}/disable", id));
    EXPECT_EQ(ask("", "GET", "/v1/whoami", "", {cookie}).status, 401);
}

TEST_F(SessionsTest, AHeaderGoesBeforeTheCookie) {
    const Header cookie = signed_in(user);
    EXPECT_EQ(ask(admin, "GET", "/v1/whoami", "", {cookie}).at("/member").as_string(), "ann");
    EXPECT_EQ(ask("wrong", "GET", "/v1/whoami", "", {cookie}).status, 401);
}

TEST_F(SessionsTest, ASignInCodeIsGoodOnce) {
    const Answer code = ok(user, "POST", "/v1/session/code");
    const std::string text(code.at("/code").as_string());
    EXPECT_EQ(code.at("/path").as_string(), "/signin#code=" + text);
    const Answer made = sign_in(fmt::format(R"({{"code":"{}"}})", text));
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.at("/member").as_string(), "bob");
    EXPECT_EQ(sign_in(fmt::format(R"({{"code":"{}"}})", text)).status, 401);
}

TEST_F(SessionsTest, LiveEventsEndWithTheSession) {
    const Header cookie = signed_in(user);
    std::vector<std::string> names;
    auto client = http::Client::make(api_->url());
    EXPECT_TRUE(client->events("/v1/events", {cookie}, [&](const http::ReceivedEvent& event) {
        names.push_back(event.name);
        if (event.name != "ready") return false;
        EXPECT_EQ(ask("", "DELETE", "/v1/session", "", {cookie, own_page[0]}).status, 200);
        submit(user, "later");
        return true;
    }));
    EXPECT_EQ(names, (std::vector<std::string>{"ready", "end"}));
}

// It never pauses, so that nobody asked whether its reader was still welcome.
TEST_F(SessionsTest, OutputThatIsFollowedEndsWithTheSessionAndWithTheToken) {
    world_.executor.outputs_[JobId{1}] = std::string(64 << 20, 'x');
    submit(user, "talks");
    world_.executor.wait_start(1);
    const auto follow = [&](const http::Headers& headers, const std::function<void()>& leave) {
        std::size_t bytes = 0;
        std::string last;
        auto client = http::Client::make(api_->url());
        EXPECT_TRUE(client->events("/v1/jobs/1/logs?follow=true", headers,
                                   [&](const http::ReceivedEvent& event) {
                                       if (bytes == 0) leave();
                                       bytes += event.data.size();
                                       last = event.name;
                                       return event.name != "end";
                                   }));
        EXPECT_EQ(last, "end");
        EXPECT_LT(bytes, 64U << 20);
    };
    const Header cookie = signed_in(user);
    follow({cookie}, [&] { ask("", "DELETE", "/v1/session", "", {cookie, own_page[0]}); });
    const auto id =
        json_lib::value_to<std::uint64_t>(ok(user, "GET", "/v1/whoami").at("/member_id"));
    follow({{"Authorization", "Bearer " + user}},
           [&] { ok(admin, "POST", fmt::format("/v1/members/{}/disable", id)); });
}

// Without a hub: time and files.
class SessionTableTest : public testing::Test {
protected:
    SessionTableTest() {
        std::string name = (std::filesystem::temp_directory_path() / "suanXXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        options_.file = folder_ / "sessions";
        options_.now = [this] { return now_; };
    }
    ~SessionTableTest() override { std::filesystem::remove_all(folder_); }

    Time now_{1'000'000'000'000};
    std::filesystem::path folder_;
    SessionOptions options_;
    const Hash256 bob_ = crypto::sm3("bob");
};

TEST_F(SessionTableTest, SessionsAndCodesGrowOld) {
    Sessions sessions(options_);
    const std::string id = sessions.open(bob_).id;
    const std::string code = sessions.make_code(bob_).text;
    const std::string late = sessions.make_code(bob_).text;
    now_.us += options_.code_lifetime.us - 1;
    EXPECT_EQ(sessions.redeem(code), bob_);
    now_.us += 1;
    EXPECT_EQ(sessions.redeem(late), std::nullopt);
    now_.us += options_.lifetime.us - options_.code_lifetime.us - 1;
    EXPECT_EQ(sessions.token_of(id), bob_);
    now_.us += 1;
    EXPECT_EQ(sessions.token_of(id), std::nullopt);
}

TEST_F(SessionTableTest, SessionsOutliveARestartAndTheFileHoldsNoId) {
    std::string id, closed;
    {
        Sessions sessions(options_);
        id = sessions.open(bob_).id;
        closed = sessions.open(bob_).id;
        EXPECT_TRUE(sessions.close(closed));
        EXPECT_FALSE(sessions.close(closed));
    }
    std::ifstream in(options_.file);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(text.find(id), std::string::npos);
    EXPECT_EQ(std::filesystem::status(options_.file).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::ofstream(options_.file, std::ios::app) << "not a session\n";
    const Sessions again(options_);
    EXPECT_EQ(again.token_of(id), bob_);
    EXPECT_EQ(again.token_of(closed), std::nullopt);
}

TEST_F(SessionTableTest, TheOldestMakesRoom) {
    options_.sessions_max = 2;
    Sessions sessions(options_);
    const std::string first = sessions.open(bob_).id;
    now_.us += 1;
    const std::string second = sessions.open(bob_).id;
    now_.us += 1;
    const std::string third = sessions.open(bob_).id;
    EXPECT_EQ(sessions.token_of(first), std::nullopt);
    EXPECT_EQ(sessions.token_of(second), bob_);
    EXPECT_EQ(sessions.token_of(third), bob_);
}

TEST_F(SessionTableTest, NoTokensSessionsOrCodesDriveOutAnothers) {
    options_.sessions_max = options_.codes_max = 5;
    options_.sessions_per_token_max = options_.codes_per_token_max = 3;
    Sessions sessions(options_);
    const std::string bobs = sessions.open(bob_).id;
    const std::string code = sessions.make_code(bob_).text;
    const Hash256 eve = crypto::sm3("eve");
    std::vector<std::string> eves;
    for (int i = 0; i < 20; ++i) {
        now_.us += 1;
        eves.push_back(sessions.open(eve).id);
        sessions.make_code(eve);
    }
    EXPECT_EQ(sessions.token_of(bobs), bob_);
    EXPECT_EQ(sessions.redeem(code), bob_);
    EXPECT_EQ(sessions.token_of(eves[16]), std::nullopt);
    EXPECT_EQ(sessions.token_of(eves[17]), eve);
}

}  // namespace
}  // namespace suan::api
