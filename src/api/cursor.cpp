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

std::string checked(std::string_view list, const std::string& digits) {
    const Hash256 check = crypto::sm3(fmt::format("suan cursor {} {}", list, digits));
    return digits + to_hex(std::span(check).first(check_bytes));
}

std::uint64_t number_of(std::string_view digits) {
    std::uint64_t number = 0;
    for (const char c : digits) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
        number = number * 16 + static_cast<std::uint64_t>(digit);
    }
    return number;
}

std::optional<http::Failure> read_limit(const http::Request& request, std::uint32_t& limit) {
    const std::uint64_t wanted = request.query_u64("limit").value_or(limits::page_items_default);
    if (wanted < 1 || wanted > limits::page_items_max)
        return invalid("limit",
                       fmt::format("must be 1 to {}, got {}", limits::page_items_max, wanted));
    limit = static_cast<std::uint32_t>(wanted);
    return std::nullopt;
}

http::Failure not_given_out() {
    return invalid("cursor",
                   "not one that this list has given out: take next_cursor of the page before, "
                   "unchanged");
}

}  // namespace

std::string cursor_text(const http::Route& route, std::uint64_t position) {
    return checked(route.id, fmt::format("{:016x}", position));
}

std::string cursor_text(const http::Request& request, std::uint64_t position,
                        std::uint64_t second) {
    const std::string list =
        fmt::format("{} {}", request.route().id, request.query("sort").value_or(""));
    return checked(list, fmt::format("{:016x}{:016x}", position, second));
}

Page page_of(const http::Request& request) {
    Page page;
    page.failure = read_limit(request, page.limit);
    const std::string_view text = request.query("cursor").value_or("");
    if (page.failure || text.empty()) return page;
    page.position = number_of(text.substr(0, position_digits));
    if (cursor_text(request.route(), page.position) != text) page.failure = not_given_out();
    return page;
}

WidePage wide_page_of(const http::Request& request) {
    WidePage page;
    page.failure = read_limit(request, page.limit);
    const std::string_view text = request.query("cursor").value_or("");
    if (page.failure || text.empty()) return page;
    const std::uint64_t first = number_of(text.substr(0, position_digits));
    const std::uint64_t second = text.size() > position_digits
                                     ? number_of(text.substr(position_digits, position_digits))
                                     : 0;
    if (cursor_text(request, first, second) != text) page.failure = not_given_out();
    page.position = {first, second};
    return page;
}

}  // namespace suan::api
