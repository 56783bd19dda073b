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

TEST_F(ServerTest, keeps_a_request_id_that_is_harmless_and_makes_one_otherwise) {
    start();
    Client c = client();
    EXPECT_EQ(c.request("GET", "/hello", {}, {{"X-Request-Id", "a.B-9_"}})->header("x-request-id"),
              "a.B-9_");
    const auto other = c.request("GET", "/none", {}, {{"X-Request-Id", "a b"}});
    const std::string id(*other->header("x-request-id"));
    EXPECT_NE(id, "a b");
    EXPECT_THAT(other->body, HasSubstr("\"request_id\":\"" + id + "\""));
}

struct Refused {
    const char* request;
    int status;
    const char* part;
};

TEST_F(ServerTest, refuses_with_the_status_and_the_reason) {
    start();
    const std::string long_header =
        "GET /hello HTTP/1.1\r\nHost: h\r\nX: " + std::string(limits::header_bytes_max, 'x') +
        "\r\n\r\n";
    const Refused table[] = {
        {"GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n", 404, "there is no /nothing"},
        {"PUT /hello HTTP/1.1\r\nHost: h\r\n\r\n", 405, "Allow: GET, HEAD, OPTIONS\r\n"},
        {"BREW /hello HTTP/1.1\r\nHost: h\r\n\r\n", 405, "method_not_allowed"},
        {"GET /jobs/x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "\"field\":\"id\""},
        {"GET /jobs/%6 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "percent-encoded"},
        {"GET /hello?a=1 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "takes no query parameters"},
        {"GET hello HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be a path"},
        {"GET /hello HTTP/1.1\r\n\r\n", 400, "exactly one Host"},
        {"GET /hello HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400, "exactly one Host"},
        {"nonsense\r\n\r\n", 400, "not an HTTP/1.1 request"},
        {"GET /hello HTTP/1.1\r\nHost : h\r\n\r\n", 400, "not an HTTP/1.1 request"},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400, "not an HTTP"},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: "
         "chunked\r\n\r\n",
         400, "not an HTTP"},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", 413, "too_large"},
        {"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 17\r\n\r\n", 413,
         "this route takes 16"},
        {"POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
         "11\r\n01234567890123456\r\n0\r\n\r\n",
         413, "more than 16 bytes"},
        {long_header.c_str(), 431, "headers_too_large"},
    };
    for (const Refused& row : table) {
        const std::string heard = talk(row.request);
        EXPECT_THAT(heard, StartsWith(fmt::format("HTTP/1.1 {} ", row.status)))
            << std::string_view(row.request).substr(0, 100);
        EXPECT_THAT(heard, HasSubstr(row.part));
        EXPECT_EQ(count_of(heard, "\r\nX-Request-Id: "), 1U) << heard;
    }
}

TEST_F(ServerTest, a_body_at_the_limit_of_its_route_is_taken) {
    start();
    Client c = client();
    EXPECT_EQ(c.request("POST", "/small", std::string(16, 'x'))->status, 200);
    EXPECT_EQ(c.request("POST", "/small", std::string(17, 'x'))->status, 413);
    const std::string big(limits::body_bytes_max, 'y');
    const auto answer = c.request("POST", "/echo", big);
    ASSERT_TRUE(answer) << answer.error().context;
    EXPECT_EQ(answer->body.size(), big.size());
}

TEST_F(ServerTest, a_request_may_come_byte_by_byte) {
    start();
    RawSocket socket(port());
    for (const char c : get_hello)
        socket.say({&c, 1});
    EXPECT_THAT(socket.hear_until("\"hello\""), HasSubstr("200 OK"));
}

TEST_F(ServerTest, head_is_get_without_the_body_and_options_lists_methods) {
    start();
    const std::string head = talk("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("Content-Length: 7\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("\"hello\"")));
    const std::string options = talk("OPTIONS /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(options, StartsWith("HTTP/1.1 204 "));
    EXPECT_THAT(options, HasSubstr("Allow: GET, HEAD, OPTIONS\r\n"));
}

TEST_F(ServerTest, http_1_0_and_connection_close_end_the_connection) {
    start();
    RawSocket old(port());
    old.say("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_THAT(old.hear_all(), HasSubstr("Connection: close\r\n"));
    RawSocket once(port());
    once.say("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(once.hear_all(), HasSubstr("\"hello\""));
}

TEST_F(ServerTest, expect_is_answered_before_the_body) {
    start();
    RawSocket socket(port());
    socket.say(
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_THAT(socket.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
    socket.say("hi");
    EXPECT_THAT(socket.hear_until("\r\n\r\nhi"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, a_header_that_trickles_is_timed_out) {
    ServerOptions options;
    options.header_timeout_ms = 50;
    start(options);
    RawSocket socket(port());
    socket.say("GET /hello HTTP/1.1\r\nHo");
    EXPECT_THAT(socket.hear_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, a_body_that_does_not_come_is_timed_out) {
    ServerOptions options;
    options.body_timeout_ms = 50;
    start(options);
    RawSocket socket(port());
    socket.say("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    EXPECT_THAT(socket.hear_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, an_idle_connection_is_closed) {
    ServerOptions options;
    options.idle_timeout_ms = 50;
    start(options);
    RawSocket socket(port());
    EXPECT_EQ(socket.hear_all(), "");
}

TEST_F(ServerTest, a_late_answer_becomes_504_and_is_then_ignored) {
    Route slow = make_route(Method::get, "/slow", [this](const RequestPtr&, Responder out) {
        const std::lock_guard lock(mutex_);
        held_.push_back(std::move(out));
    });
    slow.answer_timeout_ms = 50;
    router_.add(std::move(slow));
    start();
    Client c = client();
    EXPECT_EQ(c.request("GET", "/slow")->status, 504);
    release_held();
    EXPECT_EQ(c.request("GET", "/hello")->body, "\"hello\"");
}

TEST_F(ServerTest, too_many_connections_are_turned_away) {
    ServerOptions options;
    options.connections_max = 1;
    start(options);
    Client first = client();
    ASSERT_EQ(first.request("GET", "/hello")->status, 200);
    RawSocket second(port());
    EXPECT_THAT(second.hear_all(), StartsWith("HTTP/1.1 503 "));
    EXPECT_EQ(server_->stats().connections_refused, 1U);
    first.disconnect();
    ASSERT_TRUE(eventually([&] { return server_->stats().connections_open == 0; }));
    EXPECT_EQ(client().request("GET", "/hello")->status, 200);
}

TEST_F(ServerTest, a_peer_is_held_to_its_rate) {
    ServerOptions options;
    options.peer_rate = {1, 2};
    options.clock = [] { return Time{1'000'000}; };
    start(options);
    Client c = client();
    EXPECT_EQ(c.request("GET", "/hello")->status, 200);
    EXPECT_EQ(c.request("GET", "/hello")->status, 200);
    const auto third = c.request("GET", "/hello");
    EXPECT_EQ(third->status, 429);
    EXPECT_EQ(third->header("retry-after"), "2");
}

TEST_F(ServerTest, the_gate_refuses_and_names_who_asks) {
    router_.add(make_route(Method::get, "/who", [](const RequestPtr& in, Responder out) {
        Response response;
        response.body = std::to_string(in->identity().member);
        out.send(std::move(response));
    }));
    ServerOptions options;
    options.gate = [](const Request& in, const Route&, Identity& who) -> std::optional<Failure> {
        if (in.header("authorization") != "Bearer x") {
            return make_failure(401, "unauthorized", "no token");
        }
        who.member = 42;
        return std::nullopt;
    };
    start(options);
    Client c = client();
    EXPECT_EQ(c.request("GET", "/who")->status, 401);
    EXPECT_EQ(c.request("GET", "/who", {}, {{"Authorization", "Bearer x"}})->body, "42");
}

TEST_F(ServerTest, many_connections_on_several_threads_each_get_their_own_answers) {
    ServerOptions options;
    options.io_threads = 3;
    start(options);
    std::vector<Client> clients;
    for (int i = 0; i < 200; ++i)
        clients.push_back(client());
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            const auto answer = clients[i].request("POST", "/later", std::to_string(i));
            ASSERT_TRUE(answer) << answer.error().context;
            ASSERT_EQ(answer->body, std::to_string(i));
        }
    }
    EXPECT_EQ(server_->stats().connections_open, 200U);
}

TEST_F(ServerTest, stop_lets_what_has_begun_finish_and_takes_nothing_new) {
    start();
    RawSocket socket(port());
    socket.say("GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return held() == 1; }));
    std::thread stopper([&] { server_->stop(Duration::seconds(10)); });
    ASSERT_TRUE(eventually([&] { return !client().request("GET", "/hello"); }));
    release_held();
    const std::string heard = socket.hear_all();
    EXPECT_THAT(heard, HasSubstr("released"));
    EXPECT_THAT(heard, HasSubstr("Connection: close\r\n"));
    stopper.join();
}

TEST_F(ServerTest, stop_ends_at_its_deadline_and_later_answers_do_nothing) {
    start();
    RawSocket socket(port());
    socket.say("GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return held() == 1; }));
    server_->stop(Duration::milliseconds(50));
    EXPECT_EQ(socket.hear_all(), "");
    server_.reset();
    release_held();
}

TEST_F(ServerTest, events_reach_the_client_in_order) {
    start();
    std::vector<ReceivedEvent> heard;
    std::thread reader([&] {
        Client c = client();
        const auto done = c.events("/events", {}, [&](const ReceivedEvent& event) {
            heard.push_back(event);
            return true;
        });
        EXPECT_TRUE(done) << done.error().context;
    });
    const std::shared_ptr<EventStream> events = stream();
    for (int i = 0; i < 1'000; ++i) {
        const std::string id = std::to_string(i);
        ASSERT_TRUE(events->send({"job", "line\n" + id, id}));
    }
    events->end();
    EXPECT_FALSE(events->send({"job", "late", ""}));
    reader.join();
    ASSERT_EQ(heard.size(), 1'000U);
    EXPECT_EQ(heard[999].name, "job");
    EXPECT_EQ(heard[999].data, "line\n999");
    EXPECT_EQ(heard[999].id, "999");
}

TEST_F(ServerTest, a_slow_reader_is_dropped_and_told_so) {
    ServerOptions options;
    options.event_queue_bytes_max = 4'096;
    start(options);
    RawSocket socket(port(), 4'096);
    socket.say("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::shared_ptr<EventStream> events = stream();
    std::atomic<bool> closed{false};
    events->on_close([&] { closed = true; });
    const std::string data(1'000, 'x');
    ASSERT_TRUE(eventually([&] { return !events->send({"job", data, ""}); }));
    EXPECT_TRUE(closed);
    EXPECT_THAT(socket.hear_until("\r\n0\r\n\r\n"), HasSubstr("event: dropped\n"));
}

TEST_F(ServerTest, a_stream_notices_that_its_client_has_gone) {
    start();
    auto socket = std::make_unique<RawSocket>(port());
    socket->say("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::shared_ptr<EventStream> events = stream();
    socket.reset();
    EXPECT_TRUE(eventually([&] { return !events->open(); }));
}

TEST_F(ServerTest, stop_tells_event_streams) {
    start();
    RawSocket socket(port());
    socket.say("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    stream();
    server_->stop(Duration::seconds(10));
    EXPECT_THAT(socket.hear_all(), HasSubstr("event: shutdown\n"));
}

TEST_F(ServerTest, an_event_cannot_forge_another) {
    start();
    RawSocket socket(port());
    socket.say("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::shared_ptr<EventStream> events = stream();
    events->send({"a\nevent: b", "1\rdata: 2", "3"});
    events->end();
    const std::string heard = socket.hear_until("\r\n0\r\n\r\n");
    EXPECT_THAT(heard, HasSubstr("event: a event: b\ndata: 1 data: 2\n\n"));
}

TEST_F(ServerTest, heartbeats_keep_a_quiet_stream_alive) {
    ServerOptions options;
    options.heartbeat_ms = 1;
    start(options);
    RawSocket socket(port());
    socket.say("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(socket.hear_until(": still here"), HasSubstr("text/event-stream"));
}

TEST(ServerStart, says_which_address_cannot_be_had) {
    const Router router;
    ServerOptions options;
    options.address = "not-an-address";
    const auto bad = Server::start(router, options);
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().context, HasSubstr("not-an-address"));
    const auto first = Server::start(router, {});
    ASSERT_TRUE(first);
}

TEST(ClientTest, says_that_no_hub_answers) {
    std::uint16_t port = 0;
    {
        const Router router;
        const auto server = Server::start(router, {});
        port = (*server)->port();
    }
    auto client = Client::make(fmt::format("http://127.0.0.1:{}", port));
    const auto answer = client->request("GET", "/");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
    EXPECT_THAT(answer.error().context, HasSubstr("is it running? start it with suan hub run"));
    EXPECT_FALSE(Client::make("https://x"));
    EXPECT_FALSE(Client::make("http://"));
    EXPECT_FALSE(Client::make("http://h:port"));
}

}  // namespace
}  // namespace suan::api::http
