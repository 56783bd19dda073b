// Orgs, projects, members, shares.
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_money.hpp"
#include "api/views_names.hpp"
#include "base/bytes.hpp"
#include "crypto/random.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

constexpr std::size_t token_random_bytes = 32;

using MaybeFailure = std::optional<http::Failure>;
using MaybeRejection = std::optional<core::Rejection>;

void get_whoami(const CallPtr& call) {
    read<WhoamiView>(
        call, [](const core::State& state, const Viewer& viewer, WhoamiView& out) -> MaybeFailure {
            const Actor& actor = viewer.actor();
            out.set_member_id(actor.member_id());
            out.set_member(member_name(state, MemberId{actor.member_id()}));
            out.set_role(actor.role());
            out.set_org_id(actor.org_id());
            out.set_org(org_name(state, OrgId{actor.org_id()}));
            return std::nullopt;
        });
}

void get_orgs(const CallPtr& call) {
    read_list<OrgList>(call,
                       [](const http::Request& request, const core::State& state,
                          const Viewer& viewer, const Page& page, OrgList& out) -> MaybeFailure {
                           const auto add = [&](const core::Org& org) {
                               if (!viewer.sees(org.id)) return false;
                               fill(state, org, *out.add_orgs());
                               return true;
                           };
                           if (viewer.of_centre()) {
                               fill_page(state.orgs, page, request.route(),
                                         *out.mutable_next_cursor(), add);
                           } else if (page.position < viewer.org().value) {
                               add(state.orgs.at(viewer.org().value));
                           }
                           return std::nullopt;
                       });
}

void get_org(const CallPtr& call) {
    read<OrgView>(
        call,
        [name = std::string(call->request->param("org"))](
            const core::State& state, const Viewer& viewer, OrgView& out) -> MaybeFailure {
            const core::Org* org = viewer.org(state, name);
            if (org == nullptr) return no_such_org(name);
            fill(state, *org, out);
            return std::nullopt;
        });
}

void post_org(const CallPtr& call) {
    OrgRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.name = body.name();
    what.command.mutable_create_org()->set_name(body.name());
    what.command.mutable_create_org()->set_title(body.title());
    change(call, std::move(what));
}

void get_projects(const CallPtr& call) {
    read_list<ProjectList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, ProjectList& out) -> MaybeFailure {
            const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
            if (scope.failure) return scope.failure;
            const auto add = [&](const core::Project& project) {
                fill(state, project, *out.add_projects());
                return true;
            };
            std::string& next = *out.mutable_next_cursor();
            if (scope.org) {
                fill_page_of(state.orgs.at(scope.org.value).projects, state.projects, page,
                             request.route(), next, add);
            } else {
                fill_page(state.projects, page, request.route(), next, add);
            }
            return std::nullopt;
        });
}

void post_project(const CallPtr& call) {
    ProjectRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.name = body.name();
    what.command.mutable_create_project()->set_name(body.name());
    what.command.mutable_create_project()->set_weight(body.weight());
    what.prepare = [org = body.org()](const core::State& state, const Actor& actor,
                                      Command& command) -> MaybeRejection {
        return set_org(state, actor, org, *command.mutable_create_project());
    };
    change(call, std::move(what));
}

void get_members(const CallPtr& call) {
    read_list<MemberList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, MemberList& out) -> MaybeFailure {
            const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
            if (scope.failure) return scope.failure;
            const auto add = [&](const core::Member& member) {
                fill(state, member, *out.add_members());
                return true;
            };
            std::string& next = *out.mutable_next_cursor();
            if (scope.org) {
                fill_page_of(state.orgs.at(scope.org.value).members, state.members, page,
                             request.route(), next, add);
            } else {
                fill_page(state.members, page, request.route(), next, add);
            }
            return std::nullopt;
        });
}

// A new token and its hash. The text is shown once and kept nowhere.
std::string make_token(std::string& sm3) {
    std::string token = to_hex(as_bytes(crypto::random_bytes(token_random_bytes)));
    sm3 = std::string(as_text(crypto::sm3(token)));
    return token;
}

void post_member(const CallPtr& call) {
    MemberRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.name = body.name();
    CreateMember& command = *what.command.mutable_create_member();
    command.set_name(body.name());
    command.set_role(body.role() == ROLE_UNSPECIFIED ? ROLE_MEMBER : body.role());
    command.set_token_sm3(body.token_sm3());
    if (body.token_sm3().empty()) what.token = make_token(*command.mutable_token_sm3());
    what.prepare = [org = body.org()](const core::State& state, const Actor& actor,
                                      Command& c) -> MaybeRejection {
        // Members of the centre have no org: an operator that names none means them.
        if (org.empty() && actor.org_id() == 0) return std::nullopt;
        return set_org(state, actor, org, *c.mutable_create_member());
    };
    change(call, std::move(what));
}

enum class Enabled { keep, yes, no };

void change_member(const CallPtr& call, Enabled enabled) {
    Change what;
    ChangeMember& command = *what.command.mutable_change_member();
    const std::uint64_t id = std::min<std::uint64_t>(call->request->param_u64("id"), UINT32_MAX);
    command.set_member_id(static_cast<std::uint32_t>(id));
    if (enabled == Enabled::keep) what.token = make_token(*command.mutable_token_sm3());
    what.prepare = [enabled](const core::State& state, const Actor&, Command& c) -> MaybeRejection {
        ChangeMember& member_change = *c.mutable_change_member();
        const core::Member* member = state.members.find(member_change.member_id());
        const bool disabled = member != nullptr && member->disabled;
        member_change.set_disabled(enabled == Enabled::keep ? disabled : enabled == Enabled::no);
        return std::nullopt;
    };
    change(call, std::move(what));
}

void post_rotate(const CallPtr& call) {
    change_member(call, Enabled::keep);
}
void post_disable(const CallPtr& call) {
    change_member(call, Enabled::no);
}
void post_enable(const CallPtr& call) {
    change_member(call, Enabled::yes);
}

void get_shares(const CallPtr& call) {
    read_list<ShareList>(
        call,
        [](const http::Request& request, const core::State& state, const Viewer& viewer,
           const Page& page, ShareList& out) -> MaybeFailure {
            const OrgScope scope = org_scope(state, viewer, query_text(request, "org"));
            if (scope.failure) return scope.failure;
            const std::string pool = query_text(request, "pool");
            if (!pool.empty() && state.pool_by_name(pool) == nullptr)
                return not_found(fmt::format("there is no pool {}", pool), "pool");
            const auto add = [&](const core::Org& org) {
                const int before = out.shares_size();
                for (const auto& [pool_id, share] : org.shares) {
                    if (!pool.empty() && pool_name(state, pool_id) != pool) continue;
                    fill_share(state, org.id, pool_id, *out.add_shares());
                }
                return out.shares_size() > before;
            };
            if (!scope.org) {
                fill_page(state.orgs, page, request.route(), *out.mutable_next_cursor(), add);
            } else if (page.position < scope.org.value) {
                add(state.orgs.at(scope.org.value));
            }
            return std::nullopt;
        });
}

void put_share(const CallPtr& call) {
    ShareRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    SetShare& command = *what.command.mutable_set_share();
    command.set_deserved_milli(body.deserved_milli());
    command.set_weight(body.weight());
    command.set_limit_milli(body.limit_milli());
    what.prepare = [org = body.org(), pool = body.pool()](
                       const core::State& state, const Actor& actor, Command& c) -> MaybeRejection {
        if (auto bad = set_org(state, actor, org, *c.mutable_set_share())) return bad;
        return set_pool(state, pool, *c.mutable_set_share());
    };
    change(call, std::move(what));
}

}  // namespace

void add_org_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto* changed = ChangeAccepted::descriptor();
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         std::vector<http::QueryParam> query = {}) {
        text.tag = "orgs";
        http::Route route = make_route(context, text, allowed, request, response, handler);
        route.query = std::move(query);
        if (text.method == Method::post && request != nullptr) route.success_status = 201;
        router.add(std::move(route));
    };
    const auto org_list = list_query({text_param("org", "name")});
    add({Method::get, "/v1/whoami", "whoami", "Who this token is"}, roles::everyone, nullptr,
        WhoamiView::descriptor(), get_whoami);
    add({Method::get, "/v1/orgs", "list_orgs", "Orgs"}, roles::everyone, nullptr,
        OrgList::descriptor(), get_orgs, list_query());
    add({Method::get, "/v1/orgs/{org}", "get_org", "One org"}, roles::everyone, nullptr,
        OrgView::descriptor(), get_org);
    add({Method::post, "/v1/orgs", "create_org", "Create an org"}, roles::operators,
        OrgRequest::descriptor(), changed, post_org);
    add({Method::get, "/v1/projects", "list_projects", "Projects"}, roles::everyone, nullptr,
        ProjectList::descriptor(), get_projects, org_list);
    add({Method::post, "/v1/projects", "create_project", "Create a project"}, roles::managing,
        ProjectRequest::descriptor(), changed, post_project);
    add({Method::get, "/v1/members", "list_members", "Members"}, roles::everyone, nullptr,
        MemberList::descriptor(), get_members, org_list);
    add({Method::post, "/v1/members", "create_member", "Create a member; its token is shown once"},
        roles::managing, MemberRequest::descriptor(), changed, post_member);
    add({Method::post, "/v1/members/{id:u64}/rotate", "rotate_member",
         "A new token; the old one ends"},
        roles::working, nullptr, changed, post_rotate);
    add({Method::post, "/v1/members/{id:u64}/disable", "disable_member", "Its token ends"},
        roles::managing, nullptr, changed, post_disable);
    add({Method::post, "/v1/members/{id:u64}/enable", "enable_member", "Its token works again"},
        roles::managing, nullptr, changed, post_enable);
    add({Method::get, "/v1/shares", "list_shares", "What orgs are entitled to"}, roles::everyone,
        nullptr, ShareList::descriptor(), get_shares,
        list_query({text_param("org", "name"), text_param("pool", "name")}));
    add({Method::put, "/v1/shares", "set_share", "Set an org's share of a pool"}, roles::operators,
        ShareRequest::descriptor(), changed, put_share);
}

}  // namespace suan::api
