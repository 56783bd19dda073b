#include "api/http/exchange.hpp"

#include "api/http/worker.hpp"
#include "base/assert.hpp"

namespace suan::api::http {

void Exchange::deliver() {
    worker_->push(ExchangePtr(this));
}

void Exchange::unreferenced() const {
    worker_->recycle(const_cast<Exchange*>(this));
}

std::size_t Exchange::event_queue_bytes_max() const {
    return worker_->options().event_queue_bytes_max;
}

void Exchange::reset() {
    // A request of unusual size must not pin its memory for ever.
    constexpr std::size_t kept_bytes_max = 16 << 10;
    body_.clear();
    if (body_.capacity() > kept_bytes_max) body_.shrink_to_fit();
    text_.clear();
    if (text_.capacity() > kept_bytes_max) text_.shrink_to_fit();
    fields_.clear();
    params_.clear();
    query_.clear();
    target_query_.clear();
    request_id_.clear();
    route_ = nullptr;
    identity_ = {};
    method_ = Method::other;
    response = {};
    stream.reset();
    sink.reset();
    connection = nullptr;
    state = State::waiting;
    refusal.reset();
    answer_by_ms = 0;
    keep_alive = true;
    http_1_0 = false;
    stream_head_written = false;
}

Response Response::of(const google::protobuf::Message& message, int status,
                      json::Defaults defaults) {
    Response response;
    response.status = status;
    json::append(response.body, message, defaults);
    return response;
}

Responder::Responder(boost::intrusive_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
Responder::Responder(Responder&&) noexcept = default;

Responder& Responder::operator=(Responder&& other) noexcept {
    Responder old(std::move(*this));
    exchange_ = std::move(other.exchange_);
    return *this;
}

Responder::~Responder() {
    if (exchange_) fail(make_failure(500, "internal", "the request was left without an answer"));
}

void Responder::send(Response response) {
    SUAN_ASSERT(exchange_ != nullptr);
    const ExchangePtr exchange = std::move(exchange_);
    exchange->response = std::move(response);
    exchange->deliver();
}

void Responder::fail(const Failure& failure) {
    SUAN_ASSERT(exchange_ != nullptr);
    Response response;
    response.status = failure.status;
    response.body = render(failure, exchange_->request_id());
    if (failure.retry_after_s > 0) {
        response.headers.emplace_back("Retry-After", std::to_string(failure.retry_after_s));
    }
    send(std::move(response));
}

std::shared_ptr<EventStream> Responder::stream() {
    SUAN_ASSERT(exchange_ != nullptr);
    const ExchangePtr exchange = std::move(exchange_);
    auto stream = std::make_shared<EventStream>(exchange, exchange->event_queue_bytes_max());
    exchange->stream = stream;
    exchange->deliver();
    return stream;
}

RequestPtr Responder::request() const {
    return exchange_;
}

}  // namespace suan::api::http
