// The bytes of answers.
#pragma once

#include "api/http/responder.hpp"

#include <string>
#include <string_view>

namespace suan::api::http {

struct WireOptions {
    std::string_view request_id;
    std::string_view date;                             // "Sun, 22 Nov 2026 04:00:00 GMT"
    enum class Body { send, omit } body = Body::send;  // omit: an answer to HEAD
    enum class After { keep_open, close } after = After::keep_open;
};

void append_response(std::string& out, const Response& response, const WireOptions& options);

// The head of an event stream; chunked, or for HTTP/1.0 until the connection closes.
enum class Framing { chunked, until_close };
void append_stream_head(std::string& out, Framing framing, const WireOptions& options);
void append_chunk(std::string& out, std::string_view data);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

// The time as HTTP writes it.
std::string http_date(std::int64_t unix_s);

}  // namespace suan::api::http
