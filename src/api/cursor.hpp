// Cursors of lists: a position that only the list that gave it takes back.
//
// A cursor is 16 hexadecimal digits of the position (32 where a list needs two numbers for one) and
// 12 of a check over the position, the route and its order (`sort`), so that a typing error or a
// cursor of another list is told apart. It is no secret: it holds the id of something that its
// caller was just shown.
#pragma once

#include "api/http/failure.hpp"
#include "api/http/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace suan::api {

std::string cursor_text(const http::Route& route, std::uint64_t position);
std::string cursor_text(const http::Request& request, std::uint64_t position, std::uint64_t second);

struct Page {
    std::uint64_t position = 0;  // 0: the first page
    std::uint32_t limit = 0;     // 1..limits::page_items_max
    std::optional<http::Failure> failure;
};
// From the query parameters `cursor` and `limit`.
Page page_of(const http::Request& request);

// Of a list whose cursors hold two numbers.
struct WidePage {
    std::optional<std::pair<std::uint64_t, std::uint64_t>> position;  // none: the first page
    std::uint32_t limit = 0;
    std::optional<http::Failure> failure;
};
WidePage wide_page_of(const http::Request& request);

}  // namespace suan::api
