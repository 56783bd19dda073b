// Names for ids. What is not in the state (any more) is called by its number.
#pragma once

#include "core/state.hpp"

#include <string>

namespace suan::api {

template <typename Table>
std::string name_in(const Table& table, std::uint64_t id) {
    if (id == 0) return {};
    const auto* found = table.find(id);
    return found == nullptr ? std::to_string(id) : found->name;
}
inline std::string org_name(const core::State& s, OrgId id) {
    return name_in(s.orgs, id.value);
}
inline std::string project_name(const core::State& s, ProjectId id) {
    return name_in(s.projects, id.value);
}
inline std::string member_name(const core::State& s, MemberId id) {
    return name_in(s.members, id.value);
}
inline std::string pool_name(const core::State& s, PoolId id) {
    return name_in(s.pools, id.value);
}
inline std::string node_name(const core::State& s, NodeId id) {
    return name_in(s.nodes, id.value);
}

}  // namespace suan::api
