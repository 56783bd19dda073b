// Accounts of a tenant's ledger: open, list, show, balances over time, close and reopen, who may
// sign for them and what rules them.
#include "api/ledger_call.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_ledgers.hpp"
#include "base/limits.hpp"
#include "settle/advice.hpp"

namespace suan::api {
namespace {

using ledger::AccountId;
using ledger::AccountIndex;
using runtime::LedgerStatus;
using settle::Admin;
using settle::Book;

constexpr std::uint32_t code_max = UINT16_MAX;

std::optional<http::Failure> read_account(const AccountRequest& from, const std::string& field,
                                          ledger::Account& out) {
    namespace flags = ledger::account_flags;
    if (auto bad = read_id(field + ".id", from.id(), out.id)) return bad;
    if (from.code() > code_max)
        return invalid(field + ".code", fmt::format("must be 1 to {}", code_max));
    out.ledger = from.unit();
    out.code = static_cast<std::uint16_t>(from.code() == 0 ? 1 : from.code());
    unsigned bits = 0;
    if (from.debits_must_not_exceed_credits()) bits |= flags::debits_must_not_exceed_credits;
    if (from.credits_must_not_exceed_debits()) bits |= flags::credits_must_not_exceed_debits;
    out.flags = static_cast<std::uint16_t>(bits);
    return std::nullopt;
}

void add_result(const ledger::Account& account, const settle::AdminAnswer& answer,
                AccountsAnswer& out) {
    ItemResult& result = *out.add_results();
    result.set_id(settle::id_text(account.id));
    if (answer.code == settle::AdminCode::done) {
        result.set_code("created");
        return out.set_created(out.created() + 1);
    }
    const bool is_account = answer.code == settle::AdminCode::account_refused;
    const bool exists = answer.code == settle::AdminCode::exists;
    result.set_code(is_account ? ledger::to_string(answer.account)
                    : exists   ? "exists"
                               : settle::to_string(answer.code));
    result.set_message(is_account ? settle::advice(answer.account) : settle::advice(answer.code));
    out.set_refused(out.refused() + 1);
}

void open_accounts(const CallPtr& call, const LedgerStatus& ledger,
                   const std::vector<ledger::Account>& accounts) {
    std::vector<Admin> changes;
    for (const ledger::Account& account : accounts)
        changes.emplace_back(settle::OpenAccount{ledger.id.value, account});
    const auto done = call->context->ledgers->change(ledger, changes);
    if (const auto* refused = std::get_if<core::Rejection>(&done))
        return call->fail(failure_of(*refused));
    if (const auto* away = std::get_if<runtime::Unavailable>(&done))
        return call->fail(hub_unavailable(away->message));
    const auto& answers = std::get<std::vector<settle::AdminAnswer>>(done);
    AccountsAnswer out;
    for (std::size_t i = 0; i < accounts.size(); ++i)
        add_result(accounts[i], answers[i], out);
    call->answer(out);
}

void post_accounts(const CallPtr& call) {
    AccountsRequest body;
    if (!read_body(*call, body)) return;
    if (body.accounts().empty() ||
        body.accounts_size() > static_cast<int>(limits::ledger_accounts_request_max)) {
        return call->fail(invalid(
            "accounts", fmt::format("send 1 to {} accounts", limits::ledger_accounts_request_max)));
    }
    std::vector<ledger::Account> accounts(static_cast<std::size_t>(body.accounts_size()));
    for (int i = 0; i < body.accounts_size(); ++i) {
        const auto bad = read_account(body.accounts(i), fmt::format("accounts[{}]", i),
                                      accounts[static_cast<std::size_t>(i)]);
        if (bad) return call->fail(*bad);
    }
    with_ledger(call,
                [accounts = std::move(accounts)](const CallPtr& c, const LedgerStatus& ledger) {
                    open_accounts(c, ledger, accounts);
                });
}

void get_accounts(const CallPtr& call) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    struct Seen {
        std::vector<SeenAccount> accounts;
        bool is_more = false;
    };
    read_book<Seen>(
        call,
        [page](const Book& book, Seen& seen) {
            const std::uint64_t count = book.ledger().accounts().size();
            std::uint64_t at = page.position;
            for (; at < count && seen.accounts.size() < page.limit; ++at)
                seen.accounts.push_back(
                    see_account(book, AccountIndex{static_cast<std::uint32_t>(at)}));
            seen.is_more = at < count;
        },
        [page](Call& c, const LedgerStatus&, Seen& seen) {
            AccountList out;
            for (const SeenAccount& account : seen.accounts)
                fill(account, *out.add_accounts());
            if (seen.is_more) {
                out.set_next_cursor(
                    cursor_text(c.request->route(), page.position + seen.accounts.size()));
            }
            c.answer(out);
        });
}

// A read of one account of the path.
template <typename Seen>
void read_one(const CallPtr& call, std::function<void(const Book&, AccountIndex, Seen&)> look,
              std::function<void(Call&, Seen&)> show) {
    AccountId id;
    if (auto bad = path_id(*call, "account", id)) return call->fail(*bad);
    struct Found {
        bool is_there = false;
        Seen seen;
    };
    read_book<Found>(
        call,
        [id, look](const Book& book, Found& found) {
            const AccountIndex index = book.ledger().find_account(id);
            found.is_there = static_cast<bool>(index);
            if (found.is_there) look(book, index, found.seen);
        },
        [id, show](Call& c, const LedgerStatus&, Found& found) {
            if (!found.is_there) return c.fail(no_such_account(settle::id_text(id)));
            show(c, found.seen);
        });
}

void get_account(const CallPtr& call) {
    read_one<SeenAccount>(
        call,
        [](const Book& book, AccountIndex index, SeenAccount& seen) {
            seen = see_account(book, index);
        },
        [](Call& c, SeenAccount& seen) {
            AccountView out;
            fill(seen, out);
            c.answer(out);
        });
}

// What the engine tells of one account of the path, on the pool of ledgers.
template <typename Found>
void look_back(
    const CallPtr& call,
    std::function<Result<Found>(runtime::LedgerService&, const LedgerStatus&, AccountId)> look,
    std::function<void(Call&, AccountId, Found&)> show) {
    AccountId id;
    if (auto bad = path_id(*call, "account", id)) return call->fail(*bad);
    with_ledger(call, [id, look, show](const CallPtr& c, const LedgerStatus& ledger) {
        Result<Found> found = look(*c->context->ledgers, ledger, id);
        if (found) return show(*c, id, *found);
        c->fail(found.error().code == ErrorCode::not_found
                    ? no_such_account(settle::id_text(id))
                    : hub_unavailable(found.error().context));
    });
}

void get_balance(const CallPtr& call) {
    const auto at = call->request->query_u64("at_us");
    const Time time{at ? static_cast<std::int64_t>(std::min<std::uint64_t>(*at, INT64_MAX))
                       : INT64_MAX};
    look_back<settle::Balances>(
        call,
        [time](runtime::LedgerService& ledgers, const LedgerStatus& ledger, AccountId id) {
            return ledgers.balance_at(ledger, id, time);
        },
        [at](Call& c, AccountId id, settle::Balances& balances) {
            BalanceView out;
            out.set_account(settle::id_text(id));
            if (at) out.set_at_us(static_cast<std::int64_t>(*at));
            fill(balances, out);
            c.answer(out);
        });
}

void get_history(const CallPtr& call) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    const bool newest = call->request->query_true("newest");
    using Entries = std::vector<settle::HistoryEntry>;
    look_back<Entries>(
        call,
        [page, newest](runtime::LedgerService& ledgers, const LedgerStatus& ledger, AccountId id) {
            const runtime::HistoryPage wanted{
                .from = newest && page.position == 0 ? UINT64_MAX : page.position,
                .limit = page.limit,
                .order = newest ? runtime::HistoryOrder::newest_first
                                : runtime::HistoryOrder::oldest_first};
            return ledgers.history(ledger, id, wanted);
        },
        [page](Call& c, AccountId, Entries& entries) {
            AccountHistory out;
            for (const settle::HistoryEntry& entry : entries)
                fill(entry, *out.add_changes());
            // A page that is not full is the last one; sequence 1 ends the way back.
            if (entries.size() == page.limit)
                out.set_next_cursor(cursor_text(c.request->route(), entries.back().item.sequence));
            c.answer(out);
        });
}

void set_gate(const CallPtr& call, settle::AccountGate gate) {
    AccountId id;
    if (auto bad = path_id(*call, "account", id)) return call->fail(*bad);
    change_book(call, [id, gate](const LedgerStatus& ledger) -> Admin {
        return settle::SetGate{ledger.id.value, id, gate};
    });
}
void close_account(const CallPtr& call) {
    set_gate(call, settle::AccountGate::closed);
}
void reopen_account(const CallPtr& call) {
    set_gate(call, settle::AccountGate::open);
}

void set_right(const CallPtr& call, std::uint64_t key, settle::KeyRight right) {
    AccountId id;
    if (auto bad = path_id(*call, "account", id)) return call->fail(*bad);
    const auto number = static_cast<std::uint32_t>(std::min<std::uint64_t>(key, UINT32_MAX));
    change_book(call, [id, number, right](const LedgerStatus& ledger) -> Admin {
        return settle::SetKey{ledger.id.value, id, number, right};
    });
}
void grant_key(const CallPtr& call) {
    GrantRequest body;
    if (read_body(*call, body)) set_right(call, body.key(), settle::KeyRight::grant);
}
void revoke_key(const CallPtr& call) {
    set_right(call, call->request->param_u64("key"), settle::KeyRight::revoke);
}

void attach_contract(const CallPtr& call) {
    AttachRequest body;
    if (!read_body(*call, body)) return;
    AccountId id;
    if (auto bad = path_id(*call, "account", id)) return call->fail(*bad);
    change_book(call, [id, contract = body.contract()](const LedgerStatus& ledger) -> Admin {
        return settle::AttachContract{ledger.id.value, id, contract};
    });
}

}  // namespace

void add_ledger_account_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         std::vector<http::QueryParam> query = {}) {
        text.tag = "ledgers";
        http::Route route = make_route(context, text, allowed, request, response, handler);
        route.query = std::move(query);
        router.add(std::move(route));
    };
    const auto* changed = LedgerChanged::descriptor();
    add({Method::get, "/v1/ledgers/{id:u64}/accounts", "list_ledger_accounts",
         "Accounts, oldest first"},
        roles::book_readers, nullptr, AccountList::descriptor(), get_accounts, list_query());
    add({Method::post, "/v1/ledgers/{id:u64}/accounts", "open_accounts", "Open accounts"},
        roles::tenants, AccountsRequest::descriptor(), AccountsAnswer::descriptor(), post_accounts);
    add({Method::get, "/v1/ledgers/{id:u64}/accounts/{account}", "get_account", "One account"},
        roles::book_readers, nullptr, AccountView::descriptor(), get_account);
    add({Method::get, "/v1/ledgers/{id:u64}/accounts/{account}/balance", "get_balance",
         "Its balances now, or at a time"},
        roles::book_readers, nullptr, BalanceView::descriptor(), get_balance,
        {u64_param("at_us", "microseconds since 1970 UTC")});
    add({Method::get, "/v1/ledgers/{id:u64}/accounts/{account}/history", "get_account_history",
         "Its changes with the transfers that made them, oldest first"},
        roles::book_readers, nullptr, AccountHistory::descriptor(), get_history,
        list_query(
            {{.name = "newest", .type = http::ParamType::boolean, .description = "newest first"}}));
    add({Method::post, "/v1/ledgers/{id:u64}/accounts/{account}/close", "close_account",
         "Close an account"},
        roles::admins, nullptr, changed, close_account);
    add({Method::post, "/v1/ledgers/{id:u64}/accounts/{account}/reopen", "reopen_account",
         "Reopen an account"},
        roles::admins, nullptr, changed, reopen_account);
    add({Method::post, "/v1/ledgers/{id:u64}/accounts/{account}/keys", "grant_key",
         "From now on a key must sign for it"},
        roles::admins, GrantRequest::descriptor(), changed, grant_key);
    add({Method::del, "/v1/ledgers/{id:u64}/accounts/{account}/keys/{key:u64}", "revoke_key",
         "Take a key away from it"},
        roles::admins, nullptr, changed, revoke_key);
    add({Method::put, "/v1/ledgers/{id:u64}/accounts/{account}/contract", "attach_contract",
         "Put it under a contract, or under none"},
        roles::admins, AttachRequest::descriptor(), changed, attach_contract);
}

}  // namespace suan::api
