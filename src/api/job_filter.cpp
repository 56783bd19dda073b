#include "api/job_filter.hpp"

#include "api/answers.hpp"
#include "api/json/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::api {
namespace {

std::optional<http::Failure> read_states(std::string_view text, JobFilter& filter) {
    if (text.empty()) return std::nullopt;
    filter.states = 0;
    while (true) {
        const std::string_view name = text.substr(0, text.find(','));
        const auto* value = json::find_enum_value(*JobState_descriptor(), name);
        if (value == nullptr || value->number() == 0) {
            return invalid("state", fmt::format("there is no state \"{}\": waiting, running, "
                                                "stopping, completed, failed, cancelled, timeout "
                                                "or dependency_failed",
                                                name));
        }
        filter.states |= 1U << value->number();
        if (name.size() == text.size()) return std::nullopt;
        text.remove_prefix(name.size() + 1);
    }
}

}  // namespace

std::optional<http::Failure> read_filter(const http::Request& request, JobFilter& filter) {
    const std::string_view states = request.query("state").value_or("");
    if (auto bad = read_states(states, filter)) return bad;
    filter.name = std::string(request.query("name").value_or(""));
    filter.array = JobId{request.query_u64("array").value_or(0)};
    const std::uint64_t since = request.query_u64("since_us").value_or(0);
    filter.since = Time{static_cast<std::int64_t>(
        std::min<std::uint64_t>(since, static_cast<std::uint64_t>(time_max.us)))};
    return std::nullopt;
}

std::optional<http::Failure> resolve(const core::State& state, const Viewer& viewer,
                                     const http::Request& request, JobFilter& filter) {
    const OrgScope scope = org_scope(state, viewer, request.query("org").value_or(""));
    if (scope.failure) return scope.failure;
    filter.org = scope.org;
    const std::string project(request.query("project").value_or(""));
    const std::string member(request.query("member").value_or(""));
    if ((!project.empty() || !member.empty()) && !filter.org) {
        return invalid("org", "must be given with project or member: their names are the org's");
    }
    if (!project.empty()) {
        const core::Project* found = state.project_by_name(filter.org, project);
        if (found == nullptr)
            return not_found(fmt::format("the org has no project {}", project), "project");
        filter.project = found->id;
    }
    if (!member.empty()) {
        const auto found = state.member_names.find({filter.org, member});
        if (found == state.member_names.end())
            return not_found(fmt::format("the org has no member {}", member), "member");
        filter.member = found->second;
    }
    const std::string_view pool = request.query("pool").value_or("");
    if (!pool.empty()) {
        const core::Pool* found = state.pool_by_name(pool);
        if (found == nullptr) return not_found(fmt::format("there is no pool {}", pool), "pool");
        filter.pool = found->id;
    }
    return std::nullopt;
}

}  // namespace suan::api
