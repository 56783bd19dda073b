// The jobs of the demonstration. Pure: requests only.
#pragma once

#include "suan/api.pb.h"

#include <cstdint>
#include <vector>

namespace suan::bin {

JobRequest demo_gang();   // two processes that talk to each other
JobRequest demo_array();  // 20 elements
JobRequest demo_after(std::uint64_t first, std::uint32_t count);  // after all of the array
JobRequest demo_failing();
JobRequest demo_too_expensive();  // its project's budget is too small
JobRequest demo_never_fits();     // larger than the pool
// `count` virtual jobs for the pool 1000P, of many sizes; `seed` makes them differ from another's.
std::vector<JobRequest> demo_virtual_jobs(std::uint32_t count, std::uint32_t seed);

}  // namespace suan::bin
