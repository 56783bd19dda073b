#include "api/answers.hpp"

#include "api/roles.hpp"

#include <fmt/format.h>

#include <array>

namespace suan::api {
namespace {

using core::RejectionCode;

struct Row {
    RejectionCode code;
    int status;
    std::string_view name;
    std::string_view what_to_do;
};

constexpr std::array table = {
    Row{RejectionCode::forbidden, 403, "forbidden", ""},
    Row{RejectionCode::not_found, 404, "not_found", ""},
    Row{RejectionCode::invalid_field, 400, "invalid", ""},
    Row{RejectionCode::exists, 409, "exists", ""},
    Row{RejectionCode::limit_reached, 429, "limit_reached",
        "Wait until there is room, or ask the operator for a higher limit."},
    Row{RejectionCode::idempotency_clash, 409, "idempotency_clash",
        "Send a new request under a new idempotency key."},
    Row{RejectionCode::disabled, 409, "disabled", "Ask an admin or the operator to enable it."},
    Row{RejectionCode::dependency_not_found, 422, "dependency_not_found",
        "Leave the dependency out, or name a job of your org that is known."},
    Row{RejectionCode::dependency_failed, 422, "dependency_failed",
        "Submit what it depends on again, or leave the dependency out."},
    Row{RejectionCode::no_price, 409, "no_price",
        "Use a tier and a pool that the price sheet has, or ask the operator to publish a price."},
    Row{RejectionCode::never_fits, 422, "never_fits",
        "Ask for fewer devices or another pool: waiting will not help."},
    Row{RejectionCode::insufficient_funds, 402, "insufficient_funds",
        "Ask for less (a shorter wall time, fewer devices, a smaller batch), or add money; for "
        "jobs "
        "also a voucher."},
    Row{RejectionCode::budget_exceeded, 402, "budget_exceeded",
        "Ask for less (a shorter wall time, fewer devices, a smaller batch), or have the budget "
        "raised."},
    Row{RejectionCode::wrong_state, 409, "wrong_state",
        "Read it again: it has moved on since, or never was in that state."},
};

const Row& row_of(RejectionCode code) {
    for (const Row& row : table) {
        if (row.code == code) return row;
    }
    return table[2];
}

std::string api_field(const std::string& field) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> names = {{
        {"org_id", "org"},
        {"project_id", "project"},
        {"member_id", "member"},
        {"pool_id", "pool"},
        {"job_id", "id"},
        {"node_ids", "nodes"},
        {"ledger_id", "id"},
    }};
    for (const auto& [core_name, name] : names) {
        if (field == core_name) return std::string(name);
    }
    constexpr std::string_view dependencies = "dependencies";
    if (field.starts_with(dependencies)) return "after" + field.substr(dependencies.size());
    return field;
}

}  // namespace

http::Failure failure_of(const core::Rejection& rejection) {
    const Row& row = row_of(rejection.code);
    http::Failure failure =
        http::make_failure(row.status, std::string(row.name), rejection.message);
    failure.what_to_do = row.what_to_do;
    failure.field = api_field(rejection.field);
    return failure;
}

http::Failure not_found(std::string message, std::string field) {
    http::Failure failure = http::make_failure(404, "not_found", std::move(message));
    failure.field = std::move(field);
    return failure;
}

http::Failure invalid(std::string field, std::string message) {
    http::Failure failure = http::make_failure(400, "invalid", field + ": " + message);
    failure.field = std::move(field);
    return failure;
}

http::Failure forbidden_role(std::string_view role) {
    return http::make_failure(403, "forbidden", fmt::format("the role {} may not do this", role));
}

http::Failure unknown_token() {
    return unauthorized("this token is unknown, replaced or disabled");
}

http::Failure hub_unavailable(std::string message) {
    http::Failure failure = http::make_failure(503, "unavailable", std::move(message));
    failure.retry_after_s = 1;
    return failure;
}

core::Rejection refuse(core::RejectionCode code, std::string field, std::string message) {
    return core::Rejection{code, std::move(field), std::move(message)};
}

core::Rejection refuse_role(const Actor& actor) {
    return refuse(RejectionCode::forbidden, "",
                  fmt::format("the role {} may not do this", to_string(actor.role())));
}

std::optional<http::Failure> failure_in(const runtime::Answer& answer) {
    if (const auto* rejection = std::get_if<core::Rejection>(&answer))
        return failure_of(*rejection);
    if (std::holds_alternative<runtime::Unauthenticated>(answer)) return unknown_token();
    if (const auto* u = std::get_if<runtime::Unavailable>(&answer)) {
        return hub_unavailable(u->message);
    }
    return std::nullopt;
}

void fill(const http::Failure& failure, ErrorBody& out) {
    out.set_code(failure.code);
    out.set_message(failure.message);
    out.set_what_to_do(failure.what_to_do);
    out.set_field(failure.field);
}

}  // namespace suan::api
