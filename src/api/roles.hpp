// Roles of routes, and the token of a request.
#pragma once

#include "api/http/request.hpp"
#include "api/http/router.hpp"
#include "api/http/server.hpp"
#include "runtime/hub.hpp"
#include "suan/types.pb.h"

#include <optional>
#include <string>
#include <vector>

namespace suan::api {

// Who may use a route, as Route::roles has it. A route without roles is public.
namespace roles {
inline const std::vector<std::string> everyone = {"operator", "admin", "member", "auditor"};
inline const std::vector<std::string> working = {"operator", "admin", "member"};
inline const std::vector<std::string> admins = {"admin"};
inline const std::vector<std::string> tenants = {"admin", "member"};
inline const std::vector<std::string> managing = {"operator", "admin"};
inline const std::vector<std::string> operators = {"operator"};
inline const std::vector<std::string> auditors = {"auditor"};
inline const std::vector<std::string> centre = {"operator", "auditor"};
inline const std::vector<std::string> bill_readers = {"operator", "admin", "auditor"};
}  // namespace roles

const char* to_string(Role role);
bool may_use(const http::Route& route, const Actor& actor);

class Sessions;

// The text after "Bearer ", when the header is there and well formed.
std::optional<std::string_view> bearer_token(const http::Request& request);
// Whether the request came with a token, or with the cookie of an open session.
bool is_signed_in(const http::Request& request);
// What the hub knows a token by. The request is signed in: the gate has seen to it.
runtime::Credential credential_of(const http::Request& request);

http::Failure unauthorized(std::string message);
// Of a change by cookie that another site's page may have made.
http::Failure not_own_page();

// Refuses requests with neither a well-formed token nor an open session on routes that want one,
// changes by cookie that do not come from the hub's own page, and tokens that ask too often.
// Whether the hub knows the token is found out in its loop. Thread-safe; `sessions` outlives it.
struct GateOptions {
    http::RateLimit token_rate;
    http::Clock clock;
    std::string cookie;  // name of the session's
};
http::Gate make_gate(GateOptions options, const Sessions& sessions);

}  // namespace suan::api
