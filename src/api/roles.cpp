#include "api/roles.hpp"

#include "api/cookie.hpp"
#include "api/sessions.hpp"
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

bool is_signed_in(const http::Request& request) {
    return request.identity().shown;
}

runtime::Credential credential_of(const http::Request& request) {
    SUAN_ASSERT(is_signed_in(request));
    return runtime::Token{request.identity().secret_sm3};
}

http::Failure unauthorized(std::string message) {
    return http::make_failure(401, "unauthorized", std::move(message));
}

http::Failure not_own_page() {
    http::Failure failure = http::make_failure(
        403, "forbidden",
        "a change by the console's cookie needs the header X-Suan-Console: 1 and comes from the "
        "hub's own pages");
    failure.what_to_do = "use the console, or send a token as Authorization: Bearer TOKEN";
    return failure;
}

namespace {

bool changes_something(const http::Request& request) {
    return request.method() != http::Method::get && request.method() != http::Method::head;
}

struct Gatekeeper {
    GateOptions options;
    const Sessions& sessions;
    std::shared_ptr<http::RateLimiter> limiter;

    std::optional<http::Failure> identify(const http::Request& request, const http::Route& route,
                                          http::Identity& identity) const {
        if (const auto token = bearer_token(request)) {
            identity.secret_sm3 = crypto::sm3(*token);
            identity.shown = true;
            return std::nullopt;
        }
        const bool tried = request.header("authorization").has_value();
        const auto id = tried ? std::nullopt : cookie(request, options.cookie);
        const auto of_session = id ? sessions.token_of(*id) : std::nullopt;
        if (of_session) {
            if (changes_something(request) && !from_own_page(request)) return not_own_page();
            identity.secret_sm3 = *of_session;
            identity.shown = true;
            return std::nullopt;
        }
        if (route.roles.empty() && !tried) return std::nullopt;
        return unauthorized("the Authorization header must be \"Bearer TOKEN\"");
    }

    std::optional<http::Failure> operator()(const http::Request& request, const http::Route& route,
                                            http::Identity& identity) const {
        if (auto failure = identify(request, route, identity)) return failure;
        if (!identity.shown || options.token_rate.per_second <= 0) return std::nullopt;
        const auto wait = limiter->take(as_text(identity.secret_sm3).substr(0, bucket_key_bytes));
        if (!wait) return std::nullopt;
        http::Failure failure =
            http::make_failure(429, "rate_limited", "this token asks too often");
        failure.retry_after_s = static_cast<std::uint32_t>((wait->us + 999'999) / 1'000'000);
        return failure;
    }
};

}  // namespace

http::Gate make_gate(GateOptions options, const Sessions& sessions) {
    auto limiter = std::make_shared<http::RateLimiter>(options.token_rate, options.clock);
    return Gatekeeper{std::move(options), sessions, std::move(limiter)};
}

}  // namespace suan::api
