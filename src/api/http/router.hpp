// Which handler answers a method and a path, and what the OpenAPI document says of it.
// Filled before the server starts and constant from then on.
#pragma once

#include "api/http/body_sink.hpp"
#include "api/http/failure.hpp"
#include "api/http/request.hpp"
#include "api/http/responder.hpp"
#include "base/limits.hpp"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::api::http {

// A handler runs on an I/O thread and must not block: it parses, hands over, and returns. The
// answer may be given later and from another thread. Handlers must not throw.
using Handler = std::function<void(RequestPtr, Responder)>;

enum class ParamType { text, u64, boolean, choice };

struct QueryParam {
    std::string name;
    ParamType type = ParamType::text;
    std::string description;
    std::vector<std::string> choices = {};  // of ParamType::choice
    bool required = false;
};

// {name} is text, {name:u64} an unsigned integer, {name*} the rest of the path (last only).
struct PathParam {
    std::string name;
    ParamType type = ParamType::text;
};

struct Route {
    Method method = Method::get;
    std::string path;  // "/v1/jobs/{id:u64}"
    std::string id;    // operationId: "get_job"
    std::string summary;
    std::string description = {};
    std::string tag = {};
    const google::protobuf::Descriptor* request = nullptr;   // null: no body
    const google::protobuf::Descriptor* response = nullptr;  // null: not JSON, or no body
    std::string response_type = "application/json";
    int success_status = 200;
    std::vector<QueryParam> query = {};
    enum class Query { checked, left_to_the_page } query_use = Query::checked;
    std::vector<std::string> roles = {};  // empty: open to all; checked by the gate
    std::vector<ErrorCode> errors = {};
    std::size_t body_bytes_max = limits::body_bytes_max;
    std::uint32_t answer_timeout_ms = 30'000;  // 0: none; an event stream needs none
    Handler handler;
    // Instead of `handler`: takes the body as it comes; body_bytes_max may then be as large as the
    // server lets anyone send.
    BodyOpener open_body = {};
    std::string request_type = "application/json";  // of the body, where `request` is null

    std::vector<PathParam> params = {};  // filled by Router::add
};

struct Match {
    const Route* route = nullptr;
    std::vector<std::string_view> params;  // percent-encoded, views of the path
    std::string allow;  // when route is null: the methods of this path, empty for an unknown path
};

class Router {
public:
    Router();
    ~Router();
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // The path is well formed and not taken (asserted).
    void add(Route route);

    // At each step a literal is preferred to a parameter, and the choice is not taken back. HEAD
    // finds the route of GET. Costs a few comparisons for each segment of the path. `match` is an
    // out parameter so that a server can reuse its memory.
    void find(Method method, std::string_view path, Match& match) const;

    // In the order of add.
    const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

private:
    struct Node;
    std::unique_ptr<Node> root_;
    std::vector<std::unique_ptr<Route>> routes_;
};

// Checks the query text against the route and decodes it.
std::optional<Failure> bind_query(const Route& route, std::string_view text,
                                  std::vector<std::pair<std::string, std::string>>& out);
// The same for the parts of the path.
std::optional<Failure> bind_path(const Route& route, const std::vector<std::string_view>& parts,
                                 std::vector<std::string>& out);

}  // namespace suan::api::http
