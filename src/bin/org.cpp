// `suan org`, `suan project`, `suan member`, `suan token`: who uses the centre.
#include "base/limits.hpp"
#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

constexpr std::size_t everything = 1'000'000;

struct OrgOptions {
    std::string org, name, title, role = "member", save_token;
    std::uint32_t weight = 1;
    std::uint32_t id = 0;
};

std::string budget_text(const BudgetView& budget) {
    return fmt::format("{} of {}", yuan_text(budget.left_micro_yuan()),
                       yuan_text(budget.granted_micro_yuan()));
}

ExitCode list_orgs(Cli& cli, OrgOptions&) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<OrgList>("/v1/orgs", everything, "orgs");
    Table table({{"ORG"},
                 {"TITLE"},
                 {"PROJECTS", Align::right},
                 {"MEMBERS", Align::right},
                 {"WAITING", Align::right},
                 {"RUNNING", Align::right},
                 {"BALANCE CNY", Align::right},
                 {"HELD CNY", Align::right},
                 {"VOUCHERS CNY", Align::right},
                 {"BUDGET LEFT"}});
    for (const OrgView& org : list.orgs())
        table.row({org.name(), org.title(), count_text(org.projects()), count_text(org.members()),
                   count_text(static_cast<std::int64_t>(org.jobs_waiting())),
                   count_text(static_cast<std::int64_t>(org.jobs_running())),
                   yuan_text(org.balance_micro_yuan()), yuan_text(org.held_micro_yuan()),
                   yuan_text(org.vouchers_left_micro_yuan()),
                   org.has_budget() ? budget_text(org.budget()) : "no budget"});
    put_result(cli, list, list.orgs().empty() ? "No orgs.\n" : table.text());
    return ExitCode::ok;
}

std::string shares_text(const google::protobuf::RepeatedPtrField<ShareView>& shares) {
    if (shares.empty()) return "  no shares\n";
    Table table({{"POOL"},
                 {"DESERVED", Align::right},
                 {"WEIGHT", Align::right},
                 {"LIMIT", Align::right},
                 {"HELD NOW", Align::right},
                 {"JOBS WAITING", Align::right}});
    for (const ShareView& s : shares)
        table.row({s.pool(), devices_text(s.deserved_milli()), std::to_string(s.weight()),
                   s.limit_milli() == 0 ? "none" : devices_text(s.limit_milli()),
                   devices_text(s.held_milli()), count_text(s.waiting_jobs())});
    return table.text("  ");
}

ExitCode show_org(Cli& cli, OrgOptions& o) {
    Session session = Session::open(cli.hub);
    const auto org = session.get<OrgView>("/v1/orgs/" + percent_encoded(o.name));
    std::string text = fmt::format("Org       {}  {}\n", org.name(), printable(org.title()));
    text += fmt::format("Money     balance {} CNY, held {}, free {}\n",
                        yuan_text(org.balance_micro_yuan()), yuan_text(org.held_micro_yuan()),
                        yuan_text(org.available_micro_yuan()));
    text += fmt::format("Vouchers  {} CNY left\n", yuan_text(org.vouchers_left_micro_yuan()));
    text += fmt::format("Budget    {}\n",
                        org.has_budget() ? budget_text(org.budget()) + " CNY left" : "none");
    text += fmt::format(
        "Unbilled  {} CNY since {}\n", yuan_text(org.unbilled_micro_yuan()),
        org.billed_until_us() == 0 ? "the beginning" : time_text(org.billed_until_us()));
    text +=
        fmt::format("Jobs      {} waiting, {} running\n", org.jobs_waiting(), org.jobs_running());
    put_result(cli, org, text + "Shares\n" + shares_text(org.shares()));
    return ExitCode::ok;
}

ExitCode create_org(Cli& cli, OrgOptions& o) {
    OrgRequest request;
    request.set_name(o.name);
    request.set_title(o.title);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/orgs", request);
    put_result(cli, done, fmt::format("Org {} made (id {}).\n", o.name, done.id()));
    return ExitCode::ok;
}

ExitCode list_projects(Cli& cli, OrgOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<ProjectList>(Query("/v1/projects").add("org", o.org).text(),
                                               everything, "projects");
    Table table({{"ORG"}, {"PROJECT"}, {"WEIGHT", Align::right}, {"BUDGET LEFT"}});
    for (const ProjectView& p : list.projects())
        table.row({p.org(), p.name(), std::to_string(p.weight()),
                   p.has_budget() ? budget_text(p.budget()) : "no budget"});
    put_result(cli, list, list.projects().empty() ? "No projects.\n" : table.text());
    return ExitCode::ok;
}

ExitCode create_project(Cli& cli, OrgOptions& o) {
    ProjectRequest request;
    request.set_org(o.org);
    request.set_name(o.name);
    request.set_weight(o.weight);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/projects", request);
    put_result(cli, done, fmt::format("Project {} made (id {}).\n", o.name, done.id()));
    return ExitCode::ok;
}

ExitCode list_members(Cli& cli, OrgOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<MemberList>(Query("/v1/members").add("org", o.org).text(),
                                              everything, "members");
    Table table({{"ID", Align::right}, {"MEMBER"}, {"ORG"}, {"ROLE"}, {"STATE"}});
    for (const MemberView& m : list.members())
        table.row({std::to_string(m.id()), m.name(), m.org().empty() ? "(centre)" : m.org(),
                   enum_text(Role_descriptor(), m.role()), m.disabled() ? "disabled" : "enabled"});
    put_result(cli, list, list.members().empty() ? "No members.\n" : table.text());
    return ExitCode::ok;
}

// Shown once, or kept in a file that only its owner reads.
void hand_over_token(Cli& cli, const OrgOptions& o, const ChangeAccepted& done,
                     const std::string& what) {
    if (!o.save_token.empty()) {
        write_secret_file(o.save_token, done.token() + "\n");
        ChangeAccepted shown = done;
        shown.clear_token();
        put_result(cli, shown, fmt::format("{} Token saved in {}.\n", what, o.save_token));
        return;
    }
    put_result(cli, done,
               fmt::format("{}\n{}\nThis token is not shown again.\n", what, done.token()));
}

Role role_of(const std::string& text) {
    for (const Role role : {ROLE_OPERATOR, ROLE_ADMIN, ROLE_MEMBER, ROLE_AUDITOR})
        if (enum_text(Role_descriptor(), role) == text) return role;
    throw Failed(ExitCode::usage,
                 fmt::format("--role: \"{}\" is not operator, admin, member or auditor", text));
}

ExitCode create_member(Cli& cli, OrgOptions& o) {
    MemberRequest request;
    request.set_org(o.org);
    request.set_name(o.name);
    request.set_role(role_of(o.role));
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/members", request);
    hand_over_token(cli, o, done, fmt::format("Member {} made (id {}).", o.name, done.id()));
    return ExitCode::ok;
}

ExitCode change_member(Cli& cli, const OrgOptions& o, std::string_view verb) {
    ChangeAccepted done;
    Session::open(cli.hub).call("POST", fmt::format("/v1/members/{}/{}", o.id, verb), nullptr,
                                &done);
    put_result(cli, done, fmt::format("Member {} {}d.\n", o.id, verb));
    return ExitCode::ok;
}
ExitCode disable_member(Cli& cli, OrgOptions& o) {
    return change_member(cli, o, "disable");
}
ExitCode enable_member(Cli& cli, OrgOptions& o) {
    return change_member(cli, o, "enable");
}

ExitCode show_token(Cli& cli, OrgOptions&) {
    const auto me = Session::open(cli.hub).get<WhoamiView>("/v1/whoami");
    put_result(
        cli, me,
        fmt::format("{} {} of {} (member id {})\n", enum_text(Role_descriptor(), me.role()),
                    me.member(), me.org().empty() ? "the centre" : me.org(), me.member_id()));
    return ExitCode::ok;
}

ExitCode rotate_token(Cli& cli, OrgOptions& o) {
    Session session = Session::open(cli.hub);
    const std::uint32_t id = o.id != 0 ? o.id : session.get<WhoamiView>("/v1/whoami").member_id();
    ChangeAccepted done;
    session.call("POST", fmt::format("/v1/members/{}/rotate", id), nullptr, &done);
    hand_over_token(cli, o, done,
                    fmt::format("Member {} has a new token; the old one is void.", id));
    return ExitCode::ok;
}

void add_members(Cli& cli, std::shared_ptr<OrgOptions> o) {
    CLI::App& member = add_noun(cli, "member", "People and programs that hold tokens");
    add_verb(cli, member, "list", "Members", o, list_members)
        .add_option("--org", o->org, "of one org");
    CLI::App& create =
        add_verb(cli, member, "create", "Make a member and its token", o, create_member);
    create.add_option("name", o->name, "name")->required();
    create.add_option("--org", o->org, "org; none for operators and auditors");
    create.add_option("--role", o->role, "operator, admin, member or auditor (default member)");
    create.add_option("--save-token", o->save_token, "write the token here, mode 0600");
    add_verb(cli, member, "disable", "Refuse a member's token from now on", o, disable_member)
        .add_option("id", o->id, "member id")
        ->required();
    add_verb(cli, member, "enable", "Accept it again", o, enable_member)
        .add_option("id", o->id, "member id")
        ->required();
}

}  // namespace

void add_org_commands(Cli& cli) {
    auto o = std::make_shared<OrgOptions>();
    CLI::App& org = add_noun(cli, "org", "Organisations that share the centre");
    add_verb(cli, org, "list", "Orgs", o, list_orgs);
    add_verb(cli, org, "show", "One org: money, budget, shares", o, show_org)
        .add_option("name", o->name, "org")
        ->required();
    CLI::App& create = add_verb(cli, org, "create", "Make an org", o, create_org);
    create.add_option("name", o->name, "name")->required();
    create.add_option("--title", o->title, "full name");
    CLI::App& project = add_noun(cli, "project", "Projects of an org");
    add_verb(cli, project, "list", "Projects", o, list_projects)
        .add_option("--org", o->org, "of one org");
    CLI::App& make = add_verb(cli, project, "create", "Make a project", o, create_project);
    make.add_option("name", o->name, "name")->required();
    make.add_option("--org", o->org, "org; an admin's own when left out");
    make.add_option("--weight", o->weight, "against the org's other projects (default 1)");
    add_members(cli, o);
    CLI::App& token = add_noun(cli, "token", "The token that this command line uses");
    add_verb(cli, token, "show", "Whose it is", o, show_token);
    CLI::App& rotate =
        add_verb(cli, token, "rotate", "Replace it (or --member's)", o, rotate_token);
    rotate.add_option("--member", o->id, "another member's, by id");
    rotate.add_option("--save-token", o->save_token, "write the new token here, mode 0600");
}

}  // namespace suan::bin
