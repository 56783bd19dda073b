#include "api/cursor.hpp"

#include "api/answers.hpp"
#include "api/http/router.hpp"
#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

constexpr std::size_t position_digits = 16;
constexpr std::size_t check_bytes = 6;

}  // namespace

std::string cursor_text(const http::Route& route, std::uint64_t position) {
    const std::string digits = fmt::format("{:016x}", position);
    const Hash256 check = crypto::sm3("suan cursor " + route.id + " " + digits);
    return digits + to_hex(std::span(check).first(check_bytes));
}

Page page_of(const http::Request& request) {
    Page page;
    const std::uint64_t limit = request.query_u64("limit").value_or(limits::page_items_default);
    if (limit < 1 || limit > limits::page_items_max) {
        page.failure =
            invalid("limit", fmt::format("must be 1 to {}, got {}", limits::page_items_max, limit));
        return page;
    }
    page.limit = static_cast<std::uint32_t>(limit);
    const std::string_view text = request.query("cursor").value_or("");
    if (text.empty()) return page;
    for (const char c : text.substr(0, position_digits)) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
        page.position = page.position * 16 + static_cast<std::uint64_t>(digit);
    }
    if (cursor_text(request.route(), page.position) != text) {
        page.failure = invalid("cursor",
                               "not one that this list has given out: take next_cursor "
                               "of the page before, unchanged");
    }
    return page;
}

}  // namespace suan::api
