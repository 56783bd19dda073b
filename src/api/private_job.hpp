// A job's private things: its payload, its output, the files it left. Who may see them is decided
// here alone: the submitter and the org's admins; anyone else of the org, and the centre, is told
// so; for all others the job does not exist.
#pragma once

#include "api/call.hpp"
#include "core/state.hpp"

#include <functional>
#include <optional>

namespace suan::api {

// Where they are, from the state or, for an old job, the history.
struct PrivatePlan {
    bool known = false;
    OrgId org;
    MemberId member;
    PoolId pool;
    std::uint32_t attempts = 0;
    Hash256 payload_sm3{};
    bool has_payload = false;
    ExecutorKind executor = EXECUTOR_KIND_UNSPECIFIED;
};

// From the state alone. `plan.known` stays false when the state has forgotten the job, or never
// knew it.
std::optional<http::Failure> plan_private(const core::State& state, const Viewer& viewer,
                                          std::uint64_t id, PrivatePlan& plan);

// Calls `serve` on the work pool for who may see the private things of the job in the path, and
// answers everyone else. Old jobs are looked up in the history.
void ask_private(const CallPtr& call, std::function<void(Call&, const PrivatePlan&)> serve);

// The query's `attempt`, by default the newest.
std::optional<http::Failure> read_attempt(const http::Request& request, const PrivatePlan& plan,
                                          std::uint32_t& attempt);

}  // namespace suan::api
