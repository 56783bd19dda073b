// Funds, budgets, vouchers, corrections, prices.
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_money.hpp"
#include "base/limits.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;
using MaybeRejection = std::optional<core::Rejection>;

void get_budgets(const CallPtr& call) {
    read_list<BudgetList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, BudgetList& out) -> MaybeFailure {
            const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
            if (scope.failure) return scope.failure;
            // A page is so many orgs: an org's own budget, then those of its projects.
            const auto add = [&](const core::Org& org) {
                const int before = out.budgets_size();
                BudgetView view;
                if (fill_budget(state, org.id, ProjectId{}, view)) out.add_budgets()->Swap(&view);
                for (const ProjectId project : org.projects) {
                    BudgetView of_project;
                    if (fill_budget(state, org.id, project, of_project))
                        out.add_budgets()->Swap(&of_project);
                }
                return out.budgets_size() > before;
            };
            if (!scope.org) {
                fill_page(state.orgs, page, request.route(), *out.mutable_next_cursor(), add);
            } else if (page.position < scope.org.value) {
                add(state.orgs.at(scope.org.value));
            }
            return std::nullopt;
        });
}

void put_budget(const CallPtr& call) {
    BudgetRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.command.mutable_set_budget()->set_micro_yuan(body.micro_yuan());
    what.command.mutable_set_budget()->set_remove(body.remove());
    what.prepare = [org = body.org(), project = body.project()](
                       const core::State& state, const Actor& actor, Command& c) -> MaybeRejection {
        SetBudget& command = *c.mutable_set_budget();
        if (auto bad = set_org(state, actor, org, command)) return bad;
        if (project.empty()) return std::nullopt;
        const core::Project* found = state.project_by_name(OrgId{command.org_id()}, project);
        if (found == nullptr) {
            return refuse(core::RejectionCode::not_found, "project",
                          fmt::format("the org has no project {}", project));
        }
        command.set_project_id(found->id.value);
        return std::nullopt;
    };
    change(call, std::move(what));
}

void get_vouchers(const CallPtr& call) {
    read_list<VoucherList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, VoucherList& out) -> MaybeFailure {
            const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
            if (scope.failure) return scope.failure;
            fill_page(state.vouchers, page, request.route(), *out.mutable_next_cursor(),
                      [&](const core::Voucher& voucher) {
                          if (scope.org && voucher.org != scope.org) return false;
                          fill(state, voucher, *out.add_vouchers());
                          return true;
                      });
            return std::nullopt;
        });
}

void get_voucher(const CallPtr& call) {
    read<VoucherView>(
        call,
        [id = call->request->param_u64("id")](const core::State& state, const Viewer& viewer,
                                              VoucherView& out) -> MaybeFailure {
            const core::Voucher* voucher = state.vouchers.find(id);
            if (voucher == nullptr || !viewer.sees(voucher->org))
                return not_found(fmt::format("there is no voucher {}", id), "id");
            fill(state, *voucher, out);
            return std::nullopt;
        });
}

void post_voucher(const CallPtr& call) {
    VoucherRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    IssueVoucher& command = *what.command.mutable_issue_voucher();
    command.set_funder(body.funder());
    command.set_micro_yuan(body.micro_yuan());
    command.set_expires_us(body.expires_us());
    command.set_job_cap_micro_yuan(body.job_cap_micro_yuan());
    command.set_contract(body.contract());
    what.prepare = [body](const core::State& state, const Actor& actor,
                          Command& c) -> MaybeRejection {
        IssueVoucher& issue = *c.mutable_issue_voucher();
        if (auto bad = set_org(state, actor, body.org(), issue)) return bad;
        if (static_cast<std::uint32_t>(body.pools_size()) > limits::pools_max) {
            return refuse(
                core::RejectionCode::invalid_field, "pools",
                fmt::format("pools must name at most {} pools, each once", limits::pools_max));
        }
        for (int i = 0; i < body.pools_size(); ++i) {
            const core::Pool* pool = state.pool_by_name(body.pools(i));
            if (pool == nullptr) {
                return refuse(core::RejectionCode::not_found, fmt::format("pools[{}]", i),
                              fmt::format("there is no pool {}", body.pools(i)));
            }
            issue.add_pool_ids(pool->id.value);
        }
        return std::nullopt;
    };
    change(call, std::move(what));
}

void post_funds(const CallPtr& call) {
    FundRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.command.mutable_fund_org()->set_micro_yuan(body.micro_yuan());
    what.command.mutable_fund_org()->set_note(body.note());
    what.prepare = [org = body.org()](const core::State& state, const Actor& actor,
                                      Command& c) -> MaybeRejection {
        return set_org(state, actor, org, *c.mutable_fund_org());
    };
    change(call, std::move(what));
}

void post_correction(const CallPtr& call) {
    CorrectionRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    Correct& command = *what.command.mutable_correct();
    command.set_micro_yuan(body.micro_yuan());
    command.set_reason(body.reason());
    command.set_refers_to_seq(body.refers_to_seq());
    what.prepare = [org = body.org()](const core::State& state, const Actor& actor,
                                      Command& c) -> MaybeRejection {
        return set_org(state, actor, org, *c.mutable_correct());
    };
    change(call, std::move(what));
}

void get_prices(const CallPtr& call) {
    read_list<PriceSheetList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer&, const Page& page,
           PriceSheetList& out) -> MaybeFailure {
            fill_page(state.sheets, page, request.route(), *out.mutable_next_cursor(),
                      [&](const core::PriceSheet& sheet) {
                          fill(state, sheet, *out.add_sheets());
                          return true;
                      });
            return std::nullopt;
        });
}

void get_price_sheet(const CallPtr& call) {
    read<PriceSheetView>(
        call,
        [id = call->request->param_u64("id")](const core::State& state, const Viewer&,
                                              PriceSheetView& out) -> MaybeFailure {
            const core::PriceSheet* sheet = state.sheets.find(id);
            if (sheet == nullptr)
                return not_found(fmt::format("there is no price sheet {}", id), "id");
            fill(state, *sheet, out);
            return std::nullopt;
        });
}

void post_prices(const CallPtr& call) {
    PriceSheetRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.name = body.name();
    what.command.mutable_publish_price_sheet()->set_name(body.name());
    what.prepare = [body](const core::State& state, const Actor&, Command& c) -> MaybeRejection {
        return name_price_lines(state, body.lines(), *c.mutable_publish_price_sheet());
    };
    change(call, std::move(what));
}

}  // namespace

void add_money_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto* changed = ChangeAccepted::descriptor();
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         std::vector<http::QueryParam> query, int status) {
        text.tag = "money";
        http::Route route = make_route(context, text, allowed, request, response, handler);
        route.query = std::move(query);
        route.success_status = status;
        router.add(std::move(route));
    };
    const auto org_list = list_query({text_param("org", "name")});
    add({Method::get, "/v1/budgets", "list_budgets", "Budgets"}, roles::everyone, nullptr,
        BudgetList::descriptor(), get_budgets, org_list, 200);
    add({Method::put, "/v1/budgets", "set_budget", "Set or remove a budget"}, roles::managing,
        BudgetRequest::descriptor(), changed, put_budget, {}, 200);
    add({Method::get, "/v1/vouchers", "list_vouchers", "Vouchers"}, roles::everyone, nullptr,
        VoucherList::descriptor(), get_vouchers, org_list, 200);
    add({Method::get, "/v1/vouchers/{id:u64}", "get_voucher", "One voucher"}, roles::everyone,
        nullptr, VoucherView::descriptor(), get_voucher, {}, 200);
    add({Method::post, "/v1/vouchers", "issue_voucher", "Issue a voucher"}, roles::operators,
        VoucherRequest::descriptor(), changed, post_voucher, {}, 201);
    add({Method::post, "/v1/funds", "fund_org", "Money that an org has paid in"}, roles::operators,
        FundRequest::descriptor(), changed, post_funds, {}, 200);
    add({Method::post, "/v1/corrections", "correct", "Give or take money by decision"},
        roles::operators, CorrectionRequest::descriptor(), changed, post_correction, {}, 200);
    add({Method::get, "/v1/prices", "list_prices", "Price sheets"}, roles::everyone, nullptr,
        PriceSheetList::descriptor(), get_prices, list_query(), 200);
    add({Method::get, "/v1/prices/{id:u64}", "get_price_sheet", "One price sheet"}, roles::everyone,
        nullptr, PriceSheetView::descriptor(), get_price_sheet, {}, 200);
    add({Method::post, "/v1/prices", "publish_prices", "Publish a price sheet"}, roles::operators,
        PriceSheetRequest::descriptor(), changed, post_prices, {}, 201);
}

}  // namespace suan::api
