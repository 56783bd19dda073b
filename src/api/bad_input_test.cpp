// What no route accepts, tried on every one: each answer says what is wrong and where, and nothing
// reaches the log.
#include "api/testing.hpp"
#include "base/limits.hpp"

namespace suan::api {
namespace {

class BadInputTest : public ApiTest {
protected:
    std::uint64_t last_seq() {
        return json_lib::value_to<std::uint64_t>(ok("", "GET", "/v1/log/head").at("/last_seq"));
    }
    // A path of the route with something in the place of its parameters.
    static std::string path_of(const http::Route& route, const std::string& number) {
        std::string out = route.path;
        for (std::size_t at = 0; (at = out.find('{')) != std::string::npos;) {
            const std::size_t end = out.find('}', at);
            const bool is_number = out.substr(at, end - at).ends_with(":u64");
            out.replace(at, end - at + 1, is_number ? number : "big");
        }
        return out;
    }
    std::string token_for(const http::Route& route) const {
        const auto may = [&](const char* role) {
            return std::find(route.roles.begin(), route.roles.end(), role) != route.roles.end();
        };
        return may("operator") ? op : may("admin") ? admin : may("auditor") ? auditor : "";
    }
};

struct BadBody {
    std::string body;
    const char* part;  // of the answer
};

TEST_F(BadInputTest, EveryBodyIsCheckedAndTheFaultNamed) {
    const std::string deep = std::string(100, '[') + std::string(100, ']');
    const BadBody bodies[] = {
        {R"({"nonsense":1})", "unknown field \\\"nonsense\\\""},
        {R"({"nonsense":)" + deep + "}", "unknown field \\\"nonsense\\\""},
        {"[]", "object"},
        {"\"text\"", "object"},
        {"7", "object"},
        {"null", "object"},
        {"{", "byte 1"},
        {"{}x", "byte 2"},
        {"{\"a\xC3(\":1}", "UTF-8"},
        {std::string("{\"\0\":1}", 7), "byte 2"},
        {"{\"\":1}", "\"code\":\"invalid\""},
    };
    const std::uint64_t before = last_seq();
    const http::Headers console = {{"X-Suan-Console", "1"}};  // signing in asks for it
    std::size_t tried = 0;
    for (const auto& route : api_->router().routes()) {
        if (route->request == nullptr) continue;
        ++tried;
        const std::string method(http::to_string(route->method));
        const std::string path = path_of(*route, "1");
        for (const BadBody& bad : bodies) {
            const Answer answer = ask(token_for(*route), method, path, bad.body, console);
            EXPECT_EQ(answer.status, 400) << route->id << " " << bad.body << answer.body;
            EXPECT_EQ(answer.code(), "invalid") << answer.body;
            EXPECT_NE(answer.body.find(bad.part), std::string::npos)
                << route->id << " " << bad.body << ": " << answer.body;
        }
        // Each field of the message with a value of no type that it could have.
        for (int i = 0; i < route->request->field_count(); ++i) {
            const auto& field = *route->request->field(i);
            const bool message =
                field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
            const std::string value = message || field.is_repeated() ? "true" : R"({"x":[]})";
            const std::string body = fmt::format(R"({{"{}":{}}})", field.name(), value);
            const Answer answer = ask(token_for(*route), method, path, body, console);
            EXPECT_EQ(answer.status, 400) << route->id << " " << body << answer.body;
            EXPECT_EQ(answer.at("/error/field").as_string(), field.name()) << answer.body;
        }
        const Answer large = ask(token_for(*route), method, path,
                                 std::string(route->body_bytes_max + 1, ' '), console);
        EXPECT_EQ(large.status, 413) << route->id << large.body;
    }
    EXPECT_GE(tried, 15U);
    EXPECT_EQ(last_seq(), before);
}

TEST_F(BadInputTest, EveryQueryAndPathIsCheckedAndTheFaultNamed) {
    const std::uint64_t before = last_seq();
    for (const auto& route : api_->router().routes()) {
        const std::string method(http::to_string(route->method));
        const std::string path = path_of(*route, "1");
        const std::string token = token_for(*route);
        EXPECT_EQ(ask(token, method, path + "?nonsense=1").status, 400) << route->id;
        EXPECT_EQ(ask(token, method, path + "?a=%zz").status, 400) << route->id;
        if (route->path.find(":u64") != std::string::npos) {
            for (const char* bad : {"x", "-1", "1.5", "18446744073709551616", "%00", "0x1"}) {
                const Answer answer = ask(token, method, path_of(*route, bad));
                EXPECT_EQ(answer.status, 400) << route->id << bad << answer.body;
            }
        }
        for (const http::QueryParam& param : route->query) {
            const bool number = param.type == http::ParamType::u64;
            if (number || param.type == http::ParamType::choice) {
                const Answer answer = ask(token, method, path + "?" + param.name + "=-1");
                EXPECT_EQ(answer.status, 400) << route->id << param.name << answer.body;
                EXPECT_EQ(answer.at("/error/field").as_string(), param.name) << answer.body;
            }
            const std::string twice = fmt::format("?{0}=1&{0}=1", param.name);
            EXPECT_EQ(ask(token, method, path + twice).status, 400) << route->id << param.name;
        }
    }
    EXPECT_EQ(last_seq(), before);
}

TEST_F(BadInputTest, ImpossibleSizesNameTheFieldAndWhatWouldBeRight) {
    const BadBody bodies[] = {
        {R"({"pool":"big","tasks":4294967295})", "tasks"},
        {R"({"pool":"big","tasks":4294967296})", "tasks"},
        {R"({"pool":"big","tasks":4,"tasks_min":5})", "tasks_min"},
        {R"({"pool":"big","devices_per_task":4294967295})", "devices_per_task"},
        {R"({"pool":"big","milli_per_device":1001})", "milli_per_device"},
        {R"({"pool":"big","walltime_ms":"9223372036854775807"})", "walltime_ms"},
        {R"({"pool":"big","walltime_ms":-1})", "walltime_ms"},
        {R"({"pool":"big","walltime_ms":"9223372036854775808"})", "walltime_ms"},
        {R"({"pool":"big","retries":4294967295})", "retries"},
        {R"({"pool":"big","priority":2147483647})", "priority"},
        {R"({"pool":"big","begin_time_us":-1})", "begin_time"},
        {R"({"pool":"big","bid_micro_yuan":-1})", "bid_micro_yuan"},
        {R"({"pool":"big","array":{"indices":[]}})", "array.indices"},
        {R"({"pool":"big","array":{"indices":[1,1]}})", "array.indices"},
        {R"({"pool":"big","tier":"golden"})", "tier"},
        {R"({"pool":"big","name":")" + std::string(4096, 'n') + "\"}", "name"},
        {R"({"pool":"big","idempotency_key":")" + std::string(65, 'k') + "\"}", "idempotency_key"},
        {R"({"pool":"big","after":[{}]})", "after[0]"},
    };
    submit(user, "one");
    const std::uint64_t before = last_seq();
    for (const BadBody& bad : bodies) {
        const Answer answer = ask(user, "POST", "/v1/jobs", bad.body);
        EXPECT_TRUE(answer.status == 400 || answer.status == 422)
            << bad.body << answer.status << answer.body;
        if (answer.status < 400) continue;
        EXPECT_NE(answer.at("/error/field").as_string().find(bad.part), std::string::npos)
            << bad.body << answer.body;
    }
    EXPECT_EQ(last_seq(), before);
}

TEST_F(BadInputTest, AVoucherThatCannotBeNamesItsField) {
    std::string many = "\"big\"";
    for (std::uint32_t i = 0; i < limits::pools_max; ++i)
        many += ",\"big\"";
    const BadBody bodies[] = {
        {R"("pools":["big","] or 1 == 1; --"])", "pools[1]"},
        {R"("pools":["big\n"])", "pools[0]"},
        {R"("pools":[)" + many + "]", "pools"},
        {R"("job_cap_micro_yuan":"9223372036854775807")", "job_cap_micro_yuan"},
        {R"("job_cap_micro_yuan":"9223372036854775808")", "job_cap_micro_yuan"},
        {R"("job_cap_micro_yuan":-1)", "job_cap_micro_yuan"},
        {R"("expires_us":0)", "expires_us"},
        {R"("expires_us":"9223372036854775807")", "expires_us"},
        {R"("micro_yuan":"9223372036854775807")", "micro_yuan"},
        {R"("micro_yuan":0)", "micro_yuan"},
        {R"("funder":"")", "funder"},
        {R"("contract":")" + std::string(limits::reason_bytes_max + 1, 'c') + "\"", "contract"},
    };
    const std::uint64_t before = last_seq();
    for (const BadBody& bad : bodies) {
        // Only the field at hand is wrong.
        std::string body = "{" + bad.body;
        for (const char* good : {R"("org":"acme")", R"("funder":"city")", R"("micro_yuan":5)",
                                 R"("expires_us":4000000000000000)"}) {
            const std::string_view name = std::string_view(good).substr(0, 6);
            if (!bad.body.starts_with(name)) body += std::string(",") + good;
        }
        const Answer answer = ask(op, "POST", "/v1/vouchers", body + "}");
        EXPECT_GE(answer.status, 400) << bad.body;
        EXPECT_LT(answer.status, 500) << bad.body;
        if (answer.status < 400) continue;
        EXPECT_EQ(answer.at("/error/field").as_string(), bad.part) << bad.body << answer.body;
    }
    EXPECT_EQ(last_seq(), before);
}

// A job may wait only for jobs that are there, so a cycle would need one that is not yet.
TEST_F(BadInputTest, AJobCannotWaitForItselfOrForALaterOne) {
    const std::uint64_t next = submit(user, "one") + 1;
    for (const std::uint64_t id : {next, next + 1}) {
        const Answer answer = ask(user, "POST", "/v1/jobs",
                                  fmt::format(R"({{"pool":"big","after":[{{"job_id":{}}}]}})", id));
        EXPECT_EQ(answer.status, 422) << answer.body;
        EXPECT_EQ(answer.at("/error/field").as_string(), "after[0].job_id");
    }
}

}  // namespace
}  // namespace suan::api
