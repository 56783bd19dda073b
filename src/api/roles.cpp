#include "api/roles.hpp"

#include "crypto/sm3.hpp"

#include <algorithm>
#include <memory>

namespace suan::api {
namespace {

constexpr std::size_t token_bytes_max = 256;
// Buckets are kept under so much of a token's hash: no token lies in their table, and tokens that
// begin alike do not share one.
constexpr std::size_t bucket_key_bytes = 16;

bool is_token_text(std::string_view text) {
    if (text.empty() || text.size() > token_bytes_max) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

const char* to_string(Role role) {
    switch (role) {
        case ROLE_OPERATOR:
            return "operator";
        case ROLE_ADMIN:
            return "admin";
        case ROLE_MEMBER:
            return "member";
        case ROLE_AUDITOR:
            return "auditor";
        default:
            return "";
    }
}

bool may_use(const http::Route& route, const Actor& actor) {
    const std::string_view role = to_string(actor.role());
    return route.roles.empty() ||
           std::find(route.roles.begin(), route.roles.end(), role) != route.roles.end();
}

std::optional<std::string_view> bearer_token(const http::Request& request) {
    constexpr std::string_view scheme = "bearer ";
    const auto header = request.header("authorization");
    if (!header || header->size() <= scheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c = (*header)[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != scheme[i]) return std::nullopt;
    }
    const std::string_view token = header->substr(scheme.size());
    if (!is_token_text(token)) return std::nullopt;
    return token;
}

runtime::Credential credential_of(const http::Request& request) {
    const auto token = bearer_token(request);
    SUAN_ASSERT(token.has_value());
    return runtime::Token{crypto::sm3(*token)};
}

http::Failure unauthorized(std::string message) {
    return http::make_failure(401, "unauthorized", std::move(message));
}

http::Gate make_gate(http::RateLimit token_rate, http::Clock clock) {
    auto limiter = std::make_shared<http::RateLimiter>(token_rate, std::move(clock));
    const bool limited = token_rate.per_second > 0;
    return [limiter, limited](const http::Request& request, const http::Route& route,
                              http::Identity&) -> std::optional<http::Failure> {
        const auto token = bearer_token(request);
        if (!token) {
            const bool wanted = !route.roles.empty() || request.header("authorization");
            if (!wanted) return std::nullopt;
            return unauthorized("the Authorization header must be \"Bearer TOKEN\"");
        }
        if (!limited) return std::nullopt;
        const auto wait = limiter->take(as_text(crypto::sm3(*token)).substr(0, bucket_key_bytes));
        if (!wait) return std::nullopt;
        http::Failure failure =
            http::make_failure(429, "rate_limited", "this token asks too often");
        failure.retry_after_s = static_cast<std::uint32_t>((wait->us + 999'999) / 1'000'000);
        return failure;
    };
}

}  // namespace suan::api
