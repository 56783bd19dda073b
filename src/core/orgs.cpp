#include "core/orgs.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

Verdict check_token(const std::string& token_sm3, const State& state) {
    if (token_sm3.size() != 32) {
        return reject(RejectionCode::invalid_field, "token_sm3",
                      "token_sm3 must be the 32 bytes of an SM3 hash");
    }
    Hash256 hash{};
    std::copy(token_sm3.begin(), token_sm3.end(), hash.begin());
    if (state.tokens.count(hash) != 0) {
        return reject(RejectionCode::exists, "token_sm3", "this token is in use; make a new one");
    }
    return std::nullopt;
}

void set_token(State& state, Member& member, const std::string& token_sm3) {
    state.tokens.erase(member.token_sm3);
    std::copy(token_sm3.begin(), token_sm3.end(), member.token_sm3.begin());
    state.tokens.emplace(member.token_sm3, member.id);
}

Verdict check_new_member(const Step& step, const CreateMember& command) {
    const State& state = step.state();
    const bool of_centre = command.role() == ROLE_OPERATOR || command.role() == ROLE_AUDITOR;
    if (command.role() < ROLE_OPERATOR || command.role() > ROLE_AUDITOR) {
        return reject(RejectionCode::invalid_field, "role",
                      "role must be operator, admin, member or auditor");
    }
    if (of_centre != (command.org_id() == 0)) {
        return reject(RejectionCode::invalid_field, "org_id",
                      "operators and auditors belong to no org, admins and members to one");
    }
    if (Verdict bad = check_name(command.name(), "name")) return bad;
    const OrgId org{command.org_id()};
    if (state.member_names.count({org, command.name()}) != 0) {
        return reject(RejectionCode::exists, "name",
                      fmt::format("there is a member {} already", command.name()));
    }
    if (org && state.orgs.at(org.value).members.size() >= limits::members_per_org_max) {
        return reject(RejectionCode::limit_reached, "org_id",
                      fmt::format("an org has at most {} members", limits::members_per_org_max));
    }
    return check_token(command.token_sm3(), state);
}

}  // namespace

Verdict decide_create_org(Step& step, const CreateOrg& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only an operator of the centre creates orgs");
    }
    if (Verdict bad = check_name(command.name(), "name")) return bad;
    if (Verdict bad = check_text(command.title(), limits::reason_bytes_max, "title")) return bad;
    if (step.state().org_names.count(command.name()) != 0) {
        return reject(RejectionCode::exists, "name",
                      fmt::format("there is an org {} already", command.name()));
    }
    if (step.state().orgs.size() >= limits::orgs_max) {
        return reject(RejectionCode::limit_reached, "",
                      fmt::format("a centre has at most {} orgs", limits::orgs_max));
    }
    step.emit(
        [&](Event& event) { event.mutable_org_created()->set_org_id(step.state().next_org); });
    return std::nullopt;
}

void apply_org_created(State& state, const Entry& entry, const OrgCreated& event) {
    const CreateOrg& command = entry.command().create_org();
    Org org;
    org.id = OrgId{event.org_id()};
    org.name = command.name();
    org.title = command.title();
    org.billed_until = state.now;
    state.org_names.emplace(org.name, org.id);
    ledger::Account account;
    account.id = org_account(org.id);
    account.ledger = ledger_cny;
    account.code = 10;
    account.flags = ledger::account_flags::debits_must_not_exceed_credits;
    SUAN_ASSERT(state.books.create_account(account, state.now));
    state.next_org = event.org_id() + 1;
    state.orgs.insert(event.org_id(), std::move(org));
}

Verdict decide_create_project(Step& step, const CreateProject& command) {
    const OrgId org{command.org_id()};
    if (!is_member_of(step.actor(), org) || step.state().orgs.find(org.value) == nullptr) {
        return reject(RejectionCode::not_found, "org_id",
                      fmt::format("there is no org {}", org.value));
    }
    if (!is_admin_of(step.actor(), org)) {
        return reject(RejectionCode::forbidden, "", "only an admin of the org creates projects");
    }
    if (Verdict bad = check_name(command.name(), "name")) return bad;
    if (command.weight() > 1'000'000) {
        return reject(RejectionCode::invalid_field, "weight", "weight must be 1 to 1000000 (0: 1)");
    }
    if (step.state().project_names.count({org, command.name()}) != 0) {
        return reject(RejectionCode::exists, "name",
                      fmt::format("there is a project {} already", command.name()));
    }
    if (step.state().orgs.at(org.value).projects.size() >= limits::projects_per_org_max) {
        return reject(RejectionCode::limit_reached, "org_id",
                      fmt::format("an org has at most {} projects", limits::projects_per_org_max));
    }
    step.emit([&](Event& event) {
        event.mutable_project_created()->set_project_id(step.state().next_project);
    });
    return std::nullopt;
}

void apply_project_created(State& state, const Entry& entry, const ProjectCreated& event) {
    const CreateProject& command = entry.command().create_project();
    Project project;
    project.id = ProjectId{event.project_id()};
    project.org = OrgId{command.org_id()};
    project.name = command.name();
    project.weight = command.weight() == 0 ? 1 : command.weight();
    for (std::uint32_t pool = 1; pool < state.next_pool; ++pool) {
        if (project.weight == 1) break;
        state.pools.at(pool).scheduler.set_project_weight(project.org, project.id, project.weight);
    }
    state.orgs.at(project.org.value).projects.push_back(project.id);
    state.project_names.emplace(std::pair(project.org, project.name), project.id);
    state.next_project = event.project_id() + 1;
    state.projects.insert(event.project_id(), std::move(project));
}

Verdict decide_create_member(Step& step, const CreateMember& command) {
    const OrgId org{command.org_id()};
    if (org && (!is_member_of(step.actor(), org) || step.state().orgs.find(org.value) == nullptr)) {
        return reject(RejectionCode::not_found, "org_id",
                      fmt::format("there is no org {}", org.value));
    }
    if (!(org ? is_admin_of(step.actor(), org) : is_operator(step.actor()))) {
        return reject(RejectionCode::forbidden, "",
                      "only an admin of the org (or an operator) creates members");
    }
    if (Verdict bad = check_new_member(step, command)) return bad;
    step.emit([&](Event& event) {
        event.mutable_member_created()->set_member_id(step.state().next_member);
    });
    return std::nullopt;
}

void apply_member_created(State& state, const Entry& entry, const MemberCreated& event) {
    const CreateMember& command = entry.command().create_member();
    Member member;
    member.id = MemberId{event.member_id()};
    member.org = OrgId{command.org_id()};
    member.name = command.name();
    member.role = command.role();
    set_token(state, member, command.token_sm3());
    if (member.org) state.orgs.at(member.org.value).members.push_back(member.id);
    state.member_names.emplace(std::pair(member.org, member.name), member.id);
    state.next_member = event.member_id() + 1;
    state.members.insert(event.member_id(), std::move(member));
}

Verdict decide_change_member(Step& step, const ChangeMember& command) {
    const Member* member = step.state().members.find(command.member_id());
    if (member == nullptr ||
        !(member->org ? is_member_of(step.actor(), member->org) : is_operator(step.actor()))) {
        return reject(RejectionCode::not_found, "member_id",
                      fmt::format("there is no member {}", command.member_id()));
    }
    const bool self = step.actor().member_id() == command.member_id();
    if (!self &&
        !(member->org ? is_admin_of(step.actor(), member->org) : is_operator(step.actor()))) {
        return reject(RejectionCode::forbidden, "",
                      "only an admin of the org (or an operator) changes other members");
    }
    if (self && command.disabled() != member->disabled) {
        return reject(RejectionCode::forbidden, "disabled", "nobody disables or enables himself");
    }
    if (!command.token_sm3().empty()) {
        if (Verdict bad = check_token(command.token_sm3(), step.state())) return bad;
    }
    step.emit([](Event& event) { event.mutable_member_changed(); });
    return std::nullopt;
}

void apply_member_changed(State& state, const Entry& entry, const MemberChanged&) {
    const ChangeMember& command = entry.command().change_member();
    Member& member = state.members.at(command.member_id());
    if (!command.token_sm3().empty()) set_token(state, member, command.token_sm3());
    member.disabled = command.disabled();
}

Verdict check_share(const SetShare& share, const std::string& field) {
    if (share.weight() > 1'000'000) {
        return reject(RejectionCode::invalid_field, field + "weight",
                      "weight must be 1 to 1000000 (0: 1)");
    }
    if (share.limit_milli() < 0 ||
        (share.limit_milli() != 0 && share.limit_milli() < share.deserved_milli())) {
        return reject(RejectionCode::invalid_field, field + "limit_milli",
                      "limit_milli must be 0 (no limit) or at least deserved_milli");
    }
    return std::nullopt;
}

Verdict decide_set_share(Step& step, const SetShare& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only an operator of the centre sets shares");
    }
    if (step.state().orgs.find(command.org_id()) == nullptr) {
        return reject(RejectionCode::not_found, "org_id",
                      fmt::format("there is no org {}", command.org_id()));
    }
    const Pool* pool = step.state().pools.find(command.pool_id());
    if (pool == nullptr) {
        return reject(RejectionCode::not_found, "pool_id",
                      fmt::format("there is no pool {}", command.pool_id()));
    }
    const std::int64_t all = pool->scheduler.totals().devices_milli;
    std::int64_t others = 0;
    step.state().orgs.for_each([&](std::uint64_t id, const Org& org) {
        const auto share = org.shares.find(pool->id);
        if (id != command.org_id() && share != org.shares.end())
            others += share->second.deserved_milli;
    });
    if (command.deserved_milli() < 0 || command.deserved_milli() > all - others) {
        return reject(
            RejectionCode::invalid_field, "deserved_milli",
            fmt::format(
                "deserved_milli must be 0 to {}: pool {} has {} milli-devices, and other orgs "
                "deserve {}",
                std::max<std::int64_t>(0, all - others), pool->name, all, others));
    }
    if (Verdict bad = check_share(command, "")) return bad;
    step.emit([](Event& event) { event.mutable_share_changed(); });
    return std::nullopt;
}

void apply_share_changed(State& state, const Entry& entry, const ShareChanged&) {
    set_share(state, entry.command().set_share());
}

void set_share(State& state, const SetShare& change) {
    sched::Share share;
    share.deserved_milli = change.deserved_milli();
    share.weight = change.weight() == 0 ? 1 : change.weight();
    if (change.limit_milli() != 0) share.limit_milli = change.limit_milli();
    const OrgId org{change.org_id()};
    const PoolId pool{change.pool_id()};
    state.orgs.at(org.value).shares[pool] = share;
    state.pools.at(pool.value).scheduler.set_share(org, share);
}

}  // namespace suan::core
