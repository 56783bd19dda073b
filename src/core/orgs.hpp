// Organisations, projects, members, shares. Internal to src/core.
#pragma once

#include "core/step.hpp"

namespace suan::core {

Verdict decide_create_org(Step& step, const CreateOrg& command);
Verdict decide_create_project(Step& step, const CreateProject& command);
Verdict decide_create_member(Step& step, const CreateMember& command);
Verdict decide_change_member(Step& step, const ChangeMember& command);
Verdict decide_set_share(Step& step, const SetShare& command);

// Weight and limit of a share, without asking what others deserve; `field` goes before the field.
Verdict check_share(const SetShare& share, const std::string& field);
void set_share(State& state, const SetShare& share);

void apply_org_created(State& state, const Entry& entry, const OrgCreated& event);
void apply_project_created(State& state, const Entry& entry, const ProjectCreated& event);
void apply_member_created(State& state, const Entry& entry, const MemberCreated& event);
void apply_member_changed(State& state, const Entry& entry, const MemberChanged& event);
void apply_share_changed(State& state, const Entry& entry, const ShareChanged& event);

}  // namespace suan::core
