// Tenants' ledgers: open, list, show, close; their keys and contracts.
#include "api/ledger_call.hpp"
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_ledgers.hpp"

#include <algorithm>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;
using MaybeRejection = std::optional<core::Rejection>;
using runtime::LedgerStatus;
using settle::Admin;
using settle::Book;

void get_ledgers(const CallPtr& call) {
    read_list<LedgerList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, LedgerList& out) -> MaybeFailure {
            const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
            if (scope.failure) return scope.failure;
            fill_page(state.ledgers, page, request.route(), *out.mutable_next_cursor(),
                      [&](const core::TenantLedger& ledger) {
                          if (scope.org && ledger.org != scope.org) return false;
                          fill(state, ledger, *out.add_ledgers());
                          return true;
                      });
            return std::nullopt;
        });
}

// The state's part, then the book's.
void get_ledger(const CallPtr& call) {
    if (call->context->ledgers == nullptr)
        return call->fail(hub_unavailable("this hub keeps no ledgers"));
    struct Plan {
        LedgerStatus status;
        LedgerView view;
    };
    Lookup<LedgerView, Plan> parts;
    parts.plan = [id = call->request->param_u64("id")](
                     const core::State& state, const Viewer& viewer, Plan& plan) -> MaybeFailure {
        const core::TenantLedger* const ledger = find_ledger(state, viewer, id);
        if (ledger == nullptr) return no_such_ledger(id);
        plan.status = runtime::status_of(state, *ledger);
        fill(state, *ledger, plan.view);
        return std::nullopt;
    };
    parts.fetch = [](const Call& c, Plan& plan) -> MaybeFailure {
        runtime::LedgerService& ledgers = *c.context->ledgers;
        const auto read = ledgers.read(plan.status, [&](const Book& book) {
            plan.view.set_accounts(book.ledger().accounts().size());
            plan.view.set_keys(book.keys());
            plan.view.set_contracts(book.contracts());
        });
        if (!read) return hub_unavailable(read.error().context);
        plan.view.set_journal_id(std::string(as_text(ledgers.journal_id())));
        return std::nullopt;
    };
    parts.show = [](const core::State&, const Viewer&, Plan& plan, LedgerView& out) {
        out.Swap(&plan.view);
        return MaybeFailure{};
    };
    lookup(call, std::move(parts));
}

void post_ledger(const CallPtr& call) {
    LedgerRequest body;
    if (!read_body(*call, body)) return;
    if (call->context->ledgers == nullptr)
        return call->fail(hub_unavailable("this hub keeps no ledgers"));
    Change what;
    what.name = body.name();
    what.command.mutable_open_ledger()->set_name(body.name());
    what.prepare = [org = body.org()](const core::State& state, const Actor& actor,
                                      Command& c) -> MaybeRejection {
        return set_org(state, actor, org, *c.mutable_open_ledger());
    };
    change(call, std::move(what));
}

void close_ledger(const CallPtr& call) {
    if (call->context->ledgers == nullptr)
        return call->fail(hub_unavailable("this hub keeps no ledgers"));
    const auto id = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(call->request->param_u64("id"), UINT32_MAX));
    auto status = std::make_shared<LedgerStatus>();
    Change what;
    what.command.mutable_close_ledger()->set_ledger_id(id);
    what.prepare = [id, status](const core::State& state, const Actor&, Command&) {
        if (const core::TenantLedger* const ledger = state.ledgers.find(id))
            *status = runtime::status_of(state, *ledger);
        return MaybeRejection{};
    };
    what.accepted = [call, status](std::uint64_t seq) {
        status->state = LEDGER_STATE_CLOSING;
        status->takes_transfers = false;
        status->seq = seq;
        call->context->ledgers->closing(*status);
    };
    change(call, std::move(what));
}

void post_key(const CallPtr& call) {
    LedgerKeyRequest body;
    if (!read_body(*call, body)) return;
    const auto bytes = from_hex(body.public_key());
    const auto key = bytes ? crypto::PublicKey::from_raw(*bytes)
                           : crypto::PublicKey::from_pem(body.public_key());
    if (!key) {
        return call->fail(invalid("public_key", fmt::format("must be an SM2 key as PEM, or its 65 "
                                                            "bytes (04, x, y) in hexadecimal "
                                                            "digits: {}",
                                                            key.error().context)));
    }
    change_book(call, [raw = key->raw()](const LedgerStatus& ledger) -> Admin {
        return settle::AddKey{ledger.id.value, raw};
    });
}

// A page of what a book numbers from 1 on.
template <typename List, typename Item>
void numbered_list(const CallPtr& call, std::size_t (Book::*size)() const,
                   std::function<void(const Book&, std::uint32_t, Item&)> see,
                   std::function<Item*(List&)> add) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    struct Seen {
        List list;
        std::uint64_t last = 0;  // 0: that was all
    };
    read_book<Seen>(
        call,
        [=](const Book& book, Seen& seen) {
            const std::uint64_t count = (book.*size)();
            std::uint64_t number = page.position;
            while (number < count && number - page.position < page.limit) {
                ++number;
                Item& item = *add(seen.list);
                item.set_number(static_cast<std::uint32_t>(number));
                see(book, static_cast<std::uint32_t>(number), item);
            }
            seen.last = number < count ? number : 0;
        },
        [](Call& c, const LedgerStatus&, Seen& seen) {
            if (seen.last != 0)
                seen.list.set_next_cursor(cursor_text(c.request->route(), seen.last));
            c.answer(seen.list);
        });
}

void get_keys(const CallPtr& call) {
    numbered_list<LedgerKeyList, LedgerKeyView>(
        call, &Book::keys,
        [](const Book& book, std::uint32_t number, LedgerKeyView& out) {
            out.set_public_key(std::string(as_text(book.key(number))));
        },
        [](LedgerKeyList& list) { return list.add_keys(); });
}

void get_contracts(const CallPtr& call) {
    numbered_list<ContractList, ContractView>(
        call, &Book::contracts,
        [](const Book& book, std::uint32_t number, ContractView& out) {
            out.set_text(book.contract_text(number));
        },
        [](ContractList& list) { return list.add_contracts(); });
}

void post_contract(const CallPtr& call) {
    ContractRequest body;
    if (!read_body(*call, body)) return;
    change_book(call, [text = body.text()](const LedgerStatus& ledger) -> Admin {
        return settle::AddContract{ledger.id.value, text};
    });
}

}  // namespace

void add_ledger_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         std::vector<http::QueryParam> query = {}, int status = 200) {
        text.tag = "ledgers";
        http::Route route = make_route(context, text, allowed, request, response, handler);
        route.query = std::move(query);
        route.success_status = status;
        router.add(std::move(route));
    };
    const auto* changed = ChangeAccepted::descriptor();
    const auto* book_changed = LedgerChanged::descriptor();
    add({Method::get, "/v1/ledgers", "list_ledgers", "Ledgers, closed ones included"},
        roles::everyone, nullptr, LedgerList::descriptor(), get_ledgers,
        list_query({text_param("org", "name")}));
    add({Method::post, "/v1/ledgers", "open_ledger", "Open a ledger of your org"}, roles::managing,
        LedgerRequest::descriptor(), changed, post_ledger, {}, 201);
    add({Method::get, "/v1/ledgers/{id:u64}", "get_ledger", "One ledger"}, roles::everyone, nullptr,
        LedgerView::descriptor(), get_ledger);
    add({Method::post, "/v1/ledgers/{id:u64}/close", "close_ledger",
         "Take nothing new; it can still be read"},
        roles::managing, nullptr, changed, close_ledger);
    add({Method::get, "/v1/ledgers/{id:u64}/keys", "list_ledger_keys", "Keys that may sign"},
        roles::book_readers, nullptr, LedgerKeyList::descriptor(), get_keys, list_query());
    add({Method::post, "/v1/ledgers/{id:u64}/keys", "add_ledger_key", "Add an SM2 key"},
        roles::admins, LedgerKeyRequest::descriptor(), book_changed, post_key);
    add({Method::get, "/v1/ledgers/{id:u64}/contracts", "list_contracts",
         "Contracts, with their texts"},
        roles::book_readers, nullptr, ContractList::descriptor(), get_contracts, list_query());
    add({Method::post, "/v1/ledgers/{id:u64}/contracts", "add_contract", "Add a contract"},
        roles::admins, ContractRequest::descriptor(), book_changed, post_contract);
    add_ledger_account_routes(router, context);
    add_ledger_transfer_routes(router, context);
}

}  // namespace suan::api
