#include "api/http/wire.hpp"

#include <time.h>

#include <charconv>

namespace suan::api::http {
namespace {

void append_number(std::string& out, std::uint64_t value, int base) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value, base).ptr);
}

// A header's value must not end the header.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    for (const char c : value)
        out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
    out += "\r\n";
}

void append_status(std::string& out, int status) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
        return;
    }
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status), 10);
    out.push_back(' ');
    out += reason_phrase(status);
    out += "\r\n";
}

void append_common(std::string& out, const WireOptions& options) {
    out += "Date: ";
    out += options.date;
    out += "\r\nX-Request-Id: ";
    out += options.request_id;
    out +=
        "\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
        "Referrer-Policy: no-referrer\r\n";
    if (options.after == WireOptions::After::close) out += "Connection: close\r\n";
}

bool same_name(std::string_view a, std::string_view lower) {
    if (a.size() != lower.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if ((a[i] | 0x20) != (lower[i] | 0x20)) return false;
    }
    return true;
}

}  // namespace

void append_response(std::string& out, const Response& response, const WireOptions& options) {
    out.reserve(out.size() + response.body.size() + 512);
    append_status(out, response.status);
    const bool has_body = response.status != 204 && response.status != 304;
    if (has_body) {
        if (!response.content_type.empty()) {
            append_header(out, "Content-Type", response.content_type);
        }
        out += "Content-Length: ";
        append_number(out, response.body.size(), 10);
        out += "\r\n";
    }
    append_common(out, options);
    bool own_cache_rule = false;
    bool own_content_rule = false;
    for (const auto& [name, value] : response.headers) {
        append_header(out, name, value);
        own_cache_rule = own_cache_rule || same_name(name, "cache-control");
        own_content_rule = own_content_rule || same_name(name, "content-security-policy");
    }
    if (!own_cache_rule) out += "Cache-Control: no-store\r\n";
    if (!own_content_rule) {
        out += "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
    }
    out += "\r\n";
    if (has_body && options.body == WireOptions::Body::send) out += response.body;
}

void append_stream_head(std::string& out, Framing framing, const WireOptions& options) {
    append_status(out, 200);
    out +=
        "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n";
    if (framing == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
    append_common(out, options);
    out += "\r\n";
}

void append_chunk(std::string& out, std::string_view data) {
    if (data.empty()) return;  // an empty chunk would end the stream
    append_number(out, data.size(), 16);
    out += "\r\n";
    out += data;
    out += "\r\n";
}

std::string http_date(std::int64_t unix_s) {
    const auto seconds = static_cast<time_t>(unix_s);
    tm parts{};
    gmtime_r(&seconds, &parts);
    char text[64];
    return {text, strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace suan::api::http
