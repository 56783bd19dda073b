#include "api/routes.hpp"

namespace suan::api {

http::Route make_route(const ContextPtr& context, const RouteText& text,
                       const std::vector<std::string>& allowed,
                       const google::protobuf::Descriptor* request,
                       const google::protobuf::Descriptor* response, CallHandler handler) {
    http::Route route;
    route.method = text.method;
    route.path = text.path;
    route.id = text.id;
    route.summary = text.summary;
    route.tag = text.tag;
    route.roles = allowed;
    route.request = request;
    route.response = response;
    route.errors = {ErrorCode::invalid, ErrorCode::unavailable};
    if (!allowed.empty()) {
        route.errors.insert(route.errors.end(), {ErrorCode::forbidden, ErrorCode::not_found});
    }
    if (text.method != http::Method::get) route.errors.push_back(ErrorCode::exists);
    route.handler = [context, handler](http::RequestPtr received, http::Responder responder) {
        handler(make_call(context, std::move(received), std::move(responder)));
    };
    return route;
}

std::vector<http::QueryParam> list_query(std::vector<http::QueryParam> own) {
    own.push_back(u64_param("limit", "at most so many, 1 to 1000"));
    own.push_back(text_param("cursor", "next_cursor of the page before"));
    return own;
}

http::QueryParam text_param(const char* name, const char* description) {
    return {.name = name, .type = http::ParamType::text, .description = description};
}
http::QueryParam u64_param(const char* name, const char* description) {
    return {.name = name, .type = http::ParamType::u64, .description = description};
}

}  // namespace suan::api
