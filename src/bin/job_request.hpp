// Finding jobs by the names that people use, and sending new ones.
#pragma once

#include "bin/session.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin {

// "17" or "12_3": the id of the job. Throws usage when it is neither, refused when the array has no
// such element.
std::uint64_t resolve_job(Session& session, std::string_view text);

// All jobs of an array, in the order of their index.
std::vector<JobView> array_jobs(Session& session, std::uint64_t array_id);

JobView get_job(Session& session, std::uint64_t id);

// Submits one job under a fresh idempotency key, so that a lost answer can be asked for again.
JobAccepted submit_job(Session& session, const JobRequest& job);

std::int64_t now_us();

}  // namespace suan::bin
