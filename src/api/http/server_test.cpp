#include "api/http/server.hpp"

#include "api/http/testing.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <vector>

namespace suan::api::http {
namespace {

using testing::count_of;
using testing::Elsewhere;
using testing::eventually;
using ::testing::HasSubstr;
using testing::make_route;
using ::testing::Not;
using testing::RawSocket;
using ::testing::StartsWith;

constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

class ServerTest : public ::testing::Test {
protected:
    ServerTest() {
        router_.add(make_route(Method::get, "/hello", [](const RequestPtr&, Responder out) {
            Response response;
            response.body = "\"hello\"";
            out.send(std::move(response));
        }));
        router_.add(make_route(Method::post, "/echo", [](const RequestPtr& in, Responder out) {
            Response response;
            response.body = in->body();
            out.send(std::move(response));
        }));
        Route small = make_route(Method::post, "/small",
                                 [](const RequestPtr&, Responder out) { out.send(Response{}); });
        small.body_bytes_max = 16;
        router_.add(std::move(small));
        router_.add(make_route(Method::post, "/later", [this](RequestPtr in, Responder out) {
            auto answer = std::make_shared<Responder>(std::move(out));
            elsewhere_.post([in, answer] {
                Response response;
                response.body = in->body();
                answer->send(std::move(response));
            });
        }));
        router_.add(make_route(Method::get, "/held", [this](const RequestPtr&, Responder out) {
            const std::lock_guard lock(mutex_);
            held_.push_back(std::move(out));
        }));
        router_.add(make_route(Method::get, "/forgotten", [](const RequestPtr&, Responder) {}));
        router_.add(
            make_route(Method::get, "/jobs/{id:u64}", [](const RequestPtr& in, Responder out) {
                Response response;
                response.body = std::to_string(in->param_u64("id"));
                out.send(std::move(response));
            }));
        router_.add(make_route(Method::get, "/events", [this](const RequestPtr&, Responder out) {
            const std::lock_guard lock(mutex_);
            streams_.push_back(out.stream());
        }));
    }
    ~ServerTest() override { held_.clear(); }

    void start(ServerOptions options = {}) {
        Result<std::unique_ptr<Server>> server = Server::start(router_, std::move(options));
        ASSERT_TRUE(server) << server.error().context;
        server_ = std::move(*server);
    }
    std::uint16_t port() const { return server_->port(); }
    Client client() { return std::move(*Client::make(server_->url())); }
    std::size_t held() {
        const std::lock_guard lock(mutex_);
        return held_.size();
    }
    void release_held() {
        std::vector<Responder> all;
        {
            const std::lock_guard lock(mutex_);
            all.swap(held_);
        }
        for (Responder& r : all) {
            Response response;
            response.body = "released";
            r.send(std::move(response));
        }
    }
    std::shared_ptr<EventStream> stream() {
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex_);
            return !streams_.empty();
        }));
        const std::lock_guard lock(mutex_);
        return streams_.back();
    }
    // What a fresh connection hears until the server closes it.
    std::string talk(std::string_view bytes) {
        RawSocket socket(port());
        socket.say(bytes);
        socket.say_no_more();
        return socket.hear_all();
    }

    std::mutex mutex_;
    std::vector<Responder> held_;
    std::vector<std::shared_ptr<EventStream>> streams_;
    Router router_;
    std::unique_ptr<Server> server_;
    Elsewhere elsewhere_;
};

TEST_F(ServerTest, answers_on_a_free_port_that_it_reports) {
    start();
    EXPECT_NE(port(), 0);
    Client c = client();
    const auto answer = c.request("GET", "/hello");
    ASSERT_TRUE(answer) << answer.error().context;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "\"hello\"");
    EXPECT_EQ(answer->header("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer->header("cache-control"), "no-store");
    EXPECT_FALSE(answer->header("access-control-allow-origin"));
    EXPECT_TRUE(answer->header("date"));
}

TEST_F(ServerTest, an_answer_may_come_from_another_thread) {
    start();
    Client c = client();
    for (int i = 0; i < 100; ++i) {
        const auto answer = c.request("POST", "/later", std::to_string(i));
        ASSERT_TRUE(answer) << answer.error().context;
        EXPECT_EQ(answer->body, std::to_string(i));
    }
    EXPECT_EQ(server_->stats().connections_accepted, 1U);
}

TEST_F(ServerTest, pipelined_requests_are_answered_in_order) {
    start();
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        const std::string body = fmt::format("<{}>", i);
        const char* const path = i % 3 == 0 ? "/later" : "/echo";
        bytes += fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}", path,
                             body.size(), body);
    }
    const std::string heard = talk(bytes);
    std::size_t at = 0;
    for (int i = 0; i < 300; ++i) {
        at = heard.find(fmt::format("<{}>", i), at);
        ASSERT_NE(at, std::string::npos) << i;
    }
    EXPECT_EQ(count_of(heard, "HTTP/1.1 200 OK\r\n"), 300U);
}

TEST_F(ServerTest, a_forgotten_request_is_answered_500) {
    start();
    Client c = client();
    const auto answer = c.request("GET", "/forgotten");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 500);
    EXPECT_THAT(answer->body, HasSubstr("without an answer"));
}

}  // namespace
}  // namespace suan::api::http
