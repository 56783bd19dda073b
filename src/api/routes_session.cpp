// Sessions of browsers: a token or a one-time code becomes a cookie.
#include "api/cookie.hpp"
#include "api/routes.hpp"
#include "api/sessions.hpp"
#include "api/views_names.hpp"
#include "crypto/sm3.hpp"
#include "suan/console.pb.h"

#include <fmt/format.h>

namespace suan::api {
namespace {

// The token that the body names, as the hub knows it; otherwise the call was answered.
std::optional<Hash256> token_in(Call& call, const SessionRequest& body) {
    if (body.token().empty() == body.code().empty()) {
        call.fail(invalid("token", "give a token or a code, one of both"));
        return std::nullopt;
    }
    if (body.code().empty()) return crypto::sm3(body.token());
    const auto found = call.context->sessions.redeem(body.code());
    if (!found) {
        call.fail(
            unauthorized("this sign-in link was used or is too old: make a new one with "
                         "`suan console`, or sign in with your token"));
    }
    return found;
}

void answer_session(Call& call, const Hash256& token_sm3, SessionView view) {
    const Sessions::Opened opened = call.context->sessions.open(token_sm3);
    view.set_expires_us(opened.expires.us);
    http::Response response = http::Response::of(view, 201);
    const std::int64_t age_s = call.context->sessions.lifetime().us / 1'000'000;
    response.headers.emplace_back(
        "Set-Cookie", set_cookie(*call.request, call.context->cookie, opened.id, age_s));
    call.responder.send(std::move(response));
}

void open_session(const CallPtr& call) {
    if (!from_own_page(*call->request)) return call->fail(not_own_page());
    SessionRequest body;
    if (!read_body(*call, body)) return;
    const auto token_sm3 = token_in(*call, body);
    if (!token_sm3) return;
    auto view = std::make_shared<SessionView>();
    call->context->hub.query(
        runtime::Token{*token_sm3},
        [view](const core::State& state, const Actor& actor) {
            view->set_member_id(actor.member_id());
            view->set_member(member_name(state, MemberId{actor.member_id()}));
            view->set_role(actor.role());
            view->set_org(org_name(state, OrgId{actor.org_id()}));
        },
        [call, view, token = *token_sm3](runtime::QueryEnd end) {
            if (end == runtime::QueryEnd::unauthenticated) return call->fail(unknown_token());
            if (end == runtime::QueryEnd::unavailable)
                return call->fail(hub_unavailable("the hub does not answer questions now"));
            call->context->pool.post([call, view, token] { answer_session(*call, token, *view); });
        });
}

void close_session(const CallPtr& call) {
    if (!from_own_page(*call->request)) return call->fail(not_own_page());
    call->context->pool.post([call] {
        SessionEnded out;
        const auto id = cookie(*call->request, call->context->cookie);
        out.set_was_open(id && call->context->sessions.close(*id));
        http::Response response = http::Response::of(out);
        response.headers.emplace_back("Set-Cookie",
                                      set_cookie(*call->request, call->context->cookie, "", 0));
        call->responder.send(std::move(response));
    });
}

void make_code(const CallPtr& call) {
    ask(
        call,
        [](const core::State&, const Viewer&) -> std::optional<http::Failure> {
            return std::nullopt;
        },
        [](Call& c) {
            const auto token = std::get<runtime::Token>(credential_of(*c.request));
            const Sessions::Code code = c.context->sessions.make_code(token.sm3);
            SignInCode out;
            out.set_code(code.text);
            out.set_expires_us(code.expires.us);
            out.set_path(fmt::format("/signin#code={}", code.text));
            c.answer(out);
        });
}

}  // namespace

void add_session_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    auto open =
        make_route(context,
                   {Method::post, "/v1/session", "open_session",
                    "Sign a browser in with a token or a one-time code", "session"},
                   {}, SessionRequest::descriptor(), SessionView::descriptor(), open_session);
    open.success_status = 201;
    open.errors.push_back(ErrorCode::forbidden);
    router.add(std::move(open));
    auto close = make_route(
        context, {Method::del, "/v1/session", "close_session", "Sign a browser out", "session"}, {},
        nullptr, SessionEnded::descriptor(), close_session);
    close.errors.push_back(ErrorCode::forbidden);
    router.add(std::move(close));
    auto code = make_route(context,
                           {Method::post, "/v1/session/code", "make_sign_in_code",
                            "A one-time code that signs a browser in as the caller", "session"},
                           roles::everyone, nullptr, SignInCode::descriptor(), make_code);
    code.success_status = 201;
    router.add(std::move(code));
}

}  // namespace suan::api
