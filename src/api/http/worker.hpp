// Internal. One I/O thread: its connections, its pool of exchanges, and the inbox of answers.
#pragma once

#include "api/http/exchange.hpp"
#include "api/http/server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace suan::api::http {

class Connection;

// What the workers of a server share. Constant but for the counters and the limiter.
struct ServerContext {
    ServerContext(const Router& r, ServerOptions o);

    const Router& router;
    const ServerOptions options;
    RateLimiter peer_rate;
    const std::string id_prefix;  // of request ids, new at each start
    std::atomic<std::uint64_t> next_id{1};
    std::atomic<std::uint64_t> connections_accepted{0};
    std::atomic<std::uint64_t> connections_refused{0};
    std::atomic<std::uint64_t> connections_open{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> responses[6]{};  // by hundreds of the status
};

class Worker : public std::enable_shared_from_this<Worker> {
public:
    explicit Worker(ServerContext& context);
    ~Worker();

    boost::asio::io_context& io() { return io_; }
    const ServerOptions& options() const { return options_; }

    void run();                                // starts the thread
    void begin_stop(std::int64_t timeout_ms);  // any thread
    void join();                               // after begin_stop

    // Any thread: an answer is there.
    void push(ExchangePtr exchange);
    // Any thread: the connection may go on, if it is still there.
    void wake(std::weak_ptr<Connection> connection);
    // Any thread: nobody refers to it any more.
    void recycle(Exchange* exchange);

    // Of the worker's thread from here on.
    ServerContext& context() { return context_; }
    void adopt(boost::asio::ip::tcp::socket socket);
    void forget(const std::shared_ptr<Connection>& connection);
    ExchangePtr take_exchange();
    bool stopping() const { return stopping_; }
    std::int64_t now_ms() const { return now_ms_; }
    std::string_view date() const { return date_; }
    std::string& scratch() { return scratch_; }
    Match& match() { return match_; }

    // Every event of a connection ends here: the connection goes on, and so do all whose answers
    // have come meanwhile. Answers given inside a handler are found here without waking anybody.
    void progress(std::shared_ptr<Connection> connection);

private:
    void mark(std::shared_ptr<Connection> connection);
    void receive(const ExchangePtr& exchange);
    void drain();
    void arm_tick();
    void tick();
    void update_time();
    void finish_if_empty();
    bool on_thread() const {
        return std::this_thread::get_id() == thread_id_.load(std::memory_order_relaxed);
    }

    ServerContext& context_;
    const ServerOptions options_;  // a copy: exchanges may outlive the server
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    boost::asio::steady_timer tick_timer_;
    std::thread thread_;
    std::atomic<std::thread::id> thread_id_;
    std::atomic<Exchange*> inbox_{nullptr};
    std::unordered_set<std::shared_ptr<Connection>> connections_;
    std::vector<std::shared_ptr<Connection>> dirty_;
    std::vector<Exchange*> free_;
    bool draining_ = false;  // the thread will look into the inbox before it sleeps
    bool stopping_ = false;
    bool finished_ = false;
    std::int64_t stop_by_ms_ = 0;
    std::int64_t now_ms_ = 0;
    std::int64_t date_s_ = 0;
    std::string date_;
    std::string scratch_;
    Match match_;
};

}  // namespace suan::api::http
