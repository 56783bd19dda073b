// ApiServer: the hub over HTTP. docs/formats/api.md is its contract, routes.hpp its parts.
//
//   auto api = ApiServer::start(*hub, {.address = "127.0.0.1", .port = 7700});
//   ... (*api)->port() ...
//   (*api)->stop(Duration::seconds(10));   then hub->stop()
//
// Life: the hub must be started, outlive the server, and be stopped after it. Threads: start, stop
// and destruction from one thread; the rest is thread-safe.
#pragma once

#include "api/app_catalogue.hpp"
#include "api/http/router.hpp"
#include "api/http/server.hpp"
#include "api/sessions.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "runtime/hub.hpp"
#include "runtime/ledgers/ledger_service.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace suan::api {

struct ApiOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any free one, see ApiServer::port
    std::uint32_t io_threads = 1;
    std::uint32_t work_threads = 2;  // for SQLite, the log, and large answers
    // Far above what a person or a script needs; keeps one token from filling the queue.
    http::RateLimit token_rate{.per_second = 50'000, .burst = 100'000};
    http::RateLimit peer_rate{};  // none
    std::uint32_t connections_max = limits::connections_max;
    Duration forecast_period = Duration::seconds(10);  // between runs ahead, at least
    http::Clock clock = http::steady_now;              // of the rates
    // Tenants' ledgers; null: this hub keeps none. Outlives the server.
    runtime::LedgerService* ledgers = nullptr;
    AppCatalogue apps{};
    // The built console, served at /; empty: none.
    std::filesystem::path console;
    // Sessions of browsers; without a file they end with the hub.
    SessionOptions sessions;
};

class ApiServer {
public:
    static Result<std::unique_ptr<ApiServer>> start(runtime::Hub& hub, ApiOptions options);
    ~ApiServer();  // stops at once, see stop
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

    std::uint16_t port() const;
    std::string url() const;
    const http::Router& router() const;

    // Stops listening, answers what has begun until the deadline, ends event streams. Idempotent.
    void stop(Duration deadline);

private:
    struct Parts;
    explicit ApiServer(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

// The router alone, for the OpenAPI document and its tests.
struct Context;
void add_all_routes(http::Router& router, const std::shared_ptr<Context>& context,
                    const AppCatalogue& apps = {});
std::string openapi_document(const http::Router& router);

}  // namespace suan::api
