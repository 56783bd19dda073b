// The answer to one request: given once, from any thread, whenever it is ready.
#pragma once

#include "api/http/event_stream.hpp"
#include "api/http/failure.hpp"
#include "api/http/request.hpp"
#include "api/json/encode.hpp"

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::api::http {

class Exchange;  // connection.hpp: a request, its answer, and the way back to the connection

struct Response {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";
    // Further headers. Cache-Control and Content-Security-Policy here replace the strict defaults.
    std::vector<std::pair<std::string, std::string>> headers = {};

    static Response of(const google::protobuf::Message& message, int status = 200,
                       json::Defaults defaults = json::Defaults::print);
};

// Move-only. A second answer is a bug (asserted). A Responder that is dropped without an answer
// answers 500, so that no client waits for ever. Answers of many requests that are given close
// together wake an I/O thread once. Answering when the peer is gone, or the server has stopped,
// does nothing.
class Responder {
public:
    explicit Responder(boost::intrusive_ptr<Exchange> exchange);
    Responder(Responder&&) noexcept;
    Responder& operator=(Responder&&) noexcept;
    ~Responder();

    void send(Response response);
    void fail(const Failure& failure);
    void fail(const Error& error) { fail(failure_of(error)); }

    // Answers 200 with a stream of server-sent events that stays open until its end() or the peer
    // goes.
    std::shared_ptr<EventStream> stream();

    RequestPtr request() const;

private:
    boost::intrusive_ptr<Exchange> exchange_;
};

}  // namespace suan::api::http
