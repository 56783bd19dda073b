// Pages of objects of the state, by rising id.
#pragma once

#include "api/call.hpp"
#include "api/cursor.hpp"

#include <algorithm>
#include <string>

namespace suan::api {

// Adds `wanted` objects of a table after the cursor, until the page is full. `add(id, object)`
// returns false for what is not wanted. The cursor is set when there is more.
template <typename Table, typename Add>
void fill_page(const Table& table, const Page& page, const http::Route& route,
               std::string& next_cursor, Add add) {
    std::uint32_t count = 0;
    std::uint64_t last = page.position;
    table.for_each_from(page.position + 1, [&](std::uint64_t id, const auto& object) {
        if (count == page.limit) {
            next_cursor = cursor_text(route, last);
            return false;
        }
        if (add(object)) {
            ++count;
            last = id;
        }
        return true;
    });
}

// The same over a rising list of ids.
template <typename Ids, typename Table, typename Add>
void fill_page_of(const Ids& ids, const Table& table, const Page& page, const http::Route& route,
                  std::string& next_cursor, Add add) {
    std::uint32_t count = 0;
    std::uint64_t last = page.position;
    for (const auto id : ids) {
        if (id.value <= page.position) continue;
        if (count == page.limit) {
            next_cursor = cursor_text(route, last);
            return;
        }
        if (!add(table.at(id.value))) continue;
        ++count;
        last = id.value;
    }
}

// A list of the state: checks the page, then `fill_list(state, viewer, page, message)`.
template <typename Message, typename FillList>
void read_list(const CallPtr& call, FillList fill_list) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    read<Message>(call,
                  [call, page, fill_list](const core::State& state, const Viewer& viewer,
                                          Message& out) -> std::optional<http::Failure> {
                      return fill_list(*call->request, state, viewer, page, out);
                  });
}

inline std::string query_text(const http::Request& request, std::string_view name) {
    return std::string(request.query(name).value_or(""));
}

}  // namespace suan::api
