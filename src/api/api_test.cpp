// The API over a real hub with a log on disk, spoken to over HTTP.
#include "api/api_server.hpp"
#include "api/batch.hpp"
#include "api/http/client.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "runtime/testing.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace suan::api {
namespace {

namespace json_lib = boost::json;

struct Answer {
    int status = 0;
    std::string body;
    json_lib::value json;
    const json_lib::value& at(std::string_view pointer) const { return json.at_pointer(pointer); }
    std::string code() const { return std::string(at("/error/code").as_string()); }
};

// Two orgs whose names, jobs and payloads nobody of the other may ever read.
class ApiTest : public testing::Test {
protected:
    ApiTest() : folder_(make_folder()), log_(open_log(folder_)), world_(*log_) {}
    ~ApiTest() override { std::filesystem::remove_all(folder_); }
    static std::filesystem::path make_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "suanXXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        return name;
    }
    static std::unique_ptr<log::SqliteLog> open_log(const std::filesystem::path& folder) {
        auto opened = log::SqliteLog::open(folder / "log", {});
        EXPECT_TRUE(opened) << opened.error().context;
        return std::move(*opened);
    }

    void SetUp() override {
        world_.open();
        Command command;
        command.mutable_create_member()->set_name("root");
        command.mutable_create_member()->set_role(ROLE_OPERATOR);
        command.mutable_create_member()->set_token_sm3(
            std::string(as_text(crypto::sm3("operator-token"))));
        world_.ok(command);
        auto started = ApiServer::start(*world_.hub, {});
        ASSERT_TRUE(started) << started.error().context;
        api_ = std::move(*started);
        make_centre();
    }
    void TearDown() override {
        api_->stop(Duration::seconds(5));
        api_.reset();
        world_.close();
    }

    Answer ask(std::string_view token, std::string_view method, const std::string& target,
               std::string_view body = {}, http::Headers headers = {}) {
        if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + std::string(token));
        auto client = http::Client::make(api_->url());
        auto got = client->request(method, target, body, headers);
        Answer answer;
        EXPECT_TRUE(got) << got.error().context;
        if (!got) return answer;
        answer.status = got->status;
        answer.body = got->body;
        if (!got->body.empty() && got->body[0] == '{') answer.json = json_lib::parse(got->body);
        return answer;
    }
    Answer ok(std::string_view token, std::string_view method, const std::string& target,
              std::string_view body = {}) {
        Answer answer = ask(token, method, target, body);
        EXPECT_LT(answer.status, 300) << method << " " << target << ": " << answer.body;
        return answer;
    }
    std::string member(const std::string& org, const std::string& name, const std::string& role) {
        const Answer made =
            ok(op, "POST", "/v1/members",
               fmt::format(R"({{"org":"{}","name":"{}","role":"{}"}})", org, name, role));
        return std::string(made.at("/token").as_string());
    }
    void make_centre() {
        ok(op, "POST", "/v1/pools",
           R"({"pool":{"name":"big","executor":"sim","nodes":[{"name":"n1","devices":8}]}})");
        ok(op, "POST", "/v1/prices",
           R"({"name":"day","lines":[{"pool":"big","micro_yuan_per_device_hour":1000000}]})");
        for (const std::string org : {"acme", "zebra-secret"}) {
            ok(op, "POST", "/v1/orgs", fmt::format(R"({{"name":"{}"}})", org));
            ok(op, "POST", "/v1/projects",
               fmt::format(R"({{"org":"{}","name":"{}-project"}})", org, org));
            ok(op, "POST", "/v1/funds",
               fmt::format(R"({{"org":"{}","micro_yuan":1000000000}})", org));
        }
        admin = member("acme", "ann", "admin");
        user = member("acme", "bob", "member");
        other_user = member("acme", "carl", "member");
        foreign = member("zebra-secret", "zoe", "admin");
        auditor = member("", "audrey", "auditor");
    }
    // The first job of this centre, from its submission to its end.
    std::uint64_t run_for(Duration span) {
        const std::uint64_t id = submit(user, "run");
        const exec::StartOrder order = world_.executor.wait_start(1);
        world_.hub->executor_sink()(exec::Started{order.ref});
        world_.clock.advance(span);
        exec::LeaseEnded end;
        end.ref = order.ref;
        end.outcome = exec::Outcome::completed;
        world_.hub->executor_sink()(end);
        auto client = http::Client::make(api_->url());
        const http::Headers headers = {{"Authorization", "Bearer " + user}};
        bool over = false;
        EXPECT_TRUE(client->events(fmt::format("/v1/jobs/{}/events", id), headers,
                                   [&](const http::ReceivedEvent& event) {
                                       over = event.name == "end";
                                       return !over;
                                   }));
        EXPECT_TRUE(over);
        return id;
    }
    std::uint64_t submit(std::string_view token, const std::string& name) {
        const Answer made =
            ok(token, "POST", "/v1/jobs",
               fmt::format(R"({{"name":"{}","pool":"big","script":"#!secret-of-{}",)"
                           R"("sim_duration_ms":1000}})",
                           name, name));
        return json_lib::value_to<std::uint64_t>(made.at("/id"));
    }

    std::filesystem::path folder_;
    std::unique_ptr<log::SqliteLog> log_;
    runtime::TestHub world_;
    std::unique_ptr<ApiServer> api_;
    const std::string op = "operator-token";
    std::string admin, user, other_user, foreign, auditor;
};

TEST_F(ApiTest, ASubmittedJobIsListedExplainedAndCancelled) {
    const std::uint64_t id = submit(user, "train");
    const Answer view = ok(user, "GET", fmt::format("/v1/jobs/{}", id));
    EXPECT_EQ(view.at("/name").as_string(), "train");
    EXPECT_EQ(view.at("/project").as_string(), "acme-project");
    EXPECT_EQ(view.at("/member").as_string(), "bob");
    ok(user, "GET", fmt::format("/v1/jobs/{}/why", id));
    EXPECT_EQ(ok(user, "GET", "/v1/jobs?member=bob&org=acme").at("/jobs").as_array().size(), 1U);
    ok(user, "POST", fmt::format("/v1/jobs/{}/cancel", id), R"({"reason":"enough"})");
}

TEST_F(ApiTest, ARetryUnderTheSameKeyIsOneJobAndAnotherBodyClashes) {
    const http::Headers key = {{"Idempotency-Key", "k1"}};
    const Answer first = ask(user, "POST", "/v1/jobs", R"({"name":"a","pool":"big"})", key);
    const Answer again = ask(user, "POST", "/v1/jobs", R"({"pool":"big", "name":"a"})", key);
    EXPECT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(first.at("/id"), again.at("/id"));
    const Answer clash = ask(user, "POST", "/v1/jobs", R"({"name":"b","pool":"big"})", key);
    EXPECT_EQ(clash.status, 409);
    EXPECT_EQ(clash.code(), "idempotency_clash");
}

TEST_F(ApiTest, RefusalsCarryTheStatusOfTheirKind) {
    struct Case {
        const char* body;
        int status;
        const char* code;
        const char* field;
    };
    const Case cases[] = {
        {R"({"pool":"big","tasks":100})", 422, "never_fits", nullptr},
        {R"({"pool":"big","walltime_ms":31622400000})", 402, "insufficient_funds", nullptr},
        {R"({"pool":"none"})", 404, "not_found", "pool"},
        {R"({"project":"none"})", 404, "not_found", "project"},
        {R"({"org":"zebra-secret"})", 404, "not_found", "org"},
        {R"({"org":"nowhere"})", 404, "not_found", "org"},
        {R"({"poool":"big"})", 400, "invalid", nullptr},
        {R"({"tasks":"many"})", 400, "invalid", "tasks"},
        {R"({"tasks":1.5})", 400, "invalid", "tasks"},
        {R"({"tasks":-1})", 400, "invalid", "tasks"},
        {R"({"after":[{"job_id":1,"label":"x"}]})", 400, "invalid", "after[0]"},
        {R"({"after":[{"job_id":999}]})", 422, "dependency_not_found", nullptr},
        {"{\"name\":\"\xff\"}", 400, "invalid", nullptr},
        {"{\"name\":", 400, "invalid", nullptr},
        {"", 400, "invalid", nullptr},
        {R"({"environment":[{"name":"A=B","value":"x"}]})", 400, "invalid", "environment"},
    };
    for (const Case& c : cases) {
        const Answer answer = ask(user, "POST", "/v1/jobs", c.body);
        EXPECT_EQ(answer.status, c.status) << c.body << " " << answer.body;
        if (answer.status < 300) continue;
        EXPECT_EQ(answer.code(), c.code) << answer.body;
        const std::string field(c.field == nullptr ? "" : c.field);
        if (!field.empty()) {
            EXPECT_NE(answer.body.find("\"field\":\"" + field + "\""), std::string::npos)
                << answer.body;
        }
    }
}

TEST_F(ApiTest, ABatchOrdersByLabelsAndRefusesWhatDependsOnARefusedJob) {
    const Answer answer = ok(user, "POST", "/v1/jobs/batch",
                             R"({"jobs":[
        {"label":"last","pool":"big","after":[{"label":"first"}]},
        {"label":"first","pool":"big"},
        {"label":"bad","pool":"big","tasks":1000},
        {"label":"orphan","pool":"big","after":[{"label":"bad"}]}]})");
    EXPECT_EQ(json_lib::value_to<int>(answer.at("/accepted")), 2) << answer.body;
    EXPECT_EQ(answer.at("/results/3/error/code").as_string(), "dependency_failed");
    const auto last = json_lib::value_to<std::uint64_t>(answer.at("/results/0/accepted/id"));
    const Answer view = ok(user, "GET", fmt::format("/v1/jobs/{}", last));
    EXPECT_EQ(view.at("/dependencies/0/job_id"), answer.at("/results/1/accepted/id"));
}

TEST_F(ApiTest, ACycleInABatchIsNamed) {
    const Answer answer = ask(user, "POST", "/v1/jobs/batch", R"({"jobs":[
        {"label":"a","after":[{"label":"b"}]},{"label":"b","after":[{"label":"a"}]}]})");
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(answer.body.find("a -> b -> a"), std::string::npos) << answer.body;
}

TEST_F(ApiTest, PagesAreFullStableAndTheirCursorsChecked) {
    for (int i = 0; i < 7; ++i)
        submit(user, fmt::format("j{}", i));
    submit(foreign, "hidden");
    std::vector<std::string> names;
    std::string cursor;
    do {
        const Answer page = ok(user, "GET", "/v1/jobs?limit=3&cursor=" + cursor);
        for (const auto& job : page.at("/jobs").as_array())
            names.emplace_back(job.at("name").as_string());
        cursor = std::string(page.at("/next_cursor").as_string());
        if (names.size() == 3) submit(user, "late");  // newer than the page: not in it
    } while (!cursor.empty());
    EXPECT_EQ(names, (std::vector<std::string>{"j6", "j5", "j4", "j3", "j2", "j1", "j0"}));
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?cursor=00000000000000050123456789ab").status, 400);
    EXPECT_EQ(ask(user, "GET", "/v1/jobs?limit=0").status, 400);
}

TEST_F(ApiTest, PrivatePartsAreForTheSubmitterAndTheAdminsOnly) {
    const std::string job = fmt::format("/v1/jobs/{}", submit(user, "mine"));
    for (const std::string part : {"/payload", "/logs"}) {
        EXPECT_EQ(ask(user, "GET", job + part).status, 200);
        EXPECT_EQ(ask(admin, "GET", job + part).status, 200);
        EXPECT_EQ(ask(other_user, "GET", job + part).status, 403);
        EXPECT_EQ(ask(op, "GET", job + part).status, 403);
        EXPECT_EQ(ask(auditor, "GET", job + part).status, 403);
        EXPECT_EQ(ask(foreign, "GET", job + part).status, 404);
    }
    EXPECT_NE(ask(user, "GET", job + "/payload").body.find("secret-of-mine"), std::string::npos);
}

TEST_F(ApiTest, ARotatedOrDisabledTokenIsUnknown) {
    EXPECT_EQ(ask("nobody", "GET", "/v1/whoami").status, 401);
    EXPECT_EQ(ask("", "GET", "/v1/whoami").status, 401);
    const Answer me = ok(user, "GET", "/v1/whoami");
    const auto id = json_lib::value_to<int>(me.at("/member_id"));
    const Answer rotated = ok(user, "POST", fmt::format("/v1/members/{}/rotate", id));
    EXPECT_EQ(ask(user, "GET", "/v1/whoami").status, 401);
    const std::string fresh(rotated.at("/token").as_string());
    EXPECT_EQ(ask(fresh, "GET", "/v1/whoami").status, 200);
    ok(admin, "POST", fmt::format("/v1/members/{}/disable", id));
    EXPECT_EQ(ask(fresh, "GET", "/v1/whoami").status, 401);
}

// Every route with every role. A route is asked for things of acme; what may answer is said by the
// route's roles, and what a stranger gets must equal what nobody's id gets.
struct Asked {
    std::string target;
    std::string nothing;  // the same of a thing that does not exist
};
Asked targets(const http::Route& route, std::uint64_t job) {
    const auto fill_in = [&](const std::string& number, const std::string& name) {
        std::string out;
        for (std::size_t i = 0; i < route.path.size(); ++i) {
            if (route.path[i] != '{') {
                out += route.path[i];
                continue;
            }
            const std::size_t end = route.path.find('}', i);
            const bool is_number = route.path.substr(i, end - i).ends_with(":u64");
            out += is_number ? number : name;
            i = end;
        }
        return out;
    };
    const bool of_member = route.path.starts_with("/v1/members/");
    return {fill_in(of_member ? "2" : fmt::format("{}", job), "acme"),
            fill_in("123456789", "nothing")};
}

TEST_F(ApiTest, EveryRouteKeepsOthersOutAndNamesNothingOfTheirs) {
    const std::uint64_t job = submit(user, "acme-job");
    submit(foreign, "zebra-job");
    ok(op, "POST", "/v1/vouchers",
       R"({"org":"acme","funder":"city","micro_yuan":5000000,"expires_us":99000000000000})");
    const std::vector<std::pair<std::string, std::string>> tokens = {
        {"operator", op}, {"admin", foreign}, {"auditor", auditor}};
    for (const auto& route : api_->router().routes()) {
        const bool stream = route->response_type == "text/event-stream";
        const Asked asked = targets(*route, job);
        const std::string method(http::to_string(route->method));
        if (route->roles.empty()) {
            EXPECT_LT(ask("", method, asked.target).status, 500) << asked.target;
            continue;
        }
        EXPECT_EQ(ask("", method, asked.target).status, 401) << asked.target;
        for (const auto& [role, token] : tokens) {
            const bool allowed =
                std::find(route->roles.begin(), route->roles.end(), role) != route->roles.end();
            if (allowed && (stream || route->method != http::Method::get)) continue;
            const std::string_view body = route->request == nullptr ? "" : "{}";
            const Answer answer = ask(token, method, asked.target, body);
            if (!allowed) {
                const bool refused = answer.status == 403 || answer.status == 404 ||
                                     (route->request != nullptr && answer.status == 400);
                EXPECT_TRUE(refused) << role << " " << method << " " << asked.target << " "
                                     << answer.status << answer.body;
                continue;
            }
            EXPECT_LT(answer.status, 500) << role << " " << asked.target << answer.body;
            if (role != "admin") continue;
            EXPECT_EQ(answer.body.find("acme-job"), std::string::npos) << asked.target;
            EXPECT_EQ(answer.body.find("acme-project"), std::string::npos) << asked.target;
            EXPECT_EQ(answer.body.find("\"acme\""), std::string::npos) << asked.target;
            const bool of_centre = route->path.starts_with("/v1/prices");
            const bool one_thing = !of_centre && route->path.find('{') != std::string::npos;
            if (!one_thing) continue;
            EXPECT_EQ(answer.status, ask(foreign, method, asked.nothing, body).status)
                << asked.target;
        }
        if (route->method == http::Method::get || stream) continue;
        const bool of_acme = route->path.find("/{id:u64}") != std::string::npos;
        if (!of_acme) continue;
        const std::string_view body = route->request == nullptr ? "" : "{}";
        const Answer change = ask(foreign, method, asked.target, body);
        EXPECT_EQ(change.status, ask(foreign, method, asked.nothing, body).status)
            << method << asked.target << change.body;
    }
    EXPECT_EQ(ok(user, "GET", fmt::format("/v1/jobs/{}", job)).at("/state").as_string(),
              ok(op, "GET", fmt::format("/v1/jobs/{}", job)).at("/state").as_string());
}

TEST_F(ApiTest, LiveEventsResumeAndShowOnlyOnesOwn) {
    const std::uint64_t before =
        world_.see<std::uint64_t>([](const core::State& state) { return state.seq; });
    submit(user, "seen");
    submit(foreign, "unseen");
    submit(user, "seen-too");
    auto client = http::Client::make(api_->url());
    std::vector<http::ReceivedEvent> events;
    const http::Headers headers = {{"Authorization", "Bearer " + user},
                                   {"Last-Event-ID", fmt::format("{}", before)}};
    const auto done = client->events("/v1/events", headers, [&](const http::ReceivedEvent& event) {
        if (event.name == "job_admitted") events.push_back(event);
        return events.size() < 2;
    });
    EXPECT_TRUE(done) << done.error().context;
    ASSERT_EQ(events.size(), 2U);
    const auto first = json_lib::parse(events[0].data);
    const auto second = json_lib::parse(events[1].data);
    EXPECT_EQ(json_lib::value_to<int>(second.at("job_id")),
              json_lib::value_to<int>(first.at("job_id")) + 2);
}

TEST_F(ApiTest, ARunIsChargedInvoicedAndProven) {
    const std::uint64_t id = run_for(Duration::seconds(7));
    const std::string job = fmt::format("/v1/jobs/{}", id);
    const Answer view = ok(user, "GET", job);
    EXPECT_EQ(view.at("/state").as_string(), "completed");
    EXPECT_EQ(view.at("/leases/0/outcome").as_string(), "completed");
    EXPECT_EQ(view.at("/leases/0/slots/0/node").as_string(), "n1");
    const auto charged = json_lib::value_to<std::int64_t>(view.at("/charged_micro_yuan"));
    EXPECT_GT(charged, 0);
    const Answer charges = ok(user, "GET", fmt::format("/v1/charges?job={}", id));
    EXPECT_EQ(json_lib::value_to<std::int64_t>(charges.at("/charges/0/micro_yuan")), charged);
    const Answer closed = ok(op, "POST", "/v1/invoices", R"({"org":"acme"})");
    const std::string invoice =
        fmt::format("/v1/invoices/{}", json_lib::value_to<int>(closed.at("/id")));
    const Answer bill = ok(user, "GET", invoice);
    EXPECT_EQ(json_lib::value_to<std::int64_t>(bill.at("/total_micro_yuan")), charged);
    EXPECT_EQ(bill.at("/lines/0/price_sheet").as_string(), "day");
    EXPECT_EQ(ask(foreign, "GET", invoice).status, 404);
    EXPECT_EQ(ask(foreign, "GET", invoice + "/bundle").status, 404);
    const Answer journal = ok(user, "GET", "/v1/ledger/journal");
    EXPECT_EQ(journal.at("/rows").as_array().size(), 2U) << journal.body;
    const Answer books = ok(auditor, "GET", "/v1/ledger/accounts");
    EXPECT_EQ(json_lib::value_to<int>(books.at("/books_difference_micro_yuan")), 0);
}

TEST_F(ApiTest, MovementsOfOneChargeStayOnOnePageOfTheJournal) {
    for (const char* funder : {"city", "county"}) {
        ok(op, "POST", "/v1/vouchers",
           fmt::format(R"({{"org":"acme","funder":"{}","micro_yuan":1,)"
                       R"("expires_us":4000000000000000}})",
                       funder));
    }
    run_for(Duration::seconds(7));
    const auto whole = ok(user, "GET", "/v1/ledger/journal").at("/rows").as_array();
    ASSERT_GE(whole.size(), 6U);  // paid in, two vouchers, and a charge paid in three parts
    for (std::size_t limit = 1; limit <= whole.size(); ++limit) {
        json_lib::array rows;
        std::string cursor;
        do {
            const Answer page =
                ok(user, "GET", fmt::format("/v1/ledger/journal?limit={}{}", limit, cursor));
            for (const auto& row : page.at("/rows").as_array())
                rows.push_back(row);
            cursor = page.at("/next_cursor").as_string();
            if (!cursor.empty()) cursor.insert(0, "&cursor=");
        } while (!cursor.empty());
        EXPECT_EQ(rows, whole) << "limit " << limit;
    }
}

TEST_F(ApiTest, MetricsTellStrangersNothingAndTenantsTheirOwn) {
    submit(user, "m");
    EXPECT_EQ(ask("", "GET", "/metrics").body.find("suan_org"), std::string::npos);
    const std::string own = ok(user, "GET", "/metrics").body;
    EXPECT_NE(own.find("suan_org_jobs_"), std::string::npos);
    EXPECT_EQ(own.find("suan_revenue"), std::string::npos);
    EXPECT_NE(ok(op, "GET", "/metrics").body.find("suan_commit_seconds_bucket{le=\"+Inf\"}"),
              std::string::npos);
}

}  // namespace
}  // namespace suan::api
