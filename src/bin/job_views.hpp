// Jobs as people read them. Pure: messages in, text out.
#pragma once

#include "suan/api.pb.h"

#include <string>

namespace suan::bin {

std::string job_list_text(const JobList& list);
std::string job_text(const JobView& job, std::int64_t now_us);
std::string why_text(const WhyView& why);
std::string lease_list_text(const LeaseList& list);
// "17", or "12_3" for element 3 of array 12.
std::string job_id_text(const JobView& job);
bool has_ended(JobState state);
// "2 x 8" devices, or "1 x 0.25".
std::string shape_text(const JobView& job);

}  // namespace suan::bin
