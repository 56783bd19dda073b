#include "api/http/connection.hpp"

#include "api/http/worker.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace suan::api::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t in_bytes_first = 8 << 10;
constexpr std::size_t in_bytes_max = 64 << 10;
// Answers that wait for a peer to read; past this nothing more is asked of it.
constexpr std::size_t out_bytes_max = 1 << 20;
constexpr std::size_t out_bytes_kept = 64 << 10;
constexpr std::int64_t linger_ms = 1'000;

Failure failure_of_parse(const boost::system::error_code& error, const ServerOptions& options) {
    if (error == beast_http::error::header_limit) {
        return make_failure(431, "headers_too_large",
                            fmt::format("the request line and the headers have more than {} bytes",
                                        options.header_bytes_max));
    }
    if (error == beast_http::error::body_limit) {
        return make_failure(413, "too_large", "the body is larger than this route takes");
    }
    return make_failure(400, "invalid",
                        fmt::format("this is not an HTTP/1.1 request: {}", error.message()));
}

bool is_request_id(std::string_view text) {
    constexpr std::size_t bytes_max = 64;
    return !text.empty() && text.size() <= bytes_max &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '_' || c == '.';
           });
}

// "http://host/path" is what a proxy would be sent; its path is meant (RFC 9112, 3.2.2).
std::string_view origin_form(std::string_view target) {
    if (!target.starts_with("http://")) return target;
    const std::size_t slash = target.find('/', 7);
    return slash == target.npos ? std::string_view("/") : target.substr(slash);
}

}  // namespace

Connection::Connection(Worker& worker, boost::asio::ip::tcp::socket socket, std::string peer)
    : worker_(worker),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      in_(in_bytes_first),
      idle_since_ms_(worker.now_ms()) {}

Connection::~Connection() = default;

void Connection::advance() {
    if (phase_ == Phase::closed) return;
    flush();
    while (parse())
        flush();
    if (!out_.empty()) flush();  // "100 Continue"
    close_if_done();
    start_read();
}

void Connection::begin_stop() {
    for (const ExchangePtr& x : queue_) {
        if (x->state == Exchange::State::streaming) x->stream->shut_down();
    }
}

bool Connection::idle() const {
    return queue_.empty() && !reading_ && nothing_to_write();
}

void Connection::tick(std::int64_t now_ms) {
    if (phase_ == Phase::lingering && now_ms >= linger_by_ms_) return close();
    if (write_pending_ && now_ms >= write_by_ms_) return close();
    if (phase_ == Phase::serving && idle() &&
        now_ms - idle_since_ms_ >= worker_.options().idle_timeout_ms) {
        return close();
    }
    bool changed = false;
    // What waits for us is not late.
    if (body_is_held()) read_by_ms_ = now_ms + worker_.options().body_timeout_ms;
    if (reading_ && now_ms >= read_by_ms_) {
        reading_->refusal = make_failure(408, "timeout", "the request did not arrive in time");
        refuse_broken({});
        changed = true;
    }
    for (ExchangePtr& x : queue_) {
        const bool late = x->state == Exchange::State::waiting && x->answer_by_ms > 0 &&
                          now_ms >= x->answer_by_ms;
        if (late) time_out(x);
        changed = changed || late;
    }
    if (!queue_.empty() && queue_.front()->state == Exchange::State::streaming &&
        now_ms >= heartbeat_at_ms_) {
        queue_.front()->stream->add_comment();
        heartbeat_at_ms_ = now_ms + worker_.options().heartbeat_ms;
        changed = true;
    }
    if (changed) worker_.progress(shared_from_this());
}

// Whoever is late may be writing an answer at this moment, so the refusal gets an exchange of its
// own.
void Connection::time_out(ExchangePtr& slot) {
    const ExchangePtr late = std::exchange(slot, worker_.take_exchange());
    late->connection = nullptr;
    slot->connection = this;
    slot->method_ = late->method_;
    slot->keep_alive = late->keep_alive;
    slot->request_id_ = late->request_id_;
    answer(*slot, make_failure(504, "too_slow", "the answer took too long"));
}

bool Connection::parse() {
    bool completed = false;
    while (phase_ == Phase::serving && in_begin_ < in_end_) {
        const std::size_t queued = queue_.size();
        const bool more = parse_some();
        completed = completed || queue_.size() != queued;
        if (!more) break;
    }
    compact();
    return completed;
}

// False when the next request has to wait.
bool Connection::begin_request() {
    const ServerOptions& options = worker_.options();
    if (worker_.stopping() || queue_.size() >= options.pipelined_requests_max ||
        out_.size() + sending_.size() >= out_bytes_max) {
        return false;
    }
    while (in_begin_ < in_end_ && (in_[in_begin_] == '\r' || in_[in_begin_] == '\n'))
        ++in_begin_;
    if (in_begin_ == in_end_) return false;
    reading_ = worker_.take_exchange();
    reading_->peer_ = peer_;
    parser_.emplace(static_cast<ParserEvents&>(*this));
    parser_->header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
    parser_->body_limit(limits::ledger_stream_bytes_max);  // until the route is known
    read_by_ms_ = worker_.now_ms() + options.header_timeout_ms;
    hosts_ = 0;
    return true;
}

// True when there may be more to parse at once.
bool Connection::parse_some() {
    if (!reading_ && !begin_request()) return false;
    boost::system::error_code error;
    const auto buffer = boost::asio::buffer(in_.data() + in_begin_, in_end_ - in_begin_);
    const std::size_t used = parser_->put(buffer, error);
    in_begin_ += used;
    if (error == beast_http::error::need_more) return false;
    if (error) {
        refuse_broken(error);
        return false;
    }
    if (!parser_->is_done()) return used > 0;
    parser_.reset();
    dispatch(std::move(reading_));
    return true;
}

// The connection ends after this answer: where the next request would begin is not known.
void Connection::refuse_broken(const boost::system::error_code& error) {
    ExchangePtr x = std::move(reading_);
    parser_.reset();
    in_begin_ = in_end_ = 0;
    if (x->sink) {
        // Whoever takes the body may be answering at this moment.
        const ExchangePtr broken = std::exchange(x, worker_.take_exchange());
        x->method_ = broken->method_;
        x->request_id_ = broken->request_id_;
        x->refusal = std::move(broken->refusal);
        give_up_body(*broken);
    }
    if (x->request_id_.empty()) name_request(*x);
    x->keep_alive = false;
    queue_.push_back(x);
    worker_.context().requests.fetch_add(1, std::memory_order_relaxed);
    answer(*x, x->refusal ? *x->refusal : failure_of_parse(error, worker_.options()));
    phase_ = Phase::last_answer;
}

void Connection::compact() {
    if (in_begin_ == in_end_) {
        in_begin_ = in_end_ = 0;
    } else if (in_end_ == in_.size() && in_begin_ > 0) {
        std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
        in_end_ -= in_begin_;
        in_begin_ = 0;
    }
}

bool Connection::may_read() const {
    if (read_pending_ || read_ended_ || body_is_held()) return false;
    if (phase_ == Phase::lingering) return true;
    if (phase_ != Phase::serving) return false;
    // A request that waits for its turn holds back those after it; one half read goes on.
    return reading_ != nullptr || in_begin_ == in_end_;
}

void Connection::start_read() {
    if (!may_read()) return;
    if (in_end_ == in_.size()) in_.resize(std::min(in_.size() * 2, in_bytes_max));
    read_pending_ = true;
    socket_.async_read_some(
        boost::asio::buffer(in_.data() + in_end_, in_.size() - in_end_),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
            self->on_read(error, bytes);
        });
}

void Connection::on_read(const boost::system::error_code& error, std::size_t bytes) {
    read_pending_ = false;
    if (phase_ == Phase::closed) return;
    if (error && error != boost::asio::error::eof) return close();
    read_ended_ = static_cast<bool>(error);
    if (phase_ == Phase::lingering) {
        if (read_ended_) return close();
        return start_read();
    }
    in_end_ += bytes;
    worker_.progress(shared_from_this());
}

void Connection::on_start_line(Method method, std::string_view target, int version) {
    Exchange& x = *reading_;
    x.method_ = method;
    x.http_1_0 = version < 11;
    const std::string_view origin = origin_form(target);
    const std::size_t question = origin.find('?');
    x.path_ = x.keep(origin.substr(0, question));
    if (question != origin.npos) x.target_query_ = origin.substr(question + 1);
}

void Connection::on_field(std::string_view name, std::string_view value) {
    Exchange& x = *reading_;
    const Request::Span kept = x.keep(name);
    for (std::size_t i = kept.offset; i < x.text_.size(); ++i) {
        char& c = x.text_[i];
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    x.fields_.push_back({kept, x.keep(value)});
    if (x.view(kept) == "host") ++hosts_;
}

bool Connection::on_header() {
    Exchange& x = *reading_;
    read_by_ms_ = worker_.now_ms() + worker_.options().body_timeout_ms;
    x.keep_alive = parser_->keep_alive();
    name_request(x);
    x.refusal = check_form(x);
    if (!x.refusal) x.refusal = check_rate();
    if (!x.refusal) route(x);
    const std::size_t most = body_bytes_max(x);
    const auto announced = parser_->content_length();
    if (announced && *announced > most) {
        if (x.route_ != nullptr) {
            x.refusal = make_failure(
                413, "too_large",
                fmt::format("the body has {} bytes; this route takes {}", *announced, most));
        }
        return false;
    }
    parser_->body_limit(std::max(most, limits::body_bytes_max));
    const bool expects = x.header("expect").has_value();
    // The peer waits for leave to send its body: a refusal spares it that, but ends the connection.
    if (expects && x.refusal) return false;
    if (expects && queue_.empty()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    if (!x.refusal && x.route_ != nullptr && x.route_->open_body) open_body(x);
    return true;
}

// Of a request that is refused, as much is read away as of any.
std::size_t Connection::body_bytes_max(const Exchange& x) const {
    return x.route_ == nullptr || x.refusal ? limits::body_bytes_max : x.route_->body_bytes_max;
}

void Connection::open_body(Exchange& x) {
    x.connection = this;
    auto resume = [worker = worker_.shared_from_this(), weak = weak_from_this()] {
        worker->wake(weak);
    };
    x.sink = x.route_->open_body(RequestPtr(&x), Responder(ExchangePtr(&x)), std::move(resume));
}

void Connection::give_up_body(Exchange& x) {
    x.connection = nullptr;
    if (const auto sink = std::move(x.sink)) sink->abort();
}

void Connection::on_body(std::string_view bytes) {
    Exchange& x = *reading_;
    if (x.refusal) return;  // read to its end, for the sake of the next request, but not kept
    if (x.sink) {
        read_by_ms_ = worker_.now_ms() + worker_.options().body_timeout_ms;
        return x.sink->take(bytes);
    }
    if (x.route_ != nullptr && x.body_.size() + bytes.size() > x.route_->body_bytes_max) {
        x.refusal =
            make_failure(413, "too_large",
                         fmt::format("the body has more than {} bytes, which this route takes",
                                     x.route_->body_bytes_max));
        return;
    }
    x.body_ += bytes;
}

void Connection::name_request(Exchange& x) {
    const std::optional<std::string_view> given = x.header("x-request-id");
    if (given && is_request_id(*given)) {
        x.request_id_ = *given;
        return;
    }
    ServerContext& context = worker_.context();
    x.request_id_ = context.id_prefix;
    fmt::format_int number(context.next_id.fetch_add(1, std::memory_order_relaxed));
    x.request_id_.append(number.data(), number.size());
}

std::optional<Failure> Connection::check_form(const Exchange& x) const {
    if (hosts_ > 1 || (hosts_ == 0 && !x.http_1_0)) {
        return make_failure(400, "invalid", "a request needs exactly one Host header");
    }
    if (!x.path().starts_with('/') && x.method_ != Method::options) {
        return make_failure(400, "invalid", "the request target must be a path such as /v1/jobs");
    }
    return std::nullopt;
}

std::optional<Failure> Connection::check_rate() const {
    const std::optional<Duration> wait = worker_.context().peer_rate.take(peer_);
    if (!wait) return std::nullopt;
    Failure failure = make_failure(429, "rate_limited", "too many requests from this address");
    failure.retry_after_s = static_cast<std::uint32_t>(wait->us / 1'000'000 + 1);
    return failure;
}

void Connection::route(Exchange& x) {
    Match& match = worker_.match();
    worker_.context().router.find(x.method_, x.path(), match);
    if (match.route != nullptr) return bind(x, match);
    if (match.allow.empty()) {
        x.refusal = make_failure(404, "not_found", fmt::format("there is no {}", x.path()));
        return;
    }
    x.response.headers.emplace_back("Allow", match.allow);
    if (x.method_ == Method::options) {
        x.response.status = 204;
        x.state = Exchange::State::ready;
        return;
    }
    x.refusal =
        make_failure(405, "method_not_allowed", fmt::format("{} takes {}", x.path(), match.allow));
}

void Connection::bind(Exchange& x, const Match& match) {
    x.route_ = match.route;
    x.refusal = bind_path(*match.route, match.params, x.params_);
    if (!x.refusal) x.refusal = bind_query(*match.route, x.target_query_, x.query_);
    const Gate& gate = worker_.options().gate;
    if (!x.refusal && gate) x.refusal = gate(x, *match.route, x.identity_);
}

void Connection::dispatch(ExchangePtr exchange) {
    Exchange& x = *exchange;
    x.connection = this;
    queue_.push_back(exchange);
    worker_.context().requests.fetch_add(1, std::memory_order_relaxed);
    if (x.refusal) return answer(x, *x.refusal);
    const auto sink = std::move(x.sink);
    if (x.state == Exchange::State::ready) {
        if (sink) sink->end();
        return;
    }
    const std::uint32_t timeout_ms = x.route_->answer_timeout_ms;
    x.answer_by_ms = timeout_ms > 0 ? worker_.now_ms() + timeout_ms : 0;
    if (sink) return sink->end();
    x.route_->handler(RequestPtr(exchange), Responder(exchange));
}

void Connection::answer(Exchange& x, const Failure& failure) {
    x.connection = this;
    x.response.status = failure.status;
    x.response.body = render(failure, x.request_id_);
    if (failure.retry_after_s > 0) {
        x.response.headers.emplace_back("Retry-After", std::to_string(failure.retry_after_s));
    }
    x.state = Exchange::State::ready;
}

WireOptions Connection::wire_options(const Exchange& x) {
    const bool last = !x.keep_alive || (worker_.stopping() && queue_.size() == 1 && !reading_);
    WireOptions options;
    options.request_id = x.request_id_;
    options.date = worker_.date();
    options.body = x.method_ == Method::head ? WireOptions::Body::omit : WireOptions::Body::send;
    options.after = last ? WireOptions::After::close : WireOptions::After::keep_open;
    return options;
}

void Connection::count(int status) {
    const auto hundred = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
    worker_.context().responses[hundred].fetch_add(1, std::memory_order_relaxed);
}

void Connection::flush() {
    do {
        gather();
        if (out_.empty()) break;
        write();
    } while (phase_ != Phase::closed && nothing_to_write());
}

void Connection::gather() {
    while (!queue_.empty() && out_.size() < out_bytes_max) {
        Exchange& x = *queue_.front();
        if (x.state == Exchange::State::waiting) break;
        if (x.state == Exchange::State::streaming) {
            if (!gather_stream(x)) break;
            continue;
        }
        const WireOptions options = wire_options(x);
        append_response(out_, x.response, options);
        count(x.response.status);
        const bool last = options.after == WireOptions::After::close;
        pop();
        if (!last) continue;
        phase_ = Phase::last_answer;
        while (!queue_.empty())
            pop();
    }
}

// True when the stream is over and the next answer may follow.
bool Connection::gather_stream(Exchange& x) {
    if (!nothing_to_write()) return false;  // the stream's own queue waits, and is bounded
    const bool has_body = x.method_ != Method::head;
    const Framing framing = x.http_1_0 ? Framing::until_close : Framing::chunked;
    if (!x.stream_head_written) {
        WireOptions options = wire_options(x);
        if (x.http_1_0) options.after = WireOptions::After::close;
        append_stream_head(out_, framing, options);
        x.stream_head_written = true;
        count(200);
    }
    std::string& events = worker_.scratch();
    const bool over = x.stream->take(events) || !has_body;
    if (has_body && framing == Framing::chunked) append_chunk(out_, events);
    if (has_body && framing == Framing::until_close) out_ += events;
    heartbeat_at_ms_ = worker_.now_ms() + worker_.options().heartbeat_ms;
    if (!over) return false;
    if (has_body && framing == Framing::chunked) out_ += last_chunk;
    const bool last = x.http_1_0 || !x.keep_alive;
    pop();
    if (last) {
        phase_ = Phase::last_answer;
        while (!queue_.empty())
            pop();
    }
    return true;
}

void Connection::detach(Exchange& x) {
    x.connection = nullptr;
    if (x.state == Exchange::State::streaming) {
        const std::shared_ptr<EventStream> stream = std::move(x.stream);
        stream->close();
    }
}

void Connection::pop() {
    const ExchangePtr x = std::move(queue_.front());
    queue_.pop_front();
    detach(*x);
    if (queue_.empty()) idle_since_ms_ = worker_.now_ms();
}

void Connection::write() {
    while (!write_pending_ && phase_ != Phase::closed) {
        if (sent_ == sending_.size()) {
            sending_.clear();
            sent_ = 0;
            if (sending_.capacity() > out_bytes_kept) sending_.shrink_to_fit();
            if (out_.empty()) return;
            sending_.swap(out_);
        }
        const auto rest = boost::asio::buffer(sending_.data() + sent_, sending_.size() - sent_);
        boost::system::error_code error;
        sent_ += socket_.write_some(rest, error);
        if (error == boost::asio::error::would_block) {
            write_pending_ = true;
            write_by_ms_ = worker_.now_ms() + worker_.options().write_timeout_ms;
            socket_.async_write_some(
                rest,
                [self = shared_from_this()](const boost::system::error_code& failed,
                                            std::size_t bytes) { self->on_write(failed, bytes); });
        } else if (error) {
            close();
        }
    }
}

void Connection::on_write(const boost::system::error_code& error, std::size_t bytes) {
    write_pending_ = false;
    if (phase_ == Phase::closed) return;
    if (error) return close();
    sent_ += bytes;
    write();
    worker_.progress(shared_from_this());
}

void Connection::close_if_done() {
    if (phase_ == Phase::last_answer && queue_.empty() && nothing_to_write()) return linger();
    if (phase_ != Phase::serving) return;
    const bool streaming = !queue_.empty() && queue_.front()->state == Exchange::State::streaming;
    const bool peer_done = read_ended_ && (streaming || (queue_.empty() && nothing_to_write()));
    if (peer_done || (worker_.stopping() && idle())) close();
}

// Closing with unread bytes makes the system reset the connection, and the peer may then never see
// the answer. So the end is announced, and what the peer still sends is read away for a moment.
void Connection::linger() {
    boost::system::error_code error;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
    if (error || read_ended_) return close();
    phase_ = Phase::lingering;
    linger_by_ms_ = worker_.now_ms() + linger_ms;
    in_begin_ = in_end_ = 0;
}

void Connection::close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    const std::shared_ptr<Connection> self = shared_from_this();
    boost::system::error_code error;
    socket_.close(error);
    parser_.reset();
    if (reading_) give_up_body(*reading_);
    reading_.reset();
    while (!queue_.empty())
        pop();
    worker_.forget(self);
}

}  // namespace suan::api::http
