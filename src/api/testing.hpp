// For tests of the API: a real hub with a log on disk, spoken to over HTTP.
#pragma once

#include "api/api_server.hpp"
#include "api/http/client.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "runtime/testing.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace suan::api {

namespace json_lib = boost::json;

struct Answer {
    int status = 0;
    http::Headers headers;
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
        open_ledgers();
        ApiOptions options = options_of_test();
        options.ledgers = ledgers_.get();
        auto started = ApiServer::start(*world_.hub, options);
        ASSERT_TRUE(started) << started.error().context;
        api_ = std::move(*started);
        make_centre();
    }
    void TearDown() override {
        api_->stop(Duration::seconds(5));
        api_.reset();
        ledgers_.reset();
        world_.close();
    }
    static constexpr std::uint64_t ledger_accounts_max = 5'000;  // of an org, with keys
    // Their meter runs when a test says so, or when a batch waits for an allowance.
    void open_ledgers() {
        auto file = settle::open_file(folder_ / "books.journal");
        ASSERT_TRUE(file) << file.error().context;
        runtime::LedgerServiceOptions options;
        options.meter_interval = Duration::hours(1);
        options.kept_per_org_max = ledger_accounts_max;
        options.engine.index_folder = folder_ / "index";
        auto opened = runtime::LedgerService::open(*world_.hub, world_.key, std::move(*file),
                                                   world_.clock, std::move(options));
        ASSERT_TRUE(opened) << opened.error().context;
        ledgers_ = std::move(*opened);
    }

    // A job named after the first value.
    static Result<JobRequest> demo_job(const AppForm& form) {
        if (form.values().empty()) return Error{ErrorCode::invalid, "parameter x is required"};
        if (!form.values(0).files().empty())
            return Error{ErrorCode::exhausted, "the files are too large"};
        JobRequest job;
        job.set_name(form.values(0).text());
        return job;
    }
    static ApiOptions options_of_test() {
        ApiOptions options;
        options.apps["demo"] = {R"({"name":"demo"})",
                                [](const AppForm& form) { return demo_job(form); }};
        return options;
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
        answer.headers = got->headers;
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
    std::unique_ptr<runtime::LedgerService> ledgers_;
    std::unique_ptr<ApiServer> api_;
    const std::string op = "operator-token";
    std::string admin, user, other_user, foreign, auditor;
};

}  // namespace suan::api
