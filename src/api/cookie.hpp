// The console's cookie on requests, and what a change needs beside it.
#pragma once

#include "api/http/request.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace suan::api {

// "suan_session_" and the first digits of the log's id: two hubs on one address (a browser's
// cookies know no ports) do not sign each other out.
std::string cookie_name(std::string_view log_id_hex);

std::optional<std::string_view> cookie(const http::Request& request, std::string_view name);

// The value of Set-Cookie. Not seen by scripts, not sent along from other sites; Secure behind a
// proxy that speaks TLS (X-Forwarded-Proto). An age of 0 removes it.
std::string set_cookie(const http::Request& request, std::string_view name, std::string_view value,
                       std::int64_t max_age_s);

// A request that only a page of this hub's own origin can have made: it has X-Suan-Console, which
// no form can send and no other origin without leave that is never given; and Origin and
// Sec-Fetch-Site, where the browser sends them, say so too.
bool from_own_page(const http::Request& request);

}  // namespace suan::api
