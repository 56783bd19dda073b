// The console's files. Not part of the API: the OpenAPI document does not name them.
#include "api/console_files.hpp"
#include "api/routes.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

// No inline script and nothing from another origin. Styles may be inline: the component library
// and the charts write them.
constexpr const char* content_rule =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// A page of the console is found by its script: every address without a file ending is one.
bool is_page(const http::Request& request, std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view last = slash == path.npos ? path : path.substr(slash + 1);
    return last.find('.') == last.npos &&
           request.header("accept").value_or("").find("text/html") != std::string_view::npos;
}

void send_file(const ConsoleFile& file, const http::Request& request, http::Responder responder) {
    http::Response response;
    response.headers = {
        {"ETag", file.etag},
        {"Vary", "Accept-Encoding"},
        {"Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
        {"Content-Security-Policy", content_rule},
    };
    response.content_type = file.type;
    const std::string_view known = request.header("if-none-match").value_or("");
    if (known.find(file.etag) != known.npos) {
        response.status = 304;
        return responder.send(std::move(response));
    }
    const Encoded best = encoded_for(file, request.header("accept-encoding").value_or(""));
    response.body = best.body;
    if (!best.encoding.empty())
        response.headers.emplace_back("Content-Encoding", std::string(best.encoding));
    responder.send(std::move(response));
}

}  // namespace

void add_console_routes(http::Router& router, std::shared_ptr<const ConsoleFiles> files) {
    http::Route route;
    route.method = http::Method::get;
    route.path = "/{path*}";
    route.id = "get_console";
    route.query_use = http::Route::Query::left_to_the_page;
    route.summary = "The console's pages and files";
    route.tag = "console";
    route.response_type = "text/html";
    route.handler = [files](const http::RequestPtr& request, http::Responder responder) {
        std::string_view path = request->param("path");
        if (path.empty()) path = "index.html";
        const ConsoleFile* file = files->find(path);
        if (file == nullptr && is_page(*request, path)) file = files->find("index.html");
        if (file == nullptr)
            return responder.fail(not_found(fmt::format("there is no {}", request->path())));
        send_file(*file, *request, std::move(responder));
    };
    router.add(std::move(route));
}

}  // namespace suan::api
