#include "api/api_server.hpp"

#include "api/console_files.hpp"
#include "api/cookie.hpp"
#include "api/http/openapi.hpp"
#include "api/routes_apps.hpp"

namespace suan::api {

void add_all_routes(http::Router& router, const ContextPtr& context, const AppCatalogue& apps) {
    add_job_routes(router, context);
    add_job_output_routes(router, context);
    add_job_file_routes(router, context);
    add_org_routes(router, context);
    add_money_routes(router, context);
    add_repricing_routes(router, context);
    add_bill_routes(router, context);
    add_centre_routes(router, context);
    add_log_routes(router, context);
    add_ledger_routes(router, context);
    add_witness_routes(router, context);
    add_app_routes(router, context, apps);
    add_glance_routes(router, context);
    add_session_routes(router, context);
    add_hub_routes(router, context);
    add_plan_routes(router, context);
    add_market_routes(router, context);
    add_defrag_routes(router, context);
}

std::string openapi_document(const http::Router& router) {
    http::OpenApiInfo info;
    info.title = "Suan";
    info.description =
        "A shared compute centre: jobs, leases, money and the log they rest on. Money is "
        "micro-yuan (1e-6 CNY), times are microseconds since 1970 UTC, spans are milliseconds, "
        "device quantities are milli-devices.";
    return http::openapi(router, info);
}

struct ApiServer::Parts {
    Parts(runtime::Hub& hub, const ApiOptions& options)
        : context(std::make_shared<Context>(hub, options.work_threads, options.sessions,
                                            options.forecast_period)) {
        context->cookie = cookie_name(to_hex(hub.log().id()));
    }
    ~Parts() { stop(Duration{}); }

    // The streams end first, so that their connections can finish; then whoever still answers has
    // its threads until the server is gone.
    void stop(Duration deadline) {
        context->live.stop();
        context->forecasts.stop();
        if (server) server->stop(deadline);
        context->pool.stop();
        context->ledger_pool.stop();
    }

    ContextPtr context;
    http::Router router;
    std::unique_ptr<http::Server> server;
};

ApiServer::ApiServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ApiServer::~ApiServer() = default;

Result<std::unique_ptr<ApiServer>> ApiServer::start(runtime::Hub& hub, ApiOptions options) {
    auto parts = std::make_unique<Parts>(hub, options);
    parts->context->ledgers = options.ledgers;
    add_all_routes(parts->router, parts->context, options.apps);
    parts->context->openapi = openapi_document(parts->router);
    if (!options.console.empty()) {
        auto files = ConsoleFiles::load(options.console);
        if (!files) return std::move(files.error()).wrap("the console");
        add_console_routes(parts->router, std::make_shared<ConsoleFiles>(std::move(*files)));
    }
    http::ServerOptions server;
    server.address = options.address;
    server.port = options.port;
    server.io_threads = options.io_threads;
    server.connections_max = options.connections_max;
    server.peer_rate = options.peer_rate;
    server.clock = options.clock;
    server.gate = make_gate({options.token_rate, options.clock, parts->context->cookie},
                            parts->context->sessions);
    parts->context->http_stats = [raw = parts.get()] {
        return raw->server ? raw->server->stats() : http::ServerStats{};
    };
    auto started = http::Server::start(parts->router, std::move(server));
    if (!started) return std::move(started.error()).wrap("the API server");
    parts->server = std::move(*started);
    parts->context->forecasts.start();
    return std::unique_ptr<ApiServer>(new ApiServer(std::move(parts)));
}

std::uint16_t ApiServer::port() const {
    return parts_->server->port();
}
std::string ApiServer::url() const {
    return parts_->server->url();
}
const http::Router& ApiServer::router() const {
    return parts_->router;
}
void ApiServer::stop(Duration deadline) {
    parts_->stop(deadline);
}

}  // namespace suan::api
