#include "api/routes_apps.hpp"

namespace suan::api {
namespace {

using Apps = std::shared_ptr<const AppCatalogue>;
using Answering = std::function<void(const AppCatalogue& apps, Call& call)>;

// Answers to whoever may use the route, from the catalogue alone.
void add_route(http::Router& router, const ContextPtr& context, const RouteText& text,
               const Apps& apps, Answering answer) {
    http::Route route = make_route(context, text, roles::everyone, nullptr, nullptr, nullptr);
    route.handler = [context, apps, answer](http::RequestPtr request, http::Responder responder) {
        ask(
            make_call(context, std::move(request), std::move(responder)),
            [](const core::State&, const Viewer&) -> std::optional<http::Failure> {
                return std::nullopt;
            },
            [apps, answer](Call& call) { answer(*apps, call); });
    };
    router.add(std::move(route));
}

void list_apps(const AppCatalogue& apps, Call& call) {
    std::string body = R"({"apps":[)";
    for (const auto& [name, app] : apps)
        body += (body.back() == '[' ? "" : ",") + app;
    call.responder.send({.body = body + "]}"});
}

void get_app(const AppCatalogue& apps, Call& call) {
    const auto found = apps.find(std::string(call.request->param("app")));
    if (found == apps.end()) return call.fail(not_found("there is no such app", "app"));
    call.responder.send({.body = found->second});
}

}  // namespace

void add_app_routes(http::Router& router, const ContextPtr& context, const AppCatalogue& apps) {
    using http::Method;
    const auto kept = std::make_shared<const AppCatalogue>(apps);
    add_route(router, context,
              {Method::get, "/v1/apps", "list_apps", "Apps with their parameters", "apps"}, kept,
              list_apps);
    add_route(router, context, {Method::get, "/v1/apps/{app}", "get_app", "One app", "apps"}, kept,
              get_app);
}

}  // namespace suan::api
