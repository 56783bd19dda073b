#include "api/call.hpp"

#include "base/bytes.hpp"
#include "crypto/sm3.hpp"
#include "log/entry.hpp"
#include "log/log.hpp"

#include <fmt/format.h>

namespace suan::api {

void Call::answer(const google::protobuf::Message& message, int status) {
    responder.send(http::Response::of(message, status));
}

void Call::answer(const google::protobuf::Message& message) {
    answer(message, request->route().success_status);
}

bool read_body(Call& call, google::protobuf::Message& message, Body body) {
    const std::string_view text = call.request->body();
    if (text.empty() && body == Body::optional) return true;
    const auto fault = json::find_fault(text, message);
    if (!fault) return true;
    call.fail(http::failure_of(*fault));
    return false;
}

void fill(const runtime::Accepted& accepted, ChangeAccepted& out) {
    out.set_seq(accepted.seq);
    if (accepted.seq == 0) return;
    out.set_entry_sm3(std::string(as_text(accepted.entry_hash)));
    for (const Event& event : accepted.entry->events()) {
        switch (event.kind_case()) {
            case Event::kPoolDefined:
                return out.set_id(event.pool_defined().pool_id());
            case Event::kNodesAdded:
                return out.set_id(event.nodes_added().first_node_id());
            case Event::kOrgCreated:
                return out.set_id(event.org_created().org_id());
            case Event::kProjectCreated:
                return out.set_id(event.project_created().project_id());
            case Event::kMemberCreated:
                return out.set_id(event.member_created().member_id());
            case Event::kMemberChanged:
                return out.set_id(accepted.entry->command().change_member().member_id());
            case Event::kPriceSheetPublished:
                return out.set_id(event.price_sheet_published().price_sheet_id());
            case Event::kVoucherIssued:
                return out.set_id(event.voucher_issued().voucher_id());
            case Event::kCorrected:
                return out.set_id(event.corrected().correction_id());
            case Event::kRulesScheduled:
                return out.set_id(event.rules_scheduled().rules_id());
            case Event::kInvoiceIssued:
                return out.set_id(event.invoice_issued().invoice_id());
            case Event::kLedgerOpened:
                return out.set_id(event.ledger_opened().ledger_id());
            case Event::kLedgerClosing:
                return out.set_id(event.ledger_closing().ledger_id());
            case Event::kWitnessRegistered:
                return out.set_id(event.witness_registered().witness_id());
            case Event::kWitnessRemoved:
                return out.set_id(accepted.entry->command().remove_witness().witness_id());
            default:
                break;
        }
    }
}

namespace {

// Of what the client sent. A retry sends the same bytes.
Hash256 sm3_of(const http::Request& request) {
    return crypto::sm3(fmt::format("{} {}\n{}", http::to_string(request.method()), request.path(),
                                   request.body()));
}

// What the first request under the key did, read from the log. A token that it made is not shown
// again: only its hash was kept.
void answer_retry(Call& call, std::uint64_t seq) {
    auto bytes = log::entry_at(call.context->hub.log(), seq);
    auto entry = std::make_shared<Entry>();
    if (!bytes || !entry->ParseFromString(*bytes)) {
        return call.fail(hub_unavailable(fmt::format("entry {} cannot be read", seq)));
    }
    ChangeAccepted out;
    fill(runtime::Accepted{seq, log::entry_hash(*bytes), std::move(entry)}, out);
    out.set_already_done(true);
    call.answer(out, 200);
}

}  // namespace

void change(CallPtr call, Change what) {
    runtime::Request request;
    request.credential = credential_of(*call->request);
    request.command = std::move(what.command);
    request.prepare = [call, prepare = std::move(what.prepare)](
                          const core::State& state, const Actor& actor,
                          Command& command) -> std::optional<core::Rejection> {
        if (!may_use(call->request->route(), actor)) return refuse_role(actor);
        return prepare ? prepare(state, actor, command) : std::nullopt;
    };
    if (const auto key = call->request->header("idempotency-key"); key && !key->empty()) {
        request.command.set_idempotency_key(std::string(*key));
        request.command.set_request_sm3(std::string(as_text(sm3_of(*call->request))));
    }
    runtime::Hub& hub = call->context->hub;
    hub.submit(std::move(request), [call, token = std::move(what.token),
                                    name = std::move(what.name),
                                    told = std::move(what.accepted)](runtime::Answer&& answer) {
        if (const auto failure = failure_in(answer)) return call->fail(*failure);
        if (const auto* done = std::get_if<core::AlreadyDone>(&answer)) {
            return call->context->pool.post([call, seq = done->seq] { answer_retry(*call, seq); });
        }
        ChangeAccepted out;
        if (const auto* accepted = std::get_if<runtime::Accepted>(&answer)) {
            fill(*accepted, out);
            if (told) told(accepted->seq);
        }
        out.set_token(token);
        out.set_name(name);
        call->answer(out);
    });
}

void ask(CallPtr call, StateRead state_read, std::function<void(Call&)> then) {
    runtime::Hub& hub = call->context->hub;
    hub.query(
        credential_of(*call->request),
        [call, state_read = std::move(state_read)](const core::State& state, const Actor& actor) {
            if (!may_use(call->request->route(), actor)) {
                call->failure = forbidden_role(to_string(actor.role()));
                return;
            }
            call->failure = state_read(state, Viewer(actor));
        },
        [call, then = std::move(then)](runtime::QueryEnd end) {
            if (end == runtime::QueryEnd::unauthenticated) return call->fail(unknown_token());
            if (end == runtime::QueryEnd::unavailable) {
                return call->fail(hub_unavailable("the hub does not answer questions now"));
            }
            if (call->failure) return call->fail(*call->failure);
            call->context->pool.post([call, then] { then(*call); });
        });
}

}  // namespace suan::api
