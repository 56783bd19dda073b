#include "api/cookie.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

constexpr std::size_t name_digits = 8;

std::string_view without_scheme(std::string_view origin) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (origin.starts_with(scheme)) return origin.substr(scheme.size());
    return {};
}

}  // namespace

std::string cookie_name(std::string_view log_id_hex) {
    return fmt::format("suan_session_{}", log_id_hex.substr(0, name_digits));
}

std::optional<std::string_view> cookie(const http::Request& request, std::string_view name) {
    std::string_view rest = request.header("cookie").value_or("");
    while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        std::string_view pair = rest.substr(0, end);
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
        while (pair.starts_with(' '))
            pair.remove_prefix(1);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
    }
    return std::nullopt;
}

std::string set_cookie(const http::Request& request, std::string_view name, std::string_view value,
                       std::int64_t max_age_s) {
    const bool tls = request.header("x-forwarded-proto") == "https";
    return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", name, value,
                       max_age_s, tls ? "; Secure" : "");
}

bool from_own_page(const http::Request& request) {
    if (request.header("x-suan-console") != "1") return false;
    if (const auto site = request.header("sec-fetch-site"); site && *site != "same-origin")
        return false;
    const auto origin = request.header("origin");
    return !origin || without_scheme(*origin) == request.header("host").value_or("");
}

}  // namespace suan::api
