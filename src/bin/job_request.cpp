#include "bin/job_request.hpp"

#include "base/limits.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace suan::bin {

std::int64_t now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::vector<JobView> array_jobs(Session& session, std::uint64_t array_id) {
    const auto list = session.all<JobList>(fmt::format("/v1/jobs?array={}", array_id),
                                           limits::array_size_max, "jobs");
    std::vector<JobView> jobs(list.jobs().begin(), list.jobs().end());
    std::sort(jobs.begin(), jobs.end(),
              [](const JobView& a, const JobView& b) { return a.array_index() < b.array_index(); });
    return jobs;
}

std::uint64_t resolve_job(Session& session, std::string_view text) {
    const std::size_t joint = text.find('_');
    const auto id = parse_number(text.substr(0, joint));
    if (!id || *id == 0)
        throw Failed(ExitCode::usage, fmt::format("\"{}\" is not a job id", text.substr(0, 40)),
                     "write 17, or 12_3 for element 3 of array 12");
    if (joint == std::string_view::npos) return *id;
    const auto index = parse_number(text.substr(joint + 1));
    if (!index)
        throw Failed(ExitCode::usage, fmt::format("\"{}\" is not a job id", text.substr(0, 40)),
                     "write 17, or 12_3 for element 3 of array 12");
    for (const JobView& job : array_jobs(session, *id))
        if (job.array_index() == *index) return job.id();
    throw Failed(ExitCode::refused, fmt::format("not_found: there is no job {}", text),
                 "`suan job list` shows what there is");
}

JobView get_job(Session& session, std::uint64_t id) {
    return session.get<JobView>(fmt::format("/v1/jobs/{}", id));
}

JobAccepted submit_job(Session& session, const JobRequest& job) {
    const std::string key = job.idempotency_key().empty() ? fresh_key() : job.idempotency_key();
    JobRequest body = job;
    body.clear_idempotency_key();
    JobAccepted accepted;
    session.call("POST", "/v1/jobs", &body, &accepted, {{"Idempotency-Key", key}});
    return accepted;
}

}  // namespace suan::bin
