// Internal. Beast's incremental parser, told to hand out views instead of building its containers:
// a request then costs no allocation of the parser's.
#pragma once

#include "api/http/request.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string_view>

namespace suan::api::http {

class ParserEvents {
public:
    virtual ~ParserEvents() = default;
    virtual void on_start_line(Method method, std::string_view target, int version) = 0;
    virtual void on_field(std::string_view name, std::string_view value) = 0;
    // False: the body that is announced is too large.
    virtual bool on_header() = 0;
    virtual void on_body(std::string_view bytes) = 0;
};

class RequestParser final : public boost::beast::http::basic_parser<true> {
public:
    explicit RequestParser(ParserEvents& events) : events_(events) { eager(true); }

private:
    using string_view = boost::beast::string_view;
    using error_code = boost::beast::error_code;

    static std::string_view std_view(string_view s) { return {s.data(), s.size()}; }
    static Method method_of(boost::beast::http::verb verb);

    void on_request_impl(boost::beast::http::verb verb, string_view, string_view target,
                         int version, error_code&) override {
        events_.on_start_line(method_of(verb), std_view(target), version);
    }
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field, string_view name, string_view value,
                       error_code&) override {
        events_.on_field(std_view(name), std_view(value));
    }
    void on_header_impl(error_code& ec) override {
        if (!events_.on_header()) ec = boost::beast::http::error::body_limit;
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code&) override {
        events_.on_body(std_view(body));
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
        events_.on_body(std_view(body));
        return body.size();
    }
    void on_finish_impl(error_code&) override {}

    ParserEvents& events_;
};

inline Method RequestParser::method_of(boost::beast::http::verb v) {
    using boost::beast::http::verb;
    switch (v) {
        case verb::get:
            return Method::get;
        case verb::head:
            return Method::head;
        case verb::post:
            return Method::post;
        case verb::put:
            return Method::put;
        case verb::patch:
            return Method::patch;
        case verb::delete_:
            return Method::del;
        case verb::options:
            return Method::options;
        default:
            return Method::other;
    }
}

}  // namespace suan::api::http
