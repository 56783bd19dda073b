#include "api/viewer.hpp"

#include "api/answers.hpp"

#include <fmt/format.h>

namespace suan::api {

bool Viewer::sees_private(OrgId org_id, MemberId submitter) const {
    if (of_centre() || org_id != org()) return false;
    return actor_.role() == ROLE_ADMIN || actor_.member_id() == submitter.value;
}

const core::Org* Viewer::org(const core::State& state, std::string_view name) const {
    const core::Org* found = state.org_by_name(name);
    return found != nullptr && sees(found->id) ? found : nullptr;
}

const core::Job* Viewer::job(const core::State& state, std::uint64_t id) const {
    const core::Job* found = state.jobs.find(id);
    return found != nullptr && sees(found->org) ? found : nullptr;
}

http::Failure no_such_job(std::uint64_t id) {
    return not_found(fmt::format("there is no job {}", id), "id");
}

http::Failure no_such_org(std::string_view name) {
    return not_found(fmt::format("there is no org {}", name), "org");
}

OrgScope org_scope(const core::State& state, const Viewer& viewer, std::string_view name) {
    if (name.empty()) return {viewer.org(), std::nullopt};
    const core::Org* found = viewer.org(state, name);
    if (found == nullptr) return {OrgId{}, no_such_org(name)};
    return {found->id, std::nullopt};
}

}  // namespace suan::api
