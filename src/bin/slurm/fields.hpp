// Facts about a job in Slurm's words and forms, shared by squeue and sacct. Pure.
#pragma once

#include "base/time.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

struct StateName {
    const char* name;     // "PENDING"
    const char* compact;  // "PD"
};
StateName state_name(JobState state);
// From "PENDING", "pd", "R", ...; JOB_STATE_UNSPECIFIED when there is none of that name.
std::vector<JobState> states_named(std::string_view name);
// The API's list for `state=`: "waiting,running". Throws Failed(usage) for an unknown one.
std::string api_states(std::string_view comma_list);

std::string slurm_id(const JobView& job);      // "123" or "123_4"
std::string reason_text(const JobView& job);   // "Resources", "None"
std::string account_text(const JobView& job);  // project
std::string qos_text(const JobView& job);
std::string exit_text(const JobView& job);                     // "0:0": exit code, signal
std::string node_list(const std::vector<std::string>& names);  // "n[001-004,7]"
std::string job_nodes(const JobView& job);
std::uint32_t node_count(const JobView& job);
std::uint64_t device_count(const JobView& job);  // whole devices, rounded up
std::uint32_t cpu_count(const JobView& job);

std::string squeue_time(std::int64_t seconds);  // "1:02", "1:02:03", "2-01:02:03"
std::string sacct_time(std::int64_t seconds);   // "00:01:02", "2-01:02:03"
std::string slurm_date(std::int64_t us, std::string_view unknown);  // "2026-11-22T04:40:27", local
std::int64_t elapsed_seconds(const JobView& job, std::int64_t now_us);

// `text` in a column: cut to `width` (0: as it is) and filled on one side.
enum class Side { left, right };
std::string cell(std::string_view text, std::size_t width, Side side);

}  // namespace suan::bin::slurm
