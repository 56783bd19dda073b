// Ids for names in commands, in the hub's loop.
#pragma once

#include "api/answers.hpp"
#include "core/state.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace suan::api {

// A tenant's own org where none is named. Another's is as if it were not there.
template <typename Message>
std::optional<core::Rejection> set_org(const core::State& state, const Actor& actor,
                                       const std::string& name, Message& command) {
    using core::RejectionCode;
    if (name.empty()) {
        command.set_org_id(actor.org_id());
        if (actor.org_id() != 0) return std::nullopt;
        return refuse(RejectionCode::invalid_field, "org", "org: name one");
    }
    const core::Org* org = state.org_by_name(name);
    if (org == nullptr || (actor.org_id() != 0 && org->id.value != actor.org_id()))
        return refuse(RejectionCode::not_found, "org", fmt::format("there is no org {}", name));
    command.set_org_id(org->id.value);
    return std::nullopt;
}

template <typename Message>
std::optional<core::Rejection> set_pool(const core::State& state, const std::string& name,
                                        Message& command) {
    const core::Pool* pool = state.pool_by_name(name);
    if (pool == nullptr) {
        return refuse(core::RejectionCode::not_found, "pool",
                      fmt::format("there is no pool {}; GET /v1/pools lists them", name));
    }
    command.set_pool_id(pool->id.value);
    return std::nullopt;
}

}  // namespace suan::api
