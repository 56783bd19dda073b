// Charges, invoices, the ledger's accounts and its journal.
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_money.hpp"
#include "api/views_names.hpp"
#include "log/bill_bundle.hpp"
#include "runtime/bill.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;
using MaybeRejection = std::optional<core::Rejection>;

template <typename Row>
struct RowsPlan {
    runtime::MoneyFilter filter;
    std::vector<Row> rows;
};

Time time_param(const http::Request& request, std::string_view name, Time absent) {
    const auto value = request.query_u64(name);
    if (!value) return absent;
    return Time{static_cast<std::int64_t>(
        std::min<std::uint64_t>(*value, static_cast<std::uint64_t>(time_max.us)))};
}

bool has_query(const http::Request& request, std::string_view name) {
    for (const http::QueryParam& param : request.route().query) {
        if (param.name == name) return true;
    }
    return false;
}

// A page of the history's rows: filter, read, name. `number` is a row's place in the list.
template <typename Message, typename Row>
struct RowList {
    Result<std::vector<Row>> (runtime::History::*read_rows)(const runtime::MoneyFilter&) const;
    std::uint64_t Row::*number;
    void (*add)(const core::State&, const Row&, Message&);
};

template <typename Message, typename Row>
void list_rows(const CallPtr& call, RowList<Message, Row> list) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    using Plan = RowsPlan<Row>;
    Lookup<Message, Plan> parts;
    parts.plan = [call, page](const core::State& state, const Viewer& viewer,
                              Plan& plan) -> MaybeFailure {
        const http::Request& request = *call->request;
        const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
        if (scope.failure) return scope.failure;
        plan.filter.org = scope.org;
        if (has_query(request, "job"))
            plan.filter.job = JobId{request.query_u64("job").value_or(0)};
        if (has_query(request, "since_us")) {
            plan.filter.from = time_param(request, "since_us", Time{});
            plan.filter.until = time_param(request, "until_us", time_max);
        }
        plan.filter.after = page.position;
        plan.filter.limit = page.limit + 1;
        return std::nullopt;
    };
    parts.fetch = [list](const Call& c, Plan& plan) -> MaybeFailure {
        const runtime::History* history = c.context->hub.history();
        if (history == nullptr) return std::nullopt;
        auto rows = (history->*list.read_rows)(plan.filter);
        if (!rows) return http::failure_of(rows.error());
        plan.rows = std::move(*rows);
        return std::nullopt;
    };
    parts.show = [call, page, list](const core::State& state, const Viewer& viewer, Plan& plan,
                                    Message& out) -> MaybeFailure {
        if (plan.rows.size() > page.limit) {
            // Rows of one number (the movements of one charge) stay on one page.
            const std::uint64_t last = plan.rows[page.limit - 1].*list.number;
            const auto end = std::find_if(plan.rows.begin() + page.limit, plan.rows.end(),
                                          [&](const Row& row) { return row.*list.number != last; });
            plan.rows.erase(end, plan.rows.end());
            out.set_next_cursor(cursor_text(call->request->route(), plan.rows.back().*list.number));
        }
        for (const Row& row : plan.rows) {
            if (viewer.sees(row.org)) list.add(state, row, out);
        }
        return std::nullopt;
    };
    lookup(call, std::move(parts));
}

void get_charges(const CallPtr& call) {
    list_rows<ChargeList, runtime::ChargeRow>(
        call, {&runtime::History::charges, &runtime::ChargeRow::number,
               [](const core::State& state, const runtime::ChargeRow& row, ChargeList& out) {
                   fill(state, row, *out.add_charges());
               }});
}

void get_journal(const CallPtr& call) {
    list_rows<JournalList, runtime::JournalRow>(
        call, {&runtime::History::journal, &runtime::JournalRow::number,
               [](const core::State& state, const runtime::JournalRow& row, JournalList& out) {
                   fill(state, row, *out.add_rows());
               }});
}

void get_invoices(const CallPtr& call) {
    list_rows<InvoiceList, runtime::InvoiceRow>(
        call, {&runtime::History::invoices, &runtime::InvoiceRow::id,
               [](const core::State& state, const runtime::InvoiceRow& row, InvoiceList& out) {
                   fill(state, row, InvoiceParts::head, *out.add_invoices());
               }});
}

http::Failure no_such_invoice(std::uint64_t id) {
    return not_found(fmt::format("there is no invoice {}", id), "id");
}

void get_invoice(const CallPtr& call) {
    using Plan = runtime::InvoiceRow;
    const std::uint64_t id = call->request->param_u64("id");
    Lookup<InvoiceView, Plan> parts;
    parts.plan = [](const core::State&, const Viewer&, Plan&) -> MaybeFailure {
        return std::nullopt;
    };
    parts.fetch = [id](const Call& c, Plan& row) -> MaybeFailure {
        const runtime::History* history = c.context->hub.history();
        if (history == nullptr) return no_such_invoice(id);
        auto found = history->invoice(id);
        if (!found) {
            return found.error().code == ErrorCode::not_found ? no_such_invoice(id)
                                                              : http::failure_of(found.error());
        }
        row = std::move(*found);
        return std::nullopt;
    };
    parts.show = [id](const core::State& state, const Viewer& viewer, Plan& row,
                      InvoiceView& out) -> MaybeFailure {
        if (!viewer.sees(row.org)) return no_such_invoice(id);
        fill(state, row, InvoiceParts::all, out);
        return std::nullopt;
    };
    lookup(call, std::move(parts));
}

// Members may read an invoice, but the bundle shows every job of the org: it is for who pays.
void send_bundle(Call& call, const runtime::InvoiceRow& row) {
    const runtime::Hub& hub = call.context->hub;
    const auto bundle =
        runtime::make_bill(call.context->hub.log(), hub.operator_key(), row.org, row.id);
    if (!bundle) return call.fail(http::failure_of(bundle.error()));
    http::Response response;
    response.content_type = "application/octet-stream";
    response.body = log::encode_bill_bundle(*bundle);
    call.responder.send(std::move(response));
}

void get_bundle(const CallPtr& call) {
    auto actor = std::make_shared<Actor>();
    const std::uint64_t id = call->request->param_u64("id");
    ask(
        call,
        [actor](const core::State&, const Viewer& viewer) {
            *actor = viewer.actor();
            return MaybeFailure{};
        },
        [actor, id](Call& c) {
            const runtime::History* history = c.context->hub.history();
            if (history == nullptr) return c.fail(no_such_invoice(id));
            const auto row = history->invoice(id);
            if (!row && row.error().code != ErrorCode::not_found)
                return c.fail(http::failure_of(row.error()));
            if (!row || !Viewer(*actor).sees(row->org)) return c.fail(no_such_invoice(id));
            send_bundle(c, *row);
        });
}

void post_invoice(const CallPtr& call) {
    InvoiceRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.command.mutable_close_invoice()->set_to_us(body.to_us());
    what.prepare = [org = body.org()](const core::State& state, const Actor& actor,
                                      Command& c) -> MaybeRejection {
        CloseInvoice& command = *c.mutable_close_invoice();
        return set_org(state, actor, org, command);
    };
    change(call, std::move(what));
}

// Whose account it is; none for the centre's own.
OrgId owner_of(const core::State& state, ledger::AccountId id) {
    const auto number = static_cast<std::uint32_t>(id.low);
    const bool of_org =
        id == core::org_account(OrgId{number}) || id == core::org_budget_account(OrgId{number});
    if (of_org) return OrgId{number};
    if (id == core::voucher_account(VoucherId{number})) return state.vouchers.at(number).org;
    if (id == core::project_budget_account(ProjectId{number})) return state.projects.at(number).org;
    return OrgId{};
}

void fill_account(const core::State& state, const ledger::Account& account, OrgId owner,
                  LedgerAccountView& out) {
    out.set_name(core::account_name(state, account.id));
    out.set_debits_posted_micro_yuan(static_cast<std::int64_t>(account.debits_posted));
    out.set_credits_posted_micro_yuan(static_cast<std::int64_t>(account.credits_posted));
    out.set_debits_pending_micro_yuan(static_cast<std::int64_t>(account.debits_pending));
    out.set_credits_pending_micro_yuan(static_cast<std::int64_t>(account.credits_pending));
    out.set_balance_micro_yuan(static_cast<std::int64_t>(account.credits_posted) -
                               static_cast<std::int64_t>(account.debits_posted));
    out.set_org(org_name(state, owner));
    out.set_counts_only(account.ledger == core::ledger_budget);
}

// Posted credits less posted debits over all accounts of money: 0, or the books are broken.
std::int64_t books_difference(const core::State& state) {
    std::int64_t difference = 0;
    for (const ledger::Totals& totals : state.books.totals()) {
        if (totals.ledger != core::ledger_cny) continue;
        difference = static_cast<std::int64_t>(totals.credits_posted) -
                     static_cast<std::int64_t>(totals.debits_posted);
    }
    return difference;
}

void get_accounts(const CallPtr& call) {
    read_list<LedgerAccountList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, LedgerAccountList& out) -> MaybeFailure {
            const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
            if (scope.failure) return scope.failure;
            // The cursor counts the accounts shown, not their places: those would tell how many
            // accounts others have.
            std::uint64_t shown = 0;
            for (const ledger::Account& account : state.books.accounts()) {
                const OrgId owner = owner_of(state, account.id);
                if (scope.org && owner != scope.org) continue;
                if (shown == page.position + page.limit) {
                    out.set_next_cursor(cursor_text(request.route(), shown));
                    break;
                }
                if (shown++ >= page.position)
                    fill_account(state, account, owner, *out.add_accounts());
            }
            if (viewer.of_centre()) out.set_books_difference_micro_yuan(books_difference(state));
            return std::nullopt;
        });
}

}  // namespace

void add_bill_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto add = [&](RouteText text, const google::protobuf::Descriptor* response,
                         CallHandler handler, std::vector<http::QueryParam> query) {
        text.tag = "bills";
        http::Route route = make_route(context, text, roles::everyone, nullptr, response, handler);
        route.query = std::move(query);
        router.add(std::move(route));
    };
    const auto since = u64_param("since_us", "then or later");
    const auto until = u64_param("until_us", "before then");
    const auto org = text_param("org", "name");
    add({Method::get, "/v1/charges", "list_charges", "Charges, oldest first"},
        ChargeList::descriptor(), get_charges,
        list_query({org, u64_param("job", "of this job"), since, until}));
    add({Method::get, "/v1/invoices", "list_invoices", "Invoices, oldest first"},
        InvoiceList::descriptor(), get_invoices, list_query({org}));
    add({Method::get, "/v1/invoices/{id:u64}", "get_invoice", "One invoice with its lines"},
        InvoiceView::descriptor(), get_invoice, {});
    add({Method::get, "/v1/ledger/accounts", "list_accounts", "Accounts of the ledger"},
        LedgerAccountList::descriptor(), get_accounts, list_query({org}));
    add({Method::get, "/v1/ledger/journal", "list_journal", "Movements of money, oldest first"},
        JournalList::descriptor(), get_journal, list_query({org, since, until}));
    auto bundle = make_route(context,
                             {Method::get, "/v1/invoices/{id:u64}/bundle", "get_invoice_bundle",
                              "The bill with its proofs, to check offline", "bills"},
                             roles::bill_readers, nullptr, nullptr, get_bundle);
    bundle.response_type = "application/octet-stream";
    router.add(std::move(bundle));
    auto close = make_route(
        context, {Method::post, "/v1/invoices", "close_invoice", "Close an invoice", "bills"},
        roles::operators, InvoiceRequest::descriptor(), ChangeAccepted::descriptor(), post_invoice);
    close.success_status = 201;
    router.add(std::move(close));
}

}  // namespace suan::api
