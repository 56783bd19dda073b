#include "api/http/server.hpp"

#include "api/http/worker.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace suan::api::http {

using boost::asio::ip::tcp;

// Lives on the first worker's thread; gives connections to the workers in turn.
class Server::Acceptor {
public:
    Acceptor(ServerContext& context, std::vector<std::shared_ptr<Worker>>& workers)
        : context_(context),
          workers_(workers),
          acceptor_(workers.front()->io()),
          retry_(workers.front()->io()) {}

    boost::system::error_code listen() {
        boost::system::error_code error;
        const ServerOptions& options = context_.options;
        const auto address = boost::asio::ip::make_address(options.address, error);
        if (error) return error;
        const tcp::endpoint endpoint(address, options.port);
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
        if (!error) port_ = acceptor_.local_endpoint(error).port();
        return error;
    }

    void accept() {
        if (!acceptor_.is_open()) return;
        Worker& worker = *workers_[turn_++ % workers_.size()];
        acceptor_.async_accept(worker.io(), [this, &worker](const boost::system::error_code& error,
                                                            tcp::socket socket) {
            on_accept(worker, error, std::move(socket));
        });
    }

    // From any thread; the acceptor must outlive its worker's thread.
    void stop() {
        boost::asio::post(workers_.front()->io(), [this] {
            boost::system::error_code error;
            acceptor_.close(error);
            retry_.cancel();
        });
    }

    std::uint16_t port() const { return port_; }

private:
    void on_accept(Worker& worker, const boost::system::error_code& error, tcp::socket socket) {
        if (error == boost::asio::error::operation_aborted) return;
        if (error) return retry_later();
        const std::uint64_t open =
            context_.connections_open.fetch_add(1, std::memory_order_relaxed);
        if (open >= context_.options.connections_max) {
            context_.connections_open.fetch_sub(1, std::memory_order_relaxed);
            context_.connections_refused.fetch_add(1, std::memory_order_relaxed);
            turn_away(socket);
        } else {
            context_.connections_accepted.fetch_add(1, std::memory_order_relaxed);
            hand_over(worker, std::move(socket));
        }
        accept();
    }

    static void hand_over(Worker& worker, tcp::socket socket) {
        auto shared = std::make_shared<tcp::socket>(std::move(socket));
        boost::asio::post(worker.io(), [&worker, shared] { worker.adopt(std::move(*shared)); });
    }

    // Out of file descriptors, mostly: the connection stays in the backlog meanwhile.
    void retry_later() {
        retry_.expires_after(std::chrono::milliseconds(100));
        retry_.async_wait([this](const boost::system::error_code& error) {
            if (!error) accept();
        });
    }

    // One write into an empty send buffer, which does not block.
    static void turn_away(tcp::socket& socket) {
        Failure failure = make_failure(503, "unavailable", "too many connections are open");
        failure.what_to_do = "Try again in a second, and keep connections open for reuse.";
        const std::string body = render(failure, "");
        const std::string answer = fmt::format(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
            "Retry-After: 1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
            body.size(), body);
        boost::system::error_code error;
        socket.non_blocking(true, error);
        socket.write_some(boost::asio::buffer(answer), error);
        socket.shutdown(tcp::socket::shutdown_send, error);
    }

    ServerContext& context_;
    std::vector<std::shared_ptr<Worker>>& workers_;
    tcp::acceptor acceptor_;
    boost::asio::steady_timer retry_;
    std::size_t turn_ = 0;
    std::uint16_t port_ = 0;
};

Server::Server(const Router& router, ServerOptions options)
    : context_(std::make_unique<ServerContext>(router, std::move(options))) {
    const std::uint32_t threads = std::max<std::uint32_t>(context_->options.io_threads, 1);
    for (std::uint32_t i = 0; i < threads; ++i) {
        workers_.push_back(std::make_shared<Worker>(*context_));
    }
    acceptor_ = std::make_unique<Acceptor>(*context_, workers_);
}

Server::~Server() {
    stop(Duration{});
}

Result<std::unique_ptr<Server>> Server::start(const Router& router, ServerOptions options) {
    std::unique_ptr<Server> server(new Server(router, std::move(options)));
    if (const boost::system::error_code error = server->acceptor_->listen()) {
        const ServerOptions& o = server->context_->options;
        server->stopped_ = true;
        return Error{ErrorCode::io, fmt::format("cannot listen on {} port {}: {}", o.address,
                                                o.port, error.message())};
    }
    server->acceptor_->accept();
    for (const std::shared_ptr<Worker>& worker : server->workers_)
        worker->run();
    return server;
}

std::uint16_t Server::port() const {
    return acceptor_->port();
}

std::string Server::url() const {
    const std::string& address = context_->options.address;
    const bool v6 = address.find(':') != std::string::npos;
    return fmt::format("http://{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", port());
}

void Server::stop(Duration deadline) {
    if (std::exchange(stopped_, true)) return;
    acceptor_->stop();
    for (const std::shared_ptr<Worker>& worker : workers_)
        worker->begin_stop(deadline.us / 1'000);
    for (const std::shared_ptr<Worker>& worker : workers_)
        worker->join();
}

ServerStats Server::stats() const {
    const auto read = [](const std::atomic<std::uint64_t>& n) {
        return n.load(std::memory_order_relaxed);
    };
    const ServerContext& c = *context_;
    ServerStats stats;
    stats.connections_accepted = read(c.connections_accepted);
    stats.connections_refused = read(c.connections_refused);
    stats.connections_open = read(c.connections_open);
    stats.requests = read(c.requests);
    stats.responses_2xx = read(c.responses[1]) + read(c.responses[2]) + read(c.responses[3]);
    stats.responses_4xx = read(c.responses[4]);
    stats.responses_5xx = read(c.responses[5]);
    return stats;
}

}  // namespace suan::api::http
