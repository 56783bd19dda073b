// A request as a handler sees it. It lives in a reused block of memory: RequestPtr keeps it, and
// the views that it hands out hold as long as a RequestPtr (or its Responder) does. Read-only once
// its handler runs, so it may be read from any thread.
#pragma once

#include "base/bytes.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::api::http {

struct Route;

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };
std::string_view to_string(Method method);

// Who asks, as the gate found out from the headers (server.hpp). Its meaning is the gate's.
struct Identity {
    std::uint32_t roles = 0;  // bits
    std::uint32_t org = 0;
    std::uint32_t member = 0;
    Hash256 secret_sm3{};  // of what the request showed; meaningless unless `shown`
    bool shown = false;
};

class Request {
public:
    Request() = default;
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    virtual ~Request() = default;

    Method method() const { return method_; }
    std::string_view path() const { return view(path_); }  // percent-encoded as sent, no query
    std::string_view body() const { return body_; }
    std::string_view peer() const { return peer_; }  // address without port
    std::string_view request_id() const { return request_id_; }
    const Route& route() const { return *route_; }
    const Identity& identity() const { return identity_; }

    // Value of the first header of this name (lower case), without surrounding spaces.
    std::optional<std::string_view> header(std::string_view lower_name) const;

    // Part of the path matched by {name}, decoded. Names a parameter of the route (asserted).
    std::string_view param(std::string_view name) const;
    // Of a {name:u64}; the server has checked the number.
    std::uint64_t param_u64(std::string_view name) const;

    // Query parameters, decoded; the server has checked names and types against the route.
    std::optional<std::string_view> query(std::string_view name) const;
    std::optional<std::uint64_t> query_u64(std::string_view name) const;
    bool query_true(std::string_view name) const;  // false when absent

    friend void intrusive_ptr_add_ref(const Request* r) {
        r->references_.fetch_add(1, std::memory_order_relaxed);
    }
    friend void intrusive_ptr_release(const Request* r) {
        if (r->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) r->unreferenced();
    }

protected:
    // A part of text_: offsets, because text_ grows while the request is read.
    struct Span {
        std::size_t offset = 0;
        std::size_t size = 0;
    };
    struct Field {
        Span name;  // lower case
        Span value;
    };
    std::string_view view(Span s) const { return std::string_view(text_).substr(s.offset, s.size); }
    Span keep(std::string_view text) {
        const Span span{text_.size(), text.size()};
        text_ += text;
        return span;
    }
    // The last reference is gone.
    virtual void unreferenced() const = 0;

    Method method_ = Method::other;
    Span path_;
    std::string text_;
    std::vector<Field> fields_;
    std::vector<std::string> params_;  // in the order of the route's path
    std::vector<std::pair<std::string, std::string>> query_;
    std::string body_;
    std::string peer_;
    std::string request_id_;
    const Route* route_ = nullptr;
    Identity identity_;

private:
    mutable std::atomic<std::uint32_t> references_{0};
};

using RequestPtr = boost::intrusive_ptr<const Request>;

// Decodes %XX, and '+' as a space where asked. Nothing when the text is malformed, is not UTF-8
// then, or holds a NUL.
enum class Plus { literal, space };
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

}  // namespace suan::api::http
