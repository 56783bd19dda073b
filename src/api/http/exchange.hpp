// Internal. One request and its answer, in memory that a worker reuses.
//
// Life: a connection takes it from its worker, fills the request in, queues it, and hands it to the
// handler. Whoever answers writes `response` or `stream` and pushes it into the worker's inbox,
// once (a stream again for each batch of events). The worker then gives it back to the connection.
#pragma once

#include "api/http/body_sink.hpp"
#include "api/http/responder.hpp"

#include <memory>
#include <optional>

namespace suan::api::http {

class Connection;
class Worker;

class Exchange final : public Request {
public:
    explicit Exchange(std::shared_ptr<Worker> worker) : worker_(std::move(worker)) {}

    // Hands the answer to the worker; callable from any thread.
    void deliver();
    // Forgets the request and the answer, keeps the memory.
    void reset();

    enum class State { waiting, ready, streaming };

    // Written by whoever answers, before deliver().
    Response response;
    std::shared_ptr<EventStream> stream;

    // Of the worker's thread.
    std::shared_ptr<BodySink> sink;    // while a body is taken piece by piece
    Connection* connection = nullptr;  // null once nobody waits for the answer
    State state = State::waiting;
    std::optional<Failure> refusal;
    std::int64_t answer_by_ms = 0;  // 0: no limit
    bool keep_alive = true;
    bool http_1_0 = false;
    bool stream_head_written = false;

    Exchange* next = nullptr;  // in the inbox

    std::size_t event_queue_bytes_max() const;

protected:
    void unreferenced() const override;

private:
    friend class Connection;

    const std::shared_ptr<Worker> worker_;
    std::string target_query_;  // not decoded
};

using ExchangePtr = boost::intrusive_ptr<Exchange>;

}  // namespace suan::api::http
