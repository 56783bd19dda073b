// The API over a real hub: what it does for those who may.
#include "api/batch.hpp"
#include "api/testing.hpp"

namespace suan::api {
namespace {

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

TEST_F(ApiTest, AnAppsFormBecomesAJobThatIsNotSubmitted) {
    const std::string where = "/v1/apps/demo/job";
    const Answer made = ok(user, "POST", where, R"({"values":[{"name":"x","text":"seven"}]})");
    EXPECT_EQ(made.body, R"({"name":"seven"})");
    EXPECT_EQ(ok(user, "GET", "/v1/jobs").at("/jobs").as_array().size(), 0U);
    EXPECT_EQ(ok(user, "POST", "/v1/jobs", made.body).status, 201);
    const Answer none = ask(user, "POST", where, "{}");
    EXPECT_EQ(none.status, 400);
    EXPECT_NE(none.body.find("parameter x is required"), std::string::npos) << none.body;
    const std::string file = R"({"values":[{"name":"x","files":[{"name":"a","content":"00ff"}]}]})";
    EXPECT_EQ(ask(user, "POST", where, file).status, 413);
    EXPECT_EQ(ask(user, "POST", "/v1/apps/none/job", "{}").status, 404);
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

TEST_F(ApiTest, MoneyIsPaidInOnceHoweverOftenItIsSent) {
    const http::Headers key = {{"Idempotency-Key", "transfer-4711"}};
    const std::string body = R"({"org":"acme","micro_yuan":5000000,"note":"transfer 4711"})";
    const auto paid_in = [&] {
        return json_lib::value_to<std::int64_t>(
            ok(admin, "GET", "/v1/orgs/acme").at("/available_micro_yuan"));
    };
    const std::int64_t before = paid_in();
    const Answer first = ask(op, "POST", "/v1/funds", body, key);
    EXPECT_LT(first.status, 300) << first.body;
    const Answer again = ask(op, "POST", "/v1/funds", body, key);
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(again.at("/seq"), first.at("/seq"));
    EXPECT_EQ(again.at("/entry_sm3"), first.at("/entry_sm3"));
    EXPECT_TRUE(again.at("/already_done").as_bool());
    EXPECT_EQ(paid_in(), before + 5'000'000);
    const Answer clash = ask(op, "POST", "/v1/funds", R"({"org":"acme","micro_yuan":1})", key);
    EXPECT_EQ(clash.status, 409) << clash.body;
    EXPECT_EQ(clash.code(), "idempotency_clash");
    // A key is its member's own.
    EXPECT_EQ(ask(admin, "POST", "/v1/jobs", R"({"pool":"big"})", key).status, 201);
    // A token is shown once; its retry names the member only.
    const std::string make = R"({"org":"acme","name":"dan","role":"member"})";
    const http::Headers other = {{"Idempotency-Key", "dan"}};
    const Answer made = ask(op, "POST", "/v1/members", make, other);
    const Answer retried = ask(op, "POST", "/v1/members", make, other);
    EXPECT_EQ(retried.at("/id"), made.at("/id"));
    EXPECT_NE(made.at("/token").as_string(), "");
    EXPECT_EQ(retried.at("/token").as_string(), "");
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

TEST_F(ApiTest, AVoucherTellsTheContractThatDecidesWhatItPays) {
    const Answer made = ok(op, "POST", "/v1/vouchers",
                           R"({"org":"acme","funder":"city","micro_yuan":5000,"pools":["big"],)"
                           R"("expires_us":4000000000000000,"job_cap_micro_yuan":100})");
    const std::string target =
        fmt::format("/v1/vouchers/{}", json_lib::value_to<int>(made.at("/id")));
    const char* const rules =
        "debit require now_us < 4000000000000000;\n"
        "debit require user_data_32 in [1];\n"
        "debit limit 100 per user_data_64;\n";
    EXPECT_EQ(ok(user, "GET", target).at("/rules").as_string(), rules);
    EXPECT_EQ(ok(op, "GET", "/v1/vouchers").at("/vouchers/0/rules").as_string(), rules);
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
