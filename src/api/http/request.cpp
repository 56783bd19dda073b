#include "api/http/request.hpp"

#include "api/http/router.hpp"
#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <charconv>

namespace suan::api::http {
namespace {

std::uint64_t checked_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    SUAN_ASSERT(error == std::errc{});
    SUAN_ASSERT(end == text.data() + text.size());
    return value;
}

}  // namespace

std::string_view to_string(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::del:
            return "DELETE";
        case Method::options:
            return "OPTIONS";
        case Method::other:
            return "?";
    }
    return "?";
}

std::optional<std::string_view> Request::header(std::string_view lower_name) const {
    for (const Field& field : fields_) {
        if (view(field.name) == lower_name) return view(field.value);
    }
    return std::nullopt;
}

std::string_view Request::param(std::string_view name) const {
    for (std::size_t i = 0; i < params_.size(); ++i) {
        if (route_->params[i].name == name) return params_[i];
    }
    assert_failed("the route has this path parameter", __FILE__, __LINE__);
}

std::uint64_t Request::param_u64(std::string_view name) const {
    return checked_number(param(name));
}

std::optional<std::string_view> Request::query(std::string_view name) const {
    for (const auto& [key, value] : query_) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> Request::query_u64(std::string_view name) const {
    const std::optional<std::string_view> text = query(name);
    if (!text) return std::nullopt;
    return checked_number(*text);
}

bool Request::query_true(std::string_view name) const {
    return query(name) == "true";
}

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == Plus::space) {
            out.push_back(' ');
        } else if (text[i] != '%') {
            out.push_back(text[i]);
        } else {
            const std::optional<std::string> byte =
                i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
            if (!byte) return std::nullopt;
            out += *byte;
            i += 2;
        }
    }
    if (out.find('\0') != std::string::npos || !is_utf8(out)) return std::nullopt;
    return out;
}

}  // namespace suan::api::http
