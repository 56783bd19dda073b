#include "api/http/failure.hpp"

#include "api/json/encode.hpp"

#include <array>

namespace suan::api::http {
namespace {

struct CodeAdvice {
    std::string_view code;
    std::string_view what_to_do;
};

constexpr std::array advice = {
    CodeAdvice{"invalid", "Correct the request as the message says; /openapi.json has its schema."},
    CodeAdvice{"not_found", "Check the path and the id; you only see what your token may see."},
    CodeAdvice{"exists", "Use another name, or read the one that is there."},
    CodeAdvice{"forbidden", "Use a token with a role that allows this, or ask your admin."},
    CodeAdvice{"unauthorized", "Send the header \"Authorization: Bearer TOKEN\"."},
    CodeAdvice{"unavailable", "Try again later, with the same idempotency key."},
    CodeAdvice{"exhausted", "Ask for less, or try again when something has been freed."},
    CodeAdvice{"rate_limited", "Wait as Retry-After says; many jobs fit one batch request."},
    CodeAdvice{"too_large", "Send a smaller body, or several requests."},
    CodeAdvice{"headers_too_large", "Send fewer or shorter headers."},
    CodeAdvice{"method_not_allowed", "Use one of the methods in the Allow header."},
    CodeAdvice{"timeout", "Send the whole request without long pauses."},
    CodeAdvice{"too_slow",
               "The request may still take effect: read the state, or send it again "
               "with the same idempotency key."},
};

constexpr std::string_view default_advice = "Tell the operator; give the request_id.";

std::string_view advice_for(std::string_view code) {
    for (const CodeAdvice& a : advice) {
        if (a.code == code) return a.what_to_do;
    }
    return default_advice;
}

}  // namespace

int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid:
            return 400;
        case ErrorCode::forbidden:
            return 403;
        case ErrorCode::not_found:
            return 404;
        case ErrorCode::exists:
            return 409;
        case ErrorCode::exhausted:
            return 429;
        case ErrorCode::unavailable:
            return 503;
        case ErrorCode::io:
        case ErrorCode::corrupt:
        case ErrorCode::internal:
            return 500;
    }
    return 500;
}

Failure failure_of(const Error& error) {
    return make_failure(status_of(error.code), to_string(error.code), error.context);
}

Failure failure_of(const json::Fault& fault) {
    // A document past a limit will not pass later either: that is 413, not "try again".
    const bool past_limit = fault.code == ErrorCode::exhausted;
    Failure failure = make_failure(past_limit ? 413 : 400, past_limit ? "too_large" : "invalid",
                                   fault.to_error().context);
    failure.field = fault.field;
    return failure;
}

Failure make_failure(int status, std::string code, std::string message) {
    Failure failure;
    failure.status = status;
    failure.code = std::move(code);
    failure.message = std::move(message);
    return failure;
}

std::string render(const Failure& failure, std::string_view request_id) {
    std::string out = "{\"error\":{\"code\":";
    json::append_quoted(out, failure.code);
    out += ",\"message\":";
    json::append_quoted(out, failure.message);
    out += ",\"what_to_do\":";
    json::append_quoted(out, failure.what_to_do.empty() ? advice_for(failure.code)
                                                        : std::string_view(failure.what_to_do));
    if (!failure.field.empty()) {
        out += ",\"field\":";
        json::append_quoted(out, failure.field);
    }
    out += ",\"request_id\":";
    json::append_quoted(out, request_id);
    out += "}}\n";
    return out;
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "";
    }
}

}  // namespace suan::api::http
