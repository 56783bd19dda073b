// The jobs that squeue, sacct and scancel are asked about.
#pragma once

#include "bin/session.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::bin::slurm {

// Comma lists as users write them; empty: any.
struct JobFilterText {
    std::string users;  // "$me": the token's own member. The login name stands for it, too
    std::string jobs;   // "12,13_4,14_[1-3]"; an array's id is all of it
    std::string pool, account, name, qos;
    std::string states;  // of the API: "waiting,running"
    std::string since_us;
};

std::vector<JobView> find_jobs(Session& session, const JobFilterText& filter);

// In the shape of `squeue --json`: {"meta":...,"jobs":[...],"errors":[]}.
std::string jobs_json(const std::vector<JobView>& jobs, std::int64_t now_us);

// "12", "12_3", "12_[1-3,5]" -> array or job id and indices (none: all). Throws Failed(usage).
struct IdText {
    std::uint64_t id = 0;
    bool element = false;
    std::vector<std::uint32_t> indices;
};
std::vector<IdText> parse_ids(std::string_view comma_list);

}  // namespace suan::bin::slurm
