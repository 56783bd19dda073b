// Internal. One peer: bytes in, requests out; answers in, bytes out, in the order of the requests.
// Lives on its worker's thread; kept by the worker and by its operations in flight.
#pragma once

#include "api/http/exchange.hpp"
#include "api/http/parser.hpp"
#include "api/http/router.hpp"
#include "api/http/wire.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace suan::api::http {

class Connection : public std::enable_shared_from_this<Connection>, private ParserEvents {
public:
    Connection(Worker& worker, boost::asio::ip::tcp::socket socket, std::string peer);
    ~Connection() override;

    // Does all that can be done now: parse, write, read on, or close.
    void advance();
    // Its timers, about ten times a second.
    void tick(std::int64_t now_ms);
    void begin_stop();
    void close();

    bool is_dirty = false;  // for the worker

private:
    enum class Phase { serving, last_answer, lingering, closed };

    // Reading.
    bool parse();  // true when a request was completed or refused
    bool parse_some();
    bool begin_request();
    void compact();
    void refuse_broken(const boost::system::error_code& error);
    void start_read();
    void on_read(const boost::system::error_code& error, std::size_t bytes);
    bool may_read() const;
    void on_start_line(Method method, std::string_view target, int version) override;
    void on_field(std::string_view name, std::string_view value) override;
    bool on_header() override;
    void on_body(std::string_view bytes) override;
    std::size_t body_bytes_max(const Exchange& x) const;
    void open_body(Exchange& x);
    void give_up_body(Exchange& x);
    bool body_is_held() const { return reading_ && reading_->sink && reading_->sink->is_full(); }

    // Requests.
    void route(Exchange& x);
    std::optional<Failure> check_form(const Exchange& x) const;
    std::optional<Failure> check_rate() const;
    void bind(Exchange& x, const Match& match);
    void dispatch(ExchangePtr exchange);
    void answer(Exchange& x, const Failure& failure);
    void name_request(Exchange& x);

    // Writing.
    void flush();
    void gather();
    bool gather_stream(Exchange& x);
    void count(int status);
    void write();
    void on_write(const boost::system::error_code& error, std::size_t bytes);
    bool nothing_to_write() const { return out_.empty() && sending_.empty(); }
    WireOptions wire_options(const Exchange& x);
    void pop();
    void close_if_done();
    void linger();
    void time_out(ExchangePtr& slot);
    void detach(Exchange& x);
    bool idle() const;

    Worker& worker_;
    boost::asio::ip::tcp::socket socket_;
    const std::string peer_;
    Phase phase_ = Phase::serving;

    std::vector<char> in_;
    std::size_t in_begin_ = 0;
    std::size_t in_end_ = 0;
    bool read_pending_ = false;
    bool read_ended_ = false;  // the peer sends no more
    std::optional<RequestParser> parser_;
    ExchangePtr reading_;  // the request that is being read
    std::uint32_t hosts_ = 0;

    std::deque<ExchangePtr> queue_;  // requests without a written answer, oldest first

    std::string out_;      // gathered
    std::string sending_;  // being written, from sent_ on
    std::size_t sent_ = 0;
    bool write_pending_ = false;

    std::int64_t read_by_ms_ = 0;   // of the request that is being read
    std::int64_t write_by_ms_ = 0;  // of the write in flight
    std::int64_t idle_since_ms_ = 0;
    std::int64_t linger_by_ms_ = 0;
    std::int64_t heartbeat_at_ms_ = 0;
};

}  // namespace suan::api::http
