#include "api/routes_apps.hpp"

namespace suan::api {
namespace {

using Apps = std::shared_ptr<const AppCatalogue>;
using Answering = std::function<void(const AppCatalogue& apps, Call& call)>;

// Answers to whoever may use the route, from the catalogue alone.
void add_route(http::Router& router, const ContextPtr& context, http::Route route, const Apps& apps,
               Answering answer) {
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
        body += (body.back() == '[' ? "" : ",") + app.json;
    call.responder.send({.body = body + "]}"});
}

const OfferedApp* find_app(const AppCatalogue& apps, Call& call) {
    const auto found = apps.find(std::string(call.request->param("app")));
    if (found != apps.end()) return &found->second;
    call.fail(not_found("there is no such app", "app"));
    return nullptr;
}

void get_app(const AppCatalogue& apps, Call& call) {
    if (const OfferedApp* app = find_app(apps, call)) call.responder.send({.body = app->json});
}

// The job is answered, not submitted: what is sent to POST /v1/jobs is the caller's to see first.
void make_job(const AppCatalogue& apps, Call& call) {
    AppForm form;
    if (!read_body(call, form, Body::optional)) return;
    const OfferedApp* app = find_app(apps, call);
    if (app == nullptr) return;
    const auto job = app->job(form);
    if (job) return call.responder.send(http::Response::of(*job, 200, json::Defaults::omit));
    const bool too_large = job.error().code == ErrorCode::exhausted;
    call.fail(too_large ? http::make_failure(413, "too_large", job.error().context)
                        : http::failure_of(job.error()));
}

}  // namespace

void add_app_routes(http::Router& router, const ContextPtr& context, const AppCatalogue& apps) {
    using http::Method;
    const auto kept = std::make_shared<const AppCatalogue>(apps);
    const auto route = [&](RouteText text, const google::protobuf::Descriptor* request,
                           const google::protobuf::Descriptor* response) {
        text.tag = "apps";
        return make_route(context, text, roles::everyone, request, response, nullptr);
    };
    add_route(router, context,
              route({Method::get, "/v1/apps", "list_apps", "Apps with their parameters"}, nullptr,
                    nullptr),
              kept, list_apps);
    add_route(router, context,
              route({Method::get, "/v1/apps/{app}", "get_app", "One app"}, nullptr, nullptr), kept,
              get_app);
    add_route(router, context,
              route({Method::post, "/v1/apps/{app}/job", "make_app_job",
                     "The job that values of an app's parameters make; it is not submitted"},
                    AppForm::descriptor(), JobRequest::descriptor()),
              kept, make_job);
}

}  // namespace suan::api
