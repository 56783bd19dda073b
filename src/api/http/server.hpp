// The HTTP/1.1 server of the hub: keep-alive, pipelining, limits, event streams, graceful stop.
//
// One acceptor and `io_threads` I/O threads; a connection lives on one of them for all its life.
// Handlers run there too (router.hpp). No TLS: bind to loopback or put a proxy in front.
//
// Every answer carries X-Request-Id (the client's, when it is up to 64 of [A-Za-z0-9._-], else a
// new one), X-Content-Type-Options, X-Frame-Options, Referrer-Policy, and unless the handler gave
// its own, Cache-Control: no-store and a Content-Security-Policy that allows nothing. There is no
// CORS.
#pragma once

#include "api/http/rate.hpp"
#include "api/http/router.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace suan::api::http {

// Asked once for each routed request when its headers are there and before its body is read: finds
// out who asks and may refuse (a token, a role, a token's rate). Runs on an I/O thread; must not
// block.
using Gate = std::function<std::optional<Failure>(const Request&, const Route&, Identity&)>;

struct ServerOptions {
    std::string address = "127.0.0.1";  // an IP address of this machine
    std::uint16_t port = 0;             // 0: any free one, see Server::port
    std::uint32_t io_threads = 1;

    std::uint32_t connections_max = limits::connections_max;
    std::size_t header_bytes_max = limits::header_bytes_max;
    std::uint32_t pipelined_requests_max = limits::pipelined_requests_max;
    std::size_t event_queue_bytes_max = limits::event_queue_bytes_max;

    // The whole of a header or a body must be there in its time, however steadily it trickles.
    std::uint32_t idle_timeout_ms = 75'000;
    std::uint32_t header_timeout_ms = 10'000;
    std::uint32_t body_timeout_ms = 30'000;
    std::uint32_t write_timeout_ms = 30'000;  // without any progress
    std::uint32_t heartbeat_ms = 15'000;      // of event streams

    RateLimit peer_rate;       // by address
    Clock clock = steady_now;  // of peer_rate
    Gate gate = {};            // none: everything may pass
};

// Counters since the start, for metrics.
struct ServerStats {
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t requests = 0;
    std::uint64_t responses_2xx = 0;  // with 1xx and 3xx
    std::uint64_t responses_4xx = 0;
    std::uint64_t responses_5xx = 0;
};

class Worker;
struct ServerContext;

class Server {
public:
    // Listens and serves. The router must outlive the server.
    static Result<std::unique_ptr<Server>> start(const Router& router, ServerOptions options);

    // Stops at once, see stop.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::uint16_t port() const;
    std::string url() const;  // "http://127.0.0.1:7700"

    // Stops accepting, lets what has begun finish until the deadline, tells event streams, then
    // closes everything and ends the threads. Idempotent. Not from an I/O thread.
    void stop(Duration deadline);

    ServerStats stats() const;

private:
    class Acceptor;

    Server(const Router& router, ServerOptions options);

    std::unique_ptr<ServerContext> context_;
    std::vector<std::shared_ptr<Worker>> workers_;
    std::unique_ptr<Acceptor> acceptor_;
    bool stopped_ = false;
};

}  // namespace suan::api::http
