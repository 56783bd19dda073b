#include "api/ledger_call.hpp"

#include "settle/advice.hpp"

namespace suan::api {

http::Failure no_such_ledger(std::uint64_t id) {
    return not_found(fmt::format("there is no ledger {}", id), "id");
}

http::Failure no_such_account(std::string_view id) {
    return not_found(fmt::format("the ledger has no account {}", id), "account");
}

const core::TenantLedger* find_ledger(const core::State& state, const Viewer& viewer,
                                      std::uint64_t id) {
    const core::TenantLedger* const found = state.ledgers.find(id);
    return found != nullptr && viewer.sees(found->org) ? found : nullptr;
}

void with_ledger(const CallPtr& call, LedgerWork work) {
    if (call->context->ledgers == nullptr)
        return call->fail(hub_unavailable("this hub keeps no ledgers"));
    auto status = std::make_shared<runtime::LedgerStatus>();
    const std::uint64_t id = call->request->param_u64("id");
    ask(
        call,
        [status, id](const core::State& state,
                     const Viewer& viewer) -> std::optional<http::Failure> {
            const core::TenantLedger* const ledger = find_ledger(state, viewer, id);
            if (ledger == nullptr) return no_such_ledger(id);
            *status = runtime::status_of(state, *ledger);
            return std::nullopt;
        },
        [call, status, work = std::move(work)](Call&) {
            call->context->ledger_pool.post([call, status, work] { work(call, *status); });
        });
}

namespace {

http::Failure failure_of(const settle::AdminAnswer& answer) {
    using settle::AdminCode;
    const std::string why = answer.why.empty() ? settle::advice(answer.code) : answer.why;
    const std::string message = fmt::format("{}: {}", to_string(answer.code), why);
    switch (answer.code) {
        case AdminCode::account_not_found:
        case AdminCode::key_not_found:
        case AdminCode::contract_not_found:
            return http::make_failure(404, "not_found", message);
        case AdminCode::too_many_keys:
        case AdminCode::too_many_contracts:
            return http::make_failure(429, "limit_reached", message);
        case AdminCode::exists_different:
            return http::make_failure(409, "wrong_state", message);
        default:
            return http::make_failure(400, "invalid", message);
    }
}

}  // namespace

void change_book(const CallPtr& call,
                 std::function<settle::Admin(const runtime::LedgerStatus&)> change) {
    with_ledger(
        call, [change = std::move(change)](const CallPtr& c, const runtime::LedgerStatus& ledger) {
            using settle::AdminCode;
            const runtime::LedgerService::Changed done =
                c->context->ledgers->change(ledger, {change(ledger)});
            if (const auto* refused = std::get_if<core::Rejection>(&done))
                return c->fail(api::failure_of(*refused));
            if (const auto* away = std::get_if<runtime::Unavailable>(&done))
                return c->fail(hub_unavailable(away->message));
            const auto& answer = std::get<std::vector<settle::AdminAnswer>>(done).front();
            if (answer.code == AdminCode::done || answer.code == AdminCode::exists) {
                LedgerChanged out;
                out.set_number(answer.number);
                out.set_already_done(answer.code == AdminCode::exists);
                return c->answer(out);
            }
            c->fail(failure_of(answer));
        });
}

}  // namespace suan::api
