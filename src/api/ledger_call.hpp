// What the routes of tenants' ledgers share: finding the ledger for the asker, then working on its
// book away from the hub's loop.
#pragma once

#include "api/call.hpp"
#include "runtime/ledgers/ledger_service.hpp"
#include "settle/id_text.hpp"
#include "suan/ledgers.pb.h"

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace suan::api {

// What is in a ledger is for its org and for auditors, not for operators.
namespace roles {
inline const std::vector<std::string> book_readers = {"admin", "member", "auditor"};
}  // namespace roles

http::Failure no_such_ledger(std::uint64_t id);
// The viewer's ledger; null when it is not there or not to be seen.
const core::TenantLedger* find_ledger(const core::State& state, const Viewer& viewer,
                                      std::uint64_t id);

// Finds the ledger of the path's `id`, then runs `work` on the pool of ledgers; there it may wait
// for the engine.
using LedgerWork = std::function<void(const CallPtr& call, const runtime::LedgerStatus& ledger)>;
void with_ledger(const CallPtr& call, LedgerWork work);

// A read of the book: `look` copies what it needs in the engine, `show` answers from it.
template <typename Seen>
void read_book(const CallPtr& call, std::function<void(const settle::Book&, Seen&)> look,
               std::function<void(Call&, const runtime::LedgerStatus&, Seen&)> show) {
    with_ledger(call, [look, show](const CallPtr& c, const runtime::LedgerStatus& ledger) {
        Seen seen;
        const auto read =
            c->context->ledgers->read(ledger, [&](const settle::Book& book) { look(book, seen); });
        if (!read) return c->fail(hub_unavailable(read.error().context));
        show(*c, ledger, seen);
    });
}

// A change of the book, answered as LedgerChanged.
void change_book(const CallPtr& call,
                 std::function<settle::Admin(const runtime::LedgerStatus&)> change);

// The id that a text of a field names, or why it names none.
template <typename Id>
std::optional<http::Failure> read_id(const std::string& field, std::string_view text, Id& out) {
    const auto id = settle::parse_id<Id>(text);
    if (id) {
        out = *id;
        return std::nullopt;
    }
    return invalid(field, fmt::format("must be 1 to 32 hexadecimal digits, not all zero, got "
                                      "\"{}\"",
                                      text.substr(0, 40)));
}
// Of a part of the path.
template <typename Id>
std::optional<http::Failure> path_id(const Call& call, const char* name, Id& out) {
    return read_id(name, call.request->param(name), out);
}

http::Failure no_such_account(std::string_view id);

}  // namespace suan::api
