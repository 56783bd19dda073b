// What a refused request is told: one shape for every error of the API, and one table of statuses.
//
//   {"error":{"code":"invalid","message":"tasks: expected ...","what_to_do":"...","field":"tasks",
//             "request_id":"..."}}
#pragma once

#include "api/json/fault.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace suan::api::http {

struct Failure {
    int status = 500;
    std::string code = "internal";
    std::string message;
    std::string what_to_do;  // empty: the default for the code
    std::string field;       // of the body, the path or the query; empty when none is to blame
    std::uint32_t retry_after_s = 0;  // 0: no Retry-After header
};

// invalid 400, forbidden 403, not_found 404, exists 409, exhausted 429, unavailable 503, and 500
// for io, corrupt and internal.
int status_of(ErrorCode code);

Failure failure_of(const Error& error);
Failure failure_of(const json::Fault& fault);

// For codes that are not an ErrorCode: unauthorized 401, method_not_allowed 405, timeout 408,
// too_large 413, rate_limited 429, headers_too_large 431, too_slow 504.
Failure make_failure(int status, std::string code, std::string message);

// The JSON body.
std::string render(const Failure& failure, std::string_view request_id);

// "OK", "Not Found", ... and "" for a number without a name.
std::string_view reason_phrase(int status);

}  // namespace suan::api::http
