// Which jobs a list is asked for, by the query of GET /v1/jobs.
#pragma once

#include "api/http/request.hpp"
#include "api/viewer.hpp"
#include "core/state.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace suan::api {

// Jobs of the state that are looked at in one go: well under a millisecond of the hub's loop.
inline constexpr std::uint32_t jobs_per_piece = 20'000;

struct JobFilter {
    OrgId org;
    ProjectId project;
    MemberId member;
    PoolId pool;
    std::uint32_t states = ~0U;  // bits
    std::string name;
    JobId array;
    Time since;
};

// What needs no state, and what does (names to ids, and whose jobs the viewer may list).
std::optional<http::Failure> read_filter(const http::Request& request, JobFilter& filter);
std::optional<http::Failure> resolve(const core::State& state, const Viewer& viewer,
                                     const http::Request& request, JobFilter& filter);

// Of a core::Job and of a runtime::JobRow alike.
template <typename Any>
bool matches(const JobFilter& filter, const Any& job) {
    return (!filter.org || job.org == filter.org) &&
           (!filter.project || job.project == filter.project) &&
           (!filter.member || job.member == filter.member) &&
           (!filter.pool || job.pool == filter.pool) && ((filter.states >> job.state) & 1U) != 0 &&
           (!filter.array || job.array == filter.array || job.id == filter.array) &&
           (filter.name.empty() || job.name == filter.name) && job.submitted >= filter.since;
}

}  // namespace suan::api
